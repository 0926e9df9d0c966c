package dev.headgate;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The container's threads that may be at upstreams at a time.
 *
 * <p>Where all of them are, an exchange leaves the thread that it came on, so that the app has it. That costs more than all
 * the rest of a small exchange, and memory besides; and while the machine's processors are busy it gains nothing, for
 * threads are not what is scarce then. So it does better to wait on its thread for another one to come back, if they come
 * back so quickly that their upstreams cannot be slow.
 *
 * <p>Who comes back leaves its place to whoever comes next, mostly itself with the next request: to wake another thread
 * for each exchange costs a fifth of a small one. Those who wait have their turn when they have waited for long, or when
 * places lie free for want of newcomers.
 *
 * <p>Thread-safe.
 */
final class ThreadShare {

    private final int size;

    /** So many places may lie free while somebody waits; never all. */
    private final int spare;

    private final long longestWait;
    private final Semaphore free;

    /** Those who wait, the first one first. Not the semaphore's own queue: of that one is woken whenever a place gets free. */
    private final Queue<Turn> line = new ConcurrentLinkedQueue<>();

    private final LongSupplier nanoSource;
    private final BooleanSupplier processorsBusy;

    /** How often a thread came back. */
    private final LongAdder back = new LongAdder();

    private final AtomicLong sampledAt;
    private volatile long backThen;

    /** How often one came back within the longest wait, a moving average: exchanges begun together also end together. */
    private volatile double turnover;

    private volatile boolean quick;

    /**
     * @param size at least 1
     * @param longestWait of one that waits; and the time within which the whole share has to come back for anybody to wait
     * @param processorsBusy whether those of the machine were since this was asked last
     */
    ThreadShare(int size, Duration longestWait, LongSupplier nanoSource, BooleanSupplier processorsBusy) {
        this.size = size;
        this.spare = size / 4;
        this.longestWait = longestWait.toNanos();
        this.free = new Semaphore(size);
        this.nanoSource = nanoSource;
        this.processorsBusy = processorsBusy;
        this.sampledAt = new AtomicLong(nanoSource.getAsLong());
    }

    /** @return whether the current thread may go to an upstream; it has to {@link #giveBack} then */
    boolean tryTake() {
        return free.tryAcquire();
    }

    /**
     * Waits on the current thread, where that is better than to leave it.
     *
     * @return as {@link #tryTake}
     */
    boolean takeSoon() {
        if (!isQuick()) {
            return false;
        }
        Turn turn = new Turn(nanoSource.getAsLong() + longestWait / 2);
        line.add(turn);
        if (free.tryAcquire()) {
            if (!line.remove(turn)) {
                putBack(); // it was handed another one meanwhile
            }
            return true;
        }
        try {
            turn.await(longestWait, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return !line.remove(turn);
    }

    /** Finds out anew once in the longest wait; who comes in between reads two fields. */
    private boolean isQuick() {
        long last = sampledAt.get();
        long now = nanoSource.getAsLong();
        if (now - last >= longestWait && sampledAt.compareAndSet(last, now)) {
            long sum = back.sum();
            double latest = (double) longestWait / (now - last) * (sum - backThen);
            backThen = sum;
            turnover += (latest - turnover) / 4;
            quick = Math.min(latest, turnover) >= size && processorsBusy.getAsBoolean();
        }
        return quick;
    }

    void giveBack() {
        back.increment();
        putBack();
    }

    private void putBack() {
        free.release();
        while (isFirstsTurn() && free.tryAcquire()) {
            Turn first = line.poll();
            if (first == null) {
                free.release(); // it waits no more
            } else {
                first.countDown();
            }
        }
    }

    private boolean isFirstsTurn() {
        Turn first = line.peek();
        return first != null && (free.availablePermits() > spare || first.isDue(nanoSource.getAsLong()));
    }

    /** A place in line, opened when it is this one's turn. */
    private static final class Turn extends CountDownLatch {

        private final long dueNanos;

        Turn(long dueNanos) {
            super(1);
            this.dueNanos = dueNanos;
        }

        boolean isDue(long now) {
            return now - dueNanos >= 0;
        }
    }

    /** Whether a thread may go to an upstream at once. */
    boolean isFree() {
        return free.availablePermits() > 0;
    }

    int size() {
        return size;
    }

    /** How many threads are at upstreams. */
    int taken() {
        return size - free.availablePermits();
    }

    /** How many threads wait to be. */
    int waiting() {
        return line.size();
    }
}
