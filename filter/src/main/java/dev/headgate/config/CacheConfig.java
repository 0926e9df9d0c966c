package dev.headgate.config;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * What the cache does for one route.
 *
 * @param enabled whether the route's responses are cached at all; the rest means nothing without it
 * @param heuristic whether a response that says nothing about its freshness may be reused for a tenth of the time since
 *     it was last modified, at most a day (RFC 9111 §4.2.2)
 * @param maxObjectSizeBytes larger content passes through and is not stored; 1 or more
 * @param staleOnError for how long after its end of freshness a response may still be used when the origin fails, where
 *     the origin has said nothing about it; zero: only as the origin says
 * @param negativeTtl the freshness lifetime of 404, 410 and 5xx responses that do not state one; zero: they are not
 *     stored
 * @param share what separates one user's entries from another's
 * @param ignoreParameters names of query parameters that do not count for the key; {@code utm_*} stands for every name
 *     that begins like that
 * @param sortParameters whether the order of query parameters does not count for the key
 * @param setCookie what to do with a response that sets a cookie
 * @param collapseWait how long a request waits for the response head and the first content of another one for the same
 *     thing before it asks the origin itself; zero: requests are not collapsed
 */
public record CacheConfig(
        boolean enabled,
        boolean heuristic,
        long maxObjectSizeBytes,
        Duration staleOnError,
        Duration negativeTtl,
        List<Share> share,
        List<String> ignoreParameters,
        boolean sortParameters,
        SetCookie setCookie,
        Duration collapseWait) {

    /** No cache. */
    public static final CacheConfig OFF = new CacheConfig(
            false,
            true,
            64 << 20,
            Duration.ofMinutes(10),
            Duration.ZERO,
            List.of(Share.PRINCIPAL),
            List.of(),
            false,
            SetCookie.REFUSE,
            Duration.ofSeconds(5));

    /** A response with {@code Set-Cookie}. */
    public enum SetCookie {
        /** It is not stored. */
        REFUSE,
        /** It is stored without the cookie. */
        STRIP
    }

    /**
     * One thing that separates entries.
     *
     * @param name the role or the field; empty where the kind needs none
     */
    public record Share(Kind kind, String name) {

        /** Every user has entries of their own, and those who are not logged in share theirs. */
        public static final Share PRINCIPAL = new Share(Kind.PRINCIPAL, "");

        /** What may separate entries. */
        public enum Kind {
            /** Nothing does. */
            ALL,
            PRINCIPAL,
            /** Those who have the role from those who have not. */
            ROLE,
            /** By the value of a request field. */
            FIELD,
            /** The host that the client used, which separates entries always: by itself it says that users do not. */
            HOST
        }

        /** Everybody shares. */
        public static final Share ALL = new Share(Kind.ALL, "");

        /** Everybody who used the same host shares. */
        public static final Share HOST = new Share(Kind.HOST, "");

        /**
         * Reads {@code all}, {@code principal}, {@code host}, {@code role.NAME} or {@code field.NAME}.
         *
         * @throws IllegalArgumentException when it is none of these
         */
        public static Share parse(String text) {
            if (text.equals("principal")) {
                return PRINCIPAL;
            }
            if (text.equals("all")) {
                return ALL;
            }
            if (text.equals("host")) {
                return HOST;
            }
            int dot = text.indexOf('.');
            String name = text.substring(dot + 1);
            if (dot > 0 && !name.isBlank()) {
                if (text.startsWith("role.")) {
                    return new Share(Kind.ROLE, name);
                }
                if (text.startsWith("field.")) {
                    return new Share(Kind.FIELD, name);
                }
            }
            throw new IllegalArgumentException(
                    "'" + text + "' is not one of all, principal, host, role.NAME, field.NAME");
        }

        @Override
        public String toString() {
            String text = kind.name().toLowerCase(Locale.ROOT);
            return name.isEmpty() ? text : text + "." + name;
        }
    }

    public CacheConfig {
        if (maxObjectSizeBytes < 1) {
            throw new IllegalArgumentException("cache.max-object-size must be 1 or more, not " + maxObjectSizeBytes);
        }
        Checks.atLeastZero(staleOnError, "cache.stale-on-error");
        Checks.atLeastZero(negativeTtl, "cache.negative-ttl");
        Checks.atLeastZero(collapseWait, "cache.collapse-wait");
        share = List.copyOf(share);
        ignoreParameters = List.copyOf(ignoreParameters);
        if (setCookie == null) {
            throw new IllegalArgumentException("cache.set-cookie is missing");
        }
    }
}
