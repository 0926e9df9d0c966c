package dev.headgate.forward;

import dev.headgate.config.RouteLimits;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.upstream.OriginConnection;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletRequestWrapper;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.apache.hc.core5.function.Supplier;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.io.entity.AbstractHttpEntity;
import org.apache.hc.core5.http.message.BasicHeader;

/**
 * The content of one request on its way from the client to the origin, and how it is framed there: not at all, with a
 * known length, or chunked (RFC 9112 §6).
 *
 * <p>The first piece, and all of what is known to be small, is read before the origin is bothered. That settles the framing
 * where HTTP/2 leaves it open, spares the origin clients that are slow to begin or slow with little, and shows when
 * somebody before the gateway has already read the content.
 */
final class RequestContent extends AbstractHttpEntity {

    /** The length of content whose end only its last chunk tells. */
    static final long CHUNKED = -1;

    /** No content, and no field that speaks of its length. */
    static final long NONE = -2;

    /** A piece. Content whose length is known to be no more is read whole. */
    private static final int BUFFER_BYTES = 16 * 1024;

    private final Exchange exchange;
    /** Null until it is asked for: asking for it makes Jetty send 100 (Continue). */
    private InputStream input;

    private final long length;
    private final int keepBytes;

    /** The first bytes of the content, as many as have been read; null once there were more than may be kept. */
    private byte[] kept;

    private int keptCount;

    /** What comes after the kept bytes passes through here. */
    private byte[] passing;

    /** What watches the client's stream that is opened late. */
    private UnaryOperator<InputStream> guard = UnaryOperator.identity();

    private Predicate<String> allowedTrailers = name -> false;
    private boolean ended;
    private OriginConnection connection;

    private RequestContent(Exchange exchange, InputStream input, long length, byte[] first, int count, int keepBytes) {
        super((String) null, null, length == CHUNKED);
        this.exchange = exchange;
        this.input = input;
        this.length = length;
        this.kept = first;
        this.keptCount = count;
        this.keepBytes = keepBytes;
    }

    /** @param input what showed that there is nothing; null where nobody had to look */
    private static RequestContent empty(Exchange exchange, InputStream input, long length) {
        RequestContent content = new RequestContent(exchange, input, length, new byte[0], 0, 0);
        content.ended = true;
        return content;
    }

    /** For a request that is known to have none. */
    static RequestContent none(Exchange exchange) {
        return empty(exchange, null, exchange.request().getContentLengthLong() == 0 ? 0 : NONE);
    }

    /**
     * Whether the end of the content has come already, without waiting for it: over HTTP/2 that is how a request shows
     * that it has none. Jetty knows only once the content was read, which may take its time.
     */
    static boolean hasEnded(HttpServletRequest request) {
        try {
            return request.getInputStream().isFinished();
        } catch (IOException | IllegalStateException e) {
            return false; // what that means is found out on the way to the origin
        }
    }

