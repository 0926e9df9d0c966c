package dev.headgate.observe;

import dev.headgate.failure.FailureKind;
import java.util.List;
import java.util.Map;

/**
 * The traffic of a route, an upstream or an origin. Of an origin the requests are attempts. Immutable; read part by part
 * while requests go on, so that sums may be a few apart.
 *
 * @param name that of the route, upstream or origin
 * @param requests how many are over
 * @param byClass those by the first digit of their status, {@code 2xx} to {@code 5xx}, all four always; attempts that got
 *     no status are missing here
 * @param byKind those that failed, by kind; only kinds that occurred
 * @param perSecond requests a second, the average of about the last minute
 * @param errorShare what share of the requests of the last minute were errors: 0 to 1. A status of 500 and above is one,
 *     and a failure that is not the client's
 * @param total from beginning to end
 * @param firstByte from beginning to the response head of an origin
 * @param inFlight how many are under way
 * @param bytesReceived content that came from clients
 * @param bytesSent content that origins sent and clients got
 * @param history the last five minutes in steps of ten seconds, the oldest first; always 30
 */
record TrafficFigures(
        String name,
        long requests,
        Map<String, Long> byClass,
        Map<FailureKind, Long> byKind,
        double perSecond,
        double errorShare,
        Latency total,
        Latency firstByte,
        long inFlight,
        long bytesReceived,
        long bytesSent,
        List<Step> history) {

    TrafficFigures {
        byClass = Map.copyOf(byClass);
        byKind = Map.copyOf(byKind);
        history = List.copyOf(history);
    }

    /**
     * Ten seconds.
     *
     * @param requests how many ended then
     * @param errors those that were errors
     * @param p99Nanos the time within which 99 of 100 were done; 0 where there were none
     */
    record Step(long requests, long errors, long p99Nanos) {}
}
