package dev.headgate.upstream;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/** Counts what happened in the last ten seconds. Thread-safe and without locks. */
final class RollingCount {

    static final int SECONDS = 10;

    /** A second in the upper half of each slot, what was counted in it in the lower half. */
    private final AtomicLongArray slots = new AtomicLongArray(SECONDS);

    void add(long nowNanos) {
        long second = second(nowNanos);
        int slot = (int) (second % SECONDS);
        long old;
        long next;
        do {
            old = slots.get(slot);
            next = old >>> 32 == second ? old + 1 : second << 32 | 1;
        } while (!slots.compareAndSet(slot, old, next));
    }

    long sum(long nowNanos) {
        long oldest = second(nowNanos) - SECONDS;
        long sum = 0;
        for (int i = 0; i < SECONDS; i++) {
            long slot = slots.get(i);
            if (slot >>> 32 > oldest) {
                sum += slot & 0xFFFFFFFFL;
            }
        }
        return sum;
    }

    void clear() {
        for (int i = 0; i < SECONDS; i++) {
            slots.set(i, 0);
        }
    }

    /** From 1 on, so that an empty slot is never a current one. */
    private static long second(long nowNanos) {
        return TimeUnit.NANOSECONDS.toSeconds(nowNanos) + SECONDS + 1;
    }
}
