package dev.headgate.cache;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** One request at the origin that others wait for. Thread-safe. */
final class Flight {

    /**
     * What the response head brought for those who wait.
     *
     * @param recording to follow; null where there is none
     * @param validated what was stored and still holds; null where that was not asked
     */
    record Landing(Recording recording, StoredResponse validated) {
        /** Nothing that others could use. */
        static final Landing USELESS = new Landing(null, null);

        /** Nothing yet: the client of the exchange left before the head came. Told by identity, as is the above. */
        static final Landing LEADERLESS = new Landing(null, null);
    }

    /** How often those who wait look whether their client is still there. */
    static final long LOOK_MILLIS = 250;

    private final CompletableFuture<Landing> landing = new CompletableFuture<>();

    /** Counts once. */
    void land(Landing what) {
        landing.complete(what);
    }

    /**
     * Waits for the landing.
     *
     * @param gone ends the wait early
     * @return null when the wait is over first
     */
    Landing await(Duration limit, BooleanSupplier gone) throws InterruptedException {
        long left = limit.toMillis();
        while (true) {
            try {
                return landing.get(Math.max(1, Math.min(left, LOOK_MILLIS)), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                left -= LOOK_MILLIS;
                if (left <= 0 || gone.getAsBoolean()) {
                    return null;
                }
            } catch (ExecutionException e) {
                throw new IllegalStateException(e); // nobody completes it that way
            }
        }
    }
}
