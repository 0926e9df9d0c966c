package dev.headgate.observe;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Metric;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;

/**
 * Counts and times the exchanges of a route or an upstream, or the attempts at an origin. Thread-safe, and cheap on the way
 * of an exchange: what can be worked out later is.
 */
final class Traffic {

    /** Of {@link TrafficFigures.Step}: five minutes. */
    static final int STEPS = 30;

    private static final int STEPS_A_MINUTE = 6;

    private static final List<String> CLASSES = List.of("2xx", "3xx", "4xx", "5xx");

    private static final TrafficFigures.Step NOTHING = new TrafficFigures.Step(0, 0, 0);

    private final String name;
    private final boolean attempts;
    private final Times total = new Times();
    private final Times firstByte = new Times();
    /** Before an origin was chosen; of an attempt, before it had a place for a connection. */
    private final Times queue = new Times();

    /** Null where attempts are none of its business. */
    private final Times connect;

    private final LongAdder inFlight = new LongAdder();
    private final Counter[] classes = new Counter[CLASSES.size()];
    private final AtomicReferenceArray<Counter> kinds = new AtomicReferenceArray<>(FailureKind.values().length);
    private final Counter errors = new Counter();
    private final Counter received = new Counter();
    private final Counter sent = new Counter();

    /** The newest first; guarded by this. */
    private final Deque<TrafficFigures.Step> history = new ArrayDeque<>(Collections.nCopies(STEPS, NOTHING));

    /** What was counted until the newest step; guarded by this. */
    private long requestsBefore;

    /** Guarded by this. */
    private long errorsBefore;

    /** Is told of metrics that come later; guarded by this; null: nobody. */
    private BiConsumer<String, Metric> publisher;

    private Traffic(String name, boolean attempts) {
        this.name = name;
        this.attempts = attempts;
        this.connect = attempts ? new Times() : null;
        for (int i = 0; i < classes.length; i++) {
            classes[i] = new Counter();
        }
    }

    static Traffic ofExchanges(String name) {
        return new Traffic(name, false);
    }

    static Traffic ofAttempts(String origin) {
        return new Traffic(origin, true);
    }

    // ---- on the way of an exchange ----

    void began() {
        inFlight.increment();
    }

    void ended(Exchange exchange) {
        inFlight.decrement();
        if (exchange.answeredNanos() != 0) {
            firstByte.took(exchange.answeredNanos() - exchange.startNanos());
        }
        if (exchange.queueNanos() != 0) {
            queue.took(exchange.queueNanos());
        }
        transferred(exchange);
        count(exchange.status(), exchange.failure(), exchange.durationNanos());
    }

    void ended(Attempt attempt) {
        inFlight.decrement();
        if (attempt.headNanos() != 0) {
            firstByte.took(attempt.headNanos());
        }
        if (attempt.connectNanos() != 0) {
            connect.took(attempt.connectNanos());
        }
        queue.took(attempt.leaseNanos());
        count(attempt.status(), attempt.failure(), attempt.durationNanos());
    }

    void transferred(Exchange exchange) {
        if (exchange.contentBytesReceived() != 0) {
            received.inc(exchange.contentBytesReceived());
        }
        if (exchange.contentBytesSent() != 0) {
            sent.inc(exchange.contentBytesSent());
        }
    }

    private void count(int status, GatewayFailure failure, long nanos) {
        if (status >= 200 && status < 600) {
            classes[status / 100 - 2].inc();
        }
        if (failure != null) {
            kind(failure.kind()).inc();
        }
        if (status >= 500 || failure != null && failure.kind().side() != FailureKind.Side.CLIENT) {
            errors.inc();
        }
        total.took(nanos); // the last, so that there are never fewer requests than errors
    }

    private Counter kind(FailureKind kind) {
        Counter counter = kinds.get(kind.ordinal());
        return counter != null ? counter : firstOf(kind);
    }

    private synchronized Counter firstOf(FailureKind kind) {
        Counter counter = kinds.get(kind.ordinal());
        if (counter == null) {
            counter = new Counter();
            kinds.set(kind.ordinal(), counter);
            if (publisher != null) {
                publisher.accept(nameOf(kind), counter);
            }
        }
        return counter;
    }

    // ---- beside it ----

    /** Every {@link Rates#STEP}. */
    void turnRates() {
        total.turnRates();
        firstByte.turnRates();
        queue.turnRates();
        if (attempts) {
            connect.turnRates();
        }
    }

    /** Every {@link RecentTimes#SLICE}. */
    synchronized void turnSlice() {
        firstByte.turnSlice();
        queue.turnSlice();
        if (attempts) {
            connect.turnSlice();
        }
        long p99 = total.turnSlice();
        history.removeLast();
        history.addFirst(running(p99));
        requestsBefore += history.getFirst().requests();
        errorsBefore += history.getFirst().errors();
    }

    private TrafficFigures.Step running(long p99) {
        long failed = errors.getCount();
        return new TrafficFigures.Step(total.count() - requestsBefore, failed - errorsBefore, p99);
    }

    boolean isIdle() {
        return inFlight.sum() <= 0;
    }

    synchronized TrafficFigures figures() {
        Map<String, Long> byClass = new TreeMap<>();
        for (int i = 0; i < classes.length; i++) {
            byClass.put(CLASSES.get(i), classes[i].getCount());
        }
        Map<FailureKind, Long> byKind = new EnumMap<>(FailureKind.class);
        for (FailureKind kind : FailureKind.values()) {
            Counter counter = kinds.get(kind.ordinal());
            if (counter != null) {
                byKind.put(kind, counter.getCount());
            }
        }
        TrafficFigures.Step now = running(0);
        long requests = now.requests();
        long failed = now.errors();
        for (TrafficFigures.Step step : history.stream().limit(STEPS_A_MINUTE).toList()) {
            requests += step.requests();
            failed += step.errors();
        }
        List<TrafficFigures.Step> oldestFirst = new ArrayList<>(history);
        Collections.reverse(oldestFirst);
        return new TrafficFigures(
                name,
                total.count(),
                byClass,
                byKind,
                total.perSecond(),
                requests == 0 ? 0 : Math.min(1, (double) failed / requests),
                total.lately(),
                firstByte.lately(),
                Math.max(0, inFlight.sum()),
                received.getCount(),
                sent.getCount(),
                oldestFirst);
    }

    /** Hands out what there is to publish, and from now on what comes later, each with its name. */
    synchronized void publish(BiConsumer<String, Metric> to) {
        publisher = to;
        to.accept("total", total.timer());
        to.accept("first-byte", firstByte.timer());
        to.accept("queue", queue.timer());
        if (attempts) {
            to.accept("connect", connect.timer());
        }
        to.accept("in-flight", (Gauge<Long>) () -> Math.max(0, inFlight.sum()));
        to.accept("errors", errors);
        to.accept("bytes-received", received);
        to.accept("bytes-sent", sent);
        for (int i = 0; i < classes.length; i++) {
            to.accept("status." + CLASSES.get(i), classes[i]);
        }
        for (FailureKind kind : FailureKind.values()) {
            Counter counter = kinds.get(kind.ordinal());
            if (counter != null) {
                to.accept(nameOf(kind), counter);
            }
        }
    }

    /** Hands out nothing any more. */
    synchronized void publishNoMore() {
        publisher = null;
    }

    private static String nameOf(FailureKind kind) {
        return "failures." + kind.word();
    }
}
