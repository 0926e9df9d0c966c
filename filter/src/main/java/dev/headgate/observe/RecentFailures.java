package dev.headgate.observe;

import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The exchanges that failed last. What only the client has done, or what only limits refuse, is not kept once there are many
 * of them: see {@link #ended}. Thread-safe.
 */
final class RecentFailures implements ExchangeListener {

    /** How many are kept of those that somebody has to look into, and as many of the others. */
    static final int KEPT = 100;

    private final InstantSource clock;

    /** The newest first; guarded by itself. */
    private final Deque<Failure> upstreams = new ArrayDeque<>(KEPT);

    /** The newest first; guarded by itself. */
    private final Deque<Failure> clients = new ArrayDeque<>(KEPT);

    public RecentFailures(InstantSource clock) {
        this.clock = clock;
    }

    /**
     * One exchange.
     *
     * @param time when it ended
     * @param status what the client was sent; 499 where it left before there was one
     * @param origin the last one that was asked; empty where none was
     * @param message what happened, for operators
     * @param attempts one line for each, in their order
     */
    record Failure(
            Instant time,
            FailureKind kind,
            int status,
            String route,
            String upstream,
            String origin,
            String requestId,
            String message,
            List<String> attempts) {

        Failure {
            attempts = List.copyOf(attempts);
        }
    }

    /** Clients are kept apart, so that those who flood the gateway do not drive out what an origin did. */
    @Override
    public void ended(Exchange exchange) {
        GatewayFailure failure = exchange.failure();
        if (failure == null) {
            return;
        }
        Deque<Failure> kept = failure.kind().side() == FailureKind.Side.CLIENT ? clients : upstreams;
        Failure entry = entry(exchange, failure);
        synchronized (kept) {
            if (kept.size() == KEPT) {
                kept.removeLast();
            }
            kept.addFirst(entry);
        }
    }

    private Failure entry(Exchange exchange, GatewayFailure failure) {
        List<Attempt> attempts = exchange.attempts();
        return new Failure(
                clock.instant(),
                failure.kind(),
                exchange.status(),
                exchange.route(),
                exchange.upstream(),
                attempts.isEmpty() ? "" : attempts.get(attempts.size() - 1).origin(),
                exchange.requestId(),
                String.valueOf(failure.getMessage()),
                attempts.stream().map(RecentFailures::line).toList());
    }

    private static String line(Attempt attempt) {
        StringBuilder line = new StringBuilder(attempt.origin());
        if (attempt.status() != 0) {
            line.append(" answered ").append(attempt.status());
        }
        if (attempt.failure() != null) {
            line.append(attempt.status() != 0 ? ", then " : " ")
                    .append(attempt.failure().kind().word());
        }
        return line.append(" after ")
                .append(TimeUnit.NANOSECONDS.toMillis(attempt.durationNanos()))
                .append(" ms")
                .toString();
    }

    /** The newest first; those of origins and of the gateway, and those of clients, as many of each as are kept. */
    List<Failure> newestFirst() {
        List<Failure> all = new ArrayList<>();
        for (Deque<Failure> kept : List.of(upstreams, clients)) {
            synchronized (kept) {
                all.addAll(kept);
            }
        }
        all.sort((one, other) -> other.time().compareTo(one.time()));
        return all;
    }
}
