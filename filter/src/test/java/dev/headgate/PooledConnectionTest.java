package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Connections to the origin are kept, and none ever carries one client's bytes to another. */
class PooledConnectionTest {

    private static final String EVIL = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";

    @OnEachContainer
    void connectionIsUsedAgain(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            // On one connection of the client's: another could be answered before the first exchange has let go.
            for (int i = 0; i < 5; i++) {
                assertThat(scene.client().get("/api/x").text()).isEqualTo("ok");
                assertThat(scene.client().post("/api/x", "content").text()).isEqualTo("ok");
            }
            assertThat(scene.origin().connections()).isEqualTo(1);
        }
    }

    /** The next client would take them for its own answer. */
    @OnEachContainer
    void surplusBytesNeverReachTheNextClient(Container container) throws IOException {
        String[] poisoned = {
            RawOrigin.ok("ok") + EVIL,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok!",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + EVIL,
            "HTTP/1.1 204 No Content\r\n\r\n" + EVIL,
            "HTTP/1.1 304 Not Modified\r\nContent-Length: " + EVIL.length() + "\r\n\r\n" + EVIL,
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + EVIL,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n",
        };
        for (String response : poisoned) {
            RawOrigin origin = RawOrigin.answering(response, RawOrigin.ok("mine"));
            try (Scene scene = Scene.of(container, origin)) {
                RawMessage first = scene.connect().get("/api/x");
                assertThat(first.text()).isIn("ok", "");
                assertThat(scene.connect().get("/api/y").text()).as(response).isEqualTo("mine");
                assertThat(origin.connections()).as(response).isEqualTo(2);
            }
        }
    }

    /** Where more has been read from the connection at once than the response is long. */
    @OnEachContainer
    void surplusBytesBehindMuchContentNeverReachTheNextClient(Container container) throws IOException {
        for (int size : new int[] {600, 3_000, 7_000, 8_100, 9_000}) {
            String content = "x".repeat(size);
            String chunk = Integer.toHexString(size) + "\r\n" + content + "\r\n0\r\n\r\n";
            for (String response :
                    List.of(RawOrigin.ok(content), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)) {
                RawOrigin origin = RawOrigin.answering(response + EVIL, RawOrigin.ok("mine"));
                try (Scene scene = Scene.of(container, origin)) {
                    assertThat(scene.connect().get("/api/x").text()).isEqualTo(content);
                    assertThat(scene.connect().get("/api/y").text()).isEqualTo("mine");
                    assertThat(origin.connections()).as("%d bytes", size).isEqualTo(2);
                }
            }
        }
    }

    @OnEachContainer
    void contentAfterAnAnswerToHeadNeverReachesTheNextClient(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                "HTTP/1.1 200 OK\r\nContent-Length: " + EVIL.length() + "\r\n\r\n" + EVIL, RawOrigin.ok("mine"));
        try (Scene scene = Scene.of(container, origin)) {
            scene.client().exchange(RawClient.request("HEAD", "/api/x") + "\r\n");
            assertThat(scene.connect().get("/api/y").text()).isEqualTo("mine");
        }
    }

    @OnEachContainer
    void bytesThatComeWhileTheConnectionIsIdleNeverReachTheNextClient(Container container) throws Exception {
        CountDownLatch answered = new CountDownLatch(1);
        CountDownLatch poisoned = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(
                connection -> {
                    connection.readRequest();
                    connection.send(RawOrigin.ok("ok"));
                    answered.await();
                    connection.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\n\r\nevil");
                    poisoned.countDown();
                    connection.readToEnd();
                },
                connection -> {
                    connection.readRequest();
                    connection.send(RawOrigin.ok("mine"));
                    connection.readToEnd();
                });
        try (Scene scene = Scene.of(container, origin)) {
            assertThat(scene.client().get("/api/x").text()).isEqualTo("ok");
            answered.countDown();
            assertThat(poisoned.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(scene.connect().get("/api/y").text()).isEqualTo("mine");
        }
    }

    @OnEachContainer
    void connectionThatTheOriginWillCloseIsNotUsedAgain(Container container) throws IOException {
        String[] closing = {
            RawOrigin.ok("ok", "Connection: close"),
            RawOrigin.ok("ok", "Connection: x, Close"),
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        };
        for (String response : closing) {
            RawOrigin origin = RawOrigin.answering(response);
            try (Scene scene = Scene.of(container, origin)) {
                assertThat(scene.client().get("/api/x").text()).isEqualTo("ok");
                assertThat(scene.client().get("/api/x").text()).isEqualTo("ok");
                assertThat(origin.connections()).as(response).isEqualTo(2);
            }
        }
    }

    @OnEachContainer
    void postSucceedsOnceAfterTheOriginClosedTheIdleConnection(Container container) throws Exception {
        requestSucceedsAfterTheOriginClosedTheIdleConnection(container, "POST", "one");
    }

    /** Nobody made sure that the connection is open; a second one is no second attempt, and does not count against it. */
    @OnEachContainer
    void getSucceedsWithoutARetryAfterTheOriginClosedTheIdleConnection(Container container) throws Exception {
        requestSucceedsAfterTheOriginClosedTheIdleConnection(container, "GET", "");
    }

    private static void requestSucceedsAfterTheOriginClosedTheIdleConnection(
            Container container, String method, String content) throws Exception {
        for (boolean reset : new boolean[] {false, true}) {
            CountDownLatch answered = new CountDownLatch(1);
            CountDownLatch closed = new CountDownLatch(1);
            RawOrigin origin = RawOrigin.scripted(
                    connection -> {
                        connection.readRequest();
                        connection.send(RawOrigin.ok("first"));
                        answered.await();
                        if (reset) {
                            connection.reset();
                        } else {
                            connection.close();
                        }
                        closed.countDown();
                    },
                    connection -> {
                        connection.readRequest();
                        connection.send(RawOrigin.ok("second"));
                        connection.readToEnd();
                    });
            try (Scene scene =
                    Scene.of(container, origin, "route.r.retry.attempts=1", "upstream.r.health.failures=1")) {
                assertThat(scene.client().get("/api/x").text()).isEqualTo("first");
                answered.countDown();
                assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
                RawMessage response = method.equals("GET")
                        ? scene.client().get("/api/order")
                        : scene.client().post("/api/order", content);
                assertThat(response.text()).isEqualTo("second");
                assertThat(origin.requests()).isEqualTo(2);
                assertThat(origin.request(1).text()).isEqualTo(content);
            }
        }
    }

    /** RFC 9110 §9.2.2: a proxy MUST NOT automatically retry non-idempotent requests. */
    @OnEachContainer
    void postThatTheOriginMayHaveReceivedIsNotSentAgain(Container container) throws Exception {
        RawOrigin origin = RawOrigin.scripted(
                connection -> {
                    connection.readRequest();
                    connection.send(RawOrigin.ok("first"));
                    connection.readRequest(); // and gone
                },
                connection -> {
                    connection.readRequest();
                    connection.send(RawOrigin.ok("twice"));
                });
        try (Scene scene = Scene.of(container, origin)) {
            assertThat(scene.client().get("/api/x").text()).isEqualTo("first");
            assertThat(scene.client().post("/api/order", "one").status()).isEqualTo(502);
            assertThat(origin.requests()).isEqualTo(2);
        }
    }

    @OnEachContainer
    void connectionWithUnreadContentIsNotUsedAgain(Container container) throws Exception {
        CountDownLatch left = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(
                connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n" + "x".repeat(10_000));
                    left.await();
                    while (true) {
                        connection.send("x".repeat(10_000));
                    }
                },
                connection -> {
                    connection.readRequest();
                    connection.send(RawOrigin.ok("mine"));
                });
        try (Scene scene = Scene.of(container, origin)) {
            RawClient leaver = scene.connect();
            leaver.send(RawClient.request("GET", "/api/x") + "\r\n");
            leaver.readResponseHead();
            leaver.reset();
            left.countDown();
            assertThat(origin.connection(0).awaitClosedByPeer(5_000)).isTrue();
            assertThat(scene.client().get("/api/y").text()).isEqualTo("mine");
        }
    }

    /** The rest of the upload would be the next request's head. */
    @OnEachContainer
    void connectionOfAnAbandonedUploadIsNotUsedAgain(Container container) throws Exception {
        RawOrigin origin = RawOrigin.scripted(
                connection -> {
                    connection.readRequestHead();
                    connection.send(RawOrigin.ok("early"));
                    connection.readToEnd();
                },
                connection -> {
                    connection.readRequest();
                    connection.send(RawOrigin.ok("mine"));
                });
        try (Scene scene = Scene.of(container, origin)) {
            RawClient uploader = scene.connect();
            uploader.send(RawClient.request("POST", "/api/x", "Expect: 100-continue", "Content-Length: 1000") + "\r\n");
            assertThat(uploader.readResponse().text()).isEqualTo("early");
            assertThat(scene.connect().get("/api/y").text()).isEqualTo("mine");
            assertThat(origin.connections()).isEqualTo(2);
        }
    }

    @OnEachContainer
    void leaseThatTakesTooLongGets503(Container container) throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            over.await();
            connection.send(RawOrigin.ok("late"));
            connection.readToEnd();
        });
        try (Scene scene = Scene.of(
                container, origin, "upstream.r.connections.max=1", "upstream.r.connections.lease-timeout=200ms")) {
            RawClient holder = scene.connect();
            holder.send(RawClient.request("GET", "/api/x") + "\r\n");
            origin.request(0);
            RawMessage refused = scene.client().get("/api/y");
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.field("Retry-After")).isEqualTo("1");
            over.countDown();
            assertThat(holder.readResponse().text()).isEqualTo("late");
            assertThat(origin.connections()).isEqualTo(1);
        }
    }
}
