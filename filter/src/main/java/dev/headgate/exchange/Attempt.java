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

    private final Exchange exchange;
    private final String origin;
    private final long startNanos;
    private Fields told = Fields.NONE;
    private Stage stage = Stage.LEASE;
    private long connectFrom;
    private long sendFrom;
    private long headNanos;
    private long endNanos;
    private int status;
    private GatewayFailure failure;
    private boolean sent;

    /**
     * @param origin the origin as configured, such as {@code http://a:8080}
     * @param startNanos when it began, on the gateway's nano source
     */
    public Attempt(String origin, long startNanos) {
        this(null, origin, startNanos);
    }

    /** @param exchange what it belongs to; null for one that nobody is told of */
    Attempt(Exchange exchange, String origin, long startNanos) {
        this.exchange = exchange;
        this.origin = origin;
        this.startNanos = startNanos;
    }

    /**
     * Has the origin sent one more field, in place of those of that name.
     *
     * @param name a field name
     * @param value fit for a field line
     */
    public void tell(String name, String value) {
        told = told.with(name, value);
    }

    /** What the origin is sent beside the exchange's own fields; empty unless a listener wants it so. */
    public Fields told() {
        return told;
    }

    /**
     * A connection has to be made.
     *
     * @param nanos now, on the gateway's nano source
     */
    public void connects(long nanos) {
        stage = Stage.CONNECT;
        connectFrom = nanos;
    }

    /**
     * There is a connection, and the request is about to be sent.
     *
     * @param nanos now, on the gateway's nano source
     */
    public void sends(long nanos) {
        stage = Stage.REQUEST;
        sendFrom = nanos;
    }

    /** The request is sent, and the response head is waited for. */
    public void awaitsResponse() {
        stage = Stage.RESPONSE;
    }

    /** The response's content is relayed. */
    public void relaysContent() {
        stage = Stage.CONTENT;
    }

    /** Says whether any byte of the request may have reached the origin. */
    public void sent(boolean any) {
        sent = any;
    }

    /** Whether the origin cannot have received anything of the request. */
    public boolean isUnsent() {
        return !sent;
    }

    /**
     * The final status came.
     *
     * @param nanos now, on the gateway's nano source
     */
    public void answered(int finalStatus, long nanos) {
        status = finalStatus;
        headNanos = nanos;
    }

    /**
     * Ends the attempt. Counts once: where another thread has read on, whoever comes first ends it.
     *
     * @param nanos now, on the gateway's nano source
     * @param reason null when it succeeded
     */
    public void ended(long nanos, GatewayFailure reason) {
        synchronized (this) {
            if (endNanos != 0) {
                return;
            }
            endNanos = nanos;
            failure = reason;
            if (reason == null) {
                stage = Stage.DONE;
            }
        }
        if (exchange != null) {
            exchange.listener().attemptEnded(exchange, this);
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

    /** How long it waited for a place in the pool, in nanoseconds; all its time where it came no further. */
    public long leaseNanos() {
        long until = connectFrom != 0 ? connectFrom : sendFrom != 0 ? sendFrom : endNanos;
        return Math.max(0, until - startNanos);
    }

    /** How long looking up the name, connecting and the TLS handshake took, in nanoseconds; 0 on a connection in use before. */
    public long connectNanos() {
        return connectFrom == 0 ? 0 : (sendFrom != 0 ? sendFrom : endNanos) - connectFrom;
    }

    /** From the beginning to the response head, in nanoseconds; 0 where none came. */
    public long headNanos() {
        return headNanos == 0 ? 0 : headNanos - startNanos;
    }
}
