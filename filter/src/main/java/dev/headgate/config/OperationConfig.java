package dev.headgate.config;

import java.time.Duration;

/**
 * How the gateway is watched, changed and ended while its app runs.
 *
 * @param reloadInterval how often the properties file is looked at for changes; zero: never by itself
 * @param closeGrace how long exchanges may still take when the app ends; zero: they are broken at once
 * @param jmx whether the gateway can be seen and worked through JMX
 * @param accessLog what is written of each exchange
 * @param startCheck whether each origin is examined once, in the background, as soon as its upstream is in force
 */
public record OperationConfig(
        Duration reloadInterval, Duration closeGrace, boolean jmx, AccessLog accessLog, boolean startCheck) {

    /** The forms of a line in the access log. */
    public enum AccessLog {
        /** Nothing is written. */
        OFF,
        /** NCSA's Common Log Format. */
        COMMON,
        /** The same with Referer and User-Agent. */
        COMBINED,
        /** One JSON object with all there is to know. */
        JSON
    }

    public OperationConfig {
        Checks.atLeastZero(reloadInterval, "reload.interval");
        Checks.atLeastZero(closeGrace, "close.grace");
        if (accessLog == null) {
            throw new IllegalArgumentException("access-log is missing");
        }
    }
}
