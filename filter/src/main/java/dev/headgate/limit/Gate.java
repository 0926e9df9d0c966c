package dev.headgate.limit;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.limit.VegasLimit;
import com.netflix.concurrency.limits.limit.WindowedLimit;
import dev.headgate.config.ConcurrencyConfig;
import dev.headgate.config.ConcurrencyConfig.Order;
import dev.headgate.config.RouteLimits.Priority;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * A number of places, and a bounded queue before them. Whoever is more important goes first, and takes the place in the
 * queue of somebody less important when it is full.
 *
 * <p>An adaptive gate finds the number itself: its places grow while latency stays what it was, and shrink as soon as
 * latency grows with load or answers fail.
 *
 * <p>Thread-safe.
 */
final class Gate {

    private static final int ADAPTIVE_INITIAL = 20;

    /** Why an exchange did not get a place. */
    enum Refusal {
        FULL,
        TOO_LATE,
        /** Somebody more important took the place in the queue. */
        DISPLACED,
        INTERRUPTED
    }

    /** What became of an exchange, for adaptive gates. */
    enum Outcome {
        ANSWERED,
        /** The upstream was too slow or refused: a sign of overload. */
        OVERLOADED,
        /** Says nothing about the upstream. */
        UNKNOWN
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final ConcurrencyConfig config;
    private final LongSupplier nanoSource;

    /** Guarded by {@link #lock}, as is all below; null unless adaptive. */
    private final Limit adaptive;

    private final Deque<Waiter>[] waiting;
    private int waiters;
    private int taken;
    /** About how long an answer took lately. */
    private long answeredNanos;

    private long admitted;
    private long queued;
    private long refused;

    private final class Waiter {
        private final Condition turn = lock.newCondition();
        private boolean admitted;
        private boolean displaced;
    }

    /** @param config one that limits */
    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of generic queues
    Gate(ConcurrencyConfig config, LongSupplier nanoSource) {
        this.config = config;
        this.nanoSource = nanoSource;
        this.waiting = new Deque[Priority.values().length];
        for (int i = 0; i < waiting.length; i++) {
            waiting[i] = new ArrayDeque<>();
        }
        int most = config.max() == 0 ? ConcurrencyConfig.ADAPTIVE_MAX : config.max();
        this.adaptive = config.adaptive()
                ? WindowedLimit.newBuilder()
                        .minWindowTime(100, TimeUnit.MILLISECONDS)
                        .maxWindowTime(1, TimeUnit.SECONDS)
                        .windowSize(10)
                        .build(VegasLimit.newBuilder()
                                .initialLimit(Math.max(config.min(), Math.min(most, ADAPTIVE_INITIAL)))
                                .maxConcurrency(most)
                                .build())
                : null;
    }

    /** How many places there are now. */
    int places() {
        lock.lock();
        try {
            return limit();
        } finally {
            lock.unlock();
        }
    }

    ConcurrencyConfig config() {
        return config;
    }

    AdmissionState.Places state(AdmissionState.Owner owner, String name) {
        lock.lock();
        try {
            return new AdmissionState.Places(
                    owner, name, limit(), taken, waiters, adaptive != null, admitted, queued, refused);
        } finally {
            lock.unlock();
        }
    }

    private int limit() {
        return adaptive == null ? config.max() : Math.max(config.min(), adaptive.getLimit());
    }

    int taken() {
        lock.lock();
        try {
            return taken;
        } finally {
            lock.unlock();
        }
    }

    int waiting() {
        lock.lock();
        try {
            return waiters;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a place, which {@link #leave} gives back, waiting for it as long as the configuration says.
     *
     * @return null when it was taken; otherwise why not
     */
    Refusal enter(Priority priority) {
        lock.lock();
        try {
            if (enterIfFree()) {
                return null;
            }
            Refusal refusal = config.queueTime().isZero() || !makeRoom(priority) ? Refusal.FULL : await(priority);
            if (refusal == null) {
                admitted++;
            } else {
                refused++;
            }
            return refusal;
        } finally {
            lock.unlock();
        }
    }

    /** Takes a place, which {@link #leave} gives back, where one is free and nobody waits for it. That there was none is not counted. */
    boolean enterIfFree() {
        lock.lock();
        try {
            boolean free = taken < limit() && waiters == 0;
            if (free) {
                taken++;
                admitted++;
            }
            return free;
        } finally {
            lock.unlock();
        }
    }

    /** Sees to it that one more may wait. */
    private boolean makeRoom(Priority priority) {
        if (waiters < config.queueLength()) {
            return true;
        }
        // The least important one that came last, so that those keep their turn who have waited longest.
        for (int i = 0; i < priority.ordinal(); i++) {
            if (!waiting[i].isEmpty()) {
                displace(waiting[i].removeLast());
                return true;
            }
        }
        Deque<Waiter> equals = waiting[priority.ordinal()];
        if (config.order() == Order.NEWEST_FIRST && !equals.isEmpty()) {
            displace(equals.removeFirst());
            return true;
        }
        return false;
    }

    private void displace(Waiter waiter) {
        waiters--;
        waiter.displaced = true;
        waiter.turn.signal();
    }

    private Refusal await(Priority priority) {
        Waiter waiter = new Waiter();
        waiting[priority.ordinal()].addLast(waiter);
        waiters++;
        queued++;
        long left = config.queueTime().toNanos();
        try {
            while (!waiter.admitted && !waiter.displaced && left > 0) {
                left = waiter.turn.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (waiter.admitted) {
            return null;
        }
        if (waiter.displaced) {
            return Refusal.DISPLACED;
        }
        waiting[priority.ordinal()].remove(waiter);
        waiters--;
        return left > 0 ? Refusal.INTERRUPTED : Refusal.TOO_LATE;
    }

    /**
     * Gives a place back.
     *
     * @param enteredNanos when it was taken, on the nano source
     * @param latencyNanos how long the upstream took to answer
     */
    void leave(long enteredNanos, long latencyNanos, Outcome outcome) {
        lock.lock();
        try {
            if (adaptive != null && outcome != Outcome.UNKNOWN) {
                learn(enteredNanos, latencyNanos, outcome == Outcome.OVERLOADED);
            }
            taken--;
            while (waiters > 0 && taken < limit()) {
                admitNext();
            }
        } finally {
            lock.unlock();
        }
    }

    private void learn(long enteredNanos, long latencyNanos, boolean overloaded) {
        long latency = Math.max(1, latencyNanos);
        if (!overloaded) {
            answeredNanos += (latency - answeredNanos) / 8;
        }
        // A refusal comes faster than any answer. Taken for what an idle upstream needs, it would make answers seem to
        // have queued for long, and the places would stay few after the refusals have ended.
        adaptive.onSample(enteredNanos, overloaded ? Math.max(latency, answeredNanos) : latency, taken, overloaded);
    }

    private void admitNext() {
        for (int i = waiting.length - 1; i >= 0; i--) {
            Waiter next = config.order() == Order.FIFO ? waiting[i].pollFirst() : waiting[i].pollLast();
            if (next != null) {
                waiters--;
                taken++;
                next.admitted = true;
                next.turn.signal();
                return;
            }
        }
    }

    long now() {
        return nanoSource.getAsLong();
    }
}
