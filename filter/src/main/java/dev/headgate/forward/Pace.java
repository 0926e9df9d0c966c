package dev.headgate.forward;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Watches how fast a client sends or takes content, counting only the time for which it is waited: a stream that pauses
 * because its source does is not slow. A client that says nothing at all is the container's to end, by its own time
 * limit; this one ends those that drip. One exchange's, not shared.
 */
final class Pace {

    /** Slow starts, short content and a lost packet or two are forgiven. */
    private static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final long leastPerSecond;
    private final LongSupplier nanoSource;
    private long waitedNanos;
    private long bytes;
    private long sinceNanos;

    /** @param leastPerSecond 0: any pace will do */
    Pace(long leastPerSecond, LongSupplier nanoSource) {
        this.leastPerSecond = leastPerSecond;
        this.nanoSource = nanoSource;
    }

    /** The client is waited for from now on. */
    void begin() {
        sinceNanos = leastPerSecond == 0 ? 0 : nanoSource.getAsLong();
    }

    /**
     * The wait is over.
     *
     * @return false when the client is too slow
     */
    boolean end(long moved) {
        if (leastPerSecond == 0) {
            return true;
        }
        waitedNanos += nanoSource.getAsLong() - sinceNanos;
        bytes += moved;
        return waitedNanos < GRACE_NANOS || bytes / (waitedNanos / 1e9) >= leastPerSecond;
    }
}
