package dev.headgate.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.config.RetryConfig;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {

    private long now = TimeUnit.SECONDS.toNanos(1000);

    @Test
    void aQuietUpstreamHasTheLeast() {
        RetryBudget budget = new RetryBudget(new RetryConfig.Budget(20, 3));
        assertThat(takeAll(budget)).isEqualTo(30);
        assertThat(budget.left(now)).isZero();
    }

    @Test
    void aBusyOneHasItsShareOfTheLastTenSeconds() {
        RetryBudget budget = new RetryBudget(new RetryConfig.Budget(20, 3));
        requests(budget, 1000);
        assertThat(takeAll(budget)).isEqualTo(200);
        seconds(5);
        requests(budget, 1000);
        assertThat(takeAll(budget)).isEqualTo(200);
        seconds(5);
        // The first thousand and its retries are forgotten.
        assertThat(budget.left(now)).isZero();
        seconds(5);
        assertThat(budget.left(now)).isEqualTo(30);
    }

    @Test
    void noBudgetNoRetry() {
        RetryBudget budget = new RetryBudget(new RetryConfig.Budget(0, 0));
        requests(budget, 1000);
        assertThat(budget.take(now)).isFalse();
    }

    @Test
    void countsRollOverTheSeconds() {
        RollingCount count = new RollingCount();
        for (int i = 0; i < 25; i++) {
            count.add(now);
            count.add(now);
            assertThat(count.sum(now)).isEqualTo(Math.min(20, 2 * (i + 1)));
            seconds(1);
        }
        assertThat(count.sum(now)).isEqualTo(18);
        count.clear();
        assertThat(count.sum(now)).isZero();
    }

    @Test
    void countsHoldUnderManyThreads() throws InterruptedException {
        RollingCount count = new RollingCount();
        Thread[] threads = new Thread[4];
        for (int t = 0; t < threads.length; t++) {
            threads[t] = new Thread(() -> {
                for (int i = 0; i < 10_000; i++) {
                    count.add(now);
                }
            });
            threads[t].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(count.sum(now)).isEqualTo(40_000);
    }

    private int takeAll(RetryBudget budget) {
        int taken = 0;
        while (budget.take(now)) {
            taken++;
        }
        return taken;
    }

    private void requests(RetryBudget budget, int count) {
        for (int i = 0; i < count; i++) {
            budget.requested(now);
        }
    }

    private void seconds(int count) {
        now += TimeUnit.SECONDS.toNanos(count);
    }
}