    /**
     * Finds out what content a request has.
     *
     * @param untouched true to leave the stream alone, because reading it would tell the client to go on (100-continue)
     * @param keepBytes how much of it is kept for another attempt
     * @param limits how much it may be, and how slow
     * @throws GatewayFailure when the content was read by somebody else and cannot be had again, or the client's sending
     *     of it failed
     */
    static RequestContent of(
            Exchange exchange, boolean untouched, int keepBytes, RouteLimits limits, LongSupplier nanoSource)
            throws GatewayFailure {
        HttpServletRequest request = exchange.request();
        long declared = declaredLength(request);
        boolean chunked = exchange.fields().has("Transfer-Encoding");
        boolean http1 = request.getProtocol().startsWith("HTTP/1.");
        boolean framed = chunked || declared != NONE || !http1;
        if (!chunked && declared == 0) {
            return empty(exchange, null, 0);
        }
        if (!framed && !mayHaveLostItsLength(exchange)) {
            return empty(exchange, isLookedFor(exchange) ? stream(request) : null, NONE);
        }
        long length = chunked || declared < 0 ? CHUNKED : declared;
        byte[] first = new byte[length == CHUNKED ? BUFFER_BYTES : (int) Math.min(BUFFER_BYTES, length)];
        if (untouched && framed) {
            RequestContent content = new RequestContent(exchange, null, length, first, 0, keepBytes);
            content.guard = stream -> guarded(stream, limits, nanoSource);
            return content;
        }
        InputStream input = guarded(stream(request), limits, nanoSource);
        int count = input == null ? -1 : readFrom(input, first, 0);
        if (count >= 0) {
            exchange.receivedContent(count);
            // Containers hand over 8 KB at a time, and Tomcat cannot say whether more has come: two writes for 10 KB.
            while (count < length && length <= BUFFER_BYTES) {
                int more = readFrom(input, first, count);
                if (more < 0) {
                    throw cutShort(count, length);
                }
                exchange.receivedContent(more);
                count += more;
            }
            RequestContent content = new RequestContent(exchange, input, length, first, count, keepBytes);
            if (count == length) {
                content.refuseMore();
            }
            return content;
        }
        byte[] form = isForm(request) ? FormContent.rebuild(request) : null;
        if (form != null && (form.length > 0 || length > 0)) {
            RequestContent content = new RequestContent(exchange, null, form.length, form, form.length, keepBytes);
            content.ended = true;
            return content;
        }
        if (request.getContentLengthLong() > 0 || framed && isMultipart(request)) {
            throw consumed(request);
        }
        // Empty. A chunked GET without content would only trouble firewalls.
        boolean definesContent =
                switch (request.getMethod()) {
                    case "GET", "HEAD", "DELETE", "OPTIONS" -> false;
                    default -> true;
                };
        return empty(exchange, input, framed && definesContent ? 0 : NONE);
    }

    /**
     * Whether a request has to be read to know that it has no content, though it came by HTTP/1 and has no framing: who
     * changes content on its way to the gateway takes the length off. For most requests by far nobody has to look.
     */
    static boolean mayHaveLostItsLength(Exchange exchange) {
        HttpServletRequest request = exchange.request();
        if (!isLookedFor(exchange)) {
            return false;
        }
        try {
            ServletInputStream stream = request.getInputStream();
            if (!isContainersOwn(stream, request)) {
                return true;
            }
            // Jetty's GzipHandler leaves the mark, and Jetty finds out about the end only by reading.
            return (!isTypicallyWithout(request) || exchange.fields().has("X-Content-Encoding"))
                    && !stream.isFinished();
        } catch (IOException | IllegalStateException e) {
            return false; // somebody has read, and closed, what there was
        }
    }

    private static boolean isContainersOwn(ServletInputStream stream, HttpServletRequest request) throws IOException {
        try {
            return stream == Exchange.containersOwn(request).getInputStream();
        } catch (IllegalStateException e) {
            return false; // a filter has taken its reader, and gives a stream of its own
        }
    }

    /** Whether its stream is asked for content without framing: not that of a GET or HEAD without a type. */
    private static boolean isLookedFor(Exchange exchange) {
        return !isTypicallyWithout(exchange.request()) || exchange.fields().has("Content-Type");
    }

    private static boolean isTypicallyWithout(HttpServletRequest request) {
        return request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
    }

    /**
     * Bytes; {@link #CHUNKED} where a filter ahead that is older than Servlet 3.1 has changed one way to ask and not the
     * other; {@link #NONE} where nothing is said.
     */
    private static long declaredLength(HttpServletRequest request) {
        long length = request.getContentLengthLong();
        if (length < 0) {
            return NONE;
        }
        return length <= Integer.MAX_VALUE && request.getContentLength() != length ? CHUNKED : length;
    }

    /** Null for null. */
    private static InputStream guarded(InputStream raw, RouteLimits limits, LongSupplier nanoSource) {
        return raw == null
                ? null
                : new ClientInput(raw, limits.size().requestContent(), new Pace(limits.minRequestRate(), nanoSource));
    }

