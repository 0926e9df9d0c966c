package dev.headgate.upstream;

import dev.headgate.failure.FailureKind;
import java.time.Duration;

/**
 * What is known of an origin at one moment. Immutable.
 *
 * @param origin whose state it is
 * @param mode what an operator has decided
 * @param health what traffic and probes say
 * @param reason why it is not {@link Health#UP}; empty while it is
 * @param since how long its health has been so
 * @param inFlight exchanges under way
 * @param latency the average time to a response head of late; zero before the first
 * @param weight its share beside its siblings', as configured or as an operator set it
 * @param warmth what part of its weight counts while it comes back slowly: 0.1 to 1
 * @param failures attempts that failed in a row until now
 * @param lastFailure what went wrong the last time; null where there was none, or good answers since
 * @param ejections how often traffic took it out since the gateway began
 * @param leased connections in use
 * @param idle connections in the pool
 * @param pending exchanges that wait for a connection
 * @param mostConnections how many there may be
 */
public record OriginState(
        Origin origin,
        Origin.Mode mode,
        Health health,
        String reason,
        Duration since,
        int inFlight,
        Duration latency,
        int weight,
        double warmth,
        int failures,
        Failure lastFailure,
        long ejections,
        int leased,
        int idle,
        int pending,
        int mostConnections) {

    /**
     * How an attempt failed.
     *
     * @param kind null where the origin answered, with a status that is a failure
     * @param why for operators
     */
    public record Failure(FailureKind kind, String why) {}

    /** What traffic and probes say of an origin. */
    public enum Health {
        /** It gets traffic. */
        UP,
        /** It asked, with Retry-After, to be left alone for a while. */
        RESTING,
        /** Traffic took it out; it gets one trial when its time is over. */
        EJECTED,
        /** Its probes fail. */
        PROBES_FAIL
    }

    /** Whether traffic may go there. */
    public boolean isAvailable() {
        return mode == Origin.Mode.ENABLED && (health == Health.UP || health == Health.RESTING);
    }
}
