package dev.headgate.cache;

import dev.headgate.cache.ByteRanges.Brought;
import dev.headgate.cache.StoredResponse.Part;
import dev.headgate.exchange.Fields;
import dev.headgate.failure.GatewayFailure;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;

/**
 * A response on its way into the store, and out of it again to those who asked for the same meanwhile. Memory stays
 * bounded: content is held in one unfinished chunk and the first few finished ones, the rest is in the store.
 *
 * <p>Written by the thread that has the response, read by any; guarded by its own monitor.
 *
 * <p>That thread also waits for its own client. When it does so while a follower has nothing left to send, the follower has
 * another thread read on, for good: the pump. From then on everybody, the first client too, is served from here at their
 * own pace.
 */
final class Recording implements ContentSink {

    /** Finished chunks that are kept at hand, so that followers of small responses do not depend on the store. */
    private static final int CHUNKS_AT_HAND = 4;

    /** How long a follower leaves the response to a thread that waits for its own client: most waits are over by then. */
    private static final long PATIENCE_MILLIS = 10;

    /** A wait for the origin as long as this, once content has begun to come, is a pause. */
    private static final long PAUSE_MILLIS = 100;

    /** How much of pauses makes a stream of what comes. */
    private static final long TRICKLE_MILLIS = 1000;

    private enum State {
        RUNNING,
        COMPLETE,
        FAILED
    }

    private final Store store;
    private final CacheKey key;
    private final Fields request;
    private final StoredResponse head;
    private final long expected;
    private final long limit;
    private final Brought brought;
    private final long generation;
    private final InstantSource pauses;

    private final List<byte[]> atHand = new ArrayList<>(1);
    private byte[] tail;
    private int tailLength;
    private long finishedChunks;
    private long received;
    private int followers;
    private boolean kept = true;

    /** Since when the origin is waited for; 0: it is not, or nobody wants to know. */
    private long askedMillis;

    private long pausedMillis;
    private boolean stopped;
    private boolean closed;
    private State state = State.RUNNING;

    /** Whether the first thread waits for the origin. */
    private boolean reading;

    /** Whether it hands its client what it has read, and may wait for that. */
    private boolean sending;

    /** Begins to read on another thread; null: there is none. */
    private Executor pump;

    private Runnable pumping;
    private BooleanSupplier firstIsGone;
    private boolean pumped;

    /** Whether a pump runs. */
    private boolean pumpRuns;

    /** What the first client has still to get since the pump took over. */
    private Follower rest;

    /** Why the content was cut; null: it was not, or nobody said. */
    private GatewayFailure failure;

    /**
     * @param request the fields of the request, as sent to the origin
     * @param head the metadata, still without content
     * @param expected bytes of content that are announced; -1: not announced
     * @param limit bytes above which it is not kept
     * @param brought what a 206 says it brings; null for a whole response
     * @param pauses the clock by which content that trickles is told, which is not kept; null where it is kept however it
     *     comes
     */
    Recording(
            Store store,
            CacheKey key,
            Fields request,
            StoredResponse head,
            long expected,
            long limit,
            Brought brought,
            InstantSource pauses) {
        this.store = store;
        this.key = key;
        this.request = request;
        this.head = head;
        this.expected = expected;
        this.limit = limit;
        this.brought = brought;
        this.pauses = pauses;
        this.generation = store.newGeneration();
    }

    CacheKey key() {
        return key;
    }

    StoredResponse head() {
        return head;
    }

    /** Bytes of content that are announced; -1: not announced. */
    long expected() {
        return expected;
    }

    /**
     * Lets followers have another thread read on.
     *
     * @param threads may refuse
     * @param reads the rest of the content into {@link #pumpSink()}, and calls {@link #pumpEnded()} at last
     * @param gone whether the first client has left: then it waits for no more
     */
    synchronized void mayBePumped(Executor threads, Runnable reads, BooleanSupplier gone) {
        pump = threads;
        pumping = reads;
        firstIsGone = gone;
    }

    /** For the first thread. */
    @Override
    public synchronized boolean mayRead() {
        sending = false;
        reading = !pumped;
        looksAtClock();
        return reading;
    }

    /** For the thread that has taken over: takes content as long as anybody wants it. */
    ContentSink pumpSink() {
        return new ContentSink() {
            @Override
            public void content(byte[] bytes, int offset, int length) {
                Recording.this.content(bytes, offset, length);
            }

            @Override
            public boolean mayRead() {
                looksAtClock();
                return outlivesClient(); // the first client, while it is there, is one of the followers
            }
        };
    }

    /** For the first thread once its client is gone: takes content as long as others want it, unless another thread does. */
    ContentSink heirsSink() {
        return new ContentSink() {
            @Override
            public void content(byte[] bytes, int offset, int length) {
                Recording.this.content(bytes, offset, length);
            }

            @Override
            public boolean mayRead() {
                return outlivesClient() && Recording.this.mayRead();
            }
        };
    }

