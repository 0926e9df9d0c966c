package dev.headgate.samples.benchmark;

import java.util.function.ToDoubleFunction;

/**
 * What one peer should need, compared with another in the same round.
 *
 * @param limit the ratio to reach: at least where more is better, at most otherwise
 */
record Goal(String what, Peer subject, Peer peer, ToDoubleFunction<Sample> value, double limit, boolean moreIsBetter) {

    static Goal cpu(Peer subject, Peer peer, double limit) {
        return new Goal("CPU per request", subject, peer, Sample::cpuMicros, limit, false);
    }

    static Goal throughput(Peer subject, Peer peer, double limit) {
        return new Goal("throughput", subject, peer, Sample::perSecond, limit, true);
    }

    /** What never arrives is late without end. */
    static Goal p99(Peer subject, Peer peer, double limit) {
        return new Goal(
                "p99",
                subject,
                peer,
                sample -> sample.requests() == 0 ? Double.POSITIVE_INFINITY : sample.p99Millis(),
                limit,
                false);
    }

    static Goal memory(Peer subject, Peer peer, double limit) {
        return new Goal("memory per stream", subject, peer, Sample::grownKilobytes, limit, false);
    }

    boolean isMet(double ratio) {
        return moreIsBetter ? ratio >= limit : ratio <= limit;
    }
}
