package dev.headgate.forward;

import dev.headgate.config.CookieConfig;
import dev.headgate.route.RouteMatch;
import java.util.Locale;

/**
 * Cookies, edited in the raw text (RFC 6265 §4): nothing is parsed and rebuilt, so that attributes and spellings which
 * this class does not know survive.
 *
 * <p>The app's session cookie stays with the app. An upstream that uses the same cookie name for a session of its own
 * gets it under another name at the client, {@code hg.<upstream>.<name>}, so that neither session touches the other.
 *
 * <p>Immutable.
 */
final class CookieRules {

    private final CookieConfig config;
    private final String sessionCookie;
    private final String renamed;

    /** @param sessionCookie the name of the app's own session cookie */
    CookieRules(CookieConfig config, String sessionCookie, String upstream) {
        this.config = config;
        this.sessionCookie = sessionCookie;
        this.renamed = "hg." + upstream + "." + sessionCookie;
    }

    /**
     * What the origin gets of a {@code Cookie} field.
     *
     * @param sessionId the session id that the container took from this request; null for none
     * @return null when nothing is left
     */
    String toOrigin(String field, String sessionId) {
        if (config.sendSession()
                || !mentions(field, sessionCookie) && (sessionId == null || field.indexOf(sessionId) < 0)) {
            return field;
        }
        StringBuilder kept = new StringBuilder(field.length());
        for (String pair : field.split(";", -1)) {
            int equals = pair.indexOf('=');
            String name = (equals < 0 ? pair : pair.substring(0, equals)).trim();
            String out = pair;
            if (name.equals(renamed)) {
                out = pair.replace(renamed, sessionCookie);
            } else if (isSession(name) || isSessionId(pair, equals, sessionId)) {
                continue;
            }
            // What stood between the pairs stays: only the first one loses its leading space.
            kept.append(kept.isEmpty() ? out.stripLeading() : ";" + out);
        }
        return kept.toString().isBlank() ? null : kept.toString();
    }

    /** Jetty takes a session cookie of any case. */
    private static boolean mentions(String field, String name) {
        for (int i = 0; i + name.length() <= field.length(); i++) {
            if (field.regionMatches(true, i, name, 0, name.length())) {
                return true;
            }
        }
        return false;
    }

    private boolean isSession(String name) {
        // Tomcat's single sign-on cookie is as good as a session; "hg." marks other upstreams' sessions.
        return name.equalsIgnoreCase(sessionCookie)
                || name.equals("JSESSIONIDSSO")
                || name.startsWith("hg.") && name.endsWith("." + sessionCookie);
    }

    /** The container may have been told of another cookie name than the Servlet API shows. */
    private static boolean isSessionId(String pair, int equals, String sessionId) {
        if (sessionId == null || equals < 0) {
            return false;
        }
        String value = pair.substring(equals + 1).trim();
        return value.equals(sessionId) || value.equals('"' + sessionId + '"');
    }

    /**
     * What the client gets of a {@code Set-Cookie} field.
     *
     * @param basePath the origin's base path
     * @return null when it must not reach the client
     */
    String toClient(String field, RouteMatch match, String basePath) {
        int end = field.indexOf(';');
        String pair = end < 0 ? field : field.substring(0, end);
        int equals = pair.indexOf('=');
        String name = (equals < 0 ? pair : pair.substring(0, equals)).trim();
        StringBuilder out = new StringBuilder(field.length() + 32);
        if (!config.sendSession() && isSession(name)) {
            if (!name.equals(sessionCookie) || equals < 0) {
                return null;
            }
            out.append(renamed).append(pair, equals, pair.length());
        } else {
            out.append(pair);
        }
        if (!config.rewrite()) {
            return out.append(field, pair.length(), field.length()).toString();
        }
        // __Host- cookies need Path=/ and no Domain, or browsers drop them (RFC 6265bis §4.1.3.2).
        boolean hostCookie = name.toLowerCase(Locale.ROOT).startsWith("__host-");
        for (int from = pair.length(); from < field.length(); ) {
            int next = field.indexOf(';', from + 1);
            String attribute = field.substring(from, next < 0 ? field.length() : next);
            from += attribute.length();
            int sign = attribute.indexOf('=');
            String key = (sign < 0 ? attribute.substring(1) : attribute.substring(1, sign)).trim();
            if (key.equalsIgnoreCase("Domain")) {
                continue; // the client talks to the gateway's host, whatever the origin calls itself
            }
            if (key.equalsIgnoreCase("Path") && sign >= 0 && !hostCookie) {
                String path = attribute.substring(sign + 1).trim();
                String mapped = path.startsWith("/") ? cookiePath(path, match, basePath) : null;
                if (mapped != null) {
                    out.append(attribute, 0, sign + 1).append(mapped);
                    continue;
                }
            }
            out.append(attribute);
        }
        return out.toString();
    }

    private static String cookiePath(String path, RouteMatch match, String basePath) {
        // A cookie for more than the base path still has to come back with every request below it.
        String inside = BasePath.remove(basePath, path);
        if (inside == null) {
            if (!basePath.startsWith(path.endsWith("/") ? path : path + "/")) {
                return null;
            }
            inside = "/";
        }
        String mapped = match.clientPath(inside);
        if (mapped == null) {
            return null;
        }
        // "/api/" would not match a request for "/api" (RFC 6265 §5.1.4).
        return mapped.length() > 1 && mapped.endsWith("/") && inside.equals("/")
                ? mapped.substring(0, mapped.length() - 1)
                : mapped;
    }
}
