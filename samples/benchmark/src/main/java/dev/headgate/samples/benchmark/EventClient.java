package dev.headgate.samples.benchmark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Opens event streams, keeps them open for a while, and measures how old events are when they arrive: one thread and a
 * selector, because wrk waits for the end of a response.
 */
final class EventClient {

    /** How many may be connecting at once, so that no backlog overflows. */
    private static final int CONNECTING = 100;

    /** How long the first event of a stream may take once all are connected: some peers hold events back. */
    private static final long PATIENCE_SECONDS = 15;

    /** {@code delays} are nanoseconds, sorted; {@code failed} counts streams that ended or never began. */
    record Events(int open, int failed, long[] delays) {

        double percentileMillis(double part) {
            return delays.length == 0
                    ? 0
                    : delays[(int) Math.min(delays.length - 1L, (long) (delays.length * part))] / 1e6;
        }
    }

    private static final class Stream {
        final StringBuilder line = new StringBuilder();
        boolean connected;
        boolean begun;
    }

    private final InetSocketAddress address;
    private final ByteBuffer request;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
    private long[] delays = new long[1 << 16];
    private int events;
    private int connecting;
    private int open;
    private int failed;
    private boolean counting;

    EventClient(int port, String path) {
        address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        request = ByteBuffer.wrap(("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Opens them all, and counts for as long as is said from the moment when all have begun.
     *
     * @param whileOpen is run at the end, before they are closed
     */
    Events run(int streams, int seconds, Runnable whileOpen) throws IOException {
        try (Selector selector = Selector.open()) {
            int started = 0;
            long connectedAt = System.nanoTime();
            while (open + failed < streams
                    && System.nanoTime() - connectedAt < TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
                while (started < streams && connecting < CONNECTING) {
                    start(selector);
                    started++;
                }
                turn(selector);
                if (started < streams || connecting > 0) {
                    connectedAt = System.nanoTime();
                }
            }
            failed += streams - open - failed;
            counting = true;
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            while (System.nanoTime() < end) {
                turn(selector);
            }
            whileOpen.run();
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        }
        long[] sorted = Arrays.copyOf(delays, events);
        Arrays.sort(sorted);
        return new Events(open, failed, sorted);
    }

    private void start(Selector selector) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.register(selector, SelectionKey.OP_CONNECT, new Stream());
        connecting++;
        channel.connect(address);
    }

    private void turn(Selector selector) throws IOException {
        selector.select(this::ready, 100);
    }

    private void ready(SelectionKey key) {
        Stream stream = (Stream) key.attachment();
        SocketChannel channel = (SocketChannel) key.channel();
        try {
            if (key.isConnectable() && channel.finishConnect()) {
                connecting--;
                stream.connected = true;
                channel.write(request.duplicate());
                key.interestOps(SelectionKey.OP_READ);
            } else if (key.isReadable()) {
                buffer.clear();
                if (channel.read(buffer) < 0) {
                    throw new IOException("the stream ended");
                }
                take(stream, System.nanoTime());
            }
        } catch (IOException e) {
            key.cancel();
            failed++;
            if (stream.begun) {
                open--;
            } else if (!stream.connected) {
                connecting--;
            }
        }
    }

    private void take(Stream stream, long now) {
        for (buffer.flip(); buffer.hasRemaining(); ) {
            char c = (char) buffer.get();
            if (c != '\n') {
                stream.line.append(c);
                continue;
            }
            if (stream.line.indexOf("data: ") == 0) {
                if (!stream.begun) {
                    stream.begun = true;
                    open++;
                }
                add(now - Long.parseLong(stream.line, 6, stream.line.length(), 10));
            }
            stream.line.setLength(0);
        }
    }

    private void add(long delay) {
        if (counting) {
            if (events == delays.length) {
                delays = Arrays.copyOf(delays, events * 2);
            }
            delays[events++] = delay;
        }
    }
}
