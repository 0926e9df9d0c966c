package dev.headgate.config;

import java.time.Duration;

/**
 * How the gateway is changed and ended while its app runs.
 *
 * @param reloadInterval how often the properties file is looked at for changes; zero: never by itself
 * @param closeGrace how long exchanges may still take when the app ends; zero: they are broken at once
 * @param jmx whether the gateway can be seen and worked through JMX
 */
public record OperationConfig(Duration reloadInterval, Duration closeGrace, boolean jmx) {

    public OperationConfig {
        Checks.atLeastZero(reloadInterval, "reload.interval");
        Checks.atLeastZero(closeGrace, "close.grace");
    }
}
