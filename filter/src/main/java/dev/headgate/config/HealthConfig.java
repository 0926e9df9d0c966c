package dev.headgate.config;

import java.time.Duration;
import java.util.Map;

/**
 * When an origin counts as unhealthy.
 *
 * @param passive whether the traffic itself tells; the next five mean nothing otherwise
 * @param failures consecutive upstream-side failures, or answers of 500, 502, 503 or 504, that take an origin out; at
 *     least 1
 * @param failurePercent the failure rate over the last ten seconds that takes it out, from 20 answers on; 1 to 100
 * @param ejection how long it is out the first time; doubles with every time that follows soon; more than zero
 * @param ejectionMax the longest it is out
 * @param maxEjectedPercent at most this share of the origins is taken out by traffic, and never the last one; 0 to 100
 * @param panicPercent when fewer than this share are healthy, all are used; 0 to 100
 * @param silence an origin with repeatable requests waiting that has said nothing for so long (and for five times its
 *     average latency), and then does not answer {@code OPTIONS *} either, is taken out, and what waits is tried
 *     elsewhere; zero: off
 * @param probe how origins are asked for their health
 */
public record HealthConfig(
        boolean passive,
        int failures,
        int failurePercent,
        Duration ejection,
        Duration ejectionMax,
        int maxEjectedPercent,
        int panicPercent,
        Duration silence,
        Probe probe) {

    public HealthConfig {
        Checks.atLeast(1, failures, "health.failures");
        Checks.atLeast(1, failurePercent, "health.failure-rate");
        Checks.positive(ejection, "health.ejection");
        Checks.atLeast(0, maxEjectedPercent, "health.max-ejected");
        Checks.atLeast(0, panicPercent, "health.panic");
        Checks.atLeastZero(silence, "health.silence");
        if (ejectionMax == null || ejectionMax.compareTo(ejection) < 0) {
            throw new IllegalArgumentException("health.ejection-max must not be less than health.ejection");
        }
    }

    /**
     * Active health checks.
     *
     * @param kind what is asked
     * @param path what {@code HTTP} asks for, below the origin's base path
     * @param method the method of that request
     * @param host its {@code Host}; empty: the origin's own
     * @param fields further fields of that request
     * @param statusFrom the lowest status that means health
     * @param statusTo the highest status that means health
     * @param text what the content must contain, within its first 64 KiB; empty: anything
     * @param interval between two probes, give or take a tenth
     * @param timeout for one probe; less than the interval
     * @param rise successes in a row that make an origin healthy; at least 1
     * @param fall failures in a row that make it unhealthy; at least 1
     */
    public record Probe(
            Kind kind,
            String path,
            String method,
            String host,
            Map<String, String> fields,
            int statusFrom,
            int statusTo,
            String text,
            Duration interval,
            Duration timeout,
            int rise,
            int fall) {

        public Probe {
            fields = Ordered.copyOf(fields);
            Checks.positive(interval, "health.interval");
            Checks.positive(timeout, "health.timeout");
            Checks.atLeast(1, rise, "health.rise");
            Checks.atLeast(1, fall, "health.fall");
            if (!path.startsWith("/")) {
                throw new IllegalArgumentException("health.path must start with a slash, not '" + path + "'");
            }
            if (statusFrom > statusTo) {
                throw new IllegalArgumentException("health.status must go from the lower to the higher status");
            }
            if (timeout.compareTo(interval) >= 0) {
                throw new IllegalArgumentException("health.timeout must be less than health.interval");
            }
        }
    }

    /** What a probe does. */
    public enum Kind {
        /** Nothing: there are no probes. */
        NONE,
        /** Asks for a path and judges the answer. */
        HTTP,
        /** Connects, with the TLS handshake where there is one. */
        TCP
    }
}
