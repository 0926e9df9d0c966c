package dev.headgate.config;

import java.time.Duration;
import java.util.Set;

/**
 * When a failed attempt is followed by another.
 *
 * @param attempts how many there may be, the first included; 1: no retry
 * @param anyMethod whether requests that are not idempotent are retried even where the origin may have received them
 * @param statuses answers that count as failed attempts while another origin can be asked
 * @param bufferBytes how much request content is kept for another attempt; the first piece, 16 KiB or less, is kept in
 *     any case; content of which more was sent is sent once only
 * @param backoff the first pause is random between zero and this; it doubles with every attempt; zero: none
 * @param backoffMax the longest pause
 */
public record RetryConfig(
        int attempts,
        boolean anyMethod,
        Set<Integer> statuses,
        int bufferBytes,
        Duration backoff,
        Duration backoffMax) {

    public RetryConfig {
        Checks.atLeast(1, attempts, "retry.attempts");
        Checks.atLeast(0, bufferBytes, "retry.buffer");
        Checks.atLeastZero(backoff, "retry.backoff");
        Checks.atLeastZero(backoffMax, "retry.backoff-max");
        statuses = Set.copyOf(statuses);
    }

    /**
     * How many retries an upstream allows altogether.
     *
     * @param percent of the requests of the last ten seconds; 0 to 100
     * @param leastPerSecond allowed whatever the traffic; 0 or more
     */
    public record Budget(int percent, int leastPerSecond) {
        public Budget {
            Checks.atLeast(0, percent, "retry.budget");
            Checks.atLeast(0, leastPerSecond, "retry.budget-least");
        }
    }
}
