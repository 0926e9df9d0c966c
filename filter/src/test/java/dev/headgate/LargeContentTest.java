package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.GatewayProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Content far larger than the heap, through a gateway in a JVM with {@code -Xmx64m}. 256 MB each way unless
 * {@code -Dlarge.megabytes=1024} asks for more.
 */
class LargeContentTest {

    private static final long BYTES = Long.getLong("large.megabytes", 256) << 20;
    private static final int BLOCK = 64 * 1024;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer origin;

    @BeforeEach
    void startOrigin() throws IOException {
        origin = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        origin.setExecutor(threads);
        origin.createContext("/api/sink", this::sink);
        origin.createContext("/api/source", this::source);
        origin.start();
    }

    @AfterEach
    void stopOrigin() {
        origin.stop(0);
        threads.shutdownNow();
    }

    /** Answers how many bytes came, and their checksum. */
    private void sink(HttpExchange exchange) throws IOException {
        byte[] answer = read(exchange.getRequestBody()).getBytes("US-ASCII");
        exchange.sendResponseHeaders(200, answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    private void source(HttpExchange exchange) throws IOException {
        boolean chunked = "chunked".equals(exchange.getRequestURI().getQuery());
        exchange.getResponseHeaders().set("Cache-Control", "max-age=600");
        exchange.sendResponseHeaders(200, chunked ? 0 : BYTES);
        write(exchange.getResponseBody());
        exchange.close();
    }

    @ParameterizedTest
    @CsvSource({"TOMCAT, known", "TOMCAT, chunked", "JETTY, known", "JETTY, chunked"})
    @Timeout(300)
    void contentLargerThanTheHeapPassesBothWays(Container container, String framing) throws Exception {
        String expected = write(OutputStream.nullOutputStream());
        String url = "http://127.0.0.1:" + origin.getAddress().getPort();
        try (GatewayProcess gateway = GatewayProcess.start(container, url, "-Xmx64m")) {
            String base = "http://127.0.0.1:" + gateway.port();
            long start = System.nanoTime();

            HttpURLConnection up = connect(base + "/api/sink");
            up.setDoOutput(true);
            if (framing.equals("chunked")) {
                up.setChunkedStreamingMode(BLOCK);
            } else {
                up.setFixedLengthStreamingMode(BYTES);
            }
            try (OutputStream out = up.getOutputStream()) {
                write(out);
            }
            assertThat(up.getInputStream().readAllBytes()).asString().isEqualTo(expected);
            long between = System.nanoTime();

            HttpURLConnection down = connect(base + "/api/source?" + framing);
            assertThat(down.getContentLengthLong()).isEqualTo(framing.equals("chunked") ? -1 : BYTES);
            assertThat(read(down.getInputStream())).isEqualTo(expected);

            System.out.printf(
                    "%s %s: %d MB up in %d ms, down in %d ms, peak heap %d MB%n",
                    container,
                    framing,
                    BYTES >> 20,
                    (between - start) / 1_000_000,
                    (System.nanoTime() - between) / 1_000_000,
                    gateway.peakHeapBytes() >> 20);
        }
    }

    /** The cache has 8 MB for it, and stores what fits: the rest passes through, and the heap hardly sees it. */
    @ParameterizedTest
    @CsvSource({"TOMCAT, chunked", "JETTY, known"})
    @Timeout(300)
    void contentLargerThanTheHeapPassesThroughTheCache(Container container, String framing) throws Exception {
        String expected = write(OutputStream.nullOutputStream());
        Map<String, String> settings = Map.of(
                "route.r.path", "/api/*",
                "route.r.to", "http://127.0.0.1:" + origin.getAddress().getPort(),
                "route.r.cache", "true",
                "route.r.cache.max-object-size", "1000GB",
                "cache.off-heap-size", "8MB");
        try (GatewayProcess gateway = GatewayProcess.start(container, settings, "-Xmx64m")) {
            for (int i = 0; i < 2; i++) {
                HttpURLConnection down = connect("http://127.0.0.1:" + gateway.port() + "/api/source?" + framing);
                assertThat(read(down.getInputStream())).isEqualTo(expected);
            }
            System.out.printf("%s %s: peak heap %d MB%n", container, framing, gateway.peakHeapBytes() >> 20);
        }
    }

    private static HttpURLConnection connect(String url) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(url).toURL().openConnection();
        connection.setReadTimeout(60_000);
        return connection;
    }

    /** Writes the content, in which each block tells its place. */
    private static String write(OutputStream out) throws IOException {
        CRC32 checksum = new CRC32();
        byte[] block = new byte[BLOCK];
        for (long sent = 0; sent < BYTES; sent += BLOCK) {
            ByteBuffer.wrap(block).putLong(sent);
            checksum.update(block);
            out.write(block);
        }
        return BYTES + " bytes, checksum " + checksum.getValue();
    }

    private static String read(InputStream in) throws IOException {
        CRC32 checksum = new CRC32();
        byte[] block = new byte[BLOCK];
        long received = 0;
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
            checksum.update(block, 0, count);
            received += count;
        }
        return received + " bytes, checksum " + checksum.getValue();
    }
}
