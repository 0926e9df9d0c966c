package dev.headgate.config;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One rate limit, which any number of routes may share.
 *
 * @param name unique in its gateway; appears in the {@code RateLimit} fields
 * @param rate what each key may have; all bandwidths hold at once
 * @param rateByRole what a user in a role may have instead; the first role that the user has counts
 * @param keys what is counted apart: requests that agree in all of them share one budget
 * @param cost how many requests one request of a method counts for; 1 where it is not named, 0: it is free
 * @param status what the client sees when the limit is reached: 429 or 503
 * @param shadow whether the limit only counts what it would have refused
 * @param patience how long a request may wait instead of being refused; zero: not at all
 * @param maxKeys how many keys are remembered by this gateway; the one unused for longest is forgotten first
 * @param countsStored whether requests that a stored response answers count too
 * @param announced whether responses carry the {@code RateLimit} fields
 */
public record LimitConfig(
        String name,
        List<Bandwidth> rate,
        Map<String, List<Bandwidth>> rateByRole,
        List<Key> keys,
        Map<String, Integer> cost,
        int status,
        boolean shadow,
        Duration patience,
        int maxKeys,
        boolean countsStored,
        boolean announced) {

    public LimitConfig {
        Checks.notBlank(name, "name");
        rate = List.copyOf(rate);
        rateByRole = Collections.unmodifiableMap(new LinkedHashMap<>(rateByRole));
        keys = List.copyOf(keys);
        cost = Map.copyOf(cost);
        Checks.atLeastZero(patience, "wait");
        Checks.atLeast(1, maxKeys, "max-keys");
        if (rate.isEmpty() || keys.isEmpty()) {
            throw new IllegalArgumentException("limit " + name + " needs a rate and a key");
        }
        if (status != 429 && status != 503) {
            throw new IllegalArgumentException("status must be 429 or 503, not " + status);
        }
        int dearest = cost.values().stream().mapToInt(Integer::intValue).max().orElse(1);
        for (List<Bandwidth> rates : rateByRole.values()) {
            checkAffordable(rates, dearest);
        }
        checkAffordable(rate, dearest);
    }

    private static void checkAffordable(List<Bandwidth> rates, int dearest) {
        for (Bandwidth bandwidth : rates) {
            if (bandwidth.capacity() < dearest) {
                throw new IllegalArgumentException("a request that costs " + dearest + " could never pass a rate of "
                        + bandwidth.capacity() + " at once");
            }
        }
    }

    /**
     * One thing that requests are told apart by.
     *
     * @param argument the name of the field, cookie or path capture; empty for the other kinds
     */
    public record Key(Kind kind, String argument) {

        /**
         * Reads {@code address} or {@code field:X-Api-Key}.
         *
         * @throws IllegalArgumentException when the text is neither
         */
        public static Key parse(String text) {
            int colon = text.indexOf(':');
            String word = colon < 0 ? text : text.substring(0, colon);
            String argument = colon < 0 ? "" : text.substring(colon + 1);
            for (Kind kind : Kind.values()) {
                if (kind.name().equalsIgnoreCase(word) && kind.named == !argument.isEmpty()) {
                    return new Key(kind, argument);
                }
            }
            throw new IllegalArgumentException("'" + text + "' is not a key");
        }

        /** As {@link #parse} reads it. */
        @Override
        public String toString() {
            String word = kind.name().toLowerCase(Locale.ROOT);
            return kind.named ? word + ":" + argument : word;
        }
    }

    /** What requests are told apart by. */
    public enum Kind {
        /** The client's address, through trusted proxies; IPv6 by its first 64 bits. */
        ADDRESS(false),
        /** The user's name; users who are not logged in go by address. */
        PRINCIPAL(false),
        /** The first role of those with a rate of their own that the user has. */
        ROLE(false),
        /** The app's session; clients without one go by address. */
        SESSION(false),
        /** The value of a request field. */
        FIELD(true),
        /** The value of a cookie. */
        COOKIE(true),
        /** What a part of the route's path pattern captured. */
        PATH(true),
        /** Nothing: all requests share one budget. */
        GLOBAL(false);

        private final boolean named;

        Kind(boolean named) {
            this.named = named;
        }
    }
}
