package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.setup.RouteBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What clients and origins see of limits. */
@Timeout(30)
class LimitsOnTheWireTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @EnumSource
    void oneTooManyIsToldSoAndNeverReachesTheOrigin(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(container, origin, r -> r.rate("2/h"));
                RawClient client = app.connect()) {
            RawMessage first = client.get("/api/x");
            assertThat(first.field("RateLimit-Policy")).isEqualTo("\"route.api\";q=2;w=3600");
            assertThat(first.field("RateLimit")).startsWith("\"route.api\";r=1;t=");
            assertThat(client.get("/api/x").status()).isEqualTo(200);

            RawMessage refused = client.get("/api/x");
            assertThat(refused.status()).isEqualTo(429);
            assertThat(Integer.parseInt(refused.field("Retry-After"))).isBetween(3590, 3600);
            assertThat(refused.field("RateLimit")).startsWith("\"route.api\";r=0;t=");
            assertThat(origin.requests()).isEqualTo(2);
            assertThat(client.get("/page").text()).isEqualTo("app:GET /page");
        }
    }

    @ParameterizedTest
    @EnumSource
    void chunkedContentBeyondTheLimitGets413AndTheOriginSeesItCut(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.scripted(connection -> connection.readRequest());
                AppServer app = app(container, origin, r -> r.requestMaxSize(100_000));
                RawClient client = app.connect()) {
            client.send(RawClient.request("POST", "/api/x", "Transfer-Encoding: chunked") + "\r\n");
            String chunk = "10000\r\n" + "x".repeat(0x10000) + "\r\n";
            client.send(chunk);
            client.send(chunk);
            client.send("0\r\n\r\n");
            assertThat(client.readResponse().status()).isEqualTo(413);
            assertThat(origin.request(0).awaitEnd()).isEqualTo(Ending.CUT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void announcedContentBeyondTheLimitGets413AtOnce(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(container, origin, r -> r.requestMaxSize(100));
                RawClient client = app.connect()) {
            client.send(RawClient.request("POST", "/api/x", "Content-Length: 1000") + "\r\n");
            assertThat(client.readResponse().status()).isEqualTo(413);
            assertThat(origin.connections()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void responseBeyondTheLimitIsRefusedOrCut(Container container) throws IOException {
        String content = "y".repeat(300_000);
        try (RawOrigin origin = RawOrigin.scripted(
                        connection -> {
                            connection.readRequest();
                            connection.send(RawOrigin.ok(content));
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n493e0\r\n" + content
                                    + "\r\n0\r\n\r\n");
                        });
                AppServer app = app(container, origin, r -> r.responseMaxSize(200_000));
                RawClient one = app.connect();
                RawClient two = app.connect()) {
            assertThat(one.get("/api/x").status()).isEqualTo(502);
            RawMessage cut = two.get("/api/x");
            assertThat(cut.status()).isEqualTo(200);
            assertThat(cut.ending()).isEqualTo(Ending.CUT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void fullRouteIsAnswered503AtOnce(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                AppServer app = app(container, origin, r -> r.concurrencyMax(1));
                RawClient one = app.connect();
                RawClient two = app.connect()) {
            one.send(RawClient.request("GET", "/api/1") + "\r\n");
            origin.request(0);
            long start = System.nanoTime();
            RawMessage refused = two.get("/api/2");
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.field("Retry-After")).isEqualTo("1");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    /** What a trusted proxy may hand on of one and the same client: whatever that wrote itself, the proxy's word is last. */
    private static final List<List<String>> SAME_CLIENT = List.of(
            List.of("X-Forwarded-For: 203.0.113.7"),
            List.of("X-Forwarded-For: 6.6.6.1, 203.0.113.7"),
            List.of("X-Forwarded-For: 6.6.6.2", "X-Forwarded-For: 203.0.113.7"),
            List.of("X-Forwarded-For: 203.0.113.7:4711"),
            List.of("X-Forwarded-For: \"203.0.113.7:4711\""),
            List.of("X-Forwarded-For: , ,203.0.113.7, "),
            List.of("X-Forwarded-For: 6.6.6.3,203.0.113.7,10.0.0.9"),
            List.of("X-Forwarded-For: ::ffff:203.0.113.7"),
            List.of("Forwarded: for=6.6.6.4", "X-Forwarded-For: 203.0.113.7"),
            List.of("x-forwarded-for: 203.0.113.7", "X_Forwarded_For: 6.6.6.5", "X-Real-IP: 6.6.6.6"),
            List.of("Forwarded: for=203.0.113.7"),
            List.of("Forwarded: for=6.6.6.7, for=203.0.113.7;proto=https"),
            List.of("Forwarded: for=6.6.6.8", "Forwarded: proto=https;For=\"203.0.113.7:80\""),
            List.of("Forwarded: for=203.0.113.7;host=\"a, for=6.6.6.9\""),
            List.of("Forwarded: for=203.0.113.7;host=\"a\\\", for=6.6.6.10\""),
            List.of("Forwarded: for=\"6.6.6.11", "Forwarded: for=203.0.113.7"));

    private static final List<List<String>> SAME_NETWORK = List.of(
            List.of("X-Forwarded-For: 2001:db8:1:2::1"),
            List.of("X-Forwarded-For: 6.6.6.6, [2001:db8:1:2::99]"),
            List.of("X-Forwarded-For: [2001:DB8:1:2:0:0:0:7]:443"),
            List.of("Forwarded: for=\"[2001:db8:1:2:ffff::1]:80\""),
            List.of("Forwarded: for=\"[2001:db8:0001:0002::]\";by=_x"));

    /** The proxy is all that is known: these share its own budget. */
    private static final List<List<String>> NOBODY = List.of(
            List.of("X-Forwarded-For: 203.0.113.7, unknown"),
            List.of("X-Forwarded-For: 203.0.113.8, _hidden"),
            List.of("X-Forwarded-For: evil.test"),
            List.of("Forwarded: for=\"6.6.6.1, for=203.0.113.7"),
            List.of("Forwarded: for=6.6.6.2;for=6.6.6.3"),
            List.of("Forwarded: proto=https"),
            List.of("X-Forwarded-For: 999.1.1.1"),
            List.of("X-Forwarded-For: 10.0.0.9:x:y"));

    @ParameterizedTest
    @EnumSource
    void noSpellingOfForwardedForGetsASecondBudget(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer trusting = trusting(container, origin, "127.0.0.1", "10.0.0.0/8");
                AppServer wary = trusting(container, origin, "10.0.0.0/8")) {
            for (List<List<String>> spellings : List.of(SAME_CLIENT, SAME_NETWORK, NOBODY)) {
                assertThat(admitted(trusting, spellings)).isEqualTo(1);
            }
            List<List<String>> all = new ArrayList<>();
            List.of(SAME_CLIENT, SAME_NETWORK, NOBODY).forEach(all::addAll);
            assertThat(admitted(wary, all)).isEqualTo(1);
            assertThat(origin.requests()).isEqualTo(4);
        }
    }

    private static AppServer trusting(Container container, RawOrigin origin, String... proxies) {
        return AppServer.on(container)
                .filter(new HeadgateFilter(GatewayBuilder.create()
                        .trustedProxies(proxies)
                        .limit("api", limit -> limit.rate("1/d"))
                        .route("api", r -> r.path("/api/*").to(origin.url()).limits("api"))
                        .build()))
                .start();
    }

    private static int admitted(AppServer app, List<List<String>> requests) throws IOException {
        int admitted = 0;
        try (RawClient client = app.connect()) {
            for (List<String> fields : requests) {
                admitted += client.get("/api/x", fields.toArray(String[]::new)).status() == 200 ? 1 : 0;
            }
        }
        return admitted;
    }

    /** Neither a stored response, nor the origin: the refusal comes first. */
    @ParameterizedTest
    @EnumSource
    void refusedRequestTouchesNeitherStoreNorOrigin(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("hello", "Cache-Control: max-age=600"));
                AppServer app = app(container, origin, r -> r.rate("2/h").cache(true));
                RawClient client = app.connect()) {
            assertThat(client.get("/api/a").text()).isEqualTo("hello");
            assertThat(client.get("/api/a").field("Cache-Status")).contains("hit");

            for (String target : List.of("/api/a", "/api/b")) {
                RawMessage refused = client.get(target);
                assertThat(refused.status()).isEqualTo(429);
                assertThat(refused.field("Cache-Status")).doesNotContain("hit").doesNotContain("stored");
                assertThat(refused.has("Age")).isFalse();
            }
            // Nor does what is refused invalidate what is stored, which RFC 9111 §4.4 wants of one that succeeds.
            assertThat(client.post("/api/a", "x").status()).isEqualTo(429);
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource({"TOMCAT, 0s", "JETTY, 0s", "TOMCAT, 1s", "JETTY, 1s"})
    void storedFreshResponseIsServedWhileUpstreamAndRouteAreFull(Container container, String maxWait)
            throws IOException {
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send(RawOrigin.ok("hello", "Cache-Control: max-age=600"));
                    connection.readRequest();
                    connection.readRequest();
                });
                AppServer app = AppServer.on(container)
                        .filter(new HeadgateFilter(GatewayBuilder.create()
                                .upstream("up", u -> u.origins(origin.url()).concurrencyMax(1))
                                .set("limit.patient.rate", "1000/s")
                                .set("limit.patient.max-wait", maxWait)
                                .route("api", r -> r.path("/api/*")
                                        .to("up")
                                        .limits("patient")
                                        .concurrencyMax(1)
                                        .cache(true))
                                .build()))
                        .start();
                RawClient one = app.connect();
                RawClient two = app.connect();
                RawClient three = app.connect()) {
            assertThat(one.get("/api/a").text()).isEqualTo("hello");
            one.send(RawClient.request("GET", "/api/stalls") + "\r\n");
            origin.request(1);

            assertThat(two.get("/api/other").status()).isEqualTo(503);
            RawMessage stored = three.get("/api/a"); // Tomcat ends a connection with a 503
            assertThat(stored.status()).isEqualTo(200);
            assertThat(stored.field("Cache-Status")).contains("hit");
            assertThat(origin.requests()).isEqualTo(2);
        }
    }

    /** The client has its stale response; a later one tries again. */
    @OnEachContainer
    void cacheValidatesByItselfOnlyWhereAPlaceIsFree(Container container) throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            for (RawMessage request = connection.readRequest(); request != null; request = connection.readRequest()) {
                if (request.target().equals("/api/stalls")) {
                    answer.await();
                }
                boolean again = request.has("If-None-Match");
                connection.send(
                        again
                                ? RawOrigin.ok("new", "Cache-Control: max-age=600")
                                : RawOrigin.ok(
                                        "old", "Cache-Control: max-age=0, stale-while-revalidate=600", "ETag: \"1\""));
            }
        });
        try (Scene scene = Scene.of(
                container,
                origin,
                "route.r.cache=true",
                "upstream.r.concurrency.max=1",
                "upstream.r.queue.length=5",
                "upstream.r.queue.time=1m")) {
            assertThat(scene.client().get("/api/a").text()).isEqualTo("old");
            RawClient stalls = scene.connect();
            stalls.send(RawClient.request("GET", "/api/stalls") + "\r\n");
            origin.request(1);
            for (int i = 0; i < 50; i++) {
                assertThat(scene.client().get("/api/a").text()).isEqualTo("old");
            }
            assertThat(origin.requests()).isEqualTo(2);

            answer.countDown();
            assertThat(stalls.readResponse().status()).isEqualTo(200);
            await().until(() -> scene.client().get("/api/a").text().equals("new"));
            assertThat(origin.requests()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @EnumSource
    void routesThatNameOneLimitShareItsBudget(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(
                        container,
                        "limit.both.rate=3/h",
                        "route.a.path=/a/*",
                        "route.a.to=" + origin.url(),
                        "route.a.limits=both",
                        "route.b.path=/b/*",
                        "route.b.to=" + origin.url(),
                        "route.b.limits=both");
                RawClient client = app.connect()) {
            assertThat(client.get("/a/x").status()).isEqualTo(200);
            assertThat(client.get("/b/x").status()).isEqualTo(200);
            assertThat(client.get("/a/x").status()).isEqualTo(200);
            assertThat(client.get("/b/x").status()).isEqualTo(429);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "TOMCAT, cookie:who, /t/1/x, 'Cookie: who=a', /t/1/x, 'Cookie: who=b'",
        "JETTY, cookie:who, /t/1/x, 'Cookie: who=a', /t/1/x, 'Cookie: who=b'",
        "TOMCAT, path:tenant, /t/1/x, 'A: a', /t/2/x, 'A: a'",
        "JETTY, path:tenant, /t/1/x, 'A: a', /t/2/x, 'A: a'"
    })
    void clientsAreCountedApartByCookieOrPath(
            Container container, String key, String target, String field, String otherTarget, String otherField)
            throws IOException {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(
                        container,
                        "limit.each.rate=1/h",
                        "limit.each.key=" + key,
                        "route.t.path=/t/{tenant}/*",
                        "route.t.to=" + origin.url(),
                        "route.t.limits=each");
                RawClient client = app.connect()) {
            assertThat(client.get(target, field).status()).isEqualTo(200);
            assertThat(client.get(target, field).status()).isEqualTo(429);
            assertThat(client.get(otherTarget, otherField).status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusalIsAPageForPeopleAndAProblemForPrograms(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(
                        container,
                        "limit.one.rate=1/h",
                        "limit.one.status=503",
                        "route.r.path=/api/*",
                        "route.r.to=" + origin.url(),
                        "route.r.limits=one")) {
            try (RawClient client = app.connect()) {
                assertThat(client.get("/api/x").status()).isEqualTo(200);
            }
            try (RawClient client = app.connect()) {
                RawMessage page = client.get("/api/x", "Accept: text/html");
                assertThat(page.status()).isEqualTo(503);
                assertThat(page.field("Content-Type")).startsWith("text/html");
                assertThat(page.text()).contains("<html");
            }
            try (RawClient client = app.connect()) {
                RawMessage problem = client.get("/api/x", "Accept: application/json");
                assertThat(problem.status()).isEqualTo(503);
                assertThat(problem.field("Content-Type")).startsWith("application/problem+json");
                assertThat(problem.text()).contains("\"status\":503");
                assertThat(problem.has("Retry-After")).isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void eachBandwidthIsAnnounced(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(container, origin, r -> r.rate("5/m, 100/h"));
                RawClient client = app.connect()) {
            RawMessage answer = client.get("/api/x");
            assertThat(answer.field("RateLimit-Policy"))
                    .isEqualTo("\"route.api-60s\";q=5;w=60, \"route.api-3600s\";q=100;w=3600");
            assertThat(answer.field("RateLimit")).isEqualTo("\"route.api-60s\";r=4, \"route.api-3600s\";r=99");
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoWaitsForAPlaceIsServedWhenOneIsFree(Container container) throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    while (connection.readRequest() != null) {
                        answer.await();
                        connection.send(RawOrigin.ok("done"));
                    }
                });
                AppServer app = app(
                        container,
                        "route.r.path=/api/*",
                        "route.r.to=" + origin.url(),
                        "route.r.concurrency.max=1",
                        "route.r.queue.length=1",
                        "route.r.queue.time=1m");
                RawClient one = app.connect();
                RawClient two = app.connect()) {
            one.send(RawClient.request("GET", "/api/one") + "\r\n");
            origin.request(0);
            two.send(RawClient.request("GET", "/api/two") + "\r\n");
            await().until(() -> refusedAtOnce(app)); // the queue is taken then
            assertThat(origin.requests()).isEqualTo(1);
            answer.countDown();
            assertThat(one.readResponse().status()).isEqualTo(200);
            assertThat(two.readResponse().status()).isEqualTo(200);
        }
    }

    private static boolean refusedAtOnce(AppServer app) throws IOException {
        try (RawClient third = app.connect()) {
            RawMessage refused = third.get("/api/three");
            assertThat(refused.has("Retry-After")).isTrue();
            return refused.status() == 503;
        }
    }

    @ParameterizedTest
    @EnumSource
    void importantRouteTakesTheTurnOfALessImportantOne(Container container) throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    while (connection.readRequest() != null) {
                        answer.await();
                        connection.send(RawOrigin.ok("done"));
                    }
                });
                AppServer app = app(
                        container,
                        "upstream.up.origins=" + origin.url(),
                        "upstream.up.concurrency.max=1",
                        "upstream.up.queue.length=1",
                        "upstream.up.queue.time=1m",
                        "route.low.path=/low/*",
                        "route.low.to=up",
                        "route.low.priority=low",
                        "route.high.path=/high/*",
                        "route.high.to=up",
                        "route.high.priority=high");
                RawClient one = app.connect();
                RawClient low = app.connect();
                RawClient high = app.connect()) {
            one.send(RawClient.request("GET", "/low/one") + "\r\n");
            origin.request(0);
            low.send(RawClient.request("GET", "/low/two") + "\r\n");
            high.send(RawClient.request("GET", "/high/three") + "\r\n");
            // Whichever of them came first, the important one waits and the other is shed.
            assertThat(low.readResponse().status()).isEqualTo(503);
            answer.countDown();
            assertThat(high.readResponse().status()).isEqualTo(200);
            assertThat(one.readResponse().status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @EnumSource
    void targetsAndHeadsHaveLimits(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(
                        container,
                        "route.r.path=/api/*",
                        "route.r.to=" + origin.url(),
                        "route.r.request.max-target=50",
                        "route.r.request.max-fields=5")) {
            try (RawClient client = app.connect()) {
                assertThat(client.get("/api/x?" + "q".repeat(60)).status()).isEqualTo(414);
            }
            try (RawClient client = app.connect()) {
                assertThat(client.get("/api/x", "A: 1", "B: 2", "C: 3", "D: 4", "E: 5", "F: 6")
                                .status())
                        .isEqualTo(431);
            }
            assertThat(origin.connections()).isZero();
        }
    }

    /** As security filters do: who {@code X-Role} says the user is. */
    private static void signIn(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        chain.doFilter(
                new HttpServletRequestWrapper((HttpServletRequest) request) {
                    @Override
                    public boolean isUserInRole(String role) {
                        return role.equals(getHeader("X-Role"));
                    }
                },
                response);
    }

    @OnEachContainer
    void userOfAnImportantRoleTakesTheTurnOfAnother(Container container) throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            while (connection.readRequest() != null) {
                answer.await();
                connection.send(RawOrigin.ok("done"));
            }
        });
        try (Scene scene = Scene.of(
                AppServer.on(container).filter(LimitsOnTheWireTest::signIn),
                origin,
                "route.r.priority.high-roles=premium gold",
                "route.r.concurrency.max=1",
                "route.r.queue.length=1",
                "route.r.queue.time=1m")) {
            RawClient one = scene.client();
            one.send(RawClient.request("GET", "/api/one") + "\r\n");
            origin.request(0);
            RawClient other = scene.connect();
            other.send(RawClient.request("GET", "/api/two", "X-Role: basic") + "\r\n");
            RawClient premium = scene.connect();
            premium.send(RawClient.request("GET", "/api/three", "X-Role: premium") + "\r\n");
            // Whichever of them came first, the important one waits and the other is shed.
            assertThat(other.readResponse().status()).isEqualTo(503);
            // Among equals who came first keeps the turn.
            RawMessage late = scene.connect().get("/api/four", "X-Role: gold");
            assertThat(late.status()).isEqualTo(503);
            answer.countDown();
            assertThat(premium.readResponse().status()).isEqualTo(200);
            assertThat(one.readResponse().status()).isEqualTo(200);
            assertThat(origin.requests()).isEqualTo(2);
        }
    }

    @OnEachContainer
    void sessionsAreCountedApartAndClientsWithoutOneByAddress(Container container) throws Exception {
        Filter login = (request, response, chain) -> {
            if (((HttpServletRequest) request).getHeader("X-Login") != null) {
                ((HttpServletRequest) request).getSession();
            }
            chain.doFilter(request, response);
        };
        try (Scene scene = Scene.of(
                AppServer.on(container).filter(login),
                RawOrigin.ok(),
                "limit.each.rate=1/h",
                "limit.each.key=session",
                "route.r.limits=each")) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
            assertThat(scene.client()
                            .get("/api/x", "Cookie: JSESSIONID=made-up")
                            .status())
                    .isEqualTo(429);
            for (int i = 0; i < 2; i++) {
                String cookie = scene.client().get("/page", "X-Login: yes").field("Set-Cookie");
                String session = "Cookie: " + cookie.substring(0, cookie.indexOf(';'));
                assertThat(scene.client().get("/api/x", session).status()).isEqualTo(200);
                assertThat(scene.client().get("/api/x", session).status()).isEqualTo(429);
            }
        }
    }

    /** Content is never taken for a request, whether the container reads it to its end or closes. */
    @ParameterizedTest
    @CsvSource({"TOMCAT, false", "JETTY, false", "TOMCAT, true", "JETTY, true"})
    void afterContentBeyondTheLimitTheNextRequestIsAnsweredOrTheConnectionClosed(Container container, boolean chunked)
            throws Exception {
        String content = "GET /api/smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n".repeat(100);
        RawOrigin origin = RawOrigin.scripted(connection -> connection.readRequest());
        try (Scene scene = Scene.of(container, origin, "route.r.request.max-size=1KB")) {
            RawClient client = scene.client();
            String framing = chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + content.length();
            client.send(RawClient.request("POST", "/api/x", framing) + "\r\n");
            if (chunked) {
                client.sendChunk(content);
            }
            RawMessage refused = client.readResponse();
            assertThat(refused.status()).isEqualTo(413);
            RawMessage next = null;
            try {
                client.send(chunked ? "0\r\n\r\n" : content);
                next = client.get("/page");
            } catch (EOFException | SocketException e) {
                assertThat(client.closedByPeer()).isTrue();
            }
            if (next != null) {
                assertThat(next.text()).isEqualTo("app:GET /page");
            }
            assertThat(scene.connect().get("/page").text()).isEqualTo("app:GET /page");
            assertThat(origin.requests()).isLessThanOrEqualTo(chunked ? 1 : 0);
        }
    }

    /** The clock turns while all are at the origin, so that latency is what the test says, however loaded the machine. */
    @OnEachContainer
    void adaptiveLimitGoesDownWhenTheUpstreamSlowsAndUpAgain(Container container) throws Exception {
        AtomicLong clock = new AtomicLong(1);
        Semaphore answers = new Semaphore(0);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    while (connection.readRequest() != null) {
                        answers.acquire();
                        connection.send(RawOrigin.ok("done"));
                    }
                });
                AppServer app = AppServer.on(container)
                        .filter(new HeadgateFilter(
                                GatewayBuilder.create()
                                        .set("status.path", "/status")
                                        .set("status.addresses", "127.0.0.1")
                                        .set("close.grace", "0s")
                                        .set("upstream.up.origins", origin.url())
                                        .set("upstream.up.concurrency.adaptive", "true")
                                        .set("upstream.up.concurrency.min", "12")
                                        .set("upstream.up.concurrency.max", "24")
                                        .set("route.r.path", "/api/*")
                                        .set("route.r.to", "up")
                                        .build(),
                                clock::get))
                        .start();
                RawClient operator = app.connect()) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                clients.add(app.connect());
            }
            int sent = 0;
            List<Integer> places = new ArrayList<>();
            for (long millis : new long[] {10, 200, 10}) {
                for (int round = 0; round < 30; round++) {
                    for (RawClient client : clients) {
                        client.send(RawClient.request("GET", "/api/x") + "\r\n");
                    }
                    sent += clients.size();
                    int all = sent;
                    await().pollInterval(Duration.ofMillis(2)).until(() -> origin.requests() == all);
                    clock.addAndGet(Duration.ofMillis(millis).toNanos());
                    answers.release(clients.size());
                    for (RawClient client : clients) {
                        assertThat(client.readResponse().status()).isEqualTo(200);
                    }
                    clock.addAndGet(Duration.ofMillis(100).toNanos()); // Vegas looks at windows
                }
                places.add(JSON.readTree(operator.get("/status", "Accept: application/json")
                                .content())
                        .at("/limits/places/0/places")
                        .asInt());
            }
            for (RawClient client : clients) {
                client.close();
            }
            assertThat(places).containsExactly(24, 12, 24);
        }
    }

    private static AppServer app(Container container, String... settings) {
        GatewayBuilder builder = GatewayBuilder.create();
        for (String line : settings) {
            builder.set(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
        }
        return AppServer.on(container)
                .filter(new HeadgateFilter(builder.build()))
                .start();
    }

    private static AppServer app(Container container, RawOrigin origin, Consumer<RouteBuilder> limits) {
        return AppServer.on(container)
                .filter(new HeadgateFilter(GatewayBuilder.create()
                        .route("api", r -> {
                            r.path("/api/*").to(origin.url());
                            limits.accept(r);
                        })
                        .build()))
                .start();
    }
}
