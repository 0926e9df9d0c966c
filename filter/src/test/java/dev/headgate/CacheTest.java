package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.H2Client;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.Principal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The cache on real traffic: what the client gets, and what the origin sees. */
class CacheTest {

    @TempDir
    private Path directory;

    private static final String ON = "route.r.cache=true";

    private static Scene scene(Container container, RawOrigin origin, String... settings) throws Exception {
        List<String> all = new ArrayList<>(List.of(ON));
        all.addAll(List.of(settings));
        return Scene.of(container, origin, all.toArray(String[]::new));
    }

    @OnEachContainer
    void freshResponseIsServedWithoutTheOrigin(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("hello", "Cache-Control: max-age=60", "ETag: \"1\""));
                Scene scene = scene(container, origin)) {
            RawMessage first = scene.client().get("/api/a");
            RawMessage second = scene.client().get("/api/a");

            assertThat(first.text()).isEqualTo("hello");
            assertThat(first.field("Cache-Status")).matches("headgate; fwd=uri-miss; ttl=(59|60); stored");
            assertThat(second.status()).isEqualTo(200);
            assertThat(second.text()).isEqualTo("hello");
            assertThat(second.field("Content-Length")).isEqualTo("5");
            assertThat(second.field("Cache-Status")).startsWith("headgate; hit; ttl=");
            assertThat(second.field("Age")).isEqualTo("0");
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void headAndConditionalRequestsAreAnsweredFromTheStore(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("hello", "Cache-Control: max-age=60", "ETag: \"1\""));
                Scene scene = scene(container, origin)) {
            scene.client().get("/api/a");
            scene.client().send(RawClient.request("HEAD", "/api/a") + "\r\n");
            RawMessage head = scene.client().readResponseToHead();
            RawMessage notModified = scene.client().get("/api/a", "If-None-Match: \"0\", W/\"1\"");

            assertThat(head.status()).isEqualTo(200);
            assertThat(head.field("Content-Length")).isEqualTo("5");
            assertThat(notModified.status()).isEqualTo(304);
            assertThat(notModified.field("ETag")).isEqualTo("\"1\"");
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void rangesAreCutFromWhatIsStored(Container container) throws Exception {
        try (RawOrigin origin =
                        RawOrigin.answering(RawOrigin.ok("0123456789", "Cache-Control: max-age=60", "ETag: \"1\""));
                Scene scene = scene(container, origin)) {
            scene.client().get("/api/a");
            RawMessage middle = scene.client().get("/api/a", "Range: bytes=2-4");
            RawMessage end = scene.client().get("/api/a", "Range: bytes=-3", "If-Range: \"1\"");
            RawMessage changed = scene.client().get("/api/a", "Range: bytes=2-4", "If-Range: \"0\"");
            RawMessage beyond = scene.client().get("/api/a", "Range: bytes=10-");
            RawMessage two = scene.client().get("/api/a", "Range: bytes=0-1,8-8");

            assertThat(middle.status()).isEqualTo(206);
            assertThat(middle.text()).isEqualTo("234");
            assertThat(middle.field("Content-Range")).isEqualTo("bytes 2-4/10");
            assertThat(end.text()).isEqualTo("789");
            assertThat(changed.status()).isEqualTo(200);
            assertThat(changed.text()).isEqualTo("0123456789");
            assertThat(beyond.status()).isEqualTo(416);
            assertThat(beyond.field("Content-Range")).isEqualTo("bytes */10");
            assertThat(two.status()).isEqualTo(206);
            assertThat(two.field("Content-Type")).startsWith("multipart/byteranges; boundary=");
            assertThat(two.text())
                    .contains("Content-Range: bytes 0-1/10\r\n\r\n01\r\n")
                    .contains("8-8/10\r\n\r\n8\r\n");
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void staleResponseIsValidatedAndFreshened(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(
                        RawOrigin.ok("hello", "Cache-Control: max-age=0", "ETag: \"1\"", "X-Kept: 1"),
                        "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\nCache-Control: max-age=60\r\n\r\n");
                Scene scene = scene(container, origin)) {
            scene.client().get("/api/a");
            RawMessage validated = scene.client().get("/api/a");
            RawMessage hit = scene.client().get("/api/a");

            assertThat(origin.requests()).isEqualTo(2);
            assertThat(origin.request(1).field("If-None-Match")).isEqualTo("\"1\"");
            assertThat(validated.status()).isEqualTo(200);
            assertThat(validated.text()).isEqualTo("hello");
            assertThat(validated.field("Cache-Control")).isEqualTo("max-age=60");
            assertThat(validated.field("X-Kept")).isEqualTo("1");
            assertThat(validated.field("Cache-Status")).contains("fwd=stale; fwd-status=304");
            assertThat(hit.field("Cache-Status")).contains("hit");
        }
    }

    @OnEachContainer
    void originThatIsGoneIsCoveredByAStaleResponse(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(
                        connection -> {
                            connection.readRequest();
                            connection.send(RawOrigin.ok("old", "Cache-Control: max-age=0", "ETag: \"1\""));
                        },
                        connection -> connection.readRequest());
                Scene scene = scene(container, origin, "route.r.retry.attempts=1")) {
            scene.client().get("/api/a");
            RawMessage stale = scene.client().get("/api/a");

            assertThat(stale.status()).isEqualTo(200);
            assertThat(stale.text()).isEqualTo("old");
            assertThat(stale.field("Cache-Status")).contains("fwd=stale").contains("detail=connection_terminated");
        }
    }

    @OnEachContainer
    void mustRevalidateForbidsStaleEvenWhenTheOriginIsGone(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(
                        connection -> {
                            connection.readRequest();
                            connection.send(
                                    RawOrigin.ok("old", "Cache-Control: max-age=0, must-revalidate", "ETag: \"1\""));
                        },
                        connection -> connection.readRequest());
                Scene scene = scene(container, origin, "route.r.retry.attempts=1")) {
            scene.client().get("/api/a");
            assertThat(scene.client().get("/api/a").status()).isEqualTo(502);
        }
    }

    @OnEachContainer
    void cutResponseIsNeverStored(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(
                        connection -> {
                            connection.readRequest();
                            connection.send(
                                    "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 100000\r\n\r\nhalf");
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(
                                    "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(RawOrigin.ok("whole", "Cache-Control: max-age=60"));
                        });
                Scene scene = scene(container, origin)) {
            for (int i = 0; i < 2; i++) {
                try (RawClient client = scene.app().connect()) {
                    client.send(RawClient.request("GET", "/api/a") + "\r\n");
                    RawMessage cut = client.readResponseHead();
                    client.readRest(cut);
                    assertThat(cut.complete()).isFalse();
                }
            }
            assertThat(scene.client().get("/api/a").text()).isEqualTo("whole");
        }
    }

    @OnEachContainer
    void fiftyClientsOnAColdKeyMakeOneRequest(Container container) throws Exception {
        crowd(container, "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\n", false);
    }

    @OnEachContainer
    void fiftyClientsOnAStaleKeyMakeOneRequest(Container container) throws Exception {
        crowd(container, "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\n", true);
    }

    /** The origin holds back the second half until every client waits for it. */
    private static void crowd(Container container, String head, boolean stale) throws Exception {
        CountDownLatch all = new CountDownLatch(1);
        int clients = 50;
        // The first connection may not be back in the pool when the crowd comes.
        AtomicBoolean old = new AtomicBoolean(stale);
        RawOrigin.Script slow = connection -> {
            if (old.getAndSet(false) && connection.readRequest() != null) {
                connection.send(RawOrigin.ok("old", "Cache-Control: max-age=0", "ETag: \"1\""));
            }
            while (connection.readRequest() != null) {
                connection.send(head + "01234");
                all.await(10, TimeUnit.SECONDS);
                connection.send("56789");
            }
        };
        ExecutorService threads = Executors.newFixedThreadPool(clients);
        try (RawOrigin origin = RawOrigin.scripted(slow);
                Scene scene = Scene.of(AppServer.on(container).threads(80), origin, ON)) {
            if (stale) {
                scene.client().get("/api/a");
                // Answered on the same connection, so the exchange before it is over and all of it is stored.
                scene.client().get("/other");
            }
            List<Future<RawMessage>> answers = new ArrayList<>();
            CountDownLatch begun = new CountDownLatch(clients);
            for (int i = 0; i < clients; i++) {
                answers.add(threads.submit(() -> {
                    try (RawClient client = scene.app().connect()) {
                        client.send(RawClient.request("GET", "/api/a") + "\r\n");
                        RawMessage answer = client.readResponseHead();
                        begun.countDown();
                        client.readRest(answer);
                        return answer;
                    }
                }));
            }
            // All heads are out while the content is still on its way.
            assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
            all.countDown();
            int collapsed = 0;
            for (Future<RawMessage> each : answers) {
                RawMessage answer = each.get(10, TimeUnit.SECONDS);
                assertThat(answer.text()).isEqualTo("0123456789");
                collapsed += answer.field("Cache-Status").contains("collapsed") ? 1 : 0;
            }
            assertThat(collapsed).isEqualTo(clients - 1);
            assertThat(origin.requests()).isEqualTo(stale ? 2 : 1);
        } finally {
            threads.shutdownNow();
        }
    }

    @OnEachContainer
    void eventStreamIsNeitherDelayedNorStored(Container container) throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nETag: \"1\"\r\n"
                            + "Transfer-Encoding: chunked\r\n\r\n");
                    connection.sendChunk("data: 1\n\n");
                    seen.await(10, TimeUnit.SECONDS);
                    connection.sendChunk("data: 2\n\n");
                    connection.sendLastChunk();
                });
                Scene scene = scene(container, origin)) {
            scene.client().send(RawClient.request("GET", "/api/events") + "\r\n");
            RawMessage events = scene.client().readResponseHead();
            assertThat(scene.client().readChunk(events)).isEqualTo("data: 1\n\n");
            seen.countDown();
            scene.client().readRest(events);
            assertThat(events.text()).endsWith("data: 2\n\n");
            assertThat(events.field("Cache-Status")).isEqualTo("headgate; fwd=uri-miss");

            assertThat(scene.client().get("/api/events").field("Cache-Status")).contains("fwd=uri-miss");
        }
    }

    /** Whatever it is called, and whether it may be stored. */
    @OnEachContainer
    void contentThatTricklesIsNotDelayed(Container container) throws Exception {
        for (String field : List.of(
                "Content-Type: text/plain",
                "Content-Type: text/plain\r\nCache-Control: max-age=60",
                "Content-Type: application/x-ndjson\r\nETag: \"1\"",
                "Content-Type: application/x-ndjson\r\nETag: \"1\"\r\nCache-Control: no-cache")) {
            Semaphore seen = new Semaphore(0);
            try (RawOrigin origin = RawOrigin.scripted(connection -> {
                        connection.readRequest();
                        connection.send("HTTP/1.1 200 OK\r\n" + field + "\r\nTransfer-Encoding: chunked\r\n\r\n");
                        for (int i = 0; i < 3; i++) {
                            // Nothing more is sent until the client has what was.
                            if (!seen.tryAcquire(10, TimeUnit.SECONDS)) {
                                return;
                            }
                            connection.sendChunk("line " + i + "\n");
                        }
                        connection.sendLastChunk();
                    });
                    Scene scene = scene(container, origin)) {
                scene.client().send(RawClient.request("GET", "/api/a") + "\r\n");
                RawMessage answer = scene.client().readResponseHead();
                for (int i = 0; i < 3; i++) {
                    seen.release();
                    assertThat(scene.client().readChunk(answer)).as(field).isEqualTo("line " + i + "\n");
                }
                scene.client().readRest(answer);
                assertThat(answer.complete()).isTrue();
            }
        }
    }

    @OnEachContainer
    void storedContentGoesToTheClientAsItComes(Container container) throws Exception {
        CountDownLatch seen = new CountDownLatch(1);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n");
                    connection.sendChunk("first");
                    seen.await(10, TimeUnit.SECONDS);
                    connection.sendChunk("second");
                    connection.sendLastChunk();
                });
                Scene scene = scene(container, origin)) {
            scene.client().send(RawClient.request("GET", "/api/a") + "\r\n");
            RawMessage answer = scene.client().readResponseHead();
            assertThat(scene.client().readChunk(answer)).isEqualTo("first");
            seen.countDown();
            scene.client().readRest(answer);

            RawMessage hit = scene.client().get("/api/a");
            assertThat(hit.text()).isEqualTo("firstsecond");
            assertThat(hit.field("Cache-Status")).contains("hit");
        }
    }

    @OnEachContainer
    void staleWhileRevalidateAnswersAtOnceAndAsksBehindTheScenes(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(
                        RawOrigin.ok("old", "Cache-Control: max-age=0, stale-while-revalidate=60", "ETag: \"1\""),
                        RawOrigin.ok("new", "Cache-Control: max-age=60", "ETag: \"2\""));
                Scene scene = scene(container, origin)) {
            scene.client().get("/api/a");
            RawMessage stale = scene.client().get("/api/a");
            assertThat(stale.text()).isEqualTo("old");
            assertThat(stale.field("Cache-Status")).contains("hit");
            Awaitility.await()
                    .untilAsserted(() ->
                            assertThat(scene.client().get("/api/a").text()).isEqualTo("new"));
            assertThat(origin.requests()).isEqualTo(2);
            assertThat(origin.request(1).field("If-None-Match")).isEqualTo("\"1\"");
        }
    }

    /** Handing one user's page to another is the worst that a cache can do. */
    @OnEachContainer
    void usersOfTheAppDoNotShareUnlessTheRouteSaysSo(Container container) throws Exception {
        for (boolean shared : new boolean[] {false, true}) {
            try (RawOrigin origin = RawOrigin.answering(
                            RawOrigin.ok("1", "Cache-Control: max-age=60"),
                            RawOrigin.ok("2", "Cache-Control: max-age=60"));
                    Scene scene = Scene.of(
                            AppServer.on(container).filter(CacheTest::signIn),
                            origin,
                            ON,
                            "route.r.cache.share=" + (shared ? "all" : "principal"))) {
                assertThat(scene.client().get("/api/a", "X-User: ann").text()).isEqualTo("1");
                assertThat(scene.client().get("/api/a", "X-User: bob").text()).isEqualTo(shared ? "1" : "2");
                assertThat(scene.client().get("/api/a", "X-User: ann").text()).isEqualTo("1");
            }
        }
    }

    /** The host is part of every key, so by itself it separates hosts only; what the route tells of the user does, too. */
    @OnEachContainer
    void entriesMayBeSeparatedByHostAlone(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(
                        RawOrigin.ok("1", "Cache-Control: max-age=60"),
                        RawOrigin.ok("2", "Cache-Control: max-age=60"));
                Scene scene = Scene.of(
                        AppServer.on(container).filter(CacheTest::signIn), origin, ON, "route.r.cache.share=host")) {
            assertThat(scene.client().get("/api/a", "X-User: ann").text()).isEqualTo("1");
            assertThat(scene.client().get("/api/a", "X-User: bob").text()).isEqualTo("1");
            scene.client().send("GET /api/a HTTP/1.1\r\nHost: other.example\r\nX-User: ann\r\n\r\n");
            assertThat(scene.client().readResponse().text()).isEqualTo("2");
        }
        try (RawOrigin origin = RawOrigin.answering(
                        RawOrigin.ok("1", "Cache-Control: max-age=60"),
                        RawOrigin.ok("2", "Cache-Control: max-age=60"));
                Scene scene = Scene.of(
                        AppServer.on(container).filter(CacheTest::signIn),
                        origin,
                        ON,
                        "route.r.request.set.X-Name=${principal}",
                        "route.r.cache.share=host")) {
            assertThat(scene.client().get("/api/a", "X-User: ann").text()).isEqualTo("1");
            assertThat(scene.client().get("/api/a", "X-User: bob").text()).isEqualTo("2");
        }
    }

    private static void signIn(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String user = ((HttpServletRequest) request).getHeader("X-User");
        chain.doFilter(
                new HttpServletRequestWrapper((HttpServletRequest) request) {
                    @Override
                    public Principal getUserPrincipal() {
                        return () -> user;
                    }
                },
                response);
    }

    @OnEachContainer
    void usersThatATrustedProxyNamesDoNotShareEither(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(
                        RawOrigin.ok("1", "Cache-Control: max-age=60"),
                        RawOrigin.ok("2", "Cache-Control: max-age=60"));
                Scene scene = scene(container, origin, "trusted-proxies=127.0.0.1")) {
            assertThat(scene.client().get("/api/a", "X-Forwarded-User: ann").text())
                    .isEqualTo("1");
            assertThat(scene.client().get("/api/a", "X-Forwarded-User: bob").text())
                    .isEqualTo("2");
            assertThat(scene.client()
                            .get("/api/a", "X-Forwarded-User: ann", "X-Forwarded-For: 192.0.2.1")
                            .text())
                    .isEqualTo("1");
        }
    }

    @OnEachContainer
    void contentOfAGetIsNoPartOfTheKeySoItIsNotStored(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("fat", "Cache-Control: max-age=60"));
                Scene scene = scene(container, origin)) {
            scene.client().send(RawClient.request("GET", "/api/a", "Content-Length: 3") + "\r\nabc");
            assertThat(scene.client().readResponse().text()).isEqualTo("fat");
            scene.client()
                    .send(RawClient.request("GET", "/api/a", "Transfer-Encoding: chunked")
                            + "\r\n3\r\nabc\r\n0\r\n\r\n");
            assertThat(scene.client().readResponse().field("Cache-Status")).isEqualTo("headgate; fwd=bypass");
            assertThat(scene.client().get("/api/a").field("Cache-Status")).contains("fwd=uri-miss");
            assertThat(origin.requests()).isEqualTo(3);

            // Nor is it answered with what is stored.
            scene.client().send(RawClient.request("GET", "/api/a", "Content-Length: 3") + "\r\nabc");
            assertThat(scene.client().readResponse().field("Cache-Status")).isEqualTo("headgate; fwd=bypass");
            assertThat(origin.requests()).isEqualTo(4);
        }
    }

    /** Caches that go by a path's end can be talked into keeping one user's page, and into handing it to another. */
    @OnEachContainer
    void pathThatEndsLikeAStyleSheetIsAPathLikeAnyOther(Container container) throws Exception {
        List<String> paths = List.of("/api/me", "/api/me/x.css", "/api/me?x.css", "/api/me/x.css?");
        try (RawOrigin origin = RawOrigin.ok();
                Scene scene = Scene.of(AppServer.on(container).filter(CacheTest::signIn), origin, ON)) {
            for (String path : paths) {
                for (int i = 0; i < 2; i++) {
                    assertThat(cacheStatus(scene, path, "ann")).as(path).isEqualTo("headgate; fwd=uri-miss");
                }
            }
            assertThat(cacheStatus(scene, "/api/me;x.css", "ann"))
                    .isEqualTo("headgate; fwd=bypass; detail=http_request_error");
        }
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("page", "Cache-Control: max-age=60"));
                Scene scene = Scene.of(AppServer.on(container).filter(CacheTest::signIn), origin, ON)) {
            for (String path : paths) {
                for (String user : List.of("ann", "bob")) {
                    assertThat(cacheStatus(scene, path, user)).as(path).contains("fwd=uri-miss");
                }
            }
        }
    }

    private static String cacheStatus(Scene scene, String path, String user) throws IOException {
        try (RawClient client = scene.app().connect()) {
            return client.get(path, "X-User: " + user).field("Cache-Status");
        }
    }

    @OnEachContainer
    void whatIsOnDiskSurvivesTheApp(Container container) throws Exception {
        String[] disk = {
            "cache.disk-size=32MB", "cache.off-heap-size=4MB", "cache.disk-path=" + directory.resolve(container.name())
        };
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("kept", "Cache-Control: max-age=600"));
                Scene scene = scene(container, origin, disk)) {
            assertThat(scene.client().get("/api/a").text()).isEqualTo("kept");
            Awaitility.await()
                    .until(() ->
                            scene.client().get("/api/a").field("Cache-Status").contains("hit"));
        }
        try (RawOrigin origin = RawOrigin.ok();
                Scene scene = scene(container, origin, disk)) {
            assertThat(scene.client().get("/api/a").text()).isEqualTo("kept");
            assertThat(origin.requests()).isZero();
        }
    }

    @OnEachContainer
    void successfulPostInvalidates(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(
                        RawOrigin.ok("one", "Cache-Control: max-age=60"),
                        RawOrigin.ok("posted"),
                        RawOrigin.ok("two", "Cache-Control: max-age=60"));
                Scene scene = scene(container, origin)) {
            scene.client().get("/api/a");
            RawMessage posted = scene.client().post("/api/a", "x=1");
            assertThat(posted.text()).isEqualTo("posted");
            assertThat(posted.field("Cache-Status")).isEqualTo("headgate; fwd=method");
            assertThat(scene.client().get("/api/a").text()).isEqualTo("two");
        }
    }

    @OnEachContainer
    void onlyIfCachedIsRefusedWithoutAskingTheOrigin(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok();
                Scene scene = scene(container, origin)) {
            RawMessage refused = scene.client().get("/api/a", "Cache-Control: only-if-cached, no-cache");
            assertThat(refused.status()).isEqualTo(504);
            assertThat(origin.requests()).isZero();
        }
    }

    @OnEachContainer
    void partsOfOneRepresentationAreCombined(Container container) throws Exception {
        String part =
                "HTTP/1.1 206 Partial Content\r\nCache-Control: max-age=60\r\nETag: \"1\"\r\nContent-Range: bytes ";
        try (RawOrigin origin = RawOrigin.answering(
                        part + "0-4/10\r\nContent-Length: 5\r\n\r\n01234",
                        part + "5-9/10\r\nContent-Length: 5\r\n\r\n56789");
                Scene scene = scene(container, origin)) {
            assertThat(scene.client().get("/api/a", "Range: bytes=0-4").text()).isEqualTo("01234");
            assertThat(scene.client().get("/api/a", "Range: bytes=1-2").text()).isEqualTo("12");
            assertThat(scene.client().get("/api/a", "Range: bytes=5-9").text()).isEqualTo("56789");
            RawMessage across = scene.client().get("/api/a", "Range: bytes=3-6");
            RawMessage whole = scene.client().get("/api/a");

            assertThat(across.text()).isEqualTo("3456");
            assertThat(whole.status()).isEqualTo(200);
            assertThat(whole.text()).isEqualTo("0123456789");
            assertThat(origin.requests()).isEqualTo(2);
        }
    }

    @OnEachContainer
    void largeContentIsStoredInChunks(Container container) throws Exception {
        String large = "0123456789abcdef".repeat(20_000);
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok(large, "Cache-Control: max-age=60"));
                Scene scene = scene(container, origin)) {
            assertThat(scene.client().get("/api/a").text()).isEqualTo(large);
            assertThat(scene.client().get("/api/a").text()).isEqualTo(large);
            assertThat(scene.client().get("/api/a", "Range: bytes=65530-65545").text())
                    .isEqualTo(large.substring(65530, 65546));
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void purgeIsForThoseWhoMay(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("one", "Cache-Control: max-age=60", "Cache-Tag: t"));
                Scene scene = scene(container, origin, "cache.purge-addresses=127.0.0.1")) {
            scene.client().get("/api/a?x");
            assertThat(scene.client()
                            .exchange(RawClient.request("PURGE", "/api/a?x") + "\r\n")
                            .text())
                    .isEqualTo("Purged: 1\n");
            scene.client().get("/api/a?x");
            assertThat(scene.client()
                            .exchange(RawClient.request("PURGE", "/api/none", "Cache-Tag: t") + "\r\n")
                            .text())
                    .isEqualTo("Purged: 1\n");
            scene.client().get("/api/a?x");
            assertThat(origin.requests()).isEqualTo(3);
        }
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("one", "Cache-Control: max-age=60"));
                Scene scene = scene(container, origin, "cache.purge-addresses=10.0.0.1")) {
            scene.client().get("/api/a");
            assertThat(scene.client()
                            .exchange(RawClient.request("PURGE", "/api/a") + "\r\n")
                            .status())
                    .isEqualTo(403);
            assertThat(scene.client().get("/api/a").field("Cache-Status")).contains("hit");
        }
    }

    @OnEachContainer
    void purgeIsForRolesToo(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("one", "Cache-Control: max-age=60"));
                Scene scene = Scene.of(
                        AppServer.on(container).filter(CacheTest::hasRoles), origin, ON, "cache.purge-roles=ops")) {
            scene.client().get("/api/a");
            scene.client().send(RawClient.request("PURGE", "/api/a", "X-Roles: staff") + "\r\n");
            assertThat(scene.client().readResponse().status()).isEqualTo(403);
            assertThat(scene.client().get("/api/a").field("Cache-Status")).contains("hit");
            scene.client().send(RawClient.request("PURGE", "/api/a", "X-Roles: staff ops") + "\r\n");
            assertThat(scene.client().readResponse().text()).isEqualTo("Purged: 1\n");
            assertThat(scene.client().get("/api/a").field("Cache-Status")).contains("fwd=uri-miss");
        }
    }

    private static void hasRoles(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String roles = String.valueOf(((HttpServletRequest) request).getHeader("X-Roles"));
        chain.doFilter(
                new HttpServletRequestWrapper((HttpServletRequest) request) {
                    @Override
                    public boolean isUserInRole(String role) {
                        return List.of(roles.split(" ")).contains(role);
                    }
                },
                response);
    }

    @OnEachContainer
    void purgeMayBeByPrefixAndMayKeepWhatIsStoredForValidation(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(
                        RawOrigin.ok("one", "Cache-Control: max-age=60", "ETag: \"1\""),
                        RawOrigin.ok("two", "Cache-Control: max-age=60", "ETag: \"1\""),
                        RawOrigin.ok("else", "Cache-Control: max-age=60", "ETag: \"1\""),
                        "HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n");
                Scene scene = scene(container, origin, "cache.purge-addresses=127.0.0.1")) {
            for (String path : List.of("/api/x/1", "/api/x/2", "/api/y")) {
                scene.client().get(path);
            }
            scene.client().send(RawClient.request("PURGE", "/api/x/", "Headgate-Purge: prefix, soft") + "\r\n");
            assertThat(scene.client().readResponse().text()).isEqualTo("Purged: 2\n");
            RawMessage validated = scene.client().get("/api/x/2");
            assertThat(validated.text()).isEqualTo("two");
            assertThat(validated.field("Cache-Status")).contains("fwd=stale; fwd-status=304");
            assertThat(origin.request(3).field("If-None-Match")).isEqualTo("\"1\"");
            assertThat(scene.client().get("/api/y").field("Cache-Status")).contains("hit");
            scene.client().send(RawClient.request("PURGE", "/api/x", "Headgate-Purge: prefix") + "\r\n");
            assertThat(scene.client().readResponse().text()).isEqualTo("Purged: 2\n");
        }
    }

    /** Neither a hit nor forwarded, but on every response of such a route. */
    @OnEachContainer
    void whatTheGatewayAnswersByItselfSaysSoInCacheStatus(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok();
                Scene scene = scene(container, origin, "cache.purge-addresses=127.0.0.1")) {
            scene.client().send(RawClient.request("PURGE", "/api/a") + "\r\n");
            assertThat(scene.client().readResponse().field("Cache-Status")).isEqualTo("headgate; detail=purged");
            scene.client().send(RawClient.request("OPTIONS", "/api/a", "Max-Forwards: 0") + "\r\n");
            assertThat(scene.client().readResponse().field("Cache-Status")).isEqualTo("headgate; detail=max-forwards");
            scene.client().send(RawClient.request("OPTIONS", "/api/a") + "\r\n");
            assertThat(scene.client().readResponse().field("Cache-Status")).isEqualTo("headgate; fwd=method");
        }
        try (RawOrigin origin = RawOrigin.ok();
                Scene scene = scene(container, origin, "cache.purge-addresses=10.0.0.1")) {
            scene.client().send(RawClient.request("PURGE", "/api/a") + "\r\n");
            assertThat(scene.client().readResponse().field("Cache-Status")).isEqualTo("headgate; detail=purge-refused");
        }
    }

    /** RFC 9211 §2. */
    @OnEachContainer
    void failureOfACachedRouteSaysWhyItWasForwarded(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(connection -> connection.readRequest());
                Scene scene = scene(container, origin, "route.r.retry.attempts=1", "route.r.request.max-target=20")) {
            assertThat(scene.client().get("/api/a").field("Cache-Status"))
                    .isEqualTo("headgate; fwd=uri-miss; detail=connection_terminated");
            assertThat(scene.client().get("/api/" + "a".repeat(30)).field("Cache-Status"))
                    .startsWith("headgate; fwd=bypass; detail=");
        }
    }

    @OnEachContainer
    void limitCountsStoredResponsesOnlyWhereItIsToldTo(Container container) throws Exception {
        for (String wait : List.of("", "20ms")) {
            for (boolean counts : new boolean[] {true, false}) {
                List<String> settings = new ArrayList<>(
                        List.of("limit.l.rate=2/h", "limit.l.count-stored=" + counts, "route.r.limits=l"));
                if (!wait.isEmpty()) {
                    settings.add("limit.l.max-wait=" + wait);
                }
                try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("hello", "Cache-Control: max-age=60"));
                        Scene scene = scene(container, origin, settings.toArray(String[]::new))) {
                    scene.client().get("/api/a");
                    scene.client().get("/api/a");
                    assertThat(scene.client().get("/api/a").status())
                            .as("max-wait=%s", wait)
                            .isEqualTo(counts ? 429 : 200);
                }
            }
        }
    }

    @OnEachContainer
    void limitLeavesOutStaleResponsesThatAreValidatedLater(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(
                        RawOrigin.ok("hello", "Cache-Control: max-age=0, stale-while-revalidate=60"));
                Scene scene = scene(
                        container, origin, "limit.l.rate=1/h", "limit.l.count-stored=false", "route.r.limits=l")) {
            for (int i = 0; i < 3; i++) {
                assertThat(scene.client().get("/api/a").status()).isEqualTo(200);
            }
        }
    }

    /** What a request over HTTP/2 lacks, its Content-Length, must not cost it a thread of the share. */
    @Test
    void storedResponseOverHttp2NeedsNoPlaceAtTheUpstream() throws Exception {
        Container container = Container.TOMCAT; // Jetty does not say without a wait whether there is content
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("hello", "Cache-Control: max-age=60"));
                Scene scene =
                        scene(container, origin, "limit.l.rate=1/h", "limit.l.count-stored=false", "route.r.limits=l");
                H2Client client = H2Client.connect(scene.app().port())) {
            for (int i = 0; i < 3; i++) {
                H2Client.Response response = client.exchange("GET", "/api/a", Map.of(), null, Map.of());
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.text()).isEqualTo("hello");
            }
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    /** The content is far more than all buffers between gateway and client hold. */
    @OnEachContainer
    void leaderWhoseClientStopsReadingDoesNotHoldUpItsFollowers(Container container) throws Exception {
        int pieces = 400;
        String piece = "x".repeat(64 * 1024);
        CountDownLatch followed = new CountDownLatch(1);
        RawOrigin.Script script = connection -> {
            while (connection.readRequest() != null) {
                connection.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: "
                        + pieces * piece.length() + "\r\n\r\n");
                for (int i = 0; i < pieces; i++) {
                    connection.send(piece);
                    followed.await(20, TimeUnit.SECONDS);
                }
            }
        };
        try (RawOrigin origin = RawOrigin.scripted(script);
                Scene scene = Scene.of(AppServer.on(container).threads(80), origin, ON)) {
            RawClient leader = scene.client();
            leader.send(RawClient.request("GET", "/api/a") + "\r\n");
            Awaitility.await().until(() -> origin.requests() == 1);
            RawClient follower = scene.connect();
            follower.send(RawClient.request("GET", "/api/a") + "\r\n");
            RawMessage followers = follower.readResponseHead();
            followed.countDown();
            follower.readRest(followers);
            assertThat(followers.field("Cache-Status")).contains("collapsed");
            assertThat(followers.text()).hasSize(pieces * piece.length());

            // It has not lost anything either.
            RawMessage leaders = leader.readResponse();
            assertThat(leaders.text()).isEqualTo(followers.text());
            assertThat(origin.requests()).isEqualTo(1);
            assertThat(scene.connect().get("/api/a").field("Cache-Status")).contains("hit");
        }
    }

    @OnEachContainer
    void leaderThatStopsReadingAndLeavesDoesNotEndItsFollowers(Container container) throws Exception {
        int pieces = 400;
        String piece = "x".repeat(64 * 1024);
        CountDownLatch followed = new CountDownLatch(1);
        CountDownLatch left = new CountDownLatch(1);
        RawOrigin.Script script = connection -> {
            while (connection.readRequest() != null) {
                connection.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: "
                        + pieces * piece.length() + "\r\n\r\n");
                for (int i = 0; i < pieces; i++) {
                    if (i == pieces - 1) {
                        left.await(20, TimeUnit.SECONDS);
                    }
                    connection.send(piece);
                    followed.await(20, TimeUnit.SECONDS);
                }
            }
        };
        try (RawOrigin origin = RawOrigin.scripted(script);
                Scene scene = Scene.of(AppServer.on(container).threads(80), origin, ON)) {
            RawClient leader = scene.client();
            leader.send(RawClient.request("GET", "/api/a") + "\r\n");
            Awaitility.await().until(() -> origin.requests() == 1);
            RawClient follower = scene.connect();
            follower.send(RawClient.request("GET", "/api/a") + "\r\n");
            RawMessage followers = follower.readResponseHead();
            followed.countDown();
            Thread leaves = new Thread(() -> {
                try {
                    leader.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } finally {
                    left.countDown();
                }
            });
            leaves.start();
            follower.readRest(followers);
            leaves.join();
            assertThat(followers.text()).hasSize(pieces * piece.length());
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void followersGetTheRestWhenTheirLeadersClientLeaves(Container container) throws Exception {
        for (int share : new int[] {1, 100}) { // off the container's threads, and on them
            CountDownLatch left = new CountDownLatch(1);
            String piece = "0123456789abcdef".repeat(4096);
            int pieces = 200;
            AtomicBoolean stalled = new AtomicBoolean(true);
            RawOrigin.Script script = connection -> {
                String target = connection.readRequest().target();
                if (target.endsWith("hold")) {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
                    left.await(20, TimeUnit.SECONDS);
                    connection.send("b");
                    return;
                }
                connection.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: "
                        + (long) piece.length() * pieces + "\r\n\r\n" + piece);
                if (stalled.getAndSet(false)) {
                    left.await(20, TimeUnit.SECONDS);
                }
                for (int i = 1; i < pieces; i++) {
                    connection.send(piece);
                }
            };
            try (RawOrigin origin = RawOrigin.scripted(script);
                    Scene scene = scene(container, origin, "host-threads=" + share);
                    RawClient holder = scene.app().connect();
                    RawClient leader = scene.app().connect();
                    RawClient follower = scene.app().connect()) {
                holder.send(RawClient.request("GET", "/api/hold") + "\r\n");
                holder.readResponseHead();
                leader.send(RawClient.request("GET", "/api/a") + "\r\n");
                leader.readResponseHead();
                follower.send(RawClient.request("GET", "/api/a") + "\r\n");
                RawMessage answer = follower.readResponseHead();
                assertThat(answer.field("Cache-Status")).contains("collapsed");
                leader.reset();
                left.countDown();
                follower.readRest(answer);

                assertThat(answer.complete()).isTrue();
                assertThat(answer.text()).hasSize(piece.length() * pieces);
                assertThat(origin.requests()).isEqualTo(2);
                Awaitility.await().untilAsserted(() -> {
                    RawMessage hit = scene.client().get("/api/a");
                    assertThat(hit.field("Cache-Status")).contains("; hit");
                });
            }
        }
    }
}
