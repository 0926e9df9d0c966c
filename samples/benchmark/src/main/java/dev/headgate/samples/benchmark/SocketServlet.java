package dev.headgate.samples.benchmark;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;

/**
 * What is left of a gateway that waits for its upstream when all that it could do without is gone: hardly any can be
 * cheaper in this container. It writes a request to a socket of its own and copies what comes back, takes every message for
 * well formed, and knows of no content but that whose length is said in advance.
 */
final class SocketServlet extends HttpServlet {

    /** The upstream closes what is idle for a minute. */
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** A connection to the upstream, with room for a piece of either message. */
    private static final class Connection {

        private final Socket socket;
        private final OutputStream out;
        private final InputStream in;
        private final byte[] buffer = new byte[32 * 1024];
        private long freeSince;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            socket.setTcpNoDelay(true);
            out = socket.getOutputStream();
            in = socket.getInputStream();
        }
    }

    private final URI upstream;

    /** Those that are free, the one used last first. */
    private final transient Deque<Connection> free = new ConcurrentLinkedDeque<>();

    SocketServlet(String upstream) {
        this.upstream = URI.create(upstream);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Connection connection = connection();
        send(request, connection);
        receive(connection, response);
        connection.freeSince = System.nanoTime();
        free.addFirst(connection);
    }

    private Connection connection() throws IOException {
        Connection last;
        while ((last = free.pollFirst()) != null) {
            if (System.nanoTime() - last.freeSince < IDLE_NANOS) {
                return last;
            }
            last.socket.close();
        }
        return new Connection(new Socket(upstream.getHost(), upstream.getPort()));
    }

    private void send(HttpServletRequest request, Connection connection) throws IOException {
        StringBuilder text = new StringBuilder(512)
                .append(request.getMethod())
                .append(' ')
                .append(request.getRequestURI())
                .append(" HTTP/1.1\r\nHost: ")
                .append(upstream.getAuthority())
                .append("\r\n");
        request.getHeaderNames().asIterator().forEachRemaining(name -> {
            if (!name.equalsIgnoreCase("Host")) {
                text.append(name).append(": ").append(request.getHeader(name)).append("\r\n");
            }
        });
        byte[] head = text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        byte[] buffer = connection.buffer;
        System.arraycopy(head, 0, buffer, 0, head.length);
        int held = head.length;
        if (request.getContentLengthLong() > 0) {
            InputStream content = request.getInputStream();
            for (int count; (count = content.read(buffer, held, buffer.length - held)) >= 0; ) {
                held += count;
                if (held == buffer.length) {
                    connection.out.write(buffer, 0, held);
                    held = 0;
                }
            }
        }
        connection.out.write(buffer, 0, held);
    }

    private static void receive(Connection connection, HttpServletResponse response) throws IOException {
        byte[] buffer = connection.buffer;
        int held = 0;
        int end = -1;
        while (end < 0) {
            held += read(connection, held);
            end = endOfHead(buffer, held);
        }
        String[] lines = new String(buffer, 0, end - 4, StandardCharsets.ISO_8859_1).split("\r\n");
        response.setStatus(Integer.parseInt(lines[0], 9, 12, 10));
        long length = 0;
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            String name = lines[i].substring(0, colon);
            String value = lines[i].substring(colon + 1).trim();
            if (name.equalsIgnoreCase("Content-Length")) {
                length = Long.parseLong(value);
                response.setContentLengthLong(length);
            } else if (!name.equalsIgnoreCase("Connection")) {
                response.addHeader(name, value);
            }
        }
        OutputStream client = response.getOutputStream();
        client.write(buffer, end, held - end);
        for (long left = length - (held - end); left > 0; ) {
            int count = read(connection, 0);
            client.write(buffer, 0, count);
            left -= count;
        }
    }

    private static int read(Connection connection, int offset) throws IOException {
        int count = connection.in.read(connection.buffer, offset, connection.buffer.length - offset);
        if (count < 0) {
            throw new EOFException("the upstream closed the connection");
        }
        return count;
    }

    /** Where the empty line ends that ends a head; -1: not yet. */
    private static int endOfHead(byte[] bytes, int length) {
        for (int i = 3; i < length; i++) {
            if (bytes[i] == '\n' && bytes[i - 2] == '\n') {
                return i + 1;
            }
        }
        return -1;
    }
}
