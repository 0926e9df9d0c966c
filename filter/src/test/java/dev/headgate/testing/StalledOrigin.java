package dev.headgate.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** An origin that takes any number of requests and never says a word, with one thread. */
public final class StalledOrigin implements AutoCloseable {

    private final ServerSocketChannel server;
    private final Selector selector;
    private final Set<SocketChannel> waiting = ConcurrentHashMap.newKeySet();
    private final Thread thread;

    private StalledOrigin() throws IOException {
        server = ServerSocketChannel.open();
        server.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 1024);
        server.configureBlocking(false);
        selector = Selector.open();
        server.register(selector, SelectionKey.OP_ACCEPT);
        thread = new Thread(this::serve, "stalled-origin");
        thread.setDaemon(true);
        thread.start();
    }

    public static StalledOrigin start() throws IOException {
        return new StalledOrigin();
    }

    public String url() {
        return "http://127.0.0.1:" + server.socket().getLocalPort();
    }

    /** How many connections have brought a request and are still open. */
    public int waiting() {
        return waiting.size();
    }

    private void serve() {
        ByteBuffer sink = ByteBuffer.allocate(16 * 1024);
        try {
            while (selector.isOpen()) {
                selector.select(key -> {
                    try {
                        if (key.isAcceptable()) {
                            for (SocketChannel peer = server.accept(); peer != null; peer = server.accept()) {
                                peer.configureBlocking(false);
                                peer.register(selector, SelectionKey.OP_READ);
                            }
                            return;
                        }
                        SocketChannel peer = (SocketChannel) key.channel();
                        int count;
                        try {
                            count = peer.read(sink.clear());
                        } catch (IOException e) {
                            count = -1;
                        }
                        if (count < 0) {
                            waiting.remove(peer);
                            peer.close();
                        } else if (count > 0) {
                            waiting.add(peer);
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
        } catch (IOException | UncheckedIOException | java.nio.channels.ClosedSelectorException e) {
            // The end of the test.
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        server.close();
        for (SocketChannel peer : waiting) {
            peer.close();
        }
    }
}
