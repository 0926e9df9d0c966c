package dev.headgate.config;

import java.time.Duration;

/**
 * How connections to one origin are kept.
 *
 * @param maxPerOrigin open connections to one origin at once; at least 1
 * @param leaseTimeout how long an exchange waits for one of them; zero: not at all
 * @param idleTimeout how long an unused connection stays open; more than zero
 * @param timeToLive how old a connection may get before it is closed instead of reused; zero: no limit
 */
public record PoolConfig(int maxPerOrigin, Duration leaseTimeout, Duration idleTimeout, Duration timeToLive) {

    public PoolConfig {
        Checks.atLeast(1, maxPerOrigin, "connections.max");
        Checks.atLeastZero(leaseTimeout, "connections.lease-timeout");
        Checks.positive(idleTimeout, "connections.idle-timeout");
        Checks.atLeastZero(timeToLive, "connections.time-to-live");
    }
}