    private static InputStream stream(HttpServletRequest request) throws GatewayFailure {
        try {
            return request.getInputStream();
        } catch (IllegalStateException e) {
            return null; // an earlier filter took the reader
        } catch (IOException e) {
            throw clientFailure(e);
        }
    }

    private static int readFrom(InputStream input, byte[] buffer, int offset) throws GatewayFailure {
        try {
            return input.read(buffer, offset, buffer.length - offset);
        } catch (GatewayFailure e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // Jetty throws unchecked exceptions for content that breaks HTTP.
            throw clientFailure(e);
        }
    }

    private static GatewayFailure clientFailure(Exception e) {
        return new GatewayFailure(FailureKind.CLIENT_LEFT, "reading the client's content failed", e);
    }

    private static GatewayFailure cutShort(long count, long length) {
        return new GatewayFailure(
                FailureKind.CLIENT_LEFT, "the client's content ended after " + count + " of " + length + " bytes");
    }

    private static GatewayFailure consumed(HttpServletRequest request) {
        String type = isMultipart(request) ? "multipart" : "request";
        String cause =
                "The " + type + " content was read before it came to the gateway: a filter or servlet ahead of it"
                        + " called getParameter, getParts, getReader or getInputStream."
                        + " Map the gateway's filter before that one, or let it leave the content of these paths alone.";
        return new GatewayFailure(FailureKind.PROXY_CONFIGURATION_ERROR, cause, null).explained(cause);
    }

    static boolean isForm(HttpServletRequest request) {
        return mediaType(request).equals("application/x-www-form-urlencoded");
    }

    private static boolean isMultipart(HttpServletRequest request) {
        return mediaType(request).startsWith("multipart/");
    }

    private static String mediaType(HttpServletRequest request) {
        String type = request.getContentType();
        if (type == null) {
            return "";
        }
        int parameters = type.indexOf(';');
        return (parameters < 0 ? type : type.substring(0, parameters)).trim().toLowerCase(Locale.ROOT);
    }

    /** Bytes; {@link #CHUNKED} or {@link #NONE}. */
    long length() {
        return length;
    }

    boolean isPresent() {
        return length > 0 || length == CHUNKED;
    }

    /** Says which trailer fields of the client may reach the origin; none unless told. */
    void allowTrailers(Predicate<String> rule) {
        allowedTrailers = rule;
    }

    /**
     * The request as the app would have found it had the gateway not been there.
     *
     * @return null when the beginning of its content is gone, or it has parts, which the container will not read again
     */
    HttpServletRequest replay() {
        HttpServletRequest request = exchange.request();
        if (input == null) {
            // Nothing to read, or a form whose parameters the container has.
            return request;
        }
        return kept == null || isMultipart(request)
                ? null
                : new ReplayedRequest(request, kept, keptCount, ended ? null : input);
    }

    /** Says which connection the next {@link #writeTo} writes to. */
    void goesTo(OriginConnection target) {
        connection = target;
    }

    /** Whether another attempt can have all of it. */
    boolean canBeSentAgain() {
        return kept != null;
    }

    @Override
    public void writeTo(OutputStream origin) throws IOException {
        if (kept == null) {
            throw new IllegalStateException("the beginning of the content is gone");
        }
        long sent = 0;
        if (keptCount > 0) {
            if (!send(origin, kept, 0, keptCount, sent)) {
                return;
            }
            sent = keptCount;
            if (sent != length) {
                flushIfPaused(origin, keptCount < kept.length);
            }
        }
        while (!ended && sent != length) {
            byte[] buffer = room();
            int offset = buffer == kept ? keptCount : 0;
            int count = readOrAbort(buffer, offset);
            if (count < 0) {
                ended = true;
                break;
            }
            if (buffer == kept) {
                keptCount += count;
            }
            if (!send(origin, buffer, offset, count, sent)) {
                return;
            }
            sent += count;
            if (sent != length) {
                flushIfPaused(origin, offset + count < buffer.length);
            }
        }
        if (length >= 0 && sent != length) {
            connection.abandonContent();
            connection.abort();
            throw cutShort(sent, length);
        }
    }

