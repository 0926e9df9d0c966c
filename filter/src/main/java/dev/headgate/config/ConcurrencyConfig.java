package dev.headgate.config;

import java.time.Duration;

/**
 * How many exchanges may be in progress at once, and how others wait for their turn.
 *
 * @param max the most; 0: no limit, unless the limit is adaptive
 * @param adaptive whether the limit is found by watching latency, between {@code min} and {@code max}
 * @param min what an adaptive limit never falls below; at least 1
 * @param queueLength how many exchanges may wait; 0: none
 * @param queueTime how long each of them may
 * @param order who is next
 */
public record ConcurrencyConfig(int max, boolean adaptive, int min, int queueLength, Duration queueTime, Order order) {

    /** What an adaptive limit may rise to when nothing else was said. */
    public static final int ADAPTIVE_MAX = 1_000;

    /** How long an exchange may wait when nothing else was said. */
    public static final Duration QUEUE_TIME = Duration.ofSeconds(1);

    /** No limit. */
    public static final ConcurrencyConfig NONE = new ConcurrencyConfig(0, false, 1, 0, Duration.ZERO, Order.FIFO);

    public ConcurrencyConfig {
        Checks.atLeast(0, max, "concurrency.max");
        Checks.atLeast(1, min, "concurrency.min");
        Checks.atLeast(0, queueLength, "queue.length");
        Checks.atLeastZero(queueTime, "queue.time");
        if (order == null) {
            throw new IllegalArgumentException("queue.order is missing");
        }
        if (adaptive && max > 0 && min > max) {
            throw new IllegalArgumentException("concurrency.min is more than concurrency.max");
        }
    }

    /** Whether there is a limit at all. */
    public boolean limits() {
        return adaptive || max > 0;
    }

    /** Which of those that wait is next. */
    public enum Order {
        /** Who waited longest. */
        FIFO,
        /** Who came last: under overload some are served in time instead of all too late. */
        NEWEST_FIRST
    }
}
