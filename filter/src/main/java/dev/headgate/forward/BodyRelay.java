package dev.headgate.forward;

import dev.headgate.cache.ContentSink;
import dev.headgate.config.RouteLimits;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.upstream.OriginConnection;
import dev.headgate.upstream.Watchdog;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.impl.io.ChunkedInputStream;

/**
 * Passes a response's content to the client as it comes: with bounded memory, and nothing held back whenever the origin
 * pauses. One exchange's, not shared.
 */
final class BodyRelay {

    /** Content of unknown length is often a stream of small events that lasts: its buffer grows when a read fills it. */
    private static final int SMALL_BYTES = 4 * 1024;

    private final Exchange exchange;
    private final HttpServletResponse response;

    /** Whether the client has yet to be sent something: at first the head. */
    private boolean held = true;

    /** Bytes of content that the origin has sent. */
    private long received;

    /** Null until all content has come. */
    private Map<String, String> trailers;

    /** Whether the framing of the response to the client is settled, as it has to be before the head goes out. */
    private boolean framed;

    /**
     * How much content of unknown length the client has not been handed yet: it may turn out to be all there is, and is then
     * sent with its length, head and all, by one write.
     */
    private int kept;

    /** What is kept begins it. */
    private byte[] keptIn;

    private final long most;
    private final ClientOutput client;
    private final RelayBuffers buffers;

    /** @param exchange may be without a client, if content is only drained */
    BodyRelay(Exchange exchange, RouteLimits limits, RelayBuffers buffers, Watchdog watchdog, LongSupplier nanoSource) {
        this.buffers = buffers;
        this.most = limits.size().responseContent();
        this.client = new ClientOutput(exchange, limits, watchdog, nanoSource);
        this.exchange = exchange;
        this.response = exchange.response();
    }

    /** Sets the framing of a response without content: HEAD, 204, 304. */
    void withoutContent(ClassicHttpResponse head) throws GatewayFailure {
        Header length = head.getFirstHeader("Content-Length");
        if (length != null && head.getCode() != 204) {
            // Already checked; the length that a GET would have had (RFC 9110 §8.6).
            ClientHead.length(
                    response, Long.parseLong(length.getValue().split(",")[0].trim()));
            return;
        }
        try {
            // Jetty claims a length of 0 for a response that ends before its head went out.
            response.flushBuffer();
        } catch (IOException e) {
            throw clientLeft(e);
        }
    }

    /**
     * Relays all content; when it returns true, the client has been handed the whole of it.
     *
     * @param sink is handed the content first
     * @return false when the sink did not let it read on
     */
    boolean relay(OriginResponse origin, ContentSink sink) throws GatewayFailure {
        ClassicHttpResponse head = origin.head();
        HttpEntity entity = head.getEntity();
        long length = entity.getContentLength();
        if (most > 0 && length > most) {
            throw tooLarge(origin);
        }
        if (length >= 0) {
            frame(length);
        }
        Turn turn = sink == ContentSink.NONE
                ? () -> true
                : () -> {
                    // Here, and not within the read: while a slow client is waited for, another one may read on.
                    if (held && received != length && origin.connection().contentMayKeepWaiting()) {
                        beforeWaiting(origin);
                    }
                    return sink.mayRead();
                };
        try (client) {
            client.open(length);
            Piece piece = (buffer, offset, count) -> {
                sink.content(buffer, offset, count);
                held = true;
                if (framed) {
                    client.write(buffer, offset, count);
                    return 0;
                }
                keptIn = buffer;
                kept = offset + count;
                if (kept == RelayBuffers.BYTES) {
                    writeKept(-1);
                }
                return kept;
            };
            boolean whole = read(
                    origin,
                    () -> beforeWaiting(origin),
                    turn,
                    piece,
                    () -> writeKept(trailers.isEmpty() ? received : -1));
            if (whole) {
                client.finish();
            } else {
                writeKept(-1);
            }
            return whole;
        }
    }

    /** Says how long the content is; negative: unknown. Too late once the head has gone out. */
    private void frame(long length) {
        framed = true;
        if (length >= 0) {
            ClientHead.length(response, length);
        }
        String protocol = exchange.request().getProtocol();
        if (length < 0 && protocol.equals("HTTP/1.1") || !protocol.startsWith("HTTP/1.")) {
            // Where the end has not come yet, nobody knows whether there will be any.
            response.setTrailerFields(this::trailersOrNever);
        }
    }

    /**
     * Hands the client what was kept for it.
     *
     * @param length of all content, if it is known by now; negative: unknown
     */
    private void writeKept(long length) throws GatewayFailure {
        if (!framed) {
            frame(length);
        }
        if (kept > 0) {
            int count = kept;
            kept = 0;
            client.write(keptIn, 0, count);
        }
    }

