package dev.headgate.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.codahale.metrics.Snapshot;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/** Percentiles of the last minute. */
class RecentTimesTest {

    private final RecentTimes times = new RecentTimes();

    @Test
    void percentilesAreRightToThreePerCentOverSixOrdersOfMagnitude() {
        Random random = new Random(1);
        long[] all = new long[50_000];
        for (int i = 0; i < all.length; i++) {
            all[i] = (long) (20_000 * Math.pow(10, 6 * random.nextDouble()));
            times.update(all[i]);
        }
        Arrays.sort(all);
        Snapshot snapshot = times.getSnapshot();
        for (double part : new double[] {0.01, 0.5, 0.95, 0.99, 0.999}) {
            double exact = all[(int) (part * all.length)];
            assertThat(snapshot.getValue(part)).as("%s", part).isCloseTo(exact, Percentage.withPercentage(3));
        }
        assertThat(times.size()).isEqualTo(all.length);
    }

    @Test
    void oneSlowRequestAmongManyIsSeen() {
        for (int i = 0; i < 100_000; i++) {
            times.update(1_000_000);
        }
        times.update(TimeUnit.SECONDS.toNanos(60));
        assertThat((double) times.getSnapshot().getMax())
                .isCloseTo(TimeUnit.SECONDS.toNanos(60), Percentage.withPercentage(3));
    }

    @Test
    void extremesAreTakenForTheNearestThereIs() {
        times.update(-1);
        times.update(0);
        times.update(Long.MAX_VALUE);
        assertThat(times.size()).isEqualTo(3);
        assertThat(times.getSnapshot().getMin()).isLessThan(1024);
        assertThat(times.getSnapshot().getMax()).isGreaterThan(TimeUnit.MINUTES.toNanos(70));
    }

    @Test
    void sliceIsForgottenAfterSixMore() {
        times.update(5_000_000);
        assertThat((double) times.turn()).as("of the slice").isCloseTo(5e6, Percentage.withPercentage(3));
        for (int i = 0; i < 5; i++) {
            assertThat(times.turn()).isZero();
            assertThat(times.size()).isEqualTo(1);
        }
        times.turn();
        assertThat(times.size()).isZero();
        assertThat(times.getSnapshot().getMedian()).isCloseTo(0, within(0.0));
    }
}
