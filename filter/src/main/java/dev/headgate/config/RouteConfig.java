package dev.headgate.config;

/**
 * One route: which requests it takes and how it hands them on.
 *
 * @param name unique in its gateway; appears in logs and management names
 * @param upstream the name of the upstream that answers
 * @param match which requests the route takes
 * @param target how the path is mapped and what the origin sees as {@code Host}
 * @param timeouts how long each stage may take
 * @param retry when a failed attempt is followed by another
 * @param fields what is set, added and removed in either direction
 * @param cookies what happens to cookies
 * @param cache what is cached
 * @param rewriteRedirects whether {@code Location}, {@code Content-Location} and {@code Refresh} that point to the
 *     origin are rewritten to point to the gateway
 * @param forwarded which of the forwarding fields the origin is sent
 * @param limits what the route may cost
 * @param errors what clients get when there is no response for them
 */
public record RouteConfig(
        String name,
        String upstream,
        MatchConfig match,
        TargetConfig target,
        TimeoutConfig timeouts,
        RetryConfig retry,
        FieldConfig fields,
        CookieConfig cookies,
        CacheConfig cache,
        boolean rewriteRedirects,
        ForwardedStyle forwarded,
        RouteLimits limits,
        ErrorConfig errors) {

    public RouteConfig {
        Checks.notBlank(name, "name");
        Checks.notBlank(upstream, "upstream");
        if (match == null
                || target == null
                || timeouts == null
                || retry == null
                || fields == null
                || cookies == null
                || cache == null) {
            throw new IllegalArgumentException("a part of route " + name + " is missing");
        }
        if (forwarded == null || errors == null || limits == null) {
            throw new IllegalArgumentException("a part of route " + name + " is missing");
        }
        PathSyntax.checkTargetFits(target, match.paths());
    }

    /** Which fields tell the origin who the client is. */
    public enum ForwardedStyle {
        /** Both families. */
        BOTH,
        /** {@code Forwarded} only (RFC 7239). */
        FORWARDED,
        /** {@code X-Forwarded-For}, {@code -Proto}, {@code -Host}, {@code -Port} and {@code -Prefix} only. */
        X_FORWARDED,
        /** None; those of the client are still removed unless the peer is trusted. */
        NONE
    }
}
