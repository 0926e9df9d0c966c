package dev.headgate.testing;

import dev.headgate.testing.RawMessage.Framing;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/**
 * An origin that does what its script says, on a free loopback port. The nth connection runs the nth script, the last
 * script serves all later ones. What a script throws is kept and fails {@link #close()}, unless it only says that the
 * peer went away.
 */
public final class RawOrigin implements AutoCloseable {

    /** What happens on one connection. The connection is closed when it returns. */
    @FunctionalInterface
    public interface Script {
        void run(Connection connection) throws Exception;
    }

    private final ServerSocket server;
    private final List<Script> scripts;
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private final List<RawMessage> requests = new CopyOnWriteArrayList<>();
    private final List<Throwable> mistakes = new CopyOnWriteArrayList<>();

    private RawOrigin(List<Script> scripts) throws IOException {
        this(new ServerSocket(), scripts);
        server.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
        begin();
    }

    private RawOrigin(ServerSocket server, List<Script> scripts) {
        this.server = server;
        this.scripts = scripts;
    }

    private void begin() {
        start("origin-" + port(), this::acceptAll);
    }

    /** One script a connection. */
    public static RawOrigin scripted(Script... scripts) throws IOException {
        return new RawOrigin(List.of(scripts));
    }

    /** On a socket that listens already, such as one with TLS. */
    public static RawOrigin on(ServerSocket listening, Script script) {
        RawOrigin origin = new RawOrigin(listening, List.of(script));
        origin.begin();
        return origin;
    }

    /**
     * Reads requests one after the other on any connection and answers the nth with the nth response, exactly as given;
     * the last one again and again.
     */
    public static RawOrigin answering(String... responses) throws IOException {
        AtomicInteger next = new AtomicInteger();
        return scripted(connection -> {
            while (connection.readRequest() != null) {
                connection.send(responses[Math.min(next.getAndIncrement(), responses.length - 1)]);
            }
        });
    }

    /** Answers everything with 200 and {@code ok}. */
    public static RawOrigin ok() throws IOException {
        return answering(ok("ok"));
    }

    /** A plain 200 with this content and these field lines. */
    public static String ok(String content, String... fieldLines) {
        StringBuilder response = new StringBuilder("HTTP/1.1 200 OK\r\n");
        for (String line : fieldLines) {
            response.append(line).append("\r\n");
        }
        return response + "Content-Length: " + content.length() + "\r\n\r\n" + content;
    }

    public int port() {
        return server.getLocalPort();
    }

    public String authority() {
        return "127.0.0.1:" + port();
    }

    public String url() {
        return "http://" + authority();
    }

    /** How many connections came. */
    public int connections() {
        return connections.size();
    }

    /** How many request heads came. */
    public int requests() {
        return requests.size();
    }

    /** The nth request, from 0, as soon as its head is here. */
    public RawMessage request(int n) {
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> requests.size() > n);
        return requests.get(n);
    }

    /** The only request; whole. */
    public RawMessage request() {
        RawMessage request = request(0);
        request.awaitEnd();
        if (requests.size() > 1) {
            throw new AssertionError(requests.size() + " requests came: " + requests);
        }
        return request;
    }

    /** The nth connection, from 0, as soon as it is here. */
    public Connection connection(int n) {
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> connections.size() > n);
        return connections.get(n);
    }

    /** Stops listening: from now on connections are refused. Open ones stay. */
    public void refuse() throws IOException {
        int port = port();
        server.close();
        // The system goes on accepting until the thread that waits in accept has noticed.
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> {
            try (Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), port)) {
                return !socket.isConnected();
            } catch (ConnectException e) {
                return true;
            }
        });
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Connection connection : connections) {
            connection.close();
        }
        if (!mistakes.isEmpty()) {
            AssertionError error = new AssertionError("the origin's script failed", mistakes.get(0));
            mistakes.stream().skip(1).forEach(error::addSuppressed);
            throw error;
        }
    }

    private void acceptAll() {
        while (true) {
            try {
                Connection connection = new Connection(server.accept());
                Script script = scripts.get(Math.min(connections.size(), scripts.size() - 1));
                connections.add(connection);
                start("origin-" + port() + "-" + connections.size(), () -> play(script, connection));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void play(Script script, Connection connection) {
        try (connection) {
            script.run(connection);
        } catch (IOException e) {
            // The peer, or the end of the test, closed the connection: the test looks at that itself.
        } catch (Throwable e) {
            mistakes.add(e);
        }
    }

    private static void start(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** One accepted connection, in the hands of its script. */
    public final class Connection extends RawConnection {

        private Connection(Socket socket) throws IOException {
            super(socket);
        }

        /** Reads one whole request; null when the peer closed instead. Interim responses are up to the script. */
        public RawMessage readRequest() throws IOException {
            RawMessage request = readRequestHead();
            if (request != null) {
                readRest(request);
            }
            return request;
        }

        /** Reads and records a request head; null when the peer closed instead. */
        public RawMessage readRequestHead() throws IOException {
            RawMessage request = readMessageHead();
            if (request != null) {
                request.framedBy(framing(request));
                requests.add(request);
            }
            return request;
        }

        /** Reads the content of a request whose head has been read, to its end or its cut. */
        public void readRest(RawMessage request) throws IOException {
            readContent(request, framing(request));
        }

        /** Reads exactly that many bytes of a request's content and no more. */
        public void readPart(RawMessage request, int bytes) throws IOException {
            readLength(request, bytes);
        }

        private Framing framing(RawMessage request) {
            if (request.has("Transfer-Encoding")) {
                return Framing.CHUNKED;
            }
            return request.has("Content-Length") ? Framing.LENGTH : Framing.NONE;
        }
    }
}
