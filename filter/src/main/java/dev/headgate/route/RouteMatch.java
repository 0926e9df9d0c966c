package dev.headgate.route;

import dev.headgate.config.RawPath;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** A route that takes a request, and what becomes of the request's path. Immutable. */
public final class RouteMatch {

    private static final String SESSION_ID = ";jsessionid";

    private final Route route;
    private final PathPattern pattern;
    private final String contextPath;
    private final String path;
    private final PathMapping.Prefixes prefixes;

    RouteMatch(Route route, PathPattern pattern, String contextPath, String path) {
        this.route = route;
        this.pattern = pattern;
        this.contextPath = contextPath;
        this.path = path;
        this.prefixes = route.mapping().map(pattern, path);
    }

    public Route route() {
        return route;
    }

    /** The path that was matched: raw, inside the context path, without query. */
    public String path() {
        return path;
    }

    /**
     * What a {@code {name}} of the pattern took, raw.
     *
     * @param name {@code *} is what the final {@code /*} took, with its leading slash; empty when it took nothing
     * @return null when the pattern that matched has no such capture
     */
    public String capture(String name) {
        return pattern.capture(name, path);
    }

    /**
     * The raw path to append to the origin's base path. It starts with a slash, or is empty when nothing is left of the
     * client's path: then the base path itself is meant. No reader finds a way out of the route's prefix in it. The app's session id has been taken out of it, and a character above 0x7F stands for one
     * byte, to be written in ISO-8859-1.
     *
     * @throws GatewayFailure of kind HTTP_REQUEST_ERROR when different servers read the path differently and the route
     *     does not allow that; the client sees 400
     */
    public String targetPath() throws GatewayFailure {
        refuseFlaws(contextPath);
        refuseFlaws(path);
        String mapped = withoutSessionId(prefixes.mapped());
        // Captures that are harmless each may not be so side by side, as in a template "/.{name}".
        refuseFlaws(mapped);
        return bytesOf(mapped);
    }

    private void refuseFlaws(String text) throws GatewayFailure {
        String flaw = RawPath.flaw(text, route.config().target().ambiguousPaths());
        if (flaw != null) {
            throw new GatewayFailure(
                            FailureKind.HTTP_REQUEST_ERROR,
                            "the path " + flaw + ", which route " + route.name() + " refuses")
                    .explained("The path " + flaw + ", which different servers would read differently.");
        }
    }

    /**
     * The path prefix which the client sees and the origin does not, for {@code X-Forwarded-Prefix}: the context path
     * and what was stripped or replaced; empty when there is none.
     */
    public String strippedPrefix() {
        String prefix = clientPrefix();
        return prefix.endsWith("/") ? prefix.substring(0, prefix.length() - 1) : prefix;
    }

    private String clientPrefix() {
        return withoutSessionId(contextPath + prefixes.client());
    }

    /**
     * The path that the client must use to reach a path of the origin, for {@code Location} and cookies.
     *
     * @param originPath with the origin's base path removed; starts with a slash or is empty, may have a query and a
     *     fragment
     * @return with the context path; null when the client cannot reach it, or could take it for another host's
     */
    public String clientPath(String originPath) {
        if (!prefixes.reversible() || hasControls(originPath)) {
            return null;
        }
        int end = 0;
        while (end < originPath.length() && originPath.charAt(end) != '?' && originPath.charAt(end) != '#') {
            end++;
        }
        if (end > 0 && originPath.charAt(0) != '/') {
            return null;
        }
        String rest = restOf(originPath.substring(0, end));
        if (rest == null) {
            return null;
        }
        String mapped = clientPrefix() + rest;
        if (!mapped.startsWith("/")) {
            mapped = "/" + mapped;
        }
        // "//host" and, for browsers, "/\host" would leave this host (RFC 3986 §4.2).
        if (mapped.length() > 1 && (mapped.charAt(1) == '/' || mapped.charAt(1) == '\\')) {
            return null;
        }
        return mapped + originPath.substring(end);
    }

    /** What follows the mapping's prefix at the origin; null when the path is outside of it. */
    private String restOf(String originPath) {
        // A pattern for one path leads to one path, and only that one leads back.
        if (pattern.isExact() && !prefixes.client().isEmpty()) {
            String mapped = withoutSessionId(prefixes.mapped());
            boolean same = originPath.equals(mapped) || mapped.isEmpty() && originPath.equals("/");
            return same ? prefixes.rest() : null;
        }
        String prefix = withoutSessionId(prefixes.origin());
        if (prefix.endsWith("/")) {
            prefix = prefix.substring(0, prefix.length() - 1);
        }
        boolean inside = originPath.startsWith(prefix)
                && (originPath.length() == prefix.length() || originPath.charAt(prefix.length()) == '/');
        return inside ? originPath.substring(prefix.length()) : null;
    }

    /** Browsers drop tabs and line ends from a URL before they read it. */
    private static boolean hasControls(String text) {
        return text.chars().anyMatch(c -> c < 0x20 || c == 0x7f);
    }

    /** Takes out {@code ;jsessionid=...} (Servlet 6.0 §7.1.3), whatever its case, and leaves other parameters. */
    private static String withoutSessionId(String path) {
        int at = path.indexOf(';');
        if (at < 0) {
            return path;
        }
        StringBuilder kept = new StringBuilder(path.length()).append(path, 0, at);
        while (at < path.length()) {
            int end = at + 1;
            while (end < path.length() && path.charAt(end) != ';' && path.charAt(end) != '/') {
                end++;
            }
            int nameEnd = at + SESSION_ID.length();
            boolean isSessionId = path.regionMatches(true, at, SESSION_ID, 0, SESSION_ID.length())
                    && (nameEnd == end || path.charAt(nameEnd) == '=');
            if (!isSessionId) {
                kept.append(path, at, end);
            }
            at = end;
        }
        return kept.toString();
    }

    /**
     * Makes each character stand for one byte. Containers disagree about bytes above 0x7F in a request line: some give
     * one character for each byte, which is left alone, some decode UTF-8, which is undone.
     */
    public static String bytesOf(String path) {
        int highest = 0;
        for (int i = 0; i < path.length(); i++) {
            highest |= path.charAt(i);
        }
        if (highest < 0x80) {
            return path;
        }
        if (highest <= 0xff) {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(path.getBytes(StandardCharsets.ISO_8859_1)));
                return path;
            } catch (CharacterCodingException e) {
                // Not the bytes of UTF-8, so these are characters.
            }
        }
        return new String(path.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    @Override
    public String toString() {
        return route.name() + " " + path;
    }
}
