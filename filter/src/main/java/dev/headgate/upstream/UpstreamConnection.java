package dev.headgate.upstream;

import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.function.Supplier;
import org.apache.hc.core5.http.ContentLengthStrategy;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultBHttpClientConnection;
import org.apache.hc.core5.http.impl.io.SocketHolder;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.io.SessionOutputBuffer;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;

/**
 * One HTTP/1.1 connection to an origin, as the pool keeps it: HttpCore's framing, with strict parsing of the response
 * head, deadlines that the {@link Watchdog} enforces, and an exact check before reuse.
 *
 * <p>Used by one thread at a time, except for {@link #closeIfOverdue} and {@code close}, which may come from any.
 */
final class UpstreamConnection extends DefaultBHttpClientConnection implements ManagedHttpClientConnection {

    /** Runs before a read that would block, so that what the client has not been sent yet goes out first. */
    @FunctionalInterface
    interface BeforeBlocking {
        void run() throws IOException;
    }

    /** What a request with content may hold back until it is flushed. */
    private static final int GATHERED_BYTES = 16 * 1024;

    /** Content that was waited for more often, and never read ahead meanwhile, lasts and is little: so be its memory. */
    private static final int SHORT_WAITS = 4;

    private static final long NONE = Long.MAX_VALUE;
    private static final long EXPIRED = Long.MIN_VALUE;

    private final Watchdog watchdog;
    private final ResponseHeadParser parser;

    /** When the watchdog closes this connection: NONE for never, EXPIRED once it has. */
    private final AtomicLong deadline = new AtomicLong(NONE);

    private volatile Limit limit;
    private long totalDeadline = NONE;
    private long idleNanos;

    /** How often there was no content to be read since some was read ahead. */
    private int waits;

    private boolean readingHead;
    private boolean readingChunks;
    private boolean headBegun;
    private boolean written;
    private BeforeBlocking beforeBlocking;
    private boolean contentAbandoned;
    private boolean dialled;

    /**
     * Where the head waits for the content that follows, and small pieces of that for one another, so that they go out by
     * one write: two instead of three for a request of 10 KB. Null until there was a request with content.
     */
    private byte[] gathered;

    private int gatheredCount;
    private boolean gathers;

    /** Null until something has been asked of the socket. */
    private Input input;

    UpstreamConnection(Http1Config http1Config, ResponseHeadParser parser, Watchdog watchdog) {
        super(
                http1Config,
                // Without a charset HttpCore turns bytes from 0x80 to 0x9F into question marks.
                StandardCharsets.ISO_8859_1.newDecoder(),
                StandardCharsets.ISO_8859_1.newEncoder(),
                ResponseFraming.INSTANCE,
                null,
                RequestHeadWriter::new,
                config -> parser);
        this.parser = parser;
        this.watchdog = watchdog;
    }

    // ---- one exchange ----

    /** Starts an exchange: forgets the last one's traces and sets the limits of this one. */
    void begin(long totalDeadlineNanos, long idleLimitNanos) throws LimitExpired {
        totalDeadline = totalDeadlineNanos;
        idleNanos = idleLimitNanos;
        written = false;
        headBegun = false;
        beforeBlocking = null;
        readingHead = false;
        contentAbandoned = false;
        gathers = false;
        gatheredCount = 0;
        disarm();
    }

    /** Content follows the head: nothing goes out before it is flushed, or there is too much of it. */
    void expectRequestContent() {
        gathers = true;
        if (gathered == null) {
            gathered = new byte[GATHERED_BYTES];
        }
    }

    /** Ends an exchange after which the connection may be used again. */
    void end() throws LimitExpired {
        beforeBlocking = null;
        totalDeadline = NONE;
        disarm();
    }

    /** Whether any byte of the current request may have reached the origin. */
    boolean hasWritten() {
        return written;
    }

    /** Whether any byte of the response head has come. */
    boolean hasHeadBegun() {
        return headBegun;
    }

    /** The client is waited for: the origin is let go when nothing comes within the idle limit. */
    void expectClient() throws LimitExpired {
        arm(Limit.CLIENT_IDLE, idleNanos == 0 ? NONE : watchdog.now() + idleNanos);
    }

    void expectHead() {
        readingHead = true;
        readingChunks = false;
    }

    @Override
    protected InputStream createContentInputStream(long length, SessionInputBuffer buffer, InputStream socketInput) {
        readingChunks = length == ContentLengthStrategy.CHUNKED;
        return super.createContentInputStream(length, buffer, socketInput);
    }

    void expectContent(BeforeBlocking hook) {
        readingHead = false;
        waits = 0;
        beforeBlocking = hook;
    }

    /** Whether the origin has already sent something that has not been read. Never blocks. */
    boolean hasInput() throws IOException {
        return bufferedInput() > 0 || hasMoreArrived();
    }

    /** How many bytes have been read from the socket that nobody has asked for yet. */
    private int bufferedInput() {
        return parser.bufferedInput() + (input == null ? 0 : input.buffered());
    }

