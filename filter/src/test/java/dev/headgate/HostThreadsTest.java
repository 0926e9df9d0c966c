package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.headgate.config.ThreadConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.Crowd;
import dev.headgate.testing.H2Client;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.StalledOrigin;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.MDC;
import org.slf4j.helpers.BasicMDCAdapter;

/** The app keeps its threads, and an exchange that leaves them is as good as any other. */
@org.junit.jupiter.api.Timeout(60)
class HostThreadsTest {

    private static final boolean VIRTUAL = Runtime.version().feature() >= 21;

    @ParameterizedTest
    @EnumSource
    void twoThousandClientsWaitAndTheAppAnswersAsEver(Container container) throws Exception {
        try (StalledOrigin origin = StalledOrigin.start();
                AppServer app = AppServer.on(container)
                        .threads(50)
                        .filter(new HeadgateFilter(gateway()
                                .hostThreads(20)
                                .hostThreadsPool(100)
                                .route(
                                        "slow",
                                        r -> r.path("/slow/*").to(origin.url()).timeoutResponse(Duration.ofMinutes(5)))
                                .upstream("slow", u -> u.connectionsMax(10_000))
                                .build()))
                        .start();
                RawClient user = app.connect()) {
            long before = medianOf50(user);

            try (Crowd crowd = new Crowd(app.port(), 2_000, "/slow/x")) {
                if (VIRTUAL) {
                    await().atMost(Duration.ofSeconds(40)).until(() -> origin.waiting() == 2_000);
                    assertThat(crowd.answers()).isEmpty();
                } else {
                    await().atMost(Duration.ofSeconds(40)).until(() -> crowd.answered("HTTP/1.1 503") == 1_880);
                    assertThat(origin.waiting()).isEqualTo(120);
                    assertThat(crowd.answers()).allMatch(answer -> answer.toLowerCase(java.util.Locale.ROOT)
                            .contains("\r\nretry-after: 1\r\n"));
                }

                long during = medianOf50(user);
                assertThat(during).isLessThan(Math.max(Duration.ofMillis(20).toNanos(), 3 * before));
            }
            // The clients are gone, the exchanges are not: their upstream ends with the app.
        }
    }

