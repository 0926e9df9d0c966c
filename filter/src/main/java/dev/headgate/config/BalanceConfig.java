package dev.headgate.config;

import java.time.Duration;

/**
 * How an upstream chooses among its origins.
 *
 * @param method the rule
 * @param hashKey what {@code HASH} goes by: {@code address}, {@code principal}, {@code field:NAME},
 *     {@code cookie:NAME} or {@code path:NAME}; empty for other methods
 * @param secret signs the cookie of {@code STICKY}; empty: made anew at every start, so clients may change origin then
 * @param zone where the gateway stands; origins of other zones are used only when too few here are healthy; empty:
 *     zones play no part
 * @param spillPercent the share of healthy origins below which the next tier (other zones, then backups) is used too;
 *     1 to 100
 * @param slowStart how long an origin that came back takes to get its full share again; zero: at once
 * @param resolve whether a name with several addresses is one origin or several
 * @param resolveInterval how often such names are looked up again; more than zero
 */
public record BalanceConfig(
        Method method,
        String hashKey,
        String secret,
        String zone,
        int spillPercent,
        Duration slowStart,
        Resolve resolve,
        Duration resolveInterval) {

    public BalanceConfig {
        if (method == null || hashKey == null || secret == null || zone == null || resolve == null) {
            throw new IllegalArgumentException("what is not given is empty, not null");
        }
        if (method == Method.HASH
                && !hashKey.matches("address|principal|(field|cookie|path):[A-Za-z0-9!#$%&'*+.^_`|~-]+")) {
            throw new IllegalArgumentException(
                    "hashing goes by address, principal, field:NAME, cookie:NAME or path:NAME, not '" + hashKey + "'");
        }
        Checks.atLeast(1, spillPercent, "balance.spill");
        Checks.atLeastZero(slowStart, "balance.slow-start");
        Checks.positive(resolveInterval, "resolve.interval");
    }

    /** The rules by which an origin is chosen. */
    public enum Method {
        /** The better of two random ones, by exchanges in flight and average latency. */
        TWO_CHOICES,
        /** In turn, in proportion to weight. */
        ROUND_ROBIN,
        /** At random, in proportion to weight. */
        RANDOM,
        /** The one with the fewest exchanges in flight for its weight. */
        LEAST_IN_FLIGHT,
        /** The same one for the same key, as long as it is healthy. */
        HASH,
        /** The one that a signed cookie names. */
        STICKY,
        /** The one that the app's session remembers; without a session, as by TWO_CHOICES. */
        STICKY_SESSION
    }

    /** What a host name with several addresses means. */
    public enum Resolve {
        /** One origin; a connection goes to the first address that answers. */
        ONCE,
        /** Each address is an origin of its own, and they are looked up again and again. */
        EACH
    }
}