    /** What trickles in trickles out. */
    private void flushIfPaused(OutputStream origin, boolean shortRead) throws IOException {
        if (shortRead || !hasMore()) {
            origin.flush();
        }
    }

    private boolean hasMore() {
        try {
            return input != null && input.available() > 0;
        } catch (IOException | RuntimeException e) {
            return false; // the next read says why
        }
    }

    /** Where the next piece is read to: behind what is kept while there is room, else where nothing is kept. */
    private byte[] room() {
        if (kept != null && keptCount == kept.length) {
            if (keptCount < keepBytes) {
                kept = Arrays.copyOf(kept, Math.min(keepBytes, 2 * Math.max(keptCount, BUFFER_BYTES / 2)));
            } else {
                passing = kept;
                kept = null;
            }
        }
        return kept != null ? kept : passing;
    }

    /** @return false when the origin has answered already and wants no more */
    private boolean send(OutputStream origin, byte[] buffer, int offset, int count, long sent) throws IOException {
        if (length >= 0 && sent + count >= length) {
            try {
                if (sent + count > length) {
                    throw tooLong();
                }
                refuseMore();
            } catch (GatewayFailure e) {
                connection.abandonContent();
                connection.abort();
                throw e;
            }
        }
        // Nobody answers what has not been sent yet.
        if (connection.hasWritten() && connection.hasAnswerBegun()) {
            // RFC 9112 §9.5: a client that sees an answer while it sends should stop.
            connection.abandonContent();
            return false;
        }
        origin.write(buffer, offset, count);
        return true;
    }

    /**
     * To be called when as much has come as was announced. Has a filter ahead unpacked the content and left the length of the
     * packed one, there is more, which must not be forgotten; without a filter the container sees to that.
     */
    private void refuseMore() throws GatewayFailure {
        if (input != null && !ended && exchange.request() instanceof ServletRequestWrapper) {
            if (readFrom(input, new byte[1], 0) >= 0) {
                throw tooLong();
            }
            ended = true;
        }
    }

    private GatewayFailure tooLong() {
        return new GatewayFailure(
                FailureKind.PROXY_CONFIGURATION_ERROR,
                "a filter ahead of the gateway made the content longer than its Content-Length of " + length);
    }

    /** Breaks the origin's connection before any exception can reach a writer that would end the content properly. */
    private int readOrAbort(byte[] buffer, int offset) throws IOException {
        try {
            if (input == null) {
                input = guard.apply(stream(exchange.request()));
                if (input == null) {
                    throw consumed(exchange.request());
                }
            }
            connection.awaitingClient();
            int count = readFrom(input, buffer, offset);
            connection.clientCame();
            exchange.receivedContent(Math.max(0, count));
            return count;
        } catch (IOException e) {
            connection.abandonContent();
            connection.abort();
            throw e;
        }
    }

    /** The client's trailer fields, once all content has been read (RFC 9110 §6.5). */
    @Override
    public Supplier<List<? extends Header>> getTrailers() {
        return () -> {
            HttpServletRequest request = exchange.request();
            if (!request.isTrailerFieldsReady()) {
                return List.of();
            }
            Map<String, String> trailers = request.getTrailerFields();
            List<Header> fields = new ArrayList<>(trailers.size());
            trailers.forEach((name, value) -> {
                if (allowedTrailers.test(name)) {
                    fields.add(new BasicHeader(name, value));
                }
            });
            return fields;
        };
    }

    @Override
    public long getContentLength() {
        return length;
    }

    @Override
    public boolean isStreaming() {
        return true;
    }

    @Override
    public InputStream getContent() {
        throw new UnsupportedOperationException("content is written, not read");
    }

    @Override
    public void close() {
        // The container owns the request's stream.
    }
}
