package dev.headgate.exchange;

import dev.headgate.failure.GatewayFailure;

/**
 * One try at one origin.
 *
 * <p>Not thread-safe: written by the thread that makes the attempt, read by listeners on that same thread. Listeners read;
 * what changes an attempt is for the gateway.
 */
public final class Attempt {

    /** How far an attempt came. */
    public enum Stage {
        /** Waiting for a connection from the pool. */
        LEASE,
        /** Looking up the name, connecting, and the TLS handshake. */
        CONNECT,
        /** Sending the request. */
        REQUEST,
        /** Waiting for the response head. */
        RESPONSE,
        /** Relaying the response's content. */
        CONTENT,
        /** It went well to its end. */
        DONE
    }

    private final String origin;
    private final long startNanos;
    private Stage stage = Stage.LEASE;
    private long endNanos;
    private int status;
    private GatewayFailure failure;
    private boolean sent;

    /**
     * @param origin the origin as configured, such as {@code http://a:8080}
     * @param startNanos when it began, on the gateway's nano source
     */
    public Attempt(String origin, long startNanos) {
        this.origin = origin;
        this.startNanos = startNanos;
    }

    /** Moves on to a later stage. */
    public void reached(Stage next) {
        stage = next;
    }

    /** Says whether any byte of the request may have reached the origin. */
    public void sent(boolean any) {
        sent = any;
    }

    /** Whether the origin cannot have received anything of the request. */
    public boolean isUnsent() {
        return !sent;
    }

    /** The final status came. */
    public void answered(int finalStatus) {
        status = finalStatus;
    }

    /**
     * Ends the attempt.
     *
     * @param nanos now, on the gateway's nano source
     * @param reason null when it succeeded
     */
    public void ended(long nanos, GatewayFailure reason) {
        endNanos = nanos;
        failure = reason;
        if (reason == null) {
            stage = Stage.DONE;
        }
    }

    /** The origin as configured, such as {@code http://a:8080}. */
    public String origin() {
        return origin;
    }

    /** How far it came: where it failed, or {@link Stage#DONE}. */
    public Stage stage() {
        return stage;
    }

    /** The origin's final status; 0 when none came. */
    public int status() {
        return status;
    }

    /** Whether it is over, well or badly. */
    public boolean isEnded() {
        return endNanos != 0;
    }

    /** Null while it lasts and when it succeeded. */
    public GatewayFailure failure() {
        return failure;
    }

    /** How long it took, in nanoseconds; 0 while it lasts. */
    public long durationNanos() {
        return endNanos == 0 ? 0 : endNanos - startNanos;
    }
}