    /** Called by a follower with nothing to send while the first thread waits for its client; guarded by this. */
    private void takeOver() {
        pumped = true;
        pumpRuns = true;
        followers++;
        rest = new Follower(firstIsGone, received);
        try {
            pump.execute(pumping);
        } catch (RejectedExecutionException | OutOfMemoryError e) { // the latter: no more threads
            // Then all of them go at the first client's pace.
            pumped = false;
            pumpRuns = false;
            pump = null;
            followers--;
            rest = null;
        }
    }

    synchronized void pumpEnded() {
        pumpRuns = false;
        notifyAll();
    }

    /** Waits until nobody else reads the response any more. */
    synchronized void awaitPump() {
        boolean interrupted = false;
        while (pumpRuns) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true; // the connection is not to be given back under the pump's hands
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is left for the first client; only once another thread reads. Not to be closed, see {@link #firstLeaves}. */
    synchronized Follower rest() {
        return rest;
    }

    /** The first client has all it wanted. */
    synchronized void firstLeaves() {
        if (rest != null) {
            rest.close();
            rest = null;
        }
    }

    /** Why the content was cut; null where it was not, or nobody said. */
    synchronized GatewayFailure failure() {
        return failure;
    }

    @Override
    public synchronized void content(byte[] bytes, int offset, int length) {
        sending = reading;
        reading = false;
        if (stopped) {
            return;
        }
        countPause();
        int at = offset;
        int left = length;
        while (left > 0) {
            if (tail == null) {
                tail = new byte[firstSize(left)];
            } else if (tailLength == tail.length) {
                tail = Arrays.copyOf(tail, Math.min(Store.CHUNK_BYTES, tail.length * 4));
            }
            int count = Math.min(left, tail.length - tailLength);
            System.arraycopy(bytes, at, tail, tailLength, count);
            tailLength += count;
            at += count;
            left -= count;
            if (tailLength == Store.CHUNK_BYTES) {
                finishChunk();
            }
        }
        received += length;
        if (received > limit || trickles()) {
            kept = false;
            if (followers == 0) {
                stop();
            }
        }
        if (followers > 0) {
            notifyAll();
        }
    }

    /** Before the origin is waited for. */
    private void looksAtClock() {
        if (pauses != null) {
            synchronized (this) {
                askedMillis = pauses.millis();
            }
        }
    }

    /** After the origin was waited for. */
    private void countPause() {
        if (askedMillis != 0 && received > 0) {
            long pause = pauses.millis() - askedMillis;
            pausedMillis += pause < PAUSE_MILLIS ? 0 : pause;
        }
        askedMillis = 0;
    }

    /** Whether the content comes like that of an event stream: of no use later, and no use to those who come later. */
    synchronized boolean trickles() {
        return pausedMillis >= TRICKLE_MILLIS;
    }

    private int firstSize(int arrived) {
        long rest = expected < 0 ? Math.max(arrived, 4096) : expected - finishedChunks * Store.CHUNK_BYTES;
        return (int) Math.max(1, Math.min(Store.CHUNK_BYTES, Math.max(rest, arrived)));
    }

    private void finishChunk() {
        byte[] chunk = tail.length == tailLength ? tail : Arrays.copyOf(tail, tailLength);
        if (finishedChunks < CHUNKS_AT_HAND) {
            atHand.add(chunk);
        }
        kept &= store.put(generation, finishedChunks, chunk);
        finishedChunks++;
        tail = null;
        tailLength = 0;
    }

    /** Nobody will want this content. */
    private void stop() {
        stopped = true;
        tail = null;
        tailLength = 0;
        atHand.clear();
        store.drop(generation, finishedChunks);
    }

    /** The resource was changed or purged while this was on its way: it must not be stored any more. */
    synchronized void revoke() {
        kept = false;
    }

    /**
     * The client of this exchange is gone. Thread-safe; may be asked more than once.
     *
     * @return whether the rest is wanted all the same, because others wait for it or as good as everything is here. If
     *     not, nobody can begin to follow any more
     */
    synchronized boolean outlivesClient() {
        boolean nearlyDone = kept && expected >= 0 && expected - received <= 4L * Store.CHUNK_BYTES;
        if (followers == 0 && !nearlyDone) {
            closed = true;
        }
        return !closed;
    }

    /**
     * All content came, as far as framing tells; stores the response.
     *
     * @return whether it is stored now
     */
    boolean complete() {
        StoredResponse whole;
        synchronized (this) {
            if (state != State.RUNNING) {
                return false;
            }
            countPause();
            kept &= !trickles();
            if (tailLength > 0) {
                finishChunk();
            }
            state = State.COMPLETE;
            notifyAll();
            whole = stopped ? null : whole();
        }
        boolean stored = false;
        if (whole != null) {
            // Looked at under the store's lock: whoever revokes forgets what is stored right after.
            store.change(key, before -> isKept() ? Merge.of(before, whole, request) : before);
            stored = store.find(key).stream().anyMatch(each -> each.parts().containsAll(whole.parts()));
        }
        kept(stored);
        return stored;
    }

    private synchronized boolean isKept() {
        return kept;
    }

    private synchronized void kept(boolean stored) {
        kept = stored;
        if (!kept && !stopped && followers == 0) {
            stop();
        }
    }

    /** @return null when the content is not what was announced */
    private StoredResponse whole() {
        long offset = brought == null ? 0 : brought.first();
        long length = brought == null ? received : brought.length();
        if (brought != null && received != brought.last() - brought.first() + 1) {
            // Some origins miscount. Where the range was to reach the end, the end is where the content ends; anything
            // else cannot be placed.
            if (brought.last() + 1 != brought.length() || received > brought.last() - brought.first()) {
                return null;
            }
            length = offset + received;
        }
        if (brought == null && expected >= 0 && received != expected) {
            return null;
        }
        List<Part> parts = received == 0 ? List.of() : List.of(new Part(generation, offset, received));
        return new StoredResponse(
                head.target(),
                head.status(),
                head.fields(),
                head.selecting(),
                head.requestMillis(),
                head.responseMillis(),
                length,
                parts,
                false,
                head.lineage());
    }

    /** The content was cut, or nobody reads it any more: nothing is stored. */
    void fail() {
        fail(null);
    }

    synchronized void fail(GatewayFailure why) {
        if (state == State.RUNNING) {
            state = State.FAILED;
            failure = why;
            if (!stopped) {
                stop();
            }
            notifyAll();
        }
    }

    /**
     * Begins to follow the content.
     *
     * @param gone ends a wait early
     * @return null when the content cannot be followed any more
     */
    synchronized Follower follow(BooleanSupplier gone) {
        if (stopped || closed || state == State.FAILED || state == State.COMPLETE && !kept) {
            return null;
        }
        followers++;
        return new Follower(gone, 0);
    }

    /** Reads the content as it comes. One thread's. */
    final class Follower implements AutoCloseable {

        private final BooleanSupplier gone;
        private long position;
        private byte[] current;
        private long currentNumber = -1;

        private boolean left;

        /** @param position of the first byte that it wants */
        private Follower(BooleanSupplier gone, long position) {
            this.gone = gone;
            this.position = position;
        }

        /** Whether the next read would have to wait. */
        boolean wouldWait() {
            synchronized (Recording.this) {
                return position == received && state == State.RUNNING;
            }
        }

        /**
         * Waits for content.
         *
         * @return false when the content ended badly, was dropped, or did not come in time
         */
        private boolean await(long mostMillis) throws InterruptedException {
            synchronized (Recording.this) {
                long left = mostMillis;
                boolean takesOver = pump != null && !pumped && this != rest;
                while (position == received && state == State.RUNNING && !stopped) {
                    if (left <= 0) {
                        return false;
                    }
                    long look = Math.min(left, takesOver ? PATIENCE_MILLIS : Flight.LOOK_MILLIS);
                    Recording.this.wait(look);
                    left -= look;
                    if (position == received && gone.getAsBoolean()) {
                        return false;
                    }
                    takesOver = pump != null && !pumped;
                    if (takesOver && position == received && state == State.RUNNING && sending) {
                        takeOver();
                        takesOver = false;
                    }
                }
                return state != State.FAILED && !stopped;
            }
        }

        /** @return the number of bytes; 0 at the end; -1 when the content is not to be had any more */
        int read(byte[] buffer) throws InterruptedException {
            return read(buffer, Long.MAX_VALUE);
        }

        /**
         * @param mostMillis for how long it may wait
         * @return the number of bytes; 0 at the end; -1 when the content is not to be had any more, or did not come in time
         */
        int read(byte[] buffer, long mostMillis) throws InterruptedException {
            long number = position / Store.CHUNK_BYTES;
            int from = (int) (position % Store.CHUNK_BYTES);
            synchronized (Recording.this) {
                if (!await(mostMillis)) {
                    return -1;
                }
                if (position == received) {
                    return 0;
                }
                if (number == finishedChunks) {
                    int count = Math.min(buffer.length, tailLength - from);
                    System.arraycopy(tail, from, buffer, 0, count);
                    position += count;
                    return count;
                }
                if (number < atHand.size()) {
                    current = atHand.get((int) number);
                    currentNumber = number;
                }
            }
            if (currentNumber != number) {
                current = store.chunk(generation, number);
                currentNumber = number;
            }
            if (current == null) {
                return -1;
            }
            int count = Math.min(buffer.length, current.length - from);
            System.arraycopy(current, from, buffer, 0, count);
            position += count;
            return count;
        }

        @Override
        public void close() {
            synchronized (Recording.this) {
                if (left) {
                    return;
                }
                left = true;
                followers--;
                if (followers == 0 && !stopped && !kept) {
                    stop();
                }
            }
        }
    }
}
