package dev.headgate.failure;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * One failed exchange as the page tells it.
 *
 * @param requestId for the client to quote; harmless in any field and page
 * @param route the route's name
 * @param attempts in the order in which they were made
 * @param elapsed from the request's arrival to its failure
 * @param time when it failed
 * @param detailed whether the client may see origins and messages
 */
public record FailureReport(
        GatewayFailure failure,
        String requestId,
        String route,
        List<AttemptReport> attempts,
        Duration elapsed,
        Instant time,
        boolean detailed) {

    public FailureReport {
        attempts = List.copyOf(attempts);
    }

    FailureKind kind() {
        return failure.kind();
    }

    /** The status that the client sees; the client that left may still read that its request was incomplete. */
    public int status() {
        return kind() == FailureKind.CLIENT_LEFT ? 400 : kind().status();
    }

    /** Seconds after which to try again, at least 1; 0 when nobody knows. */
    long retryAfterSeconds() {
        Duration after = failure.retryAfter();
        return after == null ? 0 : Math.max(1, after.plusMillis(999).toSeconds());
    }

    /** The last attempt; null when there was none. */
    AttemptReport lastAttempt() {
        return attempts.isEmpty() ? null : attempts.get(attempts.size() - 1);
    }

    /** Whether no origin can have received anything of the request. */
    boolean surelyNotReceived() {
        return kind() != FailureKind.CLIENT_LEFT && attempts.stream().allMatch(AttemptReport::unsent);
    }
}
