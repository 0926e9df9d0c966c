package dev.headgate.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Very many clients on one thread: each sends one GET and keeps what comes back. */
public final class Crowd implements AutoCloseable {

    private final Selector selector = Selector.open();
    private final List<SocketChannel> clients = new ArrayList<>();
    private final Map<SocketChannel, String> answers = new ConcurrentHashMap<>();
    private final Thread thread;

    /** Connects that many clients and has each of them ask for the target. */
    public Crowd(int port, int size, String target) throws IOException {
        byte[] request = ("GET " + target + " HTTP/1.1\r\nHost: app.test\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < size; i++) {
            SocketChannel client = SocketChannel.open(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
            clients.add(client);
            client.write(ByteBuffer.wrap(request)); // fits into any socket buffer
            client.configureBlocking(false);
            client.register(selector, SelectionKey.OP_READ);
        }
        thread = new Thread(this::listen, "crowd");
        thread.setDaemon(true);
        thread.start();
    }

    private void listen() {
        ByteBuffer buffer = ByteBuffer.allocate(16 * 1024);
        try {
            while (selector.isOpen()) {
                selector.select(key -> {
                    try {
                        SocketChannel client = (SocketChannel) key.channel();
                        int count = client.read(buffer.clear());
                        if (count < 0) {
                            key.cancel();
                            return;
                        }
                        String text = new String(buffer.array(), 0, count, StandardCharsets.ISO_8859_1);
                        answers.merge(client, text, String::concat);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
            }
        } catch (IOException | UncheckedIOException | ClosedSelectorException e) {
            // The end of the test.
        }
    }

    /** How many clients have an answer whose status line starts like this. */
    public long answered(String statusLine) {
        return answers.values().stream()
                .filter(answer -> answer.startsWith(statusLine))
                .count();
    }

    /** What came back, in no order. */
    public List<String> answers() {
        return List.copyOf(answers.values());
    }

    @Override
    public void close() throws IOException {
        selector.close();
        for (SocketChannel client : clients) {
            client.close();
        }
    }
}
