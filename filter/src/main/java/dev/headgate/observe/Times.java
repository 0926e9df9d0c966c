package dev.headgate.observe;

import com.codahale.metrics.Clock;
import com.codahale.metrics.Histogram;
import com.codahale.metrics.Meter;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;
import java.util.concurrent.atomic.LongAdder;

/** A timer whose percentiles are those of the last minute and whose rates are worked out apart from traffic. */
final class Times {

    private final RecentTimes recent = new RecentTimes();
    private final Rates rates = new Rates();
    private final LongAdder count = new LongAdder();
    private final Timer timer = new Timer(new CountedMeter(), new CountedHistogram(), Clock.defaultClock());

    /** Dropwizard's timer counts each time twice, once for itself and once for its rates: this is the one count of both. */
    private final class CountedMeter extends Meter {

        CountedMeter() {
            super(rates, Clock.defaultClock());
        }

        @Override
        public void mark(long events) {
            // The histogram has counted it.
        }

        @Override
        public long getCount() {
            return count.sum();
        }
    }

    private final class CountedHistogram extends Histogram {

        CountedHistogram() {
            super(recent);
        }

        @Override
        public void update(long nanos) {
            took(nanos);
        }

        @Override
        public long getCount() {
            return count.sum();
        }
    }

    void took(long nanos) {
        recent.update(nanos);
        count.increment();
    }

    long count() {
        return count.sum();
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
        rates.turn(count::sum);
    }

    /** Every {@link RecentTimes#SLICE}; see {@link RecentTimes#turn()}. */
    long turnSlice() {
        return recent.turn();
    }
}
