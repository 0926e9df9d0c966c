package dev.headgate.forward;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Names of fields, in lower case, that mean something to the gateway itself. */
final class FieldNames {

    private FieldNames() {}

    /**
     * What belongs to one connection (RFC 9110 §7.6.1, RFC 9113 §8.2.2), is framing, or is answered by the gateway
     * itself. {@code HTTP2-Settings} goes with {@code Upgrade}: h2c is never forwarded.
     */
    static final Set<String> HOP_BY_HOP = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "http2-settings",
            "content-length");

    /** Who the client is, as told by somebody in between. Believed only from trusted proxies. */
    static final Set<String> FORWARDING = Set.of(
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-prefix",
            "x-forwarded-server",
            "x-forwarded-ssl",
            "x-forwarded-scheme",
            "x-forwarded-by",
            "x-forwarded-user",
            "x-forwarded-email",
            "x-forwarded-groups",
            "x-forwarded-path",
            "x-forwarded-uri",
            "x-forwarded-method",
            "x-forwarded-protocol",
            "x-real-ip",
            "x-original-url",
            "x-original-host",
            "x-rewrite-url",
            "x-client-ip",
            "x-cluster-client-ip",
            "true-client-ip");

    /** Fields of a trailer section that would change how a message is framed, routed or trusted (RFC 9110 §6.5.1). */
    static final Set<String> NOT_IN_TRAILERS = Set.of(
            "host",
            "content-encoding",
            "content-type",
            "content-range",
            "cache-control",
            "expect",
            "max-forwards",
            "pragma",
            "range",
            "authorization",
            "cookie",
            "set-cookie",
            "age",
            "date",
            "expires",
            "location",
            "retry-after",
            "vary",
            "warning");

    /** RFC 9110 §5.6.2. */
    static boolean isToken(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9')
                    && "!#$%&'*+-.^_`|~".indexOf(c) < 0) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Whether a value holds no control character that could end its line (RFC 9110 §5.5). */
    static boolean isValue(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' && c != '\t' || c == 0x7F) {
                return false;
            }
        }
        return true;
    }

    static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    static boolean isForwarding(String lowerName) {
        return FORWARDING.contains(lowerName) || lowerName.startsWith("x-forwarded-");
    }

    static boolean mayBeTrailer(String lowerName) {
        return !HOP_BY_HOP.contains(lowerName) && !NOT_IN_TRAILERS.contains(lowerName) && !isForwarding(lowerName);
    }

    /** What the {@code Connection} fields name (RFC 9110 §7.6.1); empty when there are none. */
    static Set<String> namedBy(List<String> connectionFields) {
        if (connectionFields.isEmpty()) {
            return Set.of();
        }
        Set<String> named = new HashSet<>();
        connectionFields.forEach(line -> addNamed(line, named));
        return named;
    }

    static void addNamed(String connectionField, Set<String> named) {
        for (String option : connectionField.split(",")) {
            if (!option.isBlank()) {
                named.add(lower(option.trim()));
            }
        }
    }
}
