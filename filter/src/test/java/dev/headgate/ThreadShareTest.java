package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who finds all threads of the share at upstreams waits only where that is better than to leave. */
@Timeout(30)
class ThreadShareTest {

    /** Nobody waits that long here: who waits is given a place, or interrupted. */
    private static final Duration LONG = Duration.ofSeconds(20);

    private final AtomicLong now = new AtomicLong();
    private final AtomicBoolean busy = new AtomicBoolean(true);
    private final ThreadShare share = new ThreadShare(2, LONG, now::get, busy::get);

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
    private void takeAllWhileQuick() {
        comesBack(share, LONG, 1_000);
        assertThat(share.takeSoon()).isTrue();
        assertThat(share.tryTake()).isTrue();
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
        takeAllWhileQuick();
        now.addAndGet(LONG.toNanos());
        assertThat(share.takeSoon()).isFalse();
    }

    @Test
    void whoComesBackHandsItsPlaceToWhoHasWaitedLongest() throws Exception {
        takeAllWhileQuick();
        BlockingQueue<String> served = new LinkedBlockingQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (String name : List.of("first", "second", "third")) {
            Thread thread = new Thread(() -> {
                if (share.takeSoon()) {
                    served.add(name);
                }
            });
            threads.add(thread);
            thread.start();
            await().until(() -> share.waiting() == threads.size());
        }
        for (String name : List.of("first", "second", "third")) {
            share.giveBack();
            assertThat(served.poll(10, TimeUnit.SECONDS)).isEqualTo(name);
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
        takeAllWhileQuick();
        Thread.currentThread().interrupt();
        assertThat(share.takeSoon()).isFalse();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(share.waiting()).isZero();
    }

    @Test
    void noPlaceIsLostOrGivenTwiceUnderContention() throws Exception {
        comesBack(share, LONG, 1_000);
        assertThat(share.takeSoon()).isTrue(); // from here on it is quick: the clock stands still
        share.giveBack();
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Thread thread = new Thread(() -> {
                for (int k = 0; k < 5_000; k++) {
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
        assertThat(done).hasValue(40_000);
        assertThat(most).hasValue(2);
        assertThat(share.taken()).isZero();
        assertThat(share.waiting()).isZero();
    }
}
