package dev.headgate.failure;

import java.io.IOException;
import java.time.Duration;

/**
 * The end of an exchange that found no answer, by name.
 *
 * <p>It is an {@link IOException} so that it can pass through streams unwrapped. The message is for operators: it names
 * the origin and the limit that was hit, and is never sent to the public. Immutable.
 */
public final class GatewayFailure extends IOException {

    /** Nobody knows when a place becomes free; the smallest time that Retry-After can tell. */
    private static final Duration BUSY = Duration.ofSeconds(1);

    private final FailureKind kind;
    private final String publicDetail;
    private final Duration retryAfter;

    /** @param message what happened, for operators */
    public GatewayFailure(FailureKind kind, String message) {
        this(kind, message, null);
    }

    /**
     * @param message what happened, for operators
     * @param cause null where there is none
     */
    public GatewayFailure(FailureKind kind, String message, Throwable cause) {
        this(kind, message, cause, null, null);
    }

    /** A mistake of the gateway's own, or of what it is built on: the message says where it came up. */
    public static GatewayFailure unexpected(RuntimeException e) {
        StackTraceElement[] trace = e.getStackTrace(); // empty where the JVM leaves it out
        return new GatewayFailure(
                FailureKind.PROXY_INTERNAL_ERROR,
                "an unexpected error: " + e + (trace.length == 0 ? "" : " at " + trace[0]),
                e);
    }

    /**
     * Everything that there is of something is taken, or about to go: 503, to be repeated after a second.
     *
     * @param message what is taken, and the setting that says how much there is
     * @param cause null for none
     */
    public static GatewayFailure busy(String message, Throwable cause) {
        return new GatewayFailure(FailureKind.CONNECTION_LIMIT_REACHED, message, cause, null, BUSY);
    }

    private GatewayFailure(
            FailureKind kind, String message, Throwable cause, String publicDetail, Duration retryAfter) {
        super(message, cause);
        this.kind = kind;
        this.publicDetail = publicDetail;
        this.retryAfter = retryAfter;
    }

    /** The same failure with an explanation that everybody may read: no host, no address, nothing of the request. */
    public GatewayFailure explained(String detail) {
        return new GatewayFailure(kind, getMessage(), getCause(), detail, retryAfter);
    }

    /**
     * The same failure with the time after which the request may be repeated (RFC 9110 §10.2.3).
     *
     * @param delay null or zero: not known
     */
    public GatewayFailure retryAfter(Duration delay) {
        Duration known = delay == null || delay.isZero() || delay.isNegative() ? null : delay;
        return new GatewayFailure(kind, getMessage(), getCause(), publicDetail, known);
    }

    /** What went wrong, from the closed list; never null. */
    public FailureKind kind() {
        return kind;
    }

    /** What everybody may know beyond the kind; null when there is nothing to add. */
    public String publicDetail() {
        return publicDetail;
    }

    /** When the request may be repeated; null when nobody knows. */
    public Duration retryAfter() {
        return retryAfter;
    }
}
