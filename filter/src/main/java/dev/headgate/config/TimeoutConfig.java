package dev.headgate.config;

import java.time.Duration;

/**
 * How long the stages of one exchange may take.
 *
 * @param connect one connection attempt, with its TLS handshake; more than zero
 * @param response from the request sent to the whole response head received; more than zero
 * @param idle between two bytes of content, either way; any progress starts it anew; zero: no limit
 * @param total the whole exchange to its last byte; zero: no limit
 */
public record TimeoutConfig(Duration connect, Duration response, Duration idle, Duration total) {

    public TimeoutConfig {
        Checks.positive(connect, "timeout.connect");
        Checks.positive(response, "timeout.response");
        Checks.atLeastZero(idle, "timeout.idle");
        Checks.atLeastZero(total, "timeout.total");
    }
}
