package dev.headgate.forward;

import dev.headgate.config.OriginConfig;
import dev.headgate.route.RouteMatch;
import java.util.Locale;

/**
 * Makes references in {@code Location}, {@code Content-Location} and {@code Refresh} that point to the origin point to
 * the gateway instead. Only an exact match of scheme, host and port counts as the origin; everything else is left as it
 * is. The result is a path, so nothing of the client's {@code Host} enters it.
 */
final class RedirectRules {

    private RedirectRules() {}

    /** @param sentHost the {@code Host} which the origin was sent, and may therefore call itself */
    static String rewrite(String reference, OriginConfig origin, String sentHost, RouteMatch match) {
        String path = pathAtOrigin(reference, origin, sentHost);
        if (path == null) {
            return reference;
        }
        String inside = BasePath.remove(origin.basePath(), path);
        String mapped = inside == null ? null : match.clientPath(inside);
        return mapped == null ? reference : mapped;
    }

    /** {@code 5; url=/next} (HTML Living Standard §7.3.1 describes the syntax). */
    static String rewriteRefresh(String field, OriginConfig origin, String sentHost, RouteMatch match) {
        int at = field.toLowerCase(Locale.ROOT).indexOf("url=");
        if (at < 0) {
            return field;
        }
        String url = field.substring(at + 4).trim();
        String quote = url.startsWith("'") || url.startsWith("\"") ? url.substring(0, 1) : "";
        if (!quote.isEmpty()) {
            int end = url.indexOf(quote.charAt(0), 1);
            url = url.substring(1, end < 0 ? url.length() : end);
        }
        return field.substring(0, at + 4) + quote + rewrite(url, origin, sentHost, match) + quote;
    }

    /** The path-absolute reference at this origin that is meant; null when another server is, or a relative path. */
    private static String pathAtOrigin(String reference, OriginConfig origin, String sentHost) {
        String rest;
        if (reference.startsWith("//")) {
            rest = reference.substring(2);
        } else if (reference.startsWith("/")) {
            return reference;
        } else if (reference.regionMatches(
                true, 0, origin.scheme() + "://", 0, origin.scheme().length() + 3)) {
            rest = reference.substring(origin.scheme().length() + 3);
        } else {
            return null;
        }
        int end = 0;
        while (end < rest.length() && "/?#\\".indexOf(rest.charAt(end)) < 0) {
            end++;
        }
        String authority = rest.substring(0, end);
        if (!sameAuthority(authority, origin.authority(), origin) && !sameAuthority(authority, sentHost, origin)) {
            return null;
        }
        String path = rest.substring(end);
        return path.startsWith("/") ? path : path.startsWith("\\") ? null : "/" + path;
    }

    private static boolean sameAuthority(String authority, String expected, OriginConfig origin) {
        return withPort(authority, origin).equalsIgnoreCase(withPort(expected, origin));
    }

    private static String withPort(String authority, OriginConfig origin) {
        boolean hasPort = authority.matches(".*:\\d+") && !authority.endsWith("]");
        return hasPort ? authority : authority + ":" + (origin.secure() ? 443 : 80);
    }
}
