package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawOrigin;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that drip, both ways, and clients that fall silent. The gateway's clock goes forty times as fast as the
 * container's, so that its 20 seconds of grace are half a second.
 */
@Timeout(60)
class SlowPeerTest {

    private static final int FASTER = 40;
    private static final long START = System.nanoTime();

    /** Shorter than any test, longer than the pauses of a dripping client. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /** No test lasts so long: it is not the container that ends anything. */
    private static final Duration VERY_PATIENT = Duration.ofMinutes(5);

    /** How many requests are in the gateway's hands, on threads of the container. */
    private final AtomicInteger held = new AtomicInteger();

    @ParameterizedTest
    @EnumSource
    void uploadThatDripsIsEnded(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(connection -> connection.readRequest());
                AppServer app = app(container, origin, PATIENCE, "request.min-rate", "1000B");
                RawClient client = app.connect()) {
            client.send(RawClient.request("POST", "/api/x", "Content-Length: 100000") + "\r\n");
            AtomicInteger dripped = drip(client);

            assertThat(client.readResponse().status()).isEqualTo(408);
            assertThat(origin.request(0).awaitEnd()).isEqualTo(Ending.CUT);
            int atAnswer = dripped.get();
            client.readToEnd();
            assertThat(client.closedByPeer()).isTrue();
            // Nor does the container wait for the rest of the content.
            assertThat(dripped.get() - atAnswer).isLessThan(20);
            await().until(() -> held.get() == 0);
        }
    }

    /** A byte now and then, which keeps the container's own time limit from ever being reached. */
    private static AtomicInteger drip(RawClient client) {
        AtomicInteger sent = new AtomicInteger();
        Thread thread = new Thread(() -> {
            try {
                while (true) {
                    client.send("x");
                    sent.incrementAndGet();
                    Thread.sleep(50); // the pace of the client, nobody waits for it
                }
            } catch (IOException | InterruptedException e) {
                // The connection is broken, as it should be.
            }
        });
        thread.setDaemon(true);
        thread.start();
        return sent;
    }

    @ParameterizedTest
    @EnumSource
    void clientThatAnnouncesContentAndFallsSilentNeverReachesTheOrigin(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(container, origin, PATIENCE, "request.min-rate", "1000B");
                RawClient client = app.connect()) {
            client.send(RawClient.request("POST", "/api/x", "Content-Length: 10") + "\r\n");
            await().until(() -> held.get() == 1);

            client.readToEnd();
            assertThat(client.closedByPeer()).isTrue();
            await().until(() -> held.get() == 0);
            assertThat(origin.connections()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void uploadThatFallsSilentIsEndedByTheContainerAndCutForTheOrigin(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(connection -> connection.readRequest());
                AppServer app = app(container, origin, PATIENCE, "request.min-rate", "1000B");
                RawClient client = app.connect()) {
            client.send(RawClient.request("POST", "/api/x", "Content-Length: 20000") + "\r\nabc");

            client.readToEnd();
            assertThat(client.closedByPeer()).isTrue();
            assertThat(origin.request(0).awaitEnd()).isEqualTo(Ending.CUT);
            await().until(() -> held.get() == 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void responseTakenInDripsIsCutAndTheOriginReleased(Container container) throws Exception {
        try (RawOrigin origin = endless();
                AppServer app = app(container, origin, Duration.ofMinutes(1), "response.min-rate", "10000000B");
                RawClient client = app.connect()) {
            client.send(RawClient.request("GET", "/api/x") + "\r\n");
            RawMessage response = client.readResponseHead();
            // Reads on, so that the container sees progress, but far too little.
            Thread reader = new Thread(() -> {
                try {
                    while (client.readChunk(response) != null) {
                        Thread.sleep(5); // the pace of the client, nobody waits for it
                    }
                } catch (IOException | InterruptedException e) {
                    // The connection is broken, as it should be.
                }
            });
            reader.setDaemon(true);
            reader.start();

            assertThat(origin.connection(0).awaitClosedByPeer(20_000)).isTrue();
            await().until(() -> held.get() == 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void responseThatNobodyTakesIsEndedByTheContainerAndTheOriginReleased(Container container) throws Exception {
        try (RawOrigin origin = endless();
                AppServer app = app(container, origin, PATIENCE, "response.min-rate", "0");
                RawClient client = app.connect()) {
            client.send(RawClient.request("GET", "/api/x") + "\r\n");
            client.readResponseHead();

            assertThat(origin.connection(0).awaitClosedByPeer(20_000)).isTrue();
            await().until(() -> held.get() == 0);
        }
    }

    /** One inline, and one off the container's thread. */
    @ParameterizedTest
    @EnumSource
    void oneWriteThatLastsTooLongIsBrokenOff(Container container) throws Exception {
        try (RawOrigin origin = endless();
                AppServer app = app(container, origin, VERY_PATIENT, "response.min-rate", "1000B");
                RawClient inline = app.connect();
                RawClient off = app.connect()) {
            inline.send(RawClient.request("GET", "/api/x") + "\r\n");
            inline.readResponseHead();
            off.send(RawClient.request("GET", "/api/x") + "\r\n");
            off.readResponseHead();

            assertThat(origin.connection(0).awaitClosedByPeer(20_000)).isTrue();
            assertThat(origin.connection(1).awaitClosedByPeer(20_000)).isTrue();
            await().until(() -> held.get() == 0);
            for (RawClient client : List.of(inline, off)) {
                client.readToEnd();
                assertThat(client.closedByPeer()).isTrue();
            }
            try (RawClient another = app.connect()) {
                assertThat(another.get("/page").text()).isEqualTo("app:GET /page");
            }
        }
    }

    /** So slowly that each write is taken in the end, but not before its time. */
    @ParameterizedTest
    @EnumSource
    void oneWriteThatIsTakenInDripsIsBrokenOff(Container container) throws Exception {
        try (RawOrigin origin = endless();
                AppServer app = app(container, origin, VERY_PATIENT, "response.min-rate", "10000B");
                RawClient client = app.connect()) {
            client.send(RawClient.request("GET", "/api/x") + "\r\n");
            RawMessage response = client.readResponseHead();
            Thread reader = new Thread(() -> {
                try {
                    while (client.readChunk(response).length() > 0) {
                        Thread.sleep(500); // the pace of the client, nobody waits for it
                    }
                } catch (IOException | InterruptedException e) {
                    // The connection is broken, as it should be.
                }
            });
            reader.setDaemon(true);
            reader.start();

            assertThat(origin.connection(0).awaitClosedByPeer(20_000)).isTrue();
            await().until(() -> held.get() == 0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void storedResponseThatNobodyTakesIsBrokenOff(Container container) throws Exception {
        String content = "x".repeat(20_000_000);
        try (RawOrigin origin =
                        RawOrigin.answering("HTTP/1.1 200 OK\r\nCache-Control: max-age=10000000\r\nContent-Length: "
                                + content.length() + "\r\n\r\n" + content);
                AppServer app = app(
                        container,
                        origin,
                        VERY_PATIENT,
                        "response.min-rate",
                        "1000B",
                        "route.api.cache=true",
                        "route.api.cache.max-object-size=32MB",
                        "cache.off-heap-size=64MB");
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            assertThat(first.get("/api/x").text()).hasSameSizeAs(content);
            // Its last byte is with the client before it is stored.
            await().until(() -> first.get("/api/x").field("Cache-Status").contains("hit"));
            second.send(RawClient.request("GET", "/api/x") + "\r\n");
            assertThat(second.readResponseHead().field("Cache-Status")).contains("hit");
            await().until(() -> held.get() == 1);

            await().atMost(Duration.ofSeconds(20)).until(() -> held.get() == 0);
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    private static RawOrigin endless() throws IOException {
        String chunk = "2000\r\n" + "x".repeat(0x2000) + "\r\n";
        return RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true) {
                connection.send(chunk);
            }
        });
    }

    private AppServer app(
            Container container, RawOrigin origin, Duration patience, String key, String value, String... more) {
        GatewayBuilder builder = GatewayBuilder.create()
                .set("host-threads", "1")
                .set("route.api.path", "/api/*")
                .set("route.api.to", origin.url())
                .set("route.api." + key, value)
                // By the gateway's clock; only the limit under test is to end anything.
                .set("route.api.timeout.idle", "1h");
        for (String line : more) {
            builder.set(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
        }
        return AppServer.on(container)
                .patience(patience)
                .filter(new Held())
                .filter(new HeadgateFilter(builder.build(), () -> (System.nanoTime() - START) * FASTER))
                .start();
    }

    private final class Held extends HttpFilter {
        @Override
        protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            held.incrementAndGet();
            try {
                chain.doFilter(request, response);
            } finally {
                held.decrementAndGet();
            }
        }
    }
}
