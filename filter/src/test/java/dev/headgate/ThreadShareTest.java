package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who finds all threads of the share at upstreams waits only where that is better than to leave. */
@Timeout(30)
class ThreadShareTest {

    /** Nobody waits that long here: who waits is given a place, or interrupted. */
    private static final Duration LONG = Duration.ofSeconds(20);

    private final AtomicLong now = new AtomicLong();
    private final AtomicBoolean busy = new AtomicBoolean(true);
    private final ThreadShare share = share(2);
    private final ThreadShare eight = share(8);

    private ThreadShare share(int size) {
        return new ThreadShare(size, LONG, now::get, busy::get);
    }

    /** Within the longest wait a thread comes back so many times. */
    private void comesBack(ThreadShare share, Duration longestWait, int times) {
        for (int i = 0; i < times; i++) {
            assertThat(share.tryTake()).isTrue();
            share.giveBack();
        }
        now.addAndGet(longestWait.toNanos());
    }

    private void takeAll() {
        assertThat(share.tryTake()).isTrue();
        assertThat(share.tryTake()).isTrue();
    }

    /** All are taken, and who comes now waits. */
    private void takeAllWhileQuick(ThreadShare share) {
        comesBack(share, LONG, 1_000);
        assertThat(share.takeSoon()).isTrue();
        while (share.isFree()) {
            assertThat(share.tryTake()).isTrue();
        }
    }

    /** @return done with true once it has a place */
    private Future<Boolean> waits(ThreadShare share) {
        CompletableFuture<Boolean> turn = new CompletableFuture<>();
        Thread thread = new Thread(() -> turn.complete(share.takeSoon()));
        thread.start();
        // Only then has it looked for a free place for the last time; in line it stands before.
        await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
        return turn;
    }

    @Test
    void noMoreThanTheShareAreTaken() {
        takeAll();
        assertThat(share.tryTake()).isFalse();
        assertThat(share.taken()).isEqualTo(2);
        assertThat(share.isFree()).isFalse();
        share.giveBack();
        assertThat(share.isFree()).isTrue();
        assertThat(share.tryTake()).isTrue();
    }

    @Test
    void nobodyWaitsForASlowUpstream() {
        takeAll();
        for (int i = 0; i < 20; i++) {
            share.giveBack(); // one; the whole share would have to come back
            assertThat(share.tryTake()).isTrue();
            now.addAndGet(LONG.toNanos());
            assertThat(share.takeSoon()).isFalse();
        }
    }

    @Test
    void nobodyWaitsWhileProcessorsAreIdle() {
        busy.set(false);
        comesBack(share, LONG, 1_000);
        takeAll();
        assertThat(share.takeSoon()).isFalse();
    }

    @Test
    void exchangesThatBeganTogetherAndEndTogetherAreNotQuick() {
        for (int i = 0; i < 5; i++) {
            takeAll();
            for (int waits = 0; waits < 8; waits++) {
                now.addAndGet(LONG.toNanos());
                assertThat(share.takeSoon()).isFalse();
            }
            share.giveBack();
            share.giveBack();
        }
    }

    @Test
    void nobodyWaitsOnceNothingComesBackAnyMore() {
        takeAllWhileQuick(share);
        now.addAndGet(LONG.toNanos());
        assertThat(share.takeSoon()).isFalse();
    }

    @Test
    void whoComesNextIsServedBeforeThoseWhoHaveNotWaitedLong() throws Exception {
        takeAllWhileQuick(eight);
        Future<Boolean> first = waits(eight);
        Future<Boolean> second = waits(eight);
        now.addAndGet(LONG.toNanos() / 2 - 1);
        eight.giveBack();
        assertThat(eight.waiting()).isEqualTo(2);
        assertThat(eight.tryTake()).isTrue();

        now.addAndGet(1);
        eight.giveBack();
        assertThat(first.get(10, TimeUnit.SECONDS)).isTrue();
        eight.giveBack();
        assertThat(second.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(eight.tryTake()).isFalse();
        assertThat(eight.waiting()).isZero();
    }

    @Test
    void placesForWhichNobodyComesGoToThoseWhoWait() throws Exception {
        takeAllWhileQuick(eight);
        Future<Boolean> waiting = waits(eight);
        eight.giveBack();
        eight.giveBack();
        assertThat(eight.waiting()).isEqualTo(1);
        eight.giveBack(); // more than a quarter of them
        assertThat(waiting.get(10, TimeUnit.SECONDS)).isTrue();
        assertThat(eight.taken()).isEqualTo(6);
    }

    @Test
    void ofASmallShareNoPlaceLiesFreeWhileSomebodyWaits() throws Exception {
        takeAllWhileQuick(share);
        List<Future<Boolean>> waiting = List.of(waits(share), waits(share), waits(share));
        for (Future<Boolean> next : waiting) {
            share.giveBack();
            assertThat(next.get(10, TimeUnit.SECONDS)).isTrue();
            assertThat(share.tryTake()).isFalse();
        }
        assertThat(share.waiting()).isZero();
        assertThat(share.taken()).isEqualTo(2);
    }

    @Test
    void whoHasWaitedLongEnoughGoesElsewhere() {
        Duration brief = Duration.ofMillis(50);
        ThreadShare impatient = new ThreadShare(1, brief, now::get, busy::get);
        comesBack(impatient, brief, 1_000);
        assertThat(impatient.takeSoon()).isTrue();
        assertThat(impatient.takeSoon()).isFalse();
        assertThat(impatient.waiting()).isZero();
        impatient.giveBack();
        assertThat(impatient.tryTake()).isTrue();
    }

    @Test
    void whoIsInterruptedGoesElsewhereAndStaysInterrupted() {
        takeAllWhileQuick(share);
        Thread.currentThread().interrupt();
        assertThat(share.takeSoon()).isFalse();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(share.waiting()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 8})
    void noPlaceIsLostOrGivenTwiceUnderContention(int size) throws Exception {
        ThreadShare share = share(size);
        comesBack(share, LONG, 1_000);
        assertThat(share.takeSoon()).isTrue(); // from here on it is quick: the clock stands still
        share.giveBack();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4 * size; i++) {
            Thread thread = new Thread(() -> {
                for (int k = 0; k < 2_000; k++) {
                    if (share.tryTake() || share.takeSoon()) {
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        Thread.yield();
                        inside.decrementAndGet();
                        share.giveBack();
                        done.incrementAndGet();
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(done).hasValue(4 * size * 2_000);
        assertThat(most).hasValue(size);
        assertThat(share.taken()).isZero();
        assertThat(share.waiting()).isZero();
    }
}
