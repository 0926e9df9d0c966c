package dev.headgate.exchange;

import dev.headgate.failure.GatewayFailure;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One request that a route took, from its arrival to the last byte of its final response.
 *
 * <p>Not thread-safe: it belongs to the thread that runs the exchange.
 */
public final class Exchange {

    private final HttpServletRequest request;
    private final HttpServletResponse response;
    private final String route;
    private final String requestId;
    private final long startNanos;
    private final List<Attempt> attempts = new ArrayList<>(1);

    private long contentBytesReceived;
    private long contentBytesSent;
    private GatewayFailure failure;

    /**
     * @param request null, as the response, where there is no client
     * @param route the name of the route that took the request
     * @param requestId what the client, the origin and the log call this exchange
     * @param startNanos when it began, on the gateway's nano source
     */
    public Exchange(
            HttpServletRequest request, HttpServletResponse response, String route, String requestId, long startNanos) {
        this.request = request;
        this.response = response;
        this.route = route;
        this.requestId = requestId;
        this.startNanos = startNanos;
    }

    /** Whether somebody waits for the response; not when the cache asks the origin by itself. */
    public boolean hasClient() {
        return response != null;
    }

    /** Null without a client. */
    public HttpServletRequest request() {
        return request;
    }

    /** Null without a client. */
    public HttpServletResponse response() {
        return response;
    }

    public String route() {
        return route;
    }

    public String requestId() {
        return requestId;
    }

    public long startNanos() {
        return startNanos;
    }

    /** Opens the next attempt. */
    public Attempt attempt(String origin, long nowNanos) {
        Attempt attempt = new Attempt(origin, nowNanos);
        attempts.add(attempt);
        return attempt;
    }

    /** In the order in which they were made. */
    public List<Attempt> attempts() {
        return Collections.unmodifiableList(attempts);
    }

    /** Counts content that came from the client. */
    public void receivedContent(int bytes) {
        contentBytesReceived += bytes;
    }

    /** Counts content that went to the client. */
    public void sentContent(int bytes) {
        contentBytesSent += bytes;
    }

    public long contentBytesReceived() {
        return contentBytesReceived;
    }

    public long contentBytesSent() {
        return contentBytesSent;
    }

    /** Marks the exchange as failed. */
    public void failed(GatewayFailure reason) {
        failure = reason;
    }

    /** Null while it lasts and when it succeeded. */
    public GatewayFailure failure() {
        return failure;
    }
}
