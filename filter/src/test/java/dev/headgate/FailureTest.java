package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What the client sees when the origin fails: the right status in time, nothing of the inside, and a usable connection. */
class FailureTest {

    @OnEachContainer
    void refusedConnectionIs502(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        try (Scene scene = Scene.of(container, origin)) {
            origin.refuse();
            assertFailure(scene, 502);
        }
    }

    /** The name is reserved never to resolve (RFC 6761 §6.4). */
    @OnEachContainer
    void unknownNameIs502(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        try (Scene scene = Scene.of(container, origin, "route.r.to=http://origin.invalid:8080")) {
            assertFailure(scene, 502);
        }
    }

    /** A full backlog: the system answers no further SYN. */
    @OnEachContainer
    void connectionThatIsNotAnsweredIs504WithinTheLimit(Container container) throws Exception {
        List<Socket> backlog = new ArrayList<>();
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            for (int i = 0; i < 3; i++) {
                Socket socket = new Socket();
                backlog.add(socket);
                try {
                    socket.connect(new InetSocketAddress("127.0.0.1", full.getLocalPort()), 200);
                } catch (java.net.SocketTimeoutException e) {
                    break;
                }
            }
            RawOrigin origin = RawOrigin.ok();
            try (Scene scene = Scene.of(
                    container,
                    origin,
                    "route.r.to=http://127.0.0.1:" + full.getLocalPort(),
                    "route.r.timeout.connect=300ms")) {
                long start = System.nanoTime();
                assertFailure(scene, 504);
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
            }
        } finally {
            for (Socket socket : backlog) {
                socket.close();
            }
        }
    }

    @OnEachContainer
    void originThatClosesBeforeTheHeadIs502(Container container) throws IOException {
        for (boolean reset : new boolean[] {false, true}) {
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                if (reset) {
                    connection.reset();
                }
            });
            try (Scene scene = Scene.of(container, origin)) {
                assertFailure(scene, 502);
            }
        }
    }

    @OnEachContainer
    void headThatIsCutIs502(Container container) throws IOException {
        for (String head : List.of(
                "HTTP",
                "HTTP/1.1 200 OK",
                "HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 2",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\n")) {
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                connection.send(head);
            });
            try (Scene scene = Scene.of(container, origin)) {
                assertFailure(scene, 502);
            }
        }
    }

    @OnEachContainer
    void whatIsNotHttpIs502(Container container) throws IOException {
        assertRefused(
                container,
                "SSH-2.0-OpenSSH_9.2\r\n",
                "hello\r\n\r\n",
                "\u0015\u0003\u0003\u0000\u0002\u0002\u0046\r\n\r\n",
                "HTTP/1.1\r\n\r\n",
                "HTTP/1.1 abc OK\r\n\r\n",
                "HTTP/1.1 20 OK\r\n\r\n",
                "HTTP/1.1 2000 OK\r\n\r\n",
                "HTTP/1.1 099 Low\r\n\r\n",
                "HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 -200 OK\r\n\r\n",
                "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
                "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                "garbage\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }

    /** RFC 9112 §5.1, RFC 9110 §5.5: field names are tokens; CR, LF and NUL in a value are invalid and dangerous. */
    @OnEachContainer
    void brokenFieldIs502(Container container) throws IOException {
        assertRefused(
                container,
                "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\n: no name\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX Y: z\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX(Y: z\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX\u00e9: z\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: a\u0000b\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b=c\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\n X: folded\r\nContent-Length: 0\r\n\r\n");
    }

    /** RFC 9112 §6.3: with invalid or conflicting framing a gateway MUST send 502 and close the origin's connection. */
    @OnEachContainer
    void framingThatCanBeReadInTwoWaysIs502(Container container) throws IOException {
        assertRefused(
                container,
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
                "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok!",
                "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2a\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: \u00b2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    }

    @OnEachContainer
    void switchThatNobodyAskedForIs502(Container container) throws IOException {
        assertRefused(
                container,
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello",
                "HTTP/1.1 101 Switching Protocols\r\n\r\n" + RawOrigin.ok("ok"));
    }

    @OnEachContainer
    void headBeyondTheLimitsIs502(Container container) throws IOException {
        for (String fields : List.of(
                "X-Long: " + "x".repeat(70_000) + "\r\n",
                ("X-Many: " + "x".repeat(1000) + "\r\n").repeat(70),
                "A: b\r\n".repeat(300))) {
            RawOrigin origin = RawOrigin.answering("HTTP/1.1 200 OK\r\n" + fields + "Content-Length: 0\r\n\r\n");
            try (Scene scene = Scene.of(container, origin)) {
                assertFailure(scene, 502);
            }
        }
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            while (true) {
                connection.send("x".repeat(1000));
            }
        });
        try (Scene scene = Scene.of(container, origin)) {
            assertFailure(scene, 502);
        }
    }

    @OnEachContainer
    void endlessInterimResponsesAreAFailure(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            while (true) {
                connection.send("HTTP/1.1 102 Processing\r\n\r\n");
            }
        });
        try (Scene scene = Scene.of(container, origin, "route.r.timeout.response=5s")) {
            scene.client().send(RawClient.request("GET", "/api/x") + "\r\n");
            assertThat(scene.client().readResponse().status()).isIn(502, 504);
            assertThat(scene.origin().connections()).isEqualTo(1);
        }
    }

    /** As above with the one that is passed on, which costs the client something as well. */
    @OnEachContainer
    void endlessEarlyHintsAreAFailure(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            while (true) {
                connection.send("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n");
            }
        });
        try (Scene scene = Scene.of(container, origin, "route.r.timeout.response=5s")) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.status()).isIn(502, 504);
            assertThat(response.interim()).hasSizeLessThan(1000);
        }
    }

    @OnEachContainer
    void originThatStallsBeforeTheHeadIs504WithinTheLimit(Container container) throws IOException {
        for (String start : List.of("", "HTTP/1.1 200 OK\r\nX-A: ")) {
            CountDownLatch over = new CountDownLatch(1);
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                connection.send(start);
                over.await(20, TimeUnit.SECONDS);
            });
            try (Scene scene = Scene.of(container, origin, "route.r.timeout.response=300ms")) {
                long begin = System.nanoTime();
                assertFailure(scene, 504);
                assertThat(Duration.ofNanos(System.nanoTime() - begin))
                        .isBetween(Duration.ofMillis(290), Duration.ofSeconds(5));
                over.countDown();
            }
        }
    }

    /** Each byte comes well within any idle timeout. */
    @OnEachContainer
    void headThatDripsIs504WithinTheLimit(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nX-A: ");
            while (true) {
                connection.send("x");
                TimeUnit.MILLISECONDS.sleep(50); // the drip itself
            }
        });
        try (Scene scene = Scene.of(container, origin, "route.r.timeout.response=500ms")) {
            long begin = System.nanoTime();
            assertFailure(scene, 504);
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
        }
    }

    @OnEachContainer
    void totalTimeoutBeforeTheHeadIs504(Container container) throws IOException {
        CountDownLatch over = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            over.await(20, TimeUnit.SECONDS);
        });
        try (Scene scene = Scene.of(
                container,
                origin,
                "route.r.timeout.connect=300ms",
                "route.r.timeout.response=500ms",
                "route.r.timeout.total=500ms")) {
            assertFailure(scene, 504);
            over.countDown();
        }
    }

    /** The origin reads nothing, so the content gets stuck in the buffers between. */
    @OnEachContainer
    void originThatTakesNoContentIs504(Container container) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequestHead();
            over.await(20, TimeUnit.SECONDS);
        });
        try (Scene scene = Scene.of(container, origin, "route.r.timeout.idle=500ms", "route.r.timeout.response=2s")) {
            RawClient client = scene.client();
            client.send(RawClient.request("POST", "/api/x", "Content-Length: 100000000") + "\r\n");
            Thread sender = new Thread(() -> {
                try {
                    for (int i = 0; i < 1000; i++) {
                        client.send(new byte[100_000]);
                    }
                } catch (IOException e) {
                    // The gateway gave up.
                }
            });
            sender.start();
            try {
                assertThat(client.readResponse().status()).isEqualTo(504);
            } catch (java.net.SocketException | java.io.EOFException e) {
                // The container may reset a connection with so much left to read; what counts is that it ended.
            }
            over.countDown();
            client.close();
            sender.join();
        }
    }

    @OnEachContainer
    void failureShowsNothingOfTheInside(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering("HTTP/1.1 200 OK\r\nX-Inside: secret\r\nSet-Cookie: a=secret\r\n"
                + "Cache-Control: public, max-age=600\r\nContent-Encoding: gzip\r\n"
                + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nsecret");
        try (Scene scene = Scene.of(AppServer.on(container).lenient(), origin)) {
            RawMessage response = scene.client().get("/api/<script>?<b>", "X-Evil: <script>");
            assertThat(response.head() + response.text())
                    .doesNotContain("secret")
                    .doesNotContain("127.0.0.1")
                    .doesNotContain(Integer.toString(origin.port()))
                    .doesNotContain("dev.headgate")
                    .doesNotContain("Exception")
                    .doesNotContain("java")
                    .doesNotContain("<script>");
        }
        origin = RawOrigin.answering("HTTP/1.1 200 OK\r\nX-Inside: secret\r\nContent-Length: +3\r\n\r\nsecret");
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.status()).isEqualTo(502);
            assertThat(response.has("Set-Cookie")).isFalse();
            assertThat(response.has("X-Inside")).isFalse();
            assertThat(response.field("Cache-Control")).contains("no-store");
        }
    }

    @OnEachContainer
    void failureOfAHeadHasNoContent(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        try (Scene scene = Scene.of(container, origin)) {
            origin.refuse();
            RawMessage response = scene.client().exchange(RawClient.request("HEAD", "/api/x") + "\r\n");
            assertThat(response.status()).isEqualTo(502);
            assertThat(scene.client().get("/other").text()).isEqualTo("app:GET /other");
        }
    }

    /** As a container may do with a field that it does not like, or a filter of the app. */
    @OnEachContainer
    void responseThatThrowsIsAFailedAttempt(Container container) throws IOException {
        Filter picky = (request, response, chain) ->
                chain.doFilter(request, new HttpServletResponseWrapper((HttpServletResponse) response) {
                    @Override
                    public void addHeader(String name, String value) {
                        refuse(name);
                        super.addHeader(name, value);
                    }

                    @Override
                    public void setHeader(String name, String value) {
                        refuse(name);
                        super.setHeader(name, value);
                    }

                    private void refuse(String name) {
                        if (name.equals("X-B")) {
                            throw new IllegalStateException("not this one");
                        }
                    }
                });
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok("ok", "X-A: 1", "X-B: 2"));
        try (Scene scene = Scene.of(AppServer.on(container).filter(picky), origin, "route.r.error.detail=full")) {
            RawMessage problem = scene.client().get("/api/x", "Accept: application/json");
            assertThat(problem.status()).isEqualTo(500);
            assertThat(problem.fields("X-A")).isEmpty();
            JsonNode attempts = new ObjectMapper().readTree(problem.content()).get("attempts");
            assertThat(attempts).hasSize(1);
            assertThat(attempts.get(0).get("kind").asText()).isEqualTo("proxy_internal_error");
            assertThat(attempts.get(0).get("stage").asText()).isEqualTo("content");
            assertThat(attempts.get(0).get("receivedStatus").asInt()).isEqualTo(200);
        }
    }

    @OnEachContainer
    void oneEndlessLineOfTheHeadHasANameOfItsOwn(Container container) throws IOException {
        String line = "X-Long: " + "a".repeat(70_000) + "\r\n";
        RawOrigin origin = RawOrigin.answering("HTTP/1.1 200 OK\r\n" + line + "\r\n");
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.status()).isEqualTo(502);
            assertThat(response.field("Proxy-Status")).contains("error=http_response_header_size");
        }
    }

    private static void assertRefused(Container container, String... responses) throws IOException {
        RawOrigin origin = RawOrigin.answering(responses);
        try (Scene scene = Scene.of(container, origin)) {
            for (int i = 0; i < responses.length; i++) {
                assertThat(scene.client().get("/api/x").status())
                        .as(responses[i])
                        .isEqualTo(502);
                // RFC 9112 §6.3: and its connection is closed.
                assertThat(origin.connections()).as(responses[i]).isEqualTo(i + 1);
            }
        }
    }

    /** The client's connection stays usable. */
    private static void assertFailure(Scene scene, int status) throws IOException {
        RawMessage response = scene.client().get("/api/x");
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.complete()).isTrue();
        assertThat(response.text()).isNotBlank().contains(response.field("X-Request-Id"));
        assertThat(scene.client().get("/other").text()).isEqualTo("app:GET /other");
    }
}