    /** Whether memory is held to read ahead into. */
    boolean hasBuffer() {
        return input != null && input.hasBuffer();
    }

    /** Waits for the origin to say something. */
    @Override
    public boolean isDataAvailable(Timeout timeout) throws IOException {
        SocketHolder holder = ensureOpen();
        BufferedInput source = (BufferedInput) holder.getInputStream();
        if (source.buffered() > 0) {
            return true;
        }
        // Not into HttpCore's own buffer, which the parser passes by.
        Socket socket = holder.getSocket();
        int before = socket.getSoTimeout();
        try {
            socket.setSoTimeout(timeout.toMillisecondsIntBound());
            return source.fill() > 0;
        } catch (SocketTimeoutException e) {
            return false;
        } finally {
            socket.setSoTimeout(before);
        }
    }

    /** See {@link OriginConnection#contentMayKeepWaiting()}. */
    boolean contentMayKeepWaiting() throws IOException {
        // Two bytes may be no more than the end of a chunk.
        return bufferedInput() <= 2 && !hasMoreArrived();
    }

    /** See {@link OriginConnection#hasMoreArrived()}. */
    boolean hasMoreArrived() throws IOException {
        return ensureOpen().getInputStream().available() > 0;
    }

    /** Leaves the request's content unfinished: HttpCore would write the last chunk when it closes the stream. */
    void abandonContent() {
        contentAbandoned = true;
    }

    boolean isContentAbandoned() {
        return contentAbandoned;
    }

    @Override
    protected OutputStream createContentOutputStream(
            long length,
            SessionOutputBuffer buffer,
            OutputStream socketOutput,
            Supplier<List<? extends Header>> trailers) {
        OutputStream framed = super.createContentOutputStream(length, buffer, socketOutput, trailers);
        return new FilterOutputStream(framed) {
            @Override
            public void write(byte[] bytes, int offset, int count) throws IOException {
                out.write(bytes, offset, count);
            }

            @Override
            public void close() throws IOException {
                if (!contentAbandoned) {
                    out.close();
                }
            }
        };
    }

    void arm(Limit next, long atNanos) throws LimitExpired {
        if (totalDeadline < atNanos) {
            set(Limit.TOTAL, totalDeadline);
        } else {
            set(next, atNanos);
        }
    }

    void disarm() throws LimitExpired {
        set(limit, NONE);
    }

    private void set(Limit next, long atNanos) throws LimitExpired {
        if (deadline.get() == NONE) {
            // Written before the deadline that it explains, and never while one is running.
            limit = next;
        }
        if (deadline.getAndSet(atNanos) == EXPIRED) {
            deadline.set(EXPIRED);
            throw new LimitExpired(limit, null);
        }
        limit = next;
    }

    /** Called by the watchdog. */
    void closeIfOverdue(long now) {
        long at = deadline.get();
        if (at != NONE && at != EXPIRED && at <= now && deadline.compareAndSet(at, EXPIRED)) {
            super.close(CloseMode.IMMEDIATE);
        }
    }

    /** Called by the watchdog when the origin has fallen silent: ends the wait for a response head, nothing else. */
    void giveUp() {
        long at = deadline.get();
        if (at != NONE && at != EXPIRED && limit == Limit.RESPONSE && deadline.compareAndSet(at, EXPIRED)) {
            limit = Limit.SILENCE;
            super.close(CloseMode.IMMEDIATE);
        }
    }

    /** What a failed operation really means: the limit that was over, where the watchdog closed the socket. */
    IOException explain(IOException e) {
        return deadline.get() == EXPIRED && !(e instanceof LimitExpired) ? new LimitExpired(limit, e) : e;
    }

    // ---- what the pool calls ----

    @Override
    public void bind(Socket socket) throws IOException {
        if (deadline.get() == EXPIRED) {
            throw new LimitExpired(limit, null);
        }
        if (!dialled && deadline.get() <= watchdog.now()) {
            // A lookup cannot be broken off; that it took too long shows when its first address is to be dialled.
            throw new LimitExpired(Limit.LOOKUP, null);
        }
        dialled = true;
        watchdog.watch(this);
        super.bind(new Wire(socket));
    }

    @Override
    public void bind(SSLSocket sslSocket, Socket socket) throws IOException {
        super.bind(new Wire(sslSocket, socket));
    }

    @Override
    public Socket getSocket() {
        SocketHolder holder = getSocketHolder();
        return holder == null ? null : holder.getSocket();
    }

    @Override
    public void passivate() {
        // Nothing to do: no limit runs between exchanges.
    }

    @Override
    public void activate() {
        // Nothing to do: begin() sets the limits.
    }

    // ---- before it is used again ----