    /**
     * Reads all content, or what is left of it, without a client.
     *
     * @return false when the sink did not let it read on
     */
    boolean drain(OriginResponse origin, ContentSink sink) throws GatewayFailure {
        Piece piece = (buffer, offset, count) -> {
            sink.content(buffer, offset, count);
            return 0;
        };
        return read(origin, () -> {}, sink::mayRead, piece, () -> {});
    }

    @FunctionalInterface
    private interface Turn {
        boolean comes() throws IOException;
    }

    @FunctionalInterface
    private interface Piece {
        /** @return how much at the buffer's start is still needed, so that what comes next is put behind it */
        int take(byte[] buffer, int offset, int count) throws IOException;
    }

    @FunctionalInterface
    private interface End {
        /** Runs when all content and its trailers are there, and the buffer is still this exchange's. */
        void comes() throws IOException;
    }

    private boolean read(OriginResponse origin, OriginConnection.BeforeBlocking hook, Turn turn, Piece piece, End end)
            throws GatewayFailure {
        HttpEntity entity = origin.head().getEntity();
        long length = entity.getContentLength();
        byte[] buffer =
                length > SMALL_BYTES ? buffers.take() : new byte[length >= 0 ? (int) Math.max(1, length) : SMALL_BYTES];
        try {
            InputStream content = origin.content(hook);
            int offset = 0;
            while (true) {
                // First: another thread may have read on, to the end even.
                if (!turn.comes()) {
                    return false;
                }
                if (received == length) {
                    break;
                }
                int count = content.read(buffer, offset, buffer.length - offset);
                if (count < 0) {
                    break;
                }
                received += count;
                if (most > 0 && received > most) {
                    throw tooLarge(origin);
                }
                if (received == length) {
                    // Jetty ends a response within the write that completes its length.
                    trailers = Map.of();
                }
                boolean full = offset + count == buffer.length;
                offset = piece.take(buffer, offset, count);
                if (length < 0 && full && buffer.length < RelayBuffers.BYTES) {
                    byte[] larger = buffers.take();
                    System.arraycopy(buffer, 0, larger, 0, offset);
                    buffer = larger;
                }
            }
            keepTrailers(content);
            end.comes();
            if (buffer.length == RelayBuffers.BYTES) {
                buffers.giveBack(buffer);
            }
        } catch (IOException | RuntimeException e) {
            throw origin.connection().contentFailure(e, received);
        }
        origin.completed();
        return true;
    }

    /** Runs before the origin is waited for: sends the client what it has not been sent yet, unless more has come meanwhile. */
    private void beforeWaiting(OriginResponse origin) throws IOException {
        if (!held) {
            return;
        }
        if (kept > 0) {
            // Many services send the last chunk by a write of its own, right behind the content. Others having the
            // processor once mostly spares this thread the wait and the client a segment: 7 to 8 % of the CPU for 1 KB.
            Thread.yield();
            if (origin.connection().hasMoreArrived()) {
                return;
            }
        }
        writeKept(-1);
        client.flush();
        held = false;
    }

    /** HttpCore's entity knows nothing of trailers, but its stream does. */
    private void keepTrailers(InputStream content) {
        Header[] fields = content instanceof ChunkedInputStream chunks ? chunks.getFooters() : new Header[0];
        Map<String, String> sent = new LinkedHashMap<>();
        for (Header field : fields) {
            boolean sound = FieldNames.isToken(field.getName()) && FieldNames.isValue(field.getValue());
            if (sound && FieldNames.mayBeTrailer(FieldNames.lower(field.getName()))) {
                sent.merge(field.getName(), field.getValue(), (first, more) -> first + ", " + more);
            }
        }
        trailers = sent;
    }

    private GatewayFailure tooLarge(OriginResponse origin) {
        return new GatewayFailure(
                FailureKind.HTTP_RESPONSE_BODY_SIZE,
                "the content that " + origin.origin() + " sends is longer than " + most + " bytes (response.max-size)");
    }

    /**
     * What the container asks for when it ends the response. Over HTTP/2 Tomcat does that even after an exception, and a
     * cut response would look whole; this makes it reset the stream instead.
     */
    private Map<String, String> trailersOrNever() {
        if (trailers == null) {
            throw new IllegalStateException("the response is not whole");
        }
        return trailers;
    }

    private static GatewayFailure clientLeft(IOException e) {
        return new GatewayFailure(FailureKind.CLIENT_LEFT, "writing to the client failed", e);
    }
}
