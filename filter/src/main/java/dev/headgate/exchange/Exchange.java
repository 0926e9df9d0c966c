package dev.headgate.exchange;

import dev.headgate.failure.GatewayFailure;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * One request that a route took, from its arrival to the last byte of its final response.
 *
 * <p>Not thread-safe: it belongs to the thread that runs the exchange, except for {@link #abandon()}.
 */
public final class Exchange {

    private HttpServletRequest request;
    private Fields fields;
    private final HttpServletResponse response;
    private final String route;
    private final String upstream;
    private final String requestId;
    private final long startNanos;
    private final ExchangeListener listener;
    private final List<Attempt> attempts = new ArrayList<>(1);

    private long contentBytesReceived;
    private long contentBytesSent;
    private long admittedNanos;
    private long answeredNanos;
    private long endNanos;
    private int status;
    private GatewayFailure failure;
    private Map<Object, Object> kept;
    private boolean leftToApp;
    private Supplier<HttpServletRequest> replay;
    private String target = "";

    private final Object lock = new Object();

    /** Guarded by {@link #lock}; null: nothing is waited for. */
    private Runnable breaker;

    /** Written under {@link #lock}; read without it before each piece of content. */
    private volatile boolean abandoned;

    /** Guarded by {@link #lock}; null: nobody else wants the response. */
    private BooleanSupplier heir;

    /** Guarded by {@link #lock}; null: nobody waits for it. */
    private Runnable onRelease;

    private final Wait wait = this::waitIsOver;

    /**
     * @param request as the gateway got it; null, as the response, where there is no client
     * @param response as the gateway got it; what earlier filters set is in it
     * @param route the name of the route that took the request
     * @param upstream the name of the route's upstream
     * @param requestId what the client, the origin and the log call this exchange
     * @param startNanos when it began, on the gateway's nano source
     * @param listener is told of its attempts and its end
     */
    public Exchange(
            HttpServletRequest request,
            HttpServletResponse response,
            String route,
            String upstream,
            String requestId,
            long startNanos,
            ExchangeListener listener) {
        this.request = request;
        this.response = response;
        this.route = route;
        this.upstream = upstream;
        this.requestId = requestId;
        this.startNanos = startNanos;
        this.listener = listener;
    }

    /** An exchange of the gateway's own with the same upstream, for the cache: nobody waits for its response. */
    public Exchange withoutClient(long nowNanos) {
        Exchange own = new Exchange(null, null, route, upstream, requestId, nowNanos, listener);
        own.target = target;
        return own;
    }

    /** Whether somebody waits for the response; not when the cache asks the origin by itself. */
    public boolean hasClient() {
        return response != null;
    }

    /** The client's request; on another thread than the container's, a view that is good there. Null without a client. */
    public HttpServletRequest request() {
        return request;
    }

    /** The request's field lines, as they were when this was asked first; none without a client. */
    public Fields fields() {
        if (fields == null) {
            fields = request == null ? Fields.NONE : Fields.of(request);
        }
        return fields;
    }

    /** The container's own request, within all that filters have wrapped around it. */
    public static HttpServletRequest containersOwn(HttpServletRequest request) {
        HttpServletRequest own = request;
        while (own instanceof ServletRequestWrapper wrapper
                && wrapper.getRequest() instanceof HttpServletRequest within) {
            own = within;
        }
        return own;
    }

    /** Goes on with another view of the same request, before the exchange changes threads. */
    public void continuesWith(HttpServletRequest other) {
        request = other;
    }

    /**
     * The response to the client. {@code getStatus} is what the client sees once it is committed.
     * Null without a client.
     */
    public HttpServletResponse response() {
        return response;
    }

    /** The value of the first cookie of a name, as the client sent it; null where there is none. */
    public static String cookie(HttpServletRequest request, String name) {
        Cookie[] cookies = request.getCookies();
        if (cookies != null) {
            for (Cookie cookie : cookies) {
                if (cookie.getName().equals(name)) {
                    return cookie.getValue();
                }
            }
        }
        return null;
    }

    /** The name of the route that took the request. */
    public String route() {
        return route;
    }

    /** The name of the route's upstream. */
    public String upstream() {
        return upstream;
    }

    /** What the client, the origin and the log call this exchange; never null, 1 to 128 harmless characters. */
    public String requestId() {
        return requestId;
    }

    /** Says what origins are asked for: path and query, below the origin's base path. */
    public void asksFor(String path) {
        target = path;
    }

    /** What origins are asked for: path and query, below the origin's base path; empty before that is known. */
    public String target() {
        return target;
    }

    /** When it began, on the gateway's nano source. */
    public long startNanos() {
        return startNanos;
    }

    /** Opens the next attempt. */
    public Attempt attempt(String origin, long nowNanos) {
        Attempt attempt = new Attempt(this, origin, nowNanos);
        attempts.add(attempt);
        listener.attemptBegan(this, attempt);
        return attempt;
    }

    /** In the order in which they were made; a view that grows. Empty when no origin was asked. */
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

    /** It has all its places, and threads enough. */
    public void admitted(long nanos) {
        admittedNanos = nanos;
    }

    /** How long it waited for a thread, rates and places before any origin was chosen, in nanoseconds; 0 if it never got so far. */
    public long queueNanos() {
        return admittedNanos == 0 ? 0 : admittedNanos - startNanos;
    }

    /** An origin's final response head came that will be passed on. */
    public void answered(long nanos) {
        answeredNanos = nanos;
    }

    /** When the response head came, on the gateway's nano source; 0 while there is none. */
    public long answeredNanos() {
        return answeredNanos;
    }

    /** How many bytes of content came from the client so far; 0 for a form that was rebuilt. */
    public long contentBytesReceived() {
        return contentBytesReceived;
    }

    /** How many bytes of an origin's content went to the client so far; the gateway's own answers do not count. */
    public long contentBytesSent() {
        return contentBytesSent;
    }

    /** Says how the request can be had again, content included, once the gateway has begun to read it. */
    public void replayedBy(Supplier<HttpServletRequest> source) {
        replay = source;
    }

    /**
     * The request for somebody who is to answer it instead of the upstream.
     *
     * @return null when its content cannot be had again
     */
    public HttpServletRequest replay() {
        return replay == null ? request : replay.get();
    }

    /** Leaves the answer to the app, on a thread of the container's. */
    public void leaveToApp() {
        leftToApp = true;
    }

    /** Whether the container has to be asked to run the app. */
    public boolean isLeftToApp() {
        return leftToApp;
    }

    /**
     * Keeps something of a listener's or a stage's own with the exchange.
     *
     * @param key told apart by identity: the listener itself, or an attempt
     */
    public void keep(Object key, Object value) {
        if (kept == null) {
            kept = new IdentityHashMap<>(4);
        }
        kept.put(key, value);
    }

    /** What was kept under a key; null where nothing was. */
    public Object kept(Object key) {
        return kept == null ? null : kept.get(key);
    }

    /**
     * Ends the exchange, and every attempt that has not ended. Counts once.
     *
     * @param clientStatus what the client was sent, or would have been: see {@link #status()}
     */
    public void ended(long nanos, int clientStatus) {
        if (endNanos != 0) {
            return;
        }
        endNanos = nanos;
        status = clientStatus;
        for (Attempt attempt : attempts) {
            if (!attempt.isEnded()) {
                attempt.ended(nanos, failure);
            }
        }
        listener.ended(this);
    }

    /** The status that the client was sent; 499 where it left before there was one; 0 while the exchange lasts. */
    public int status() {
        return status;
    }

    /** From beginning to end, in nanoseconds; 0 while it lasts. */
    public long durationNanos() {
        return endNanos == 0 ? 0 : endNanos - startNanos;
    }

    ExchangeListener listener() {
        return listener;
    }

    /** Marks the exchange as failed. */
    public void failed(GatewayFailure reason) {
        failure = reason;
    }

    /** Null while it lasts and when it succeeded. */
    public GatewayFailure failure() {
        return failure;
    }

    /**
     * Says how to break what this exchange is about to wait for, until the result is closed. It is broken at once when the
     * exchange is abandoned already.
     *
     * @param breaks thread-safe and quick; never called after the result was closed
     */
    public Wait breakableBy(Runnable breaks) {
        synchronized (lock) {
            breaker = breaks;
            if (abandoned) {
                breaks.run();
            }
        }
        return wait;
    }

    /**
     * This thread is about to wait for something that an interrupt ends: that is what happens when the exchange is
     * abandoned, until the result is closed. Whoever is interrupted looks at {@link #isAbandoned()} afterwards.
     */
    public Wait interruptible() {
        Wait broken = breakableBy(Thread.currentThread()::interrupt);
        return () -> {
            broken.close();
            if (abandoned) {
                Thread.interrupted(); // it was meant for this wait only
            }
        };
    }

    private void waitIsOver() {
        synchronized (lock) {
            breaker = null;
        }
    }

    /**
     * From now on the response may be wanted without the client too.
     *
     * @param other asked once, when the exchange is abandoned: true leaves the wait at the upstream as it is
     */
    public void inheritedBy(BooleanSupplier other) {
        synchronized (lock) {
            heir = other;
        }
    }

    /** @param action runs when {@link #release()} is called */
    public void onRelease(Runnable action) {
        synchronized (lock) {
            onRelease = action;
        }
    }

    /** The client is gone, and the worker goes on for others; it will not touch request and response any more. */
    public void release() {
        Runnable action;
        synchronized (lock) {
            abandoned = true;
            action = onRelease;
        }
        if (action != null) {
            action.run();
        }
    }

    /**
     * The client does not want the answer any more: breaks the wait at an upstream, unless the response has an heir, and
     * every later one. Thread-safe.
     */
    public void abandon() {
        synchronized (lock) {
            abandoned = true;
            if (breaker != null && (heir == null || !heir.getAsBoolean())) {
                breaker.run();
            }
        }
    }

    /** Whether {@link #abandon()} was called. Thread-safe. */
    public boolean isAbandoned() {
        return abandoned;
    }

    /** A stretch of time in which the exchange can be broken from outside. */
    @FunctionalInterface
    public interface Wait extends AutoCloseable {
        @Override
        void close();
    }
}
