package dev.headgate.cache;

import dev.headgate.config.CacheConfig;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What stored responses are found by (RFC 9111 §2): the target URI within a route, and who shares it. The method is no
 * part of it, since only responses to GET are reused.
 *
 * <p>Each part is preceded by its length, so that no two requests share a key by any choice of characters.
 *
 * @param resource the target URI and the route
 * @param partition who shares it; empty: everybody
 */
record CacheKey(String resource, String partition) {

    static CacheKey of(CacheRequest request) {
        return new CacheKey(
                resource(request.route(), request.origin(), request.target(), request.config()),
                request.partition().isEmpty() ? "" : joined(request.partition()));
    }

    /** The one text that both parts make. */
    String text() {
        return partition.isEmpty() ? resource : resource + partition;
    }

    static String resource(String route, String origin, String target, CacheConfig config) {
        String host = origin.toLowerCase(Locale.ROOT);
        String path = normalised(target, config);
        // As joined would make it; at once, since every request needs it.
        return route.length() + ":" + route + host.length() + ":" + host + path.length() + ":" + path;
    }

    boolean isOf(String route) {
        return resource.startsWith(routePrefix(route));
    }

    /** What the keys of a route begin with, and no others do. */
    static String routePrefix(String route) {
        return route.length() + ":" + route;
    }

    private static String joined(List<String> parts) {
        StringBuilder text = new StringBuilder();
        for (String part : parts) {
            text.append(part.length()).append(':').append(part);
        }
        return text.toString();
    }

    /** The target with ignored parameters left out and the others sorted, where the route says so. */
    static String normalised(String target, CacheConfig config) {
        int mark = target.indexOf('?');
        if (mark < 0 || config.ignoreParameters().isEmpty() && !config.sortParameters()) {
            return target;
        }
        List<String> kept = new ArrayList<>();
        for (String parameter : target.substring(mark + 1).split("&", -1)) {
            if (!isIgnored(parameter, config.ignoreParameters())) {
                kept.add(parameter);
            }
        }
        if (config.sortParameters()) {
            // By name only: the order of values of one name means something to many services.
            kept.sort((a, b) -> name(a).compareTo(name(b)));
        }
        String path = target.substring(0, mark);
        return kept.isEmpty() ? path : path + "?" + String.join("&", kept);
    }

    private static String name(String parameter) {
        int equals = parameter.indexOf('=');
        return equals < 0 ? parameter : parameter.substring(0, equals);
    }

    private static boolean isIgnored(String parameter, List<String> ignored) {
        String name = name(parameter);
        for (String each : ignored) {
            if (each.endsWith("*") ? name.startsWith(each.substring(0, each.length() - 1)) : name.equals(each)) {
                return true;
            }
        }
        return false;
    }

    /**
     * The target that a {@code Location} or {@code Content-Location} means.
     *
     * @return null when it belongs to another origin, or cannot be read
     */
    static String sameOrigin(CacheRequest request, String reference) {
        if (reference == null) {
            return null;
        }
        try {
            URI base = new URI(request.origin() + encoded(request.target()));
            URI resolved = base.resolve(new URI(encoded(reference.strip())));
            if (resolved.getRawPath() == null || resolved.getRawAuthority() == null) {
                return null;
            }
            String origin = resolved.getScheme() + "://" + resolved.getRawAuthority();
            if (!origin.equalsIgnoreCase(request.origin())) {
                return null;
            }
            String path = resolved.getRawPath().isEmpty() ? "/" : resolved.getRawPath();
            // An empty reference means the very same target; java.net.URI would cut the last segment.
            if (reference.isBlank()) {
                return request.target();
            }
            return resolved.getRawQuery() == null ? path : path + "?" + resolved.getRawQuery();
        } catch (URISyntaxException e) {
            return null;
        }
    }

    /** Browsers send what java.net.URI refuses. */
    private static String encoded(String target) {
        StringBuilder text = null;
        for (int i = 0; i < target.length(); i++) {
            char c = target.charAt(i);
            boolean bad = c <= ' ' || c >= 0x7F || "\"<>\\^`{|}[]".indexOf(c) >= 0;
            if (bad && text == null) {
                text = new StringBuilder(target.substring(0, i));
            }
            if (text != null) {
                if (bad) {
                    text.append('%').append(String.format("%02X", (int) c & 0xFF));
                } else {
                    text.append(c);
                }
            }
        }
        return text == null ? target : text.toString();
    }
}
