package dev.headgate.upstream;

import dev.headgate.config.PoolConfig;
import dev.headgate.config.TimeoutConfig;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.apache.hc.client5.http.io.ConnectionEndpoint;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.message.MessageSupport;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * One exchange with an origin on a connection from the pool: send the head, send the content, receive the head, read
 * the content, close. Closing gives the connection back when both messages are whole, and breaks it otherwise.
 *
 * <p>Belongs to the thread that runs the exchange; {@link #abort()} may be called from any.
 */
public final class OriginConnection implements AutoCloseable {

    /** More interim responses than this are an attack, or a mistake. */
    private static final int MAX_INTERIM_RESPONSES = 32;

    /** Is handed each interim response other than 100 (RFC 9110 §15.2). */
    @FunctionalInterface
    public interface InterimResponses {
        void received(ClassicHttpResponse interim) throws IOException;
    }

    /** Runs before a read of content that would block. */
    @FunctionalInterface
    public interface BeforeBlocking {
        void run() throws IOException;
    }

    private final UpstreamClient client;
    private final ConnectionEndpoint endpoint;
    private final UpstreamConnection connection;
    private final boolean reused;
    private final Origin origin;
    private final TimeoutConfig timeouts;
    private final long responseNanos;
    private final PoolConfig pool;
    private final Watchdog watchdog;
    private final long sendFrom;
    private long answeredNanos;

    private boolean requestWhole;
    private boolean responseWhole;
    private ClassicHttpResponse response;

    OriginConnection(
            UpstreamClient client,
            ConnectionEndpoint endpoint,
            UpstreamConnection connection,
            boolean reused,
            Origin origin,
            TimeoutConfig timeouts,
            long responseNanos,
            PoolConfig pool,
            Watchdog watchdog) {
        this.client = client;
        this.endpoint = endpoint;
        this.connection = connection;
        this.reused = reused;
        this.origin = origin;
        this.timeouts = timeouts;
        this.pool = pool;
        this.watchdog = watchdog;
        this.responseNanos = responseNanos;
        this.sendFrom = watchdog.reading();
    }

    /** When the connection was there and the request could be sent, on the gateway's nano source. */
    public long sendFromNanos() {
        return sendFrom;
    }

    /** When the final response head was there, on the gateway's nano source; 0 before. */
    public long answeredNanos() {
        return answeredNanos;
    }

    /** Whether any byte of the request may have reached the origin. */
    public boolean hasWritten() {
        return connection.hasWritten();
    }

    /**
     * Whether a failure may well mean that the origin had closed this connection before the request was sent, as it may at
     * any time (RFC 9112 §9.3.1): it was in use before, and brought nothing.
     */
    public boolean hadEndedBefore(GatewayFailure failure) {
        return reused && failure.kind() == FailureKind.CONNECTION_TERMINATED && !connection.hasHeadBegun();
    }

    /**
     * Sends the request head and, unless that comes later, its content.
     *
     * @param contentLater true where the origin is asked first (100-continue): only the head goes out
     * @throws GatewayFailure also one that the content's own source threw, untouched
     */
    public void send(ClassicHttpRequest request, boolean contentLater) throws GatewayFailure {
        try {
            if (request.getEntity() != null) {
                connection.expectRequestContent();
            }
            connection.sendRequestHeader(request);
            if (contentLater) {
                connection.flush();
                return;
            }
            sendContent(request);
        } catch (IOException | HttpException | RuntimeException e) {
            throw failure(e);
        }
    }

    /**
     * Sends the content that {@link #send} left for later.
     *
     * @throws GatewayFailure also one that the content's own source threw, untouched
     */
    public void sendLater(ClassicHttpRequest request) throws GatewayFailure {
        try {
            sendContent(request);
        } catch (IOException | HttpException | RuntimeException e) {
            throw failure(e);
        }
    }

    private void sendContent(ClassicHttpRequest request) throws IOException, HttpException {
        try {
            connection.sendRequestEntity(request);
            connection.flush();
            requestWhole = !connection.isContentAbandoned();
        } catch (IOException e) {
            // An origin that has seen enough answers and closes (413, 401): its answer says more than a broken pipe.
            if (e instanceof GatewayFailure || e instanceof LimitExpired || !answersAfterAll()) {
                throw e;
            }
        }
    }

    private boolean answersAfterAll() {
        try {
            connection.expectHead();
            return connection.isDataAvailable(Timeout.ofMilliseconds(200));
        } catch (IOException e) {
            return false; // what broke the sending is the better explanation
        }
    }

    /**
     * The client is waited for. The origin is let go when the idle or the total limit is over, and the client's thread
     * then finds out as soon as its container has something to say.
     */
    public void awaitingClient() throws IOException {
        connection.expectClient();
    }

    /** Ends {@link #awaitingClient()}. */
    public void clientCame() throws IOException {
        connection.disarm();
    }

    /** Leaves the content unfinished: nothing more is written, and the connection will not be used again. */
    public void abandonContent() {
        connection.abandonContent();
    }

    /** Whether the origin has begun to answer. Never blocks. */
    public boolean hasAnswerBegun() throws IOException {
        return connection.hasInput();
    }

    /** Waits until the origin says something, at most for the time given. */
    public boolean awaitAnswer(Duration patience) throws GatewayFailure {
        try {
            connection.expectHead();
            return connection.isDataAvailable(Timeout.of(patience));
        } catch (IOException | RuntimeException e) {
            throw failure(e);
        }
    }

    /**
     * Receives the next response head other than 100, handing interim ones on.
     *
     * @param stopAtContinue whether an interim response, such as 100 (Continue), ends the wait
     * @param forHead whether the request is HEAD, so that no content follows
     * @param elsewhere whether the request could be tried elsewhere, should the origin fall silent
     * @return the final head, its content ready to read; or null when an interim response ended the wait
     */
    public ClassicHttpResponse receive(
            InterimResponses interim, boolean stopAtContinue, boolean forHead, boolean elsewhere)
            throws GatewayFailure {
        try {
            connection.arm(Limit.RESPONSE, watchdog.now() + responseNanos);
            connection.expectHead();
            if (elsewhere) {
                origin.waits(this);
            }
            for (int i = 0; i < MAX_INTERIM_RESPONSES; i++) {
                ClassicHttpResponse head = connection.receiveResponseHeader();
                int status = head.getCode();
                if (status == 101) {
                    throw new ProtocolException("the origin switched protocols, which nobody had asked for");
                }
                if (status == 100) {
                    if (stopAtContinue) {
                        connection.disarm();
                        return null;
                    }
                    continue;
                }
                if (status < 200) {
                    interim.received(head);
                    if (stopAtContinue) {
                        connection.disarm();
                        return null;
                    }
                    continue;
                }
                // Framing is settled while a bad one can still be answered with 502.
                if (forHead || status == 204 || status == 304) {
                    ResponseFraming.INSTANCE.determineLength(head);
                    responseWhole = true;
                } else {
                    connection.receiveResponseEntity(head);
                }
                connection.disarm();
                response = head;
                answeredNanos = watchdog.reading();
                origin.answered(watchdog.since(answeredNanos), answeredNanos - sendFrom);
                return head;
            }
            throw new ProtocolException("more than " + MAX_INTERIM_RESPONSES + " interim responses");
        } catch (IOException | HttpException | RuntimeException e) {
            throw failure(e);
        } finally {
            if (elsewhere) {
                origin.waitsNoMore(this);
            }
        }
    }

    /**
     * The response's content.
     *
     * @param hook runs before each read that would block; what it throws comes out of that read
     */
    public InputStream content(BeforeBlocking hook) throws IOException {
        connection.expectContent(hook::run);
        return response.getEntity().getContent();
    }

    /** Whether the next read of content may have to wait for the origin; true as well in some cases where it need not. */
    public boolean contentMayKeepWaiting() throws IOException {
        return connection.contentMayKeepWaiting();
    }

    /** Whether a read that would have blocked need not any more: something has arrived that nothing has read yet. */
    public boolean hasMoreArrived() throws IOException {
        return connection.hasMoreArrived();
    }

    /** Names what reading the content threw. */
    public GatewayFailure contentFailure(Exception e, long received) {
        return Failures.inContent(
                e, origin, timeouts, received, response.getEntity().getContentLength());
    }

    /** All content of the response has been read. */
    public void responseComplete() {
        responseWhole = true;
    }

    private GatewayFailure failure(Exception e) {
        return Failures.beforeHead(e, origin, timeouts, responseNanos, connection);
    }

    /** The origin has fallen silent: stops waiting for its response head. Thread-safe. */
    void giveUp() {
        connection.giveUp();
    }

    /** Breaks the connection, so that the origin cannot take what it has for a whole request. Thread-safe. */
    public void abort() {
        connection.close(CloseMode.IMMEDIATE);
    }

    /** Gives the connection back to the pool, or ends it. */
    @Override
    public void close() {
        TimeValue keepAlive = null;
        try {
            if (requestWhole && responseWhole && response != null) {
                keepAlive = keepAlive();
                connection.end();
            } else {
                abort();
            }
        } catch (LimitExpired e) {
            abort();
        } finally {
            client.release(endpoint, connection.isOpen() ? keepAlive : null);
            origin.ended();
        }
    }

    /** How long the connection may stay in the pool (RFC 9112 §9.3); null: not at all. */
    private TimeValue keepAlive() {
        if (response.getEntity() != null
                && response.getEntity().getContentLength() < 0
                && !response.getEntity().isChunked()) {
            return null; // its end was the message's end
        }
        boolean persistent = !HttpVersion.HTTP_1_0.equals(response.getVersion());
        for (var tokens = MessageSupport.iterateTokens(response, HttpHeaders.CONNECTION); tokens.hasNext(); ) {
            String token = tokens.next();
            if ("close".equalsIgnoreCase(token)) {
                return null;
            }
            if ("keep-alive".equalsIgnoreCase(token)) {
                persistent = true;
            }
        }
        if (!persistent) {
            return null;
        }
        Duration limit = pool.idleTimeout();
        Header hint = response.getFirstHeader("Keep-Alive");
        if (hint != null) {
            for (String parameter : hint.getValue().split(",")) {
                String[] pair = parameter.trim().split("=", 2);
                if (pair.length == 2 && pair[0].equalsIgnoreCase("timeout") && pair[1].matches("\\d{1,6}")) {
                    // A second less than promised: a request must not meet the origin's close halfway.
                    Duration promised = Duration.ofSeconds(Math.max(0, Long.parseLong(pair[1]) - 1));
                    if (promised.isZero()) {
                        return null;
                    }
                    limit = promised.compareTo(limit) < 0 ? promised : limit;
                }
            }
        }
        return TimeValue.of(limit);
    }
}
