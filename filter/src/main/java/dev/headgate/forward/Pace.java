package dev.headgate.forward;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Watches how fast a client sends or takes content, counting only the time for which it is waited: a stream that pauses
 * because its source does is not slow. A client that says nothing at all is the container's to end, by its own time
 * limit; this one ends those that drip. One exchange's, not shared.
 */
final class Pace {

    /** So long a time of waiting is judged as a whole: slow starts, short content and a lost packet or two are forgiven. */
    private static final long STRETCH_NANOS = TimeUnit.SECONDS.toNanos(20);

    private final long leastPerSecond;
    private final LongSupplier nanoSource;
    private long sinceNanos;

    /** In the stretch of time that is judged next: what came earlier, into some buffer, buys no time now. */
    private long stretchNanos;

    private long bytes;
    private long waitedNanos;
    private boolean slow;

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
        long wait = nanoSource.getAsLong() - sinceNanos;
        waitedNanos += wait;
        stretchNanos += wait;
        bytes += moved;
        if (stretchNanos >= STRETCH_NANOS) {
            slow |= isTooFew(bytes, stretchNanos);
            stretchNanos = 0;
            bytes = 0;
        }
        return !slow;
    }

    /** Whether the wait in progress lasts too long even if all that is pending were moved now. */
    boolean isLost(long pending) {
        if (leastPerSecond == 0) {
            return false;
        }
        long wait = nanoSource.getAsLong() - sinceNanos;
        return wait >= STRETCH_NANOS && isTooFew(pending, wait);
    }

    private boolean isTooFew(long moved, long nanos) {
        return moved / (nanos / 1e9) < leastPerSecond;
    }

    /** For how long the client was waited for, all in all. */
    Duration waited() {
        return Duration.ofNanos(waitedNanos);
    }
}
