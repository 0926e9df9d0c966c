package dev.headgate.forward;

import dev.headgate.cache.Delivery;
import dev.headgate.cache.ResponseCache;
import dev.headgate.config.AddressRange;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import dev.headgate.failure.GatewayFailure;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The method {@code PURGE}: forgets the URL that it is sent to. With {@code Cache-Tag} or {@code Surrogate-Key} it forgets
 * whatever carries one of these tags instead. {@code Headgate-Purge: prefix} takes the URL for the beginning of others,
 * {@code soft} keeps what is stored, to be validated before it is used again.
 *
 * <p>Immutable.
 */
final class Purge {

    private final ResponseCache cache;
    private final List<String> roles;
    private final List<AddressRange> addresses;

    Purge(ResponseCache cache, CacheStoreConfig config) {
        this.cache = cache;
        this.roles = config.purgeRoles();
        this.addresses = config.purgeAddresses();
    }

    /** Whether a request is one of these; where nobody may purge, the method belongs to the origin. */
    boolean takes(HttpServletRequest request) {
        return request.getMethod().equals("PURGE") && !(roles.isEmpty() && addresses.isEmpty());
    }

    void answer(HttpServletRequest request, Delivery delivery) throws GatewayFailure {
        if (!mayPurge(request)) {
            answer(403, "403 You may not purge.\n", "purge-refused", delivery);
            return;
        }
        Set<String> how = words(request, "Headgate-Purge", ",");
        boolean soft = how.contains("soft");
        Set<String> tags = words(request, "Cache-Tag", ",");
        tags.addAll(words(request, "Surrogate-Key", "\\s+"));
        String query = request.getQueryString();
        String target = query == null ? request.getRequestURI() : request.getRequestURI() + "?" + query;
        int count = !tags.isEmpty()
                ? cache.purgeTags(tags, soft)
                : how.contains("prefix") ? cache.purgePrefix(target, soft) : cache.purge(target, soft);
        answer(200, "Purged: " + count + "\n", "purged", delivery);
    }

    private boolean mayPurge(HttpServletRequest request) {
        return addresses.stream().anyMatch(range -> range.contains(request.getRemoteAddr()))
                || roles.stream().anyMatch(request::isUserInRole);
    }

    private static Set<String> words(HttpServletRequest request, String field, String separator) {
        Set<String> words = new HashSet<>();
        for (String line : Collections.list(request.getHeaders(field))) {
            for (String word : line.split(separator)) {
                if (!word.isBlank()) {
                    words.add(field.equals("Headgate-Purge") ? word.strip().toLowerCase(Locale.ROOT) : word.strip());
                }
            }
        }
        return words;
    }

    private void answer(int status, String text, String detail, Delivery delivery) throws GatewayFailure {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        Fields fields = Fields.of(
                "Content-Type", "text/plain;charset=utf-8",
                "Cache-Control", "no-store",
                "Cache-Status", cache.answered(detail));
        delivery.head(new ResponseHead(status, fields), bytes.length);
        delivery.write(bytes, 0, bytes.length);
    }
}
