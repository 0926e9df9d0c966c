package dev.headgate.cache;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

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
    }

    private final CompletableFuture<Landing> landing = new CompletableFuture<>();

    /** Counts once. */
    void land(Landing what) {
        landing.complete(what);
    }

    /** @return null when the wait is over first */
    Landing await(Duration limit) throws InterruptedException {
        try {
            return landing.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return null;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // nobody completes it that way
        }
    }
}