    /**
     * Tells whether this idle connection may be used again: not when there is anything left to read, be it only one byte,
     * for an origin that sends more than its framing allows would otherwise answer the next client. Never waits; HttpCore's
     * own check blocks for a millisecond and takes surplus bytes for health.
     *
     * @param certain whether it must also be known that the origin has not closed its side, which costs five system calls
     *     instead of one: 9 µs of 200 that a small exchange takes
     */
    boolean isReusable(boolean certain) {
        SocketHolder holder = getSocketHolder();
        if (holder == null || bufferedInput() > 0) {
            return false;
        }
        try {
            SSLSocket tls = holder.getSSLSocket();
            // Under TLS bytes may belong to a session ticket or an alert: such a connection is retired as well.
            if (tls != null && tls.getInputStream().available() > 0) {
                return false;
            }
            Socket socket = holder.getBaseSocket();
            return certain
                    ? readsNothing(socket.getChannel())
                    : socket.getInputStream().available() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether there is neither a byte nor the end to be read. */
    private static boolean readsNothing(SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        try {
            return channel.read(ByteBuffer.allocate(1)) == 0;
        } finally {
            channel.configureBlocking(true);
        }
    }

    /** HttpCore's own check reads into a buffer that the parser passes by. */
    @Override
    public boolean isStale() {
        return !isReusable(true);
    }

    @Override
    public void setSocketTimeout(Timeout timeout) {
        // The watchdog keeps the time.
    }

    @Override
    public void close(CloseMode closeMode) {
        watchdog.forget(this);
        super.close(closeMode);
    }

    @Override
    public void close() throws IOException {
        watchdog.forget(this);
        super.close();
    }

    /** The socket's streams, with deadlines around every operation that may block. */
    private final class Wire extends SocketHolder {

        Wire(Socket socket) {
            super(socket);
        }

        Wire(SSLSocket sslSocket, Socket baseSocket) {
            super(sslSocket, baseSocket);
        }

        @Override
        protected InputStream getInputStream(Socket socket) throws IOException {
            input = new Input(socket.getInputStream());
            return input;
        }

        @Override
        protected OutputStream getOutputStream(Socket socket) throws IOException {
            return new Output(socket.getOutputStream());
        }
    }

    private final class Input extends BufferedInput {

        private final InputStream socketInput;

        /** How much was there when it was asked last, and has not been read since. */
        private int arrived;

        Input(InputStream socketInput) {
            this.socketInput = socketInput;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int offset, int count) throws IOException {
            if (buffered() > 0) {
                return take(into, offset, count);
            }
            if (beforeBlocking != null && arrived == 0) {
                arrived = socketInput.available();
                if (arrived == 0) {
                    if (++waits > SHORT_WAITS) {
                        dropBuffer();
                    }
                    beforeBlocking.run();
                }
            }
            if (count < BYTES && arrived > count) {
                waits = 0;
                return fill() < 0 ? -1 : take(into, offset, count);
            }
            return receive(into, offset, count);
        }

        @Override
        protected int receive(byte[] into, int offset, int count) throws IOException {
            if (readingHead) {
                // The head's deadline stands until all of it is here, however it drips in.
                int received = receiveRaw(into, offset, count);
                if (received < 0) {
                    throw new EOFException(
                            headBegun
                                    ? "the connection ended within the response head"
                                    : "the connection ended before a response");
                }
                headBegun = true;
                return received;
            }
            arm(Limit.READ_IDLE, idleNanos == 0 ? NONE : watchdog.now() + idleNanos);
            int received = receiveRaw(into, offset, count);
            disarm();
            if (received < 0 && readingChunks) {
                // HttpCore takes the end of the connection for the end of the trailer section.
                throw new EOFException("the connection ended within chunked content");
            }
            arrived = received < 0 ? 0 : Math.max(0, arrived - received);
            return received;
        }

        private int receiveRaw(byte[] into, int offset, int count) throws IOException {
            try {
                return socketInput.read(into, offset, count);
            } catch (IOException e) {
                throw explain(e);
            }
        }

        @Override
        public int available() throws IOException {
            return socketInput.available();
        }
    }

    private final class Output extends OutputStream {

        private final OutputStream socketOutput;

        Output(OutputStream socketOutput) {
            this.socketOutput = socketOutput;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            if (gathers && gatheredCount + length <= gathered.length) {
                System.arraycopy(buffer, offset, gathered, gatheredCount, length);
                gatheredCount += length;
                return;
            }
            writeGathered();
            writeRaw(buffer, offset, length);
        }

        private void writeGathered() throws IOException {
            int count = gatheredCount;
            if (count > 0) {
                gatheredCount = 0;
                writeRaw(gathered, 0, count);
            }
        }

        private void writeRaw(byte[] buffer, int offset, int length) throws IOException {
            arm(Limit.WRITE_IDLE, idleNanos == 0 ? NONE : watchdog.now() + idleNanos);
            written = true;
            try {
                socketOutput.write(buffer, offset, length);
            } catch (IOException e) {
                throw explain(e);
            }
            disarm();
        }

        @Override
        public void flush() throws IOException {
            writeGathered();
            socketOutput.flush();
        }
    }
}
