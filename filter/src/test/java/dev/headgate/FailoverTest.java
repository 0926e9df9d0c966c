package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/** One of two origins misbehaves: what the client notices of it. The first is asked first. */
class FailoverTest {

    /** Reads one request and hangs up. */
    private static final RawOrigin.Script CUT = connection -> connection.readRequest();

    private static final String UNWELL =
            "HTTP/1.1 503 Unwell\r\nX-From: first\r\nSet-Cookie: from=first\r\nContent-Length: 6\r\n\r\nunwell";

    @OnEachContainer
    void refusedConnectionIsTriedElsewhereWhateverTheMethod(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(container, RawOrigin.ok(), second)) {
            scene.origin().refuse();
            assertThat(scene.client().post("/api/x", "content").text()).isEqualTo("second");
            assertThat(scene.client().get("/api/x").text()).isEqualTo("second");
            assertThat(second.request(0).text()).isEqualTo("content");
        }
    }

    @OnEachContainer
    void getThatIsCutBeforeTheHeadIsTriedElsewhere(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(container, RawOrigin.scripted(CUT), second)) {
            assertThat(scene.client().get("/api/x").text()).isEqualTo("second");
            assertThat(scene.origin().requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void postThatTheOriginMayHaveReceivedIsNotSentAgain(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.ok();
                Scene scene = scene(container, RawOrigin.scripted(CUT), second)) {
            RawMessage response = scene.client().post("/api/x", "content");
            assertThat(response.status()).isEqualTo(502);
            assertThat(response.field("Proxy-Status")).contains("connection_terminated");
            assertThat(second.requests()).isZero();
        }
    }

    @OnEachContainer
    void postIsSentAgainWhereTheRouteSaysSo(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(container, RawOrigin.scripted(CUT), second, "route.r.retry.any-method=true")) {
            assertThat(scene.client().post("/api/x", "content").text()).isEqualTo("second");
            assertThat(second.request().text()).isEqualTo("content");
        }
    }

    @OnEachContainer
    void contentUpTo64KiBIsSentAgain(Container container) throws IOException {
        for (int size : new int[] {1, 16 * 1024, 16 * 1024 + 1, 64 * 1024}) {
            try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                    Scene scene = scene(container, RawOrigin.scripted(CUT), second)) {
                String content = text(size);
                assertThat(put(scene.client(), content).text())
                        .as("%d bytes", size)
                        .isEqualTo("second");
                RawMessage again = second.request();
                assertThat(again.text()).isEqualTo(content);
                assertThat(again.field("Content-Length")).isEqualTo(Integer.toString(size));
            }
        }
    }

    @OnEachContainer
    void largerContentIsSentOnce(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.ok();
                Scene scene = scene(container, RawOrigin.scripted(CUT), second)) {
            assertThat(put(scene.client(), text(64 * 1024 + 1)).status()).isEqualTo(502);
            assertThat(second.requests()).isZero();
        }
    }

    @OnEachContainer
    void chunkedContentIsSentAgain(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(container, RawOrigin.scripted(CUT), second)) {
            RawClient client = scene.client();
            client.send(RawClient.request("PUT", "/api/x", "Transfer-Encoding: chunked") + "\r\n");
            client.sendChunk("one ");
            client.sendChunk("two");
            client.sendLastChunk();
            assertThat(client.readResponse().text()).isEqualTo("second");
            assertThat(second.request().text()).isEqualTo("one two");
        }
    }

    @OnEachContainer
    void statusThatStandsForAFailureIsTriedElsewhereAndLeavesNoTrace(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(
                        container, RawOrigin.answering(UNWELL), second, "route.r.request.set.X-Set=by-the-gateway")) {
            RawMessage response = scene.client().get("/api/x", "X-Given: by-the-client");
            assertThat(response.text()).isEqualTo("second");
            assertThat(response.has("X-From")).isFalse();
            assertThat(response.has("Set-Cookie")).isFalse();
            assertThat(withoutHost(second.request()))
                    .isEqualTo(withoutHost(scene.origin().request()));
        }
    }

    @OnEachContainer
    void statusAnswersAPostAsItIs(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.ok();
                Scene scene = scene(container, RawOrigin.answering(UNWELL), second)) {
            RawMessage response = scene.client().post("/api/x", "content");
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.text()).isEqualTo("unwell");
            assertThat(second.requests()).isZero();
        }
    }

    @OnEachContainer
    void whenAllAreUnwellTheLastAnswerIsPassedOn(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.answering(UNWELL);
                Scene scene = scene(container, RawOrigin.answering(UNWELL), second)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.text()).isEqualTo("unwell");
            assertThat(scene.origin().requests() + second.requests()).isEqualTo(2);
        }
    }

    /** RFC 9110 §10.2.3. */
    @OnEachContainer
    void originThatAsksForRestGetsIt(Container container) throws IOException {
        String unwell = "HTTP/1.1 503 Unwell\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n";
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(container, RawOrigin.answering(unwell), second)) {
            for (int i = 0; i < 6; i++) {
                assertThat(scene.client().get("/api/x").text()).isEqualTo("second");
            }
            assertThat(scene.origin().requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void originThatAnswersWith500IsLeftThoughEveryRequestWasSaved(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(container, RawOrigin.answering(UNWELL), second)) {
            for (int i = 0; i < 40; i++) {
                assertThat(scene.client().get("/api/x").text()).isEqualTo("second");
            }
            assertThat(requestsOf("GET", scene.origin())).isEqualTo(5);
        }
    }

    @OnEachContainer
    void retriesStayWithinTheBudgetInAnOutage(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.scripted(CUT);
                Scene scene = scene(
                        container,
                        RawOrigin.scripted(CUT),
                        second,
                        "upstream.r.retry.budget=20",
                        "upstream.r.retry.budget-least=0")) {
            for (int i = 0; i < 100; i++) {
                assertThat(scene.client().get("/api/x").status()).isEqualTo(502);
            }
            assertThat(requestsOf("GET", scene.origin(), second)).isBetween(110L, 120L);
        }
    }

    @OnEachContainer
    void attemptsEndWithTheirNumber(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.scripted(CUT);
                Scene scene = scene(container, RawOrigin.scripted(CUT), second, "route.r.retry.attempts=4")) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(502);
            assertThat(scene.origin().requests() + second.requests()).isEqualTo(4);
        }
    }

    @OnEachContainer
    void originComesBackThroughATrial(Container container) throws IOException {
        AtomicBoolean well = new AtomicBoolean();
        RawOrigin first = RawOrigin.scripted(connection -> {
            while (connection.readRequest() != null) {
                connection.send(well.get() ? RawOrigin.ok("first") : UNWELL);
            }
        });
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(
                        container,
                        first,
                        second,
                        "upstream.r.health.failures=1",
                        "upstream.r.health.ejection=500ms",
                        "upstream.r.balance.slow-start=0")) {
            assertThat(scene.client().get("/api/x").text()).isEqualTo("second");
            well.set(true);
            assertThat(scene.client().get("/api/x").text()).isEqualTo("second");
            Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> scene.client().get("/api/x").text().equals("first"));
            List<String> answers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                answers.add(scene.client().get("/api/x").text());
            }
            assertThat(answers).containsExactlyInAnyOrder("first", "first", "second", "second");
        }
    }

    /** What a stopped process looks like: its system still takes connections and requests. */
    @OnEachContainer
    void whatWaitsAtAnOriginThatFellSilentIsAnsweredByAnother(Container container) throws Exception {
        AtomicBoolean silent = new AtomicBoolean();
        CountDownLatch over = new CountDownLatch(1);
        RawOrigin first = RawOrigin.scripted(connection -> {
            while (connection.readRequest() != null) {
                if (silent.get()) {
                    over.await(30, TimeUnit.SECONDS);
                    return;
                }
                connection.send(RawOrigin.ok("first"));
            }
        });
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(container, first, second, "upstream.r.health.silence=500ms")) {
            assertThat(scene.client().get("/api/x").text()).isEqualTo("first");
            assertThat(scene.client().get("/api/x").text()).isEqualTo("second");
            silent.set(true);
            List<CompletableFuture<RawMessage>> waiting = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                RawClient client = scene.connect();
                waiting.add(CompletableFuture.supplyAsync(() -> {
                    try {
                        return client.get("/api/x");
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }));
            }
            for (CompletableFuture<RawMessage> response : waiting) {
                assertThat(response.get(15, TimeUnit.SECONDS).text()).isEqualTo("second");
            }
            // It is out: nobody else has to wait.
            long start = System.nanoTime();
            assertThat(scene.client().get("/api/x").text()).isEqualTo("second");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
            over.countDown();
        }
    }

    @OnEachContainer
    void slowAnswerIsNoSilence(Container container) throws IOException {
        AtomicInteger pings = new AtomicInteger();
        RawOrigin first = RawOrigin.scripted(connection -> {
            for (RawMessage request = connection.readRequest(); request != null; request = connection.readRequest()) {
                if (request.method().equals("OPTIONS")) {
                    pings.incrementAndGet();
                } else {
                    TimeUnit.SECONDS.sleep(4); // the slow answer itself
                }
                connection.send(RawOrigin.ok("first"));
            }
        });
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(container, first, second, "upstream.r.health.silence=300ms")) {
            assertThat(scene.client().get("/api/x").text()).isEqualTo("first");
            assertThat(pings).hasPositiveValue();
            assertThat(first.request(1).target()).isEqualTo("*");
        }
    }

    @OnEachContainer
    void cookieBringsTheClientBackAndAForgedOneDoesNot(Container container) throws IOException {
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                Scene scene = scene(
                        container,
                        RawOrigin.answering(RawOrigin.ok("first")),
                        second,
                        "upstream.r.balance=sticky",
                        "upstream.r.balance.secret=a secret that is long enough")) {
            RawMessage welcome = scene.client().get("/api/x");
            String cookie = welcome.field("Set-Cookie").split(";")[0];
            assertThat(welcome.field("Set-Cookie")).contains("; HttpOnly").contains("; SameSite=Lax");
            for (int i = 0; i < 20; i++) {
                RawMessage again = scene.client().get("/api/x", "Cookie: " + cookie);
                assertThat(again.text()).isEqualTo(welcome.text());
                assertThat(again.has("Set-Cookie")).isFalse();
            }
            char last = cookie.charAt(cookie.length() - 1);
            for (String forged : List.of(
                    // No letter: Jetty takes a value that differs from the last one by case only for that one.
                    cookie.substring(0, cookie.length() - 1) + (last == '0' ? '1' : '0'),
                    cookie.substring(0, cookie.lastIndexOf('.')),
                    cookie.substring(0, cookie.indexOf('=')) + "=")) {
                assertThat(scene.client().get("/api/x", "Cookie: " + forged).has("Set-Cookie"))
                        .as(forged)
                        .isTrue();
            }
        }
    }

    @OnEachContainer
    void probesTakeAnOriginOutBeforeAnyUserMeetsItAndEndWithTheApp(Container container) throws Exception {
        AtomicBoolean well = new AtomicBoolean(true);
        RawOrigin first = RawOrigin.scripted(connection -> {
            for (RawMessage request = connection.readRequest(); request != null; request = connection.readRequest()) {
                boolean probe = request.target().equals("/health");
                connection.send(probe && !well.get() ? UNWELL : RawOrigin.ok(probe ? "status: UP" : "first"));
            }
        });
        RawOrigin second = RawOrigin.scripted(connection -> {
            for (RawMessage request = connection.readRequest(); request != null; request = connection.readRequest()) {
                connection.send(RawOrigin.ok(request.target().equals("/health") ? "status: UP" : "second"));
            }
        });
        try (second;
                Scene scene = scene(
                        container,
                        first,
                        second,
                        "name=probing-" + container,
                        "upstream.r.balance.slow-start=0",
                        "upstream.r.health.probe=http",
                        "upstream.r.health.path=/health",
                        "upstream.r.health.text=UP",
                        "upstream.r.health.host=health.test",
                        "upstream.r.health.fields=X-Probe=yes",
                        "upstream.r.health.status=200",
                        "upstream.r.health.interval=100ms",
                        "upstream.r.health.timeout=90ms")) {
            RawMessage probe = first.request(0);
            assertThat(probe.field("Host")).isEqualTo("health.test");
            assertThat(probe.field("X-Probe")).isEqualTo("yes");
            well.set(false);
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> both(scene)
                    .equals(List.of("second", "second")));
            well.set(true);
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> both(scene)
                    .contains("first"));
            assertThat(threads("headgate-probing-" + container + "-housekeeping"))
                    .isNotEmpty();
        }
        assertThat(threads("headgate-probing-" + container)).isEmpty();
    }

    private static List<String> both(Scene scene) throws IOException {
        return List.of(
                scene.client().get("/api/x").text(),
                scene.client().get("/api/x").text());
    }

    private static List<String> threads(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith(prefix))
                .toList();
    }

    private static Scene scene(Container container, RawOrigin first, RawOrigin second, String... settings)
            throws IOException {
        String[] all = Arrays.copyOf(settings, settings.length + 2);
        all[settings.length] = "route.r.to=" + first.url() + " " + second.url();
        all[settings.length + 1] = "route.r.retry.backoff=0";
        boolean balanced = Arrays.stream(settings).anyMatch(line -> line.startsWith("upstream.r.balance="));
        if (!balanced) {
            all = Arrays.copyOf(all, all.length + 1);
            all[all.length - 1] = "upstream.r.balance=round-robin";
        }
        return Scene.of(container, first, all);
    }

    private static RawMessage put(RawClient client, String content) throws IOException {
        return client.exchange(
                RawClient.request("PUT", "/api/x", "Content-Length: " + content.length()) + "\r\n" + content);
    }

    private static long requestsOf(String method, RawOrigin... origins) {
        long count = 0;
        for (RawOrigin origin : origins) {
            for (int i = 0; i < origin.requests(); i++) {
                count += origin.request(i).method().equals(method) ? 1 : 0;
            }
        }
        return count;
    }

    private static String text(int size) {
        return "0123456789abcdef".repeat(size / 16 + 1).substring(0, size);
    }

    private static List<String> withoutHost(RawMessage request) {
        return request.fieldLines().stream()
                .filter(line -> !line.startsWith("Host:"))
                .toList();
    }
}
