package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawMessage.Framing;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;

/** Content on its way down: the same bytes, as soon as they come, and a cut that looks like one. */
class ResponseContentTest {

    @OnEachContainer
    void knownLengthStaysKnown(Container container) throws IOException {
        StringBuilder everyByte = new StringBuilder();
        for (char c = 0; c < 256; c++) {
            everyByte.append(c);
        }
        try (Scene scene = Scene.of(container, RawOrigin.answering(RawOrigin.ok(everyByte.toString())))) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.framing()).isEqualTo(Framing.LENGTH);
            assertThat(response.field("Content-Length")).isEqualTo("256");
            assertThat(response.text()).isEqualTo(everyByte.toString());
        }
    }

    @OnEachContainer
    void emptyContentHasLengthZero(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.answering(RawOrigin.ok("")))) {
            assertThat(scene.client().get("/api/x").field("Content-Length")).isEqualTo("0");
            assertThat(scene.client().get("/api/x").complete()).isTrue();
        }
    }

    /** RFC 9110 §8.6: a list of identical lengths may be taken as one. */
    @OnEachContainer
    void repeatedIdenticalLengthsAreOne(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok");
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.field("Content-Length")).isEqualTo("2");
            assertThat(response.text()).isEqualTo("ok");
        }
    }

    @OnEachContainer
    void chunkedContentPasses(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "5;ext=\"a;b\"\r\nhello\r\n0006 \r\n world\r\n000\r\n\r\n");
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.text()).isEqualTo("hello world");
            assertThat(response.complete()).isTrue();
            assertThat(scene.client().get("/api/x").text()).isEqualTo("hello world");
            assertThat(origin.connections()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void contentThatIsAllThereAtOnceGetsItsLength(Container container) throws IOException {
        for (String content : new String[] {"", "5\r\nhello\r\n"}) {
            RawOrigin origin = RawOrigin.answering(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + content + "0\r\n\r\n");
            try (Scene scene = Scene.of(container, origin)) {
                RawMessage response = scene.client().get("/api/x");
                assertThat(response.framing()).isEqualTo(Framing.LENGTH);
                assertThat(response.text()).isEqualTo(content.isEmpty() ? "" : "hello");
            }
        }
    }

    /** Around the sizes at which buffers are full. */
    @OnEachContainer
    void contentOfUnknownLengthPassesWhateverItsSize(Container container) throws IOException {
        int[] sizes = {4_095, 4_096, 4_097, 8_192, 32_767, 32_768, 32_769, 65_536, 100_000};
        for (int size : sizes) {
            for (String trailer : new String[] {"", "X-T: y\r\n"}) {
                String content = IntStream.range(0, size)
                        .mapToObj(i -> Character.toString('a' + i % 23))
                        .collect(Collectors.joining());
                RawOrigin origin = RawOrigin.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + Integer.toHexString(size) + "\r\n" + content + "\r\n0\r\n" + trailer + "\r\n");
                try (Scene scene = Scene.of(container, origin)) {
                    RawMessage response = scene.client().get("/api/x", "TE: trailers");
                    assertThat(response.complete()).isTrue();
                    assertThat(response.text()).isEqualTo(content);
                    assertThat(response.trailers()).hasSize(trailer.isEmpty() ? 0 : 1);
                }
            }
        }
    }

    /** Around the sizes at which something is read at once or by way of a buffer, from an origin that writes in pieces or not. */
    @OnEachContainer
    void chunkedContentPassesWhateverTheSizesOfItsChunks(Container container) throws IOException {
        StringBuilder content = new StringBuilder();
        StringBuilder chunks = new StringBuilder("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int size : new int[] {1, 511, 513, 2_047, 3, 2_049, 8_190, 8_193, 2, 20_000, 600, 1}) {
            String chunk = IntStream.range(0, size)
                    .mapToObj(i -> Character.toString('a' + (content.length() + i) % 23))
                    .collect(Collectors.joining());
            content.append(chunk);
            chunks.append(Integer.toHexString(size))
                    .append("\r\n")
                    .append(chunk)
                    .append("\r\n");
        }
        String response = chunks.append("0\r\n\r\n").toString();
        for (int piece : new int[] {response.length(), 5_000, 1_000, 37}) {
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                for (int from = 0; from < response.length(); from += piece) {
                    connection.send(response.substring(from, Math.min(response.length(), from + piece)));
                }
                connection.readToEnd();
            });
            try (Scene scene = Scene.of(container, origin)) {
                assertThat(scene.client().get("/api/x").text())
                        .as("pieces of %d bytes", piece)
                        .isEqualTo(content.toString());
            }
        }
    }

    @OnEachContainer
    void contentIsNotHeldBackWhereOnlyItsEndIsMissing(Container container) throws IOException {
        for (String begun : new String[] {"", "0", "0\r\n"}) {
            CountDownLatch seen = new CountDownLatch(1);
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n" + begun);
                await(seen);
                connection.send("0\r\n\r\n".substring(begun.length()));
            });
            try (Scene scene = Scene.of(container, origin)) {
                scene.client().send(RawClient.request("GET", "/api/x") + "\r\n");
                RawMessage response = scene.client().readResponseHead();
                assertThat(scene.client().readChunk(response)).isEqualTo("hello");
                seen.countDown();
                assertThat(scene.client().readChunk(response)).isNull();
            }
        }
    }

    /** RFC 9112 §6.3: without any length the content ends with the connection. */
    @OnEachContainer
    void contentThatEndsWithTheConnectionPasses(Container container) throws IOException {
        for (String version : new String[] {"1.0", "1.1"}) {
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                connection.send("HTTP/" + version + " 200 OK\r\n\r\nhello");
            });
            try (Scene scene = Scene.of(container, origin)) {
                RawMessage response = scene.client().get("/api/x");
                assertThat(response.text()).isEqualTo("hello");
                assertThat(response.complete()).isTrue();
                assertThat(scene.client().get("/api/x").text()).isEqualTo("hello");
            }
        }
    }

    /** RFC 9112 §6.1: a server MUST NOT send Transfer-Encoding to an HTTP/1.0 client. */
    @OnEachContainer
    void oldClientGetsNoChunks(Container container) throws IOException {
        RawOrigin origin =
                RawOrigin.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().exchange("GET /api/x HTTP/1.0\r\n\r\n");
            assertThat(response.has("Transfer-Encoding")).isFalse();
            assertThat(response.text()).isEqualTo("hello");
            assertThat(response.complete()).isTrue();
        }
    }

    /** RFC 9110 §9.3.2: HEAD has the fields of GET and no content. */
    @OnEachContainer
    void headKeepsItsLengthAndHasNoContent(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.1 200 OK\r\n\r\n",
                RawOrigin.ok("last"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().exchange(RawClient.request("HEAD", "/api/x") + "\r\n");
            assertThat(response.field("Content-Length")).isEqualTo("12345");
            response = scene.client().exchange(RawClient.request("HEAD", "/api/x") + "\r\n");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.fields("Content-Length")).isEmpty();
            response = scene.client().exchange(RawClient.request("HEAD", "/api/x") + "\r\n");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.fields("Content-Length")).isEmpty();
            assertThat(scene.client().get("/api/x").text()).isEqualTo("last");
        }
    }

    /** RFC 9110 §15.3.5, §8.6: a 204 has no content and MUST NOT have Content-Length. */
    @OnEachContainer
    void noContentStaysNone(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                "HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
                "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
                RawOrigin.ok("last"));
        try (Scene scene = Scene.of(container, origin)) {
            for (int i = 0; i < 2; i++) {
                RawMessage response = scene.client().get("/api/x");
                assertThat(response.status()).isEqualTo(204);
                assertThat(response.has("Content-Length")).isFalse();
                assertThat(response.has("Transfer-Encoding")).isFalse();
            }
            assertThat(scene.client().get("/api/x").text()).isEqualTo("last");
        }
    }

    /** RFC 9110 §15.4.5. Tomcat takes the length off every 304; nothing may put another one there. */
    @OnEachContainer
    void notModifiedKeepsItsFieldsAndHasNoContent(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 12345\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n",
                RawOrigin.ok("last"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x", "If-None-Match: \"x\"");
            assertThat(response.status()).isEqualTo(304);
            assertThat(response.field("ETag")).isEqualTo("\"x\"");
            if (container == Container.JETTY) {
                assertThat(response.field("Content-Length")).isEqualTo("12345");
            } else {
                assertThat(response.fields("Content-Length")).isSubsetOf("12345");
            }
            assertThat(scene.client().get("/api/x").fields("Content-Length")).isEmpty();
            assertThat(scene.client().get("/api/x").text()).isEqualTo("last");
        }
    }

    @OnEachContainer
    void trailersComeDown(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n\r\n3\r\nabc\r\n0\r\n"
                        + "X-Checksum: 123\r\nContent-Length: 99\r\nSet-Cookie: a=b\r\n\r\n",
                RawOrigin.ok("last"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x", "TE: trailers");
            assertThat(response.text()).isEqualTo("abc");
            assertThat(response.trailer("X-Checksum")).isEqualTo("123");
            assertThat(response.trailers()).hasSize(1);
            assertThat(scene.client().get("/api/x").text()).isEqualTo("last");
        }
    }

    @OnEachContainer
    void compressedContentIsNotTouched(Container container) throws IOException {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(zipped)) {
            zip.write("a".repeat(100_000).getBytes(StandardCharsets.ISO_8859_1));
        }
        String content = zipped.toString(StandardCharsets.ISO_8859_1);
        RawOrigin origin = RawOrigin.answering(
                RawOrigin.ok(content, "Content-Encoding: gzip", "Content-Type: text/plain", "Vary: Accept-Encoding"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.field("Content-Encoding")).isEqualTo("gzip");
            assertThat(response.text()).isEqualTo(content);
        }
    }

    @OnEachContainer
    void largeContentArrivesWhole(Container container) throws IOException {
        byte[] content = new byte[16 << 20];
        new java.util.Random(7).nextBytes(content);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + content.length + "\r\n\r\n");
            connection.send(content);
            connection.readToEnd();
        });
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.complete()).isTrue();
            assertThat(response.content()).isEqualTo(content);
        }
    }

    /** Sizes below and above, and at the very edges, of what is read at once. */
    @OnEachContainer
    void allThatHasComeReachesTheClientWhereTheOriginPausesInTheMiddle(Container container) throws IOException {
        for (int first : new int[] {1, 8_000, 32_768, 40_000, 65_536, 100_000}) {
            CountDownLatch firstSeen = new CountDownLatch(1);
            byte[] content = new byte[first + 50_000];
            new java.util.Random(first).nextBytes(content);
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + content.length + "\r\n\r\n");
                connection.send(Arrays.copyOf(content, first));
                await(firstSeen);
                connection.send(Arrays.copyOfRange(content, first, content.length));
            });
            try (Scene scene = Scene.of(container, origin);
                    InputStream received = URI.create(
                                    "http://127.0.0.1:" + scene.app().port() + "/api/x")
                            .toURL()
                            .openStream()) {
                assertThat(received.readNBytes(first)).isEqualTo(Arrays.copyOf(content, first));
                firstSeen.countDown();
                assertThat(received.readAllBytes()).isEqualTo(Arrays.copyOfRange(content, first, content.length));
            }
        }
    }

    @OnEachContainer
    void headReachesTheClientBeforeAnyContentExists(Container container) throws IOException {
        for (String framing : new String[] {"Content-Length: 2", "Transfer-Encoding: chunked", "X: y"}) {
            CountDownLatch headSeen = new CountDownLatch(1);
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n");
                await(headSeen);
                connection.send(framing.startsWith("T") ? "2\r\nok\r\n0\r\n\r\n" : "ok");
            });
            try (Scene scene = Scene.of(container, origin)) {
                scene.client().send(RawClient.request("GET", "/api/x") + "\r\n");
                RawMessage response = scene.client().readResponseHead();
                headSeen.countDown();
                scene.client().readRest(response);
                assertThat(response.text()).as(framing).isEqualTo("ok");
            }
        }
    }

    /** Each event is sent only after the client has seen the one before. */
    @OnEachContainer
    void eventsReachTheClientOneByOne(Container container) throws IOException {
        for (boolean chunked : new boolean[] {true, false}) {
            CountDownLatch[] seen = {new CountDownLatch(1), new CountDownLatch(1), new CountDownLatch(1)};
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                        + (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n"));
                for (int i = 0; i < 3; i++) {
                    String event = "data: " + i + "\n\n";
                    if (chunked) {
                        connection.sendChunk(event);
                    } else {
                        connection.send(event);
                    }
                    await(seen[i]);
                }
                if (chunked) {
                    connection.sendLastChunk();
                }
            });
            try (Scene scene = Scene.of(container, origin)) {
                scene.client().send(RawClient.request("GET", "/api/x") + "\r\n");
                RawMessage response = scene.client().readResponseHead();
                assertThat(response.field("Content-Type")).startsWith("text/event-stream");
                for (int i = 0; i < 3; i++) {
                    assertThat(scene.client().readChunk(response)).isEqualTo("data: " + i + "\n\n");
                    seen[i].countDown();
                }
                assertThat(scene.client().readChunk(response)).isNull();
            }
        }
    }

    /** RFC 9112 §8: what was cut short must not look whole. */
    @OnEachContainer
    void contentThatTheOriginCutsIsCutAtTheClient(Container container) throws IOException {
        String[] starts = {
            "Content-Length: 100\r\n\r\nstart",
            "Content-Length: 100\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nstart\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nsta",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nstart\r\n0\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nstart\r\n0\r\nX-T: y\r\n",
            "Transfer-Encoding: chunked\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nstart\r\nnonsense\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nstart\r\n-1\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nstart\r\nFFFFFFFFFFFFFFFFF\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nstartXX0\r\n\r\n",
        };
        for (String start : starts) {
            for (boolean reset : new boolean[] {false, true}) {
                RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n" + start);
                    if (reset) {
                        connection.reset();
                    }
                });
                try (Scene scene = Scene.of(container, origin)) {
                    assertNotWhole(scene.client(), start + (reset ? " reset" : " closed"));
                }
            }
        }
    }

    @OnEachContainer
    void contentCutAfterMuchOfItIsCutAtTheClient(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + "x".repeat(2_000_000));
        });
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.ending()).isEqualTo(Ending.CUT);
            assertThat(response.status()).isEqualTo(200);
        }
    }

    @OnEachContainer
    void oldClientDoesNotTakeACutForTheEnd(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nstart");
        });
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().exchange("GET /api/x HTTP/1.0\r\n\r\n");
            assertThat(response.status() >= 500 || response.ending() == Ending.CUT)
                    .as(response.toString())
                    .isTrue();
        }
    }

    @OnEachContainer
    void contentThatStallsIsCutAfterTheIdleTimeout(Container container) throws IOException {
        CountDownLatch over = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nstart\r\n");
            await(over);
        });
        try (Scene scene = Scene.of(container, origin, "route.r.timeout.idle=300ms")) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.ending()).isEqualTo(Ending.CUT);
            assertThat(response.text()).isEqualTo("start");
            over.countDown();
        }
    }

    @OnEachContainer
    void progressStartsTheIdleTimeoutAnew(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
            for (int i = 0; i < 8; i++) {
                TimeUnit.MILLISECONDS.sleep(200); // the trickle itself
                connection.send("x");
            }
        });
        try (Scene scene = Scene.of(container, origin, "route.r.timeout.idle=800ms")) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.complete()).isTrue();
            assertThat(response.text()).isEqualTo("xxxxxxxx");
        }
    }

    @OnEachContainer
    void totalTimeoutCutsContentThatKeepsMoving(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true) {
                connection.sendChunk("x");
                TimeUnit.MILLISECONDS.sleep(50); // the trickle itself
            }
        });
        try (Scene scene = Scene.of(
                container,
                origin,
                "route.r.timeout.connect=500ms",
                "route.r.timeout.response=500ms",
                "route.r.timeout.total=1s")) {
            assertThat(scene.client().get("/api/x").ending()).isEqualTo(Ending.CUT);
        }
    }

    @OnEachContainer
    void clientThatLeavesReleasesTheOrigin(Container container) throws Exception {
        RawOrigin.Script events = connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true) {
                connection.sendChunk("data: x\n\n");
                TimeUnit.MILLISECONDS.sleep(50); // the pace of the events
            }
        };
        RawOrigin.Script download = connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
            while (true) {
                connection.send("x".repeat(10_000));
            }
        };
        for (RawOrigin.Script script : List.of(events, download)) {
            for (boolean reset : new boolean[] {false, true}) {
                try (Scene scene = Scene.of(container, RawOrigin.scripted(script))) {
                    RawClient client = scene.connect();
                    client.send(RawClient.request("GET", "/api/x") + "\r\n");
                    client.readResponseHead();
                    if (reset) {
                        client.reset();
                    } else {
                        client.close();
                    }
                    assertThat(scene.origin().connection(0).awaitClosedByPeer(5_000))
                            .isTrue();
                    assertThat(scene.client().get("/other").status()).isEqualTo(200);
                }
            }
        }
    }

    /**
     * RFC 8297: hints come before the final response, and their fields are not its fields. Tomcat writes them into its
     * buffer and sends that with the final response.
     */
    @OnEachContainer
    void earlyHintsReachTheClient(Container container) throws IOException {
        CountDownLatch hinted = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nX-Hint: h\r\n"
                    + "Set-Cookie: a=b\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n");
            if (container == Container.JETTY) {
                await(hinted);
            }
            connection.send(RawOrigin.ok("ok", "X-A: b"));
            connection.readToEnd();
        });
        try (Scene scene = Scene.of(container, origin)) {
            scene.client().send(RawClient.request("GET", "/api/x") + "\r\n");
            RawMessage hint = scene.client().readInterim();
            assertThat(hint.status()).isEqualTo(103);
            assertThat(hint.field("Link")).isEqualTo("</style.css>; rel=preload");
            assertThat(hint.field("X-Hint")).isEqualTo("h");
            assertThat(hint.has("Set-Cookie")).isFalse();
            assertThat(hint.has("X-Hop")).isFalse();
            hinted.countDown();
            RawMessage response = scene.client().readResponse();
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.has("Link")).isFalse();
            assertThat(response.has("X-Hint")).isFalse();
            assertThat(response.field("X-A")).isEqualTo("b");
            assertThat(response.text()).isEqualTo("ok");
        }
    }

    /** RFC 9110 §15.2: a client can get a 1xx before any final response; a gateway MAY drop what it did not ask for. */
    @OnEachContainer
    void otherInterimResponsesDisturbNothing(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
                + "HTTP/1.1 199 Odd\r\nX-Odd: y\r\n\r\n" + RawOrigin.ok("ok"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("ok");
            assertThat(response.has("X-Odd")).isFalse();
            assertThat(scene.client().get("/api/x").text()).isEqualTo("ok");
        }
    }

    /** RFC 9110 §15.2: a server MUST NOT send a 1xx to an HTTP/1.0 client. */
    @OnEachContainer
    void oldClientGetsNoInterimResponse(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" + RawOrigin.ok("ok"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().exchange("GET /api/x HTTP/1.0\r\n\r\n");
            assertThat(response.interim()).isEmpty();
            assertThat(response.text()).isEqualTo("ok");
        }
    }

    private static void assertNotWhole(RawClient client, String what) throws IOException {
        try {
            RawMessage response = client.get("/api/x");
            assertThat(response.ending() == Ending.CUT || response.status() == 502)
                    .as(what + " came as " + response)
                    .isTrue();
        } catch (java.io.EOFException | java.net.SocketException e) {
            // Not even a head: that looks cut as well.
        }
    }

    private static void await(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(10, TimeUnit.SECONDS)) {
            throw new AssertionError("held back");
        }
    }
}
