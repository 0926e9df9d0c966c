package dev.headgate.cache;

import dev.headgate.config.CacheConfig;
import dev.headgate.exchange.Fields;
import java.util.List;

/** A request as the cache sees it. Immutable. */
public final class CacheRequest {

    private final String route;
    private final CacheConfig config;
    private final String method;
    private final String origin;
    private final String target;
    private final Fields fields;
    private final boolean hasContent;
    private final List<String> partition;
    private final boolean plain;
    private final CacheControl control;

    /**
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
    public CacheRequest(
            String route,
            CacheConfig config,
            String method,
            String origin,
            String target,
            Fields fields,
            boolean hasContent,
            List<String> partition) {
        this.route = route;
        this.config = config;
        this.method = method;
        this.origin = origin;
        this.target = target;
        this.fields = fields;
        this.hasContent = hasContent;
        this.partition = List.copyOf(partition);
        this.plain = isPlain(fields);
        this.control = plain ? CacheControl.none() : CacheControl.ofRequest(fields);
    }

    /** One pass over the names, instead of a search for each field that anything in this package looks for. */
    private static boolean isPlain(Fields fields) {
        for (Fields.Line line : fields) {
            if (asksSomething(line.name())) {
                return false;
            }
        }
        return true;
    }

    private static boolean asksSomething(String name) {
        return switch (name.length()) {
            case 5 -> name.equalsIgnoreCase("Range");
            case 6 -> name.equalsIgnoreCase("Pragma");
            case 8 -> name.equalsIgnoreCase("If-Match") || name.equalsIgnoreCase("If-Range");
            case 13 ->
                name.equalsIgnoreCase("Cache-Control")
                        || name.equalsIgnoreCase("If-None-Match")
                        || name.equalsIgnoreCase("X-HTTP-Method");
            case 17 -> name.equalsIgnoreCase("If-Modified-Since") || name.equalsIgnoreCase("X-Method-Override");
            case 19 -> name.equalsIgnoreCase("If-Unmodified-Since");
            case 22 -> name.equalsIgnoreCase("X-HTTP-Method-Override");
            default -> false;
        };
    }

    String route() {
        return route;
    }

    CacheConfig config() {
        return config;
    }

    String method() {
        return method;
    }

    String origin() {
        return origin;
    }

    String target() {
        return target;
    }

    Fields fields() {
        return fields;
    }

    boolean hasContent() {
        return hasContent;
    }

    List<String> partition() {
        return partition;
    }

    boolean isGet() {
        return method.equals("GET");
    }

    boolean isHead() {
        return method.equals("HEAD");
    }

    /**
     * Whether it has no field by which a client has a say in how it is answered: no condition, no range, no cache
     * directive, and none that changes the method. Most have none.
     */
    boolean isPlain() {
        return plain;
    }

    /** What its {@code Cache-Control}, or {@code Pragma}, says. */
    CacheControl control() {
        return control;
    }

    CacheRequest withFields(Fields changed) {
        return new CacheRequest(route, config, method, origin, target, changed, hasContent, partition);
    }
}
