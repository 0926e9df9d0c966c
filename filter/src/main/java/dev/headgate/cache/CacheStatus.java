package dev.headgate.cache;

/**
 * What the {@code Cache-Status} field says about one exchange (RFC 9211).
 *
 * @param hit whether it was answered without the origin
 * @param forward why it was not; null for a hit, and where neither the store nor the origin was asked
 * @param ttlSeconds what is left of the freshness lifetime, negative when stale; null: not known
 * @param forwardStatus what the origin answered, where the client gets another status; 0: the same
 * @param stored whether the response goes into the cache
 * @param collapsed whether it shared another exchange's request
 * @param detail one token; null: nothing to add
 */
record CacheStatus(
        boolean hit,
        Forward forward,
        Long ttlSeconds,
        int forwardStatus,
        boolean stored,
        boolean collapsed,
        String detail) {

    /** Why a request went to the origin (RFC 9211 §2.2). */
    enum Forward {
        BYPASS("bypass"),
        METHOD("method"),
        URI_MISS("uri-miss"),
        VARY_MISS("vary-miss"),
        MISS("miss"),
        REQUEST("request"),
        STALE("stale"),
        PARTIAL("partial");

        private final String token;

        Forward(String token) {
            this.token = token;
        }

        String token() {
            return token;
        }
    }

    static CacheStatus hit(long ttlMillis) {
        return new CacheStatus(true, null, Math.floorDiv(ttlMillis, 1000), 0, false, false, null);
    }

    static CacheStatus forwarded(Forward reason) {
        return new CacheStatus(false, reason, null, 0, false, false, null);
    }

    /** The gateway has answered by itself, for this reason. */
    static CacheStatus answered(String detail) {
        return new CacheStatus(false, null, null, 0, false, false, detail);
    }

    CacheStatus withStored(long ttlMillis) {
        return new CacheStatus(hit, forward, Math.floorDiv(ttlMillis, 1000), forwardStatus, true, collapsed, detail);
    }

    CacheStatus withForwardStatus(int status) {
        return new CacheStatus(hit, forward, ttlSeconds, status, stored, collapsed, detail);
    }

    CacheStatus withTtl(long ttlMillis) {
        return new CacheStatus(hit, forward, Math.floorDiv(ttlMillis, 1000), forwardStatus, stored, collapsed, detail);
    }

    CacheStatus withCollapsed() {
        return new CacheStatus(hit, forward, ttlSeconds, forwardStatus, stored, true, detail);
    }

    CacheStatus withDetail(String token) {
        return new CacheStatus(hit, forward, ttlSeconds, forwardStatus, stored, collapsed, token);
    }

    /** @param cache what the gateway calls itself, as {@link #name} spells it */
    String field(String cache) {
        StringBuilder text = new StringBuilder(cache.length() + 48).append(cache);
        if (hit) {
            text.append("; hit");
        } else if (forward != null) {
            text.append("; fwd=").append(forward.token);
        }
        if (forwardStatus != 0) {
            text.append("; fwd-status=").append(forwardStatus);
        }
        if (ttlSeconds != null) {
            text.append("; ttl=").append(ttlSeconds);
        }
        if (stored) {
            text.append("; stored");
        }
        if (collapsed) {
            text.append("; collapsed");
        }
        if (detail != null) {
            text.append("; detail=").append(detail);
        }
        return text.toString();
    }

    /** A token where the name is one, else a string (RFC 9211 §2). */
    static String name(String cache) {
        if (cache.matches("[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")) {
            return cache;
        }
        return '"' + cache.replaceAll("[^ -~]", "?").replaceAll("([\"\\\\])", "\\\\$1") + '"';
    }
}
