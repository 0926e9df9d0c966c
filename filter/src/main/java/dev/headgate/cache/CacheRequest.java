package dev.headgate.cache;

import dev.headgate.config.CacheConfig;
import dev.headgate.exchange.Fields;
import java.util.List;

/**
 * A request as the cache sees it. Immutable.
 *
 * @param route the name of the route that took it
 * @param config the route's cache settings
 * @param method case-sensitive
 * @param origin scheme and authority that the client used, such as {@code https://shop.example}
 * @param target raw path and query that the client used
 * @param fields as they go to the origin, because {@code Vary} speaks of those
 * @param hasContent whether it carries content
 * @param partition values that separate entries: who the user is, and whatever the route tells the origin that the
 *     client's own fields do not. Empty where everybody shares
 */
public record CacheRequest(
        String route,
        CacheConfig config,
        String method,
        String origin,
        String target,
        Fields fields,
        boolean hasContent,
        List<String> partition) {

    public CacheRequest {
        partition = List.copyOf(partition);
    }

    boolean isGet() {
        return method.equals("GET");
    }

    boolean isHead() {
        return method.equals("HEAD");
    }

    CacheRequest withFields(Fields changed) {
        return new CacheRequest(route, config, method, origin, target, changed, hasContent, partition);
    }
}
