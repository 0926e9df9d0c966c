package dev.headgate.observe;

import com.codahale.metrics.Reservoir;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.WeightedSnapshot;
import com.codahale.metrics.WeightedSnapshot.WeightedSample;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * How long things took within the last minute: every one of them, so that the slowest are among them however many there
 * are, in buckets that are at most 1/32 of a time wide. A time is one atomic increment; {@code docs/metrics.md} has the
 * figures of what else there would have been.
 *
 * <p>Thread-safe. Somebody has to call {@link #turn()} every {@link #SLICE}.
 */
final class RecentTimes implements Reservoir {

    /** What is forgotten at a time. */
    static final Duration SLICE = Duration.ofSeconds(10);

    /** Those that are over; with the one that grows they hold 60 to 70 seconds. */
    private static final int FULL_SLICES = 6;

    /** Times are counted in units of 1.024 µs. */
    private static final int UNIT_BITS = 10;

    /** Buckets for each power of two. */
    private static final int PART_BITS = 5;

    private static final int PARTS = 1 << PART_BITS;

    /** The last bucket begins at 73 minutes: what takes longer counts as that. */
    private static final int MOST_BITS = 32;

    private static final int BUCKETS = (MOST_BITS - PART_BITS + 1) * PARTS;

    /** Null until there is something to count, as on routes that nobody asks for. */
    private volatile AtomicIntegerArray growing;

    /** The newest first, null for those without a time; guarded by this. */
    private final AtomicIntegerArray[] full = new AtomicIntegerArray[FULL_SLICES];

    @Override
    public void update(long nanos) {
        AtomicIntegerArray slice = growing;
        if (slice == null) {
            slice = begin();
        }
        slice.incrementAndGet(bucket(nanos));
    }

    private synchronized AtomicIntegerArray begin() {
        if (growing == null) {
            growing = new AtomicIntegerArray(BUCKETS);
        }
        return growing;
    }

    /**
     * Begins the next slice.
     *
     * @return the time within which 99 of 100 were done in the slice that is over, in nanoseconds; 0 where there were none
     */
    synchronized long turn() {
        System.arraycopy(full, 0, full, 1, FULL_SLICES - 1);
        full[0] = growing;
        growing = null;
        return full[0] == null ? 0 : Math.round(snapshot(full[0]).get99thPercentile());
    }

    @Override
    public Snapshot getSnapshot() {
        AtomicIntegerArray[] slices = new AtomicIntegerArray[FULL_SLICES + 1];
        synchronized (this) {
            System.arraycopy(full, 0, slices, 0, FULL_SLICES);
            slices[FULL_SLICES] = growing;
        }
        return snapshot(slices);
    }

    private static Snapshot snapshot(AtomicIntegerArray... slices) {
        List<WeightedSample> samples = new ArrayList<>();
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            long count = 0;
            for (AtomicIntegerArray slice : slices) {
                count += slice == null ? 0 : slice.get(bucket);
            }
            if (count > 0) {
                samples.add(new WeightedSample(middle(bucket), count));
            }
        }
        return new WeightedSnapshot(samples);
    }

    @Override
    public synchronized int size() {
        long size = count(growing);
        for (AtomicIntegerArray slice : full) {
            size += count(slice);
        }
        return (int) Math.min(size, Integer.MAX_VALUE);
    }

    private static long count(AtomicIntegerArray slice) {
        long count = 0;
        for (int bucket = 0; slice != null && bucket < BUCKETS; bucket++) {
            count += slice.get(bucket);
        }
        return count;
    }

    private static int bucket(long nanos) {
        long units = Math.min(Math.max(0, nanos) >> UNIT_BITS, (1L << MOST_BITS) - 1);
        if (units < PARTS) {
            return (int) units;
        }
        int shift = 63 - Long.numberOfLeadingZeros(units) - PART_BITS;
        return shift * PARTS + (int) (units >> shift);
    }

    /** In nanoseconds. */
    private static long middle(int bucket) {
        if (bucket < PARTS) {
            return ((long) bucket << UNIT_BITS) + (1L << UNIT_BITS - 1);
        }
        int shift = bucket / PARTS - 1;
        long units = bucket - (long) shift * PARTS;
        return (2 * units + 1 << shift + UNIT_BITS) >> 1;
    }
}
