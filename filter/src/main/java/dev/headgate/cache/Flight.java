package dev.headgate.cache;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;

/** One request at the origin that others wait for, with a thread of their own or without. Thread-safe. */
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

        /** The response that there is. */
        StoredResponse head() {
            return recording == null ? validated : recording.head();
        }
    }

    /** How often those who wait look whether their client is still there. */
    static final long LOOK_MILLIS = 250;

    private final Executor wakers;
    private final CompletableFuture<Landing> landing = new CompletableFuture<>();
    private final CompletableFuture<Void> over = new CompletableFuture<>();

    /** @param wakers wake those who wait without a thread, so that the leader need not; takes every task */
    Flight(Executor wakers) {
        this.wakers = wakers;
    }

    /** Counts once. */
    void land(Landing what) {
        landing.complete(what);
    }

    /** The exchange has done all it could; it has landed before. */
    void end() {
        over.complete(null);
    }

    /** Null while it is in the air. */
    Landing landing() {
        return landing.getNow(null);
    }

    void whenLanded(Runnable wake) {
        landing.thenRunAsync(wake, wakers);
    }

    void whenOver(Runnable wake) {
        over.thenRunAsync(wake, wakers);
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
