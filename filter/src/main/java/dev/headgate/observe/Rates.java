package dev.headgate.observe;

import com.codahale.metrics.EWMA;
import com.codahale.metrics.MovingAverages;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Rates that cost an event nothing: they are worked out from a count that somebody else keeps, whenever {@link #turn()} is
 * called, which has to be every {@link #STEP}. Thread-safe.
 */
final class Rates implements MovingAverages {

    /** What Dropwizard's averages are made for. */
    static final Duration STEP = Duration.ofSeconds(5);

    private final EWMA one = EWMA.oneMinuteEWMA();
    private final EWMA five = EWMA.fiveMinuteEWMA();
    private final EWMA fifteen = EWMA.fifteenMinuteEWMA();

    /** What was counted until the last turn; guarded by this. */
    private long before;

    synchronized void turn(LongSupplier count) {
        long now = count.getAsLong();
        if (now == 0) {
            return; // most routes of a gateway with many have nothing to do
        }
        for (EWMA average : new EWMA[] {one, five, fifteen}) {
            average.update(now - before);
            average.tick();
        }
        before = now;
    }

    /** Does nothing: see {@link #turn}. */
    @Override
    public void tickIfNecessary() {}

    /** Does nothing: see {@link #turn}. */
    @Override
    public void update(long events) {}

    @Override
    public double getM1Rate() {
        return one.getRate(TimeUnit.SECONDS);
    }

    @Override
    public double getM5Rate() {
        return five.getRate(TimeUnit.SECONDS);
    }

    @Override
    public double getM15Rate() {
        return fifteen.getRate(TimeUnit.SECONDS);
    }
}
