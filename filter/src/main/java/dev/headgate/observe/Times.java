package dev.headgate.observe;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.Meter;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;
import java.util.concurrent.TimeUnit;

/** A timer whose percentiles are those of the last minute and whose rates are worked out apart from traffic. */
final class Times {

    private final RecentTimes recent = new RecentTimes();
    private final Rates rates = new Rates();
    private final Timer timer =
            new Timer(new Meter(rates, Clock.defaultClock()), new Histogram(recent), Clock.defaultClock());

    void took(long nanos) {
        timer.update(nanos, TimeUnit.NANOSECONDS);
    }

    long count() {
        return timer.getCount();
    }

    /** For a registry. */
    Timer timer() {
        return timer;
    }

    Latency lately() {
        Snapshot snapshot = timer.getSnapshot();
        return new Latency(
                Math.round(snapshot.getMedian()),
                Math.round(snapshot.get95thPercentile()),
                Math.round(snapshot.get99thPercentile()),
                snapshot.getMax());
    }

    double perSecond() {
        return timer.getOneMinuteRate();
    }

    /** Every {@link Rates#STEP}. */
    void turnRates() {
        rates.turn(timer::getCount);
    }

    /** Every {@link RecentTimes#SLICE}; see {@link RecentTimes#turn()}. */
    long turnSlice() {
        return recent.turn();
    }
}
