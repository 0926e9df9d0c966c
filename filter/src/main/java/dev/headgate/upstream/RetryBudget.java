package dev.headgate.upstream;

import dev.headgate.config.RetryConfig;
import java.util.concurrent.atomic.LongAdder;

/**
 * Keeps retries a small part of an upstream's traffic, so that they never double an outage. Thread-safe.
 */
final class RetryBudget {

    private final RetryConfig.Budget config;
    private final RollingCount requests = new RollingCount();
    private final RollingCount retries = new RollingCount();
    private final LongAdder all = new LongAdder();

    RetryBudget(RetryConfig.Budget config) {
        this.config = config;
    }

    void requested(long nowNanos) {
        requests.add(nowNanos);
    }

    /** Takes one retry out of the budget, if there is one left. */
    boolean take(long nowNanos) {
        if (left(nowNanos) <= 0) {
            return false;
        }
        retries.add(nowNanos);
        all.increment();
        return true;
    }

    /** How many retries were made since the gateway began. */
    long taken() {
        return all.sum();
    }

    /** How many retries may be made now; never negative. */
    long left(long nowNanos) {
        long allowed = Math.max(
                (long) config.leastPerSecond() * RollingCount.SECONDS, requests.sum(nowNanos) * config.percent() / 100);
        return Math.max(0, allowed - retries.sum(nowNanos));
    }
}