    @ParameterizedTest
    @EnumSource
    void crowdLargerThanAllThreadsStandsInLineAndIsAnswered(Container container) throws Exception {
        assumeFalse(VIRTUAL, "where threads are virtual there is one for each");
        CountDownLatch go = new CountDownLatch(1);
        try (RawOrigin origin = answeringAfter(go);
                AppServer app = appWithTwentyThreads(container, 2, 3, origin, new MetricRegistry());
                Crowd crowd = new Crowd(app.port(), 100, "/api/x")) {
            await().until(() -> origin.requests() == 5);
            go.countDown();
            await().atMost(Duration.ofSeconds(20)).until(() -> crowd.answers().size() == 100);
            assertThat(crowd.answered("HTTP/1.1 200")).isEqualTo(100);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whoLeavesTheLineIsMissedByNobody(Container container) throws Exception {
        assumeFalse(VIRTUAL, "where threads are virtual there is one for each");
        MetricRegistry registry = new MetricRegistry();
        CountDownLatch go = new CountDownLatch(1);
        try (RawOrigin origin = answeringAfter(go);
                AppServer app = appWithTwentyThreads(container, 1, 1, origin, registry);
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            first.send(RawClient.request("GET", "/api/x") + "\r\n");
            second.send(RawClient.request("GET", "/api/x") + "\r\n");
            await().until(() -> origin.requests() == 2);
            Gauge<?> underWay = (Gauge<?>) registry.getMetrics().get("headgate.headgate.route.api.in-flight");
            try (Crowd leaving = new Crowd(app.port(), 20, "/api/x")) {
                await().until(() -> ((Number) underWay.getValue()).intValue() > 2);
                assertThat(leaving.answered("HTTP/1.1 200")).isZero();
            }
            go.countDown();
            assertThat(first.readResponse().text()).isEqualTo("content");
            assertThat(second.readResponse().text()).isEqualTo("content");
            await().untilAsserted(() ->
                    assertThat(((Number) underWay.getValue()).intValue()).isZero());
            assertThat(first.get("/api/x").text()).isEqualTo("content");
        }
    }

    @ParameterizedTest
    @EnumSource
    void crowdAtAFastUpstreamWaitsOnItsThreadsWhileProcessorsAreBusy(Container container) throws Exception {
        MetricRegistry registry = new MetricRegistry();
        CountDownLatch never = new CountDownLatch(1);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    while (connection.readRequest() != null) {
                        never.await(2, TimeUnit.MILLISECONDS); // so that exchanges meet
                        connection.send(RawOrigin.ok("content"));
                    }
                });
                AppServer app = appWithTwentyThreads(container, 2, 3, origin, registry);
                Load load = new Load(app, 30, "/api/x")) {
            Gauge<?> left = (Gauge<?>) registry.getMetrics().get("headgate.headgate.threads.left");
            await().atMost(Duration.ofSeconds(50)).until(() -> {
                Object before = left.getValue();
                int answers = load.answers.get();
                long start = System.nanoTime(); // what a gauge tells may be half a second old
                await().atMost(Duration.ofSeconds(30))
                        .until(() -> load.answers.get() >= answers + 300
                                && System.nanoTime() - start > TimeUnit.SECONDS.toNanos(2));
                return left.getValue().equals(before);
            });
            assertThat(load.surprises).isEmpty();
        }
    }

    /** Clients that ask one time after the other, on a machine that has nothing left to compute with. */
    private static final class Load implements AutoCloseable {

        final AtomicInteger answers = new AtomicInteger();
        final Queue<Object> surprises = new ConcurrentLinkedQueue<>();
        private final List<Thread> threads = new ArrayList<>();
        private volatile boolean over;

        Load(AppServer app, int clients, String path) {
            for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
                start(() -> {
                    while (!over) {
                        Thread.onSpinWait();
                    }
                });
            }
            for (int i = 0; i < clients; i++) {
                start(() -> {
                    try {
                        while (!over) {
                            ask(app, path);
                        }
                    } catch (IOException e) {
                        surprises.add(e);
                    }
                });
            }
        }

        /** By one connection, which Tomcat ends after 100 requests. */
        private void ask(AppServer app, String path) throws IOException {
            try (RawClient client = app.connect()) {
                for (int i = 0; i < 100 && !over; i++) {
                    RawMessage answer = client.get(path);
                    if (!answer.text().equals("content")) {
                        surprises.add(answer);
                    }
                    answers.incrementAndGet();
                }
            }
        }

        private void start(Runnable work) {
            Thread thread = new Thread(work);
            threads.add(thread);
            thread.start();
        }

        @Override
        public void close() {
            over = true;
            await().until(() -> threads.stream().noneMatch(Thread::isAlive));
        }
    }

    private static AppServer appWithTwentyThreads(
            Container container, int share, int pool, RawOrigin origin, MetricRegistry registry) throws Exception {
        return AppServer.on(container)
                .threads(20)
                .filter(new HeadgateFilter(gateway()
                                .hostThreads(share)
                                .hostThreadsPool(pool)
                                .route("api", r -> r.path("/api/*").to(origin.url()))
                                .build())
                        .metrics(registry))
                .start();
    }

    private static RawOrigin answeringAfter(CountDownLatch go) throws IOException {
        return RawOrigin.scripted(connection -> {
            while (connection.readRequest() != null) {
                go.await(60, TimeUnit.SECONDS);
                connection.send(RawOrigin.ok("content"));
            }
        });
    }

    /** One that does not wait at its end for the exchanges that hold its threads. */
    private static GatewayBuilder gateway() {
        return GatewayBuilder.create().set("close.grace", "0s");
    }

    /** Half of the page's answers come within this time. */
    private static long medianOf50(RawClient user) throws IOException {
        long[] nanos = new long[50];
        for (int i = 0; i < nanos.length; i++) {
            long start = System.nanoTime();
            assertThat(user.get("/page").text()).isEqualTo("app:GET /page");
            nanos[i] = System.nanoTime() - start;
        }
        java.util.Arrays.sort(nanos);
        return nanos[nanos.length / 2];
    }

    @ParameterizedTest
    @EnumSource
    void contentPassesOffThreadBothWays(Container container) throws Exception {
        String content = "0123456789".repeat(20_000);
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                RawOrigin origin = RawOrigin.answering(RawOrigin.ok(content));
                AppServer app = oneThread(container, stalled, origin).start();
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            occupy(first, stalled);

            for (int i = 0; i < 3; i++) {
                RawMessage response = second.post("/api/x", content);
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.text()).isEqualTo(content);
                assertThat(origin.request(i).text()).isEqualTo(content);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void cutChunkedResponseIsCutForTheClient(Container container) throws Exception {
        cut(container, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    }

    @ParameterizedTest
    @EnumSource
    void cutResponseOfKnownLengthIsCutForTheClient(Container container) throws Exception {
        cut(container, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    }

    private static void cut(Container container, String answer) throws Exception {
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send(answer);
                });
                AppServer app = oneThread(container, stalled, origin).start();
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            occupy(first, stalled);

            RawMessage response = second.get("/api/x");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("abc");
            assertThat(response.ending()).isEqualTo(Ending.CUT);
            assertThat(second.closedByPeer()).isTrue();

            // The container is none the worse for it.
            try (RawClient third = app.connect()) {
                assertThat(third.get("/page").text()).isEqualTo("app:GET /page");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusedUpstreamIsAnsweredOffThread(Container container) throws Exception {
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                RawOrigin origin = RawOrigin.ok();
                AppServer app = oneThread(container, stalled, origin).start();
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            occupy(first, stalled);
            origin.refuse();

            assertThat(second.get("/api/x").status()).isEqualTo(502);
            assertThat(second.get("/page").text()).isEqualTo("app:GET /page");
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientThatLeavesReleasesTheUpstream(Container container) throws Exception {
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                    while (true) {
                        connection.send("5\r\ntick\n\r\n");
                        Thread.sleep(5); // the pace of the stream, nobody waits for it
                    }
                });
                AppServer app = oneThread(container, stalled, origin).start();
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            occupy(first, stalled);
            second.send(RawClient.request("GET", "/api/x") + "\r\n");
            RawMessage response = second.readResponseHead();
            second.readChunk(response);
            second.reset();

            await().atMost(Duration.ofSeconds(5)).until(() -> {
                try {
                    origin.connection(0).send("");
                    return origin.connection(0).closedByPeer();
                } catch (IOException e) {
                    return true;
                }
            });
            try (RawClient third = app.connect()) {
                assertThat(third.get("/page").text()).isEqualTo("app:GET /page");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void chainWithoutAsyncIsRefusedAtOnce(Container container) throws Exception {
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                AppServer app = AppServer.on(container)
                        .filter(
                                new HeadgateFilter(gateway()
                                        .hostThreads(1)
                                        .route("slow", r -> r.path("/slow/*").to(stalled.url()))
                                        .build()),
                                false,
                                "/*")
                        .start();
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            occupy(first, stalled);

            RawMessage response = second.get("/slow/y");
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.field("Retry-After")).isEqualTo("1");
            assertThat(stalled.requests()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void loginOfAThreadBoundFilterIsKept(Container container) throws Exception {
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                RawOrigin origin = RawOrigin.ok();
                AppServer app = AppServer.on(container)
                        .filter(new ThreadBoundLogin())
                        .filter(new HeadgateFilter(gateway()
                                .hostThreads(1)
                                .route("slow", r -> r.path("/slow/*").to(stalled.url()))
                                .route("api", r -> r.path("/api/*")
                                        .to(origin.url())
                                        .requestSet("X-User", "${principal}")
                                        .requestSet("X-Admin", "${role.admin}")
                                        .requestSet("X-Cart", "${session.cart}"))
                                .build()))
                        .start();
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            occupy(first, stalled);

            assertThat(second.get("/api/x").status()).isEqualTo(200);
            assertThat(origin.request().field("X-User")).isEqualTo("ada");
            assertThat(origin.request().field("X-Admin")).isEqualTo("true");
            assertThat(origin.request().field("X-Cart")).isEqualTo("three apples");
        }
    }

    /** Knows who is logged in only on the thread that the request came with, as security filters do. */
    private static final class ThreadBoundLogin extends HttpFilter {
        @Override
        protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                throws IOException, ServletException {
            Thread thread = Thread.currentThread();
            if (request.getRequestURI().startsWith("/api")) {
                request.getSession().setAttribute("cart", "three apples");
            }
            chain.doFilter(
                    new HttpServletRequestWrapper(request) {
                        @Override
                        public Principal getUserPrincipal() {
                            return Thread.currentThread() == thread ? () -> "ada" : null;
                        }

                        @Override
                        public boolean isUserInRole(String role) {
                            return Thread.currentThread() == thread && role.equals("admin");
                        }
                    },
                    response);
        }
    }

    @ParameterizedTest
    @EnumSource
    void closingLeavesNoThreadBehind(Container container) throws Exception {
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                RawOrigin origin = RawOrigin.ok()) {
            try (AppServer app = oneThread(container, stalled, origin).start();
                    RawClient first = app.connect();
                    RawClient second = app.connect();
                    RawClient third = app.connect()) {
                occupy(first, stalled);
                assertThat(second.get("/api/x").status()).isEqualTo(200);
                // One more that hangs off-thread while the app ends.
                third.send(RawClient.request("GET", "/slow/2") + "\r\n");
                stalled.request(1);
            }
            List<String> left = new ArrayList<>();
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (thread.getName().startsWith("headgate-")) {
                    left.add(thread.getName());
                }
            }
            assertThat(left).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void cutResponseOverHttp2IsResetOffThread(Container container) throws Exception {
        for (String answer : List.of(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")) {
            try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                        connection.readRequest();
                        connection.readRequest();
                    });
                    RawOrigin origin = RawOrigin.scripted(connection -> {
                        connection.readRequest();
                        connection.send(answer);
                    });
                    AppServer app = oneThread(container, stalled, origin).start();
                    RawClient first = app.connect();
                    H2Client second = H2Client.connect(app.port())) {
                occupy(first, stalled);

                H2Client.Response response = second.exchange("GET", "/api/x", Map.of(), null, Map.of());
                assertThat(response.status()).isEqualTo(200);
                assertThat(response.reset()).as(answer).isNotEqualTo(-1);
                assertThat(second.exchange("GET", "/page", Map.of(), null, Map.of())
                                .text())
                        .isEqualTo("app:GET /page");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void contextClassLoaderGoesAlongOffThread(Container container) throws Exception {
        ClassLoader ofTheApp = new ClassLoader(HostThreadsTest.class.getClassLoader()) {};
        Queue<ClassLoader> seen = new ConcurrentLinkedQueue<>();
        Queue<Thread> threads = new ConcurrentLinkedQueue<>();
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                RawOrigin origin = RawOrigin.ok();
                AppServer app = AppServer.on(container)
                        .filter(new HttpFilter() {
                            @Override
                            protected void doFilter(
                                    HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                                    throws IOException, ServletException {
                                Thread thread = Thread.currentThread();
                                ClassLoader own = thread.getContextClassLoader();
                                thread.setContextClassLoader(ofTheApp);
                                try {
                                    chain.doFilter(request, new HttpServletResponseWrapper(response) {
                                        @Override
                                        public ServletOutputStream getOutputStream() throws IOException {
                                            if (Thread.currentThread() != thread) {
                                                threads.add(Thread.currentThread());
                                                seen.add(Thread.currentThread().getContextClassLoader());
                                            }
                                            return super.getOutputStream();
                                        }
                                    });
                                } finally {
                                    thread.setContextClassLoader(own);
                                }
                            }
                        })
                        .filter(new HeadgateFilter(gateway()
                                .hostThreads(1)
                                .route("slow", r -> r.path("/slow/*").to(stalled.url()))
                                .route("api", r -> r.path("/api/*").to(origin.url()))
                                .build()))
                        .start();
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            occupy(first, stalled);

            assertThat(second.get("/api/x").status()).isEqualTo(200);
            assertThat(threads).isNotEmpty();
            assertThat(seen).containsOnly(ofTheApp);
        }
    }

    /** What earlier filters said for the log is there, and nothing of it stays on a thread that others get. */
    @ParameterizedTest
    @EnumSource
    void diagnosticContextGoesAlongOffThreadAndNoFurther(Container container) throws Exception {
        Queue<Map<String, String>> seen = new ConcurrentLinkedQueue<>();
        Field adapter = MDC.class.getDeclaredField("MDC_ADAPTER");
        adapter.setAccessible(true);
        Object before = adapter.get(null);
        adapter.set(null, new BasicMDCAdapter()); // the tests' logging has none
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                RawOrigin origin = RawOrigin.ok();
                AppServer app = AppServer.on(container)
                        .filter(new HttpFilter() {
                            @Override
                            protected void doFilter(
                                    HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                                    throws IOException, ServletException {
                                Thread thread = Thread.currentThread();
                                String tenant = request.getHeader("X-Tenant");
                                if (tenant != null) {
                                    MDC.put("tenant", tenant);
                                }
                                try {
                                    chain.doFilter(request, new HttpServletResponseWrapper(response) {
                                        @Override
                                        public ServletOutputStream getOutputStream() throws IOException {
                                            if (Thread.currentThread() != thread) {
                                                Map<String, String> context = MDC.getCopyOfContextMap();
                                                seen.add(context == null ? Map.of() : context);
                                            }
                                            return super.getOutputStream();
                                        }
                                    });
                                } finally {
                                    MDC.clear();
                                }
                            }
                        })
                        .filter(new HeadgateFilter(gateway()
                                .hostThreads(1)
                                .hostThreadsPool(1)
                                .route("slow", r -> r.path("/slow/*").to(stalled.url()))
                                .route("api", r -> r.path("/api/*").to(origin.url()))
                                .build()))
                        .start();
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            occupy(first, stalled);

            assertThat(second.get("/api/x", "X-Tenant: acme").status()).isEqualTo(200);
            assertThat(seen).isNotEmpty().allSatisfy(context -> assertThat(context)
                    .containsEntry("tenant", "acme"));
            seen.clear();
            await().until(() -> second.get("/api/x").status() == 200);
            assertThat(seen).isNotEmpty().allSatisfy(context -> assertThat(context)
                    .doesNotContainKey("tenant"));
        } finally {
            adapter.set(null, before);
        }
    }

    @ParameterizedTest
    @EnumSource
    void shareIsAThirdOfTheContainersThreadsUnlessToldOtherwise(Container container) throws Exception {
        // Jetty's pool is larger by the four threads that it keeps for itself.
        int share = container == Container.TOMCAT ? 33 / 3 : 37 / 3;
        AtomicInteger left = new AtomicInteger();
        try (StalledOrigin origin = StalledOrigin.start();
                AppServer app = AppServer.on(container)
                        .threads(33)
                        .filter(new HttpFilter() {
                            @Override
                            protected void doFilter(
                                    HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                                    throws IOException, ServletException {
                                chain.doFilter(request, response);
                                left.incrementAndGet();
                            }
                        })
                        .filter(new HeadgateFilter(gateway()
                                .route("slow", r -> r.path("/slow/*").to(origin.url()))
                                .build()))
                        .start();
                Crowd crowd = new Crowd(app.port(), 20, "/slow/x")) {
            await().atMost(Duration.ofSeconds(20)).until(() -> origin.waiting() == 20);
            await().atMost(Duration.ofSeconds(20)).until(() -> left.get() == 20 - share);
            assertThat(crowd.answers()).isEmpty();
        }
    }

    /** As in a container that shows neither Tomcat's MBeans nor Jetty's thread pool. */
    @Test
    void shareIs64WhereTheContainerDoesNotTellItsSize() {
        ServletContext silent = (ServletContext) Proxy.newProxyInstance(
                HostThreadsTest.class.getClassLoader(),
                new Class<?>[] {ServletContext.class},
                (proxy, called, given) -> {
                    assertThat(called.getName()).isEqualTo("getAttribute");
                    return null;
                });
        try (LogLines log = LogLines.of("dev.headgate.HostThreads", "info");
                HostThreads unknown = new HostThreads(new ThreadConfig(0, 200), "unknown", silent, null, Thread::new);
                HostThreads told = new HostThreads(new ThreadConfig(7, 200), "told", silent, null, Thread::new)) {
            assertThat(unknown.share()).isEqualTo(64);
            assertThat(told.share()).isEqualTo(7);
            assertThat(log.lines())
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .startsWith(
                                            "INFO Headgate 'unknown' holds at most 64 threads of the container, whose"
                                                    + " size is unknown"),
                            line -> assertThat(line)
                                    .startsWith("INFO Headgate 'told' holds at most 7 threads of the container; "));
        }
    }

    @ParameterizedTest
    @EnumSource
    void containerOnVirtualThreadsIsServedInPlace(Container container) throws Exception {
        if (!VIRTUAL) {
            System.err.println("SKIPPED: containerOnVirtualThreadsIsServedInPlace needs Java 21 or later");
        }
        Assumptions.assumeTrue(VIRTUAL, "this Java has no virtual threads");
        Queue<String> threads = new ConcurrentLinkedQueue<>();
        AtomicInteger left = new AtomicInteger();
        try (StalledOrigin origin = StalledOrigin.start();
                AppServer app = AppServer.on(container)
                        .virtualThreads()
                        .filter(new HttpFilter() {
                            @Override
                            protected void doFilter(
                                    HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                                    throws IOException, ServletException {
                                threads.add(Thread.currentThread().toString());
                                chain.doFilter(request, response);
                                left.incrementAndGet();
                            }
                        })
                        .filter(new HeadgateFilter(gateway()
                                .hostThreads(1)
                                .upstream("slow", u -> u.connectionsMax(100))
                                .route("slow", r -> r.path("/slow/*").to(origin.url()))
                                .build()))
                        .start();
                Crowd crowd = new Crowd(app.port(), 50, "/slow/x");
                RawClient user = app.connect()) {
            await().atMost(Duration.ofSeconds(20)).until(() -> origin.waiting() == 50);
            assertThat(threads).hasSize(50).allMatch(thread -> thread.startsWith("VirtualThread["));
            assertThat(left).as("each waits on the thread that it came on").hasValue(0);
            assertThat(crowd.answers()).isEmpty();
            assertThat(user.get("/page").text()).isEqualTo("app:GET /page");
        }
    }

    @ParameterizedTest
    @EnumSource
    void attributesAndSessionGoAlongOffThread(Container container) throws Exception {
        Queue<String> seen = new ConcurrentLinkedQueue<>();
        try (RawOrigin stalled = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.readRequest();
                });
                RawOrigin origin = RawOrigin.ok();
                AppServer app = AppServer.on(container)
                        .filter(new HttpFilter() {
                            @Override
                            protected void doFilter(
                                    HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                                    throws IOException, ServletException {
                                Thread thread = Thread.currentThread();
                                request.setAttribute("tenant", request.getHeader("X-Tenant"));
                                request.getSession().setAttribute("cart", "three apples");
                                chain.doFilter(request, new HttpServletResponseWrapper(response) {
                                    @Override
                                    public ServletOutputStream getOutputStream() throws IOException {
                                        if (Thread.currentThread() != thread) {
                                            seen.add(request.getAttribute("tenant") + ", "
                                                    + request.getSession(false).getAttribute("cart"));
                                        }
                                        return super.getOutputStream();
                                    }
                                });
                            }
                        })
                        .filter(new HeadgateFilter(gateway()
                                .hostThreads(1)
                                .route("slow", r -> r.path("/slow/*").to(stalled.url()))
                                .route("api", r -> r.path("/api/*").to(origin.url()))
                                .build()))
                        .start();
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            occupy(first, stalled);

            assertThat(second.get("/api/x", "X-Tenant: acme").status()).isEqualTo(200);
            assertThat(seen).isNotEmpty().containsOnly("acme, three apples");
            seen.clear();
            assertThat(second.get("/api/x", "X-Tenant: bolt").status()).isEqualTo(200);
            assertThat(seen).isNotEmpty().containsOnly("bolt, three apples");
        }
    }

    /** The containers tell of a stream that is reset by an error of the asynchronous request. */
    @ParameterizedTest
    @EnumSource
    void errorOfTheContainerEndsTheExchangeAndItsUpstream(Container container) throws Exception {
        List<AsyncEvent> errors = new CopyOnWriteArrayList<>();
        Queue<Integer> ended = new ConcurrentLinkedQueue<>();
        try (StalledOrigin stalled = StalledOrigin.start();
                AppServer app = observed(container, listening(errors, 0), stalled, ended);
                RawClient first = app.connect();
                H2Client second = H2Client.connect(app.port())) {
            first.send(RawClient.request("GET", "/slow/1") + "\r\n");
            await().until(() -> stalled.waiting() == 1);
            Runnable reset = second.request("GET", "/slow/2");
            await().until(() -> stalled.waiting() == 2);
            reset.run();

            await().until(() -> stalled.waiting() == 1);
            await().until(() -> ended.size() == 1);
            assertThat(ended).containsExactly(499);
            await().until(() -> errors.size() == 1);
            assertThat(second.exchange("GET", "/page", Map.of(), null, Map.of()).text())
                    .isEqualTo("app:GET /page");
        }
    }

    /** The gateway sets none, but the app may. */
    @ParameterizedTest
    @EnumSource
    void timeLimitOfTheContainerEndsTheExchangeAndItsUpstream(Container container) throws Exception {
        List<AsyncEvent> events = new CopyOnWriteArrayList<>();
        Queue<Integer> ended = new ConcurrentLinkedQueue<>();
        try (StalledOrigin stalled = StalledOrigin.start();
                AppServer app = observed(container, listening(events, 100), stalled, ended);
                RawClient first = app.connect();
                RawClient second = app.connect()) {
            first.send(RawClient.request("GET", "/slow/1") + "\r\n");
            await().until(() -> stalled.waiting() == 1);
            second.send(RawClient.request("GET", "/slow/2") + "\r\n");

            assertThat(second.readResponse().status()).isEqualTo(500);
            await().until(() -> ended.size() == 1);
            await().until(() -> stalled.waiting() == 1);
            try (RawClient third = app.connect()) {
                assertThat(third.get("/page").text()).isEqualTo("app:GET /page");
            }
        }
    }

    /** The app with a filter around a gateway that has one thread of the container's, and tells how exchanges end. */
    private static AppServer observed(
            Container container, HttpFilter around, StalledOrigin stalled, Queue<Integer> ended) throws Exception {
        ExchangeListener statuses = new ExchangeListener() {
            @Override
            public void ended(Exchange exchange) {
                ended.add(exchange.status());
            }
        };
        return AppServer.on(container)
                .filter(around)
                .filter(new HeadgateFilter(
                        gateway()
                                .hostThreads(1)
                                .route("slow", r -> r.path("/slow/*").to(stalled.url()))
                                .build(),
                        statuses))
                .start();
    }

    /** A filter that sees what the container tells of asynchronous requests. */
    private static HttpFilter listening(List<AsyncEvent> errors, long timeoutMillis) {
        return new HttpFilter() {
            @Override
            protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
                    throws IOException, ServletException {
                chain.doFilter(request, response);
                if (!request.isAsyncStarted()) {
                    return;
                }
                if (timeoutMillis > 0) {
                    request.getAsyncContext().setTimeout(timeoutMillis);
                }
                request.getAsyncContext().addListener(new AsyncListener() {
                    @Override
                    public void onError(AsyncEvent event) {
                        errors.add(event);
                    }

                    @Override
                    public void onTimeout(AsyncEvent event) {}

                    @Override
                    public void onComplete(AsyncEvent event) {}

                    @Override
                    public void onStartAsync(AsyncEvent event) {}
                });
            }
        };
    }

    /** The share is one thread, which a request to /slow takes. */
    private static AppServer.Builder oneThread(Container container, RawOrigin stalled, RawOrigin origin) {
        return AppServer.on(container)
                .filter(new HeadgateFilter(gateway()
                        .hostThreads(1)
                        .route("slow", r -> r.path("/slow/*").to(stalled.url()))
                        .route("api", r -> r.path("/api/*").to(origin.url()))
                        .build()));
    }

    private static void occupy(RawClient client, RawOrigin stalled) throws IOException {
        client.send(RawClient.request("GET", "/slow/1") + "\r\n");
        stalled.request(0);
    }
}
