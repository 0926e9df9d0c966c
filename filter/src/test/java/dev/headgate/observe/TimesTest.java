package dev.headgate.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TimesTest {

    @Test
    void aTimeIsCountedOnceWhereverOneLooks() {
        Times times = new Times();
        times.took(TimeUnit.MILLISECONDS.toNanos(2));
        times.timer().update(4, TimeUnit.MILLISECONDS);

        assertThat(times.count()).isEqualTo(2);
        assertThat(times.timer().getCount()).isEqualTo(2);
        assertThat(times.timer().getMeanRate()).isPositive();
        assertThat(times.timer().getSnapshot().size()).isEqualTo(2);
        assertThat(times.lately().p99()).isCloseTo(4_000_000L, org.assertj.core.data.Percentage.withPercentage(4));
    }

    @Test
    void ratesFollowTheCount() {
        Times times = new Times();
        for (int i = 0; i < 50; i++) {
            times.took(1);
        }
        times.turnRates();
        assertThat(times.perSecond()).isEqualTo(50.0 / Rates.STEP.toSeconds());
    }
}
