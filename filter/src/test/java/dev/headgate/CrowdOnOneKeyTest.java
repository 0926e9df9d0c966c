package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.Crowd;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Timeout;

/** Very many requests for the same thing at once: those who wait for another one need no thread for it. */
@Timeout(120)
class CrowdOnOneKeyTest {

    private static final int CLIENTS = 500;

    /** Far fewer threads than clients, in the container as in the gateway. */
    private static Scene scene(Container container, RawOrigin origin, String... settings) throws Exception {
        List<String> all = new ArrayList<>(List.of(
                "route.r.cache=true", "host-threads=4", "host-threads.pool=4", "route.r.cache.collapse-wait=60s"));
        all.addAll(List.of(settings));
        return Scene.of(AppServer.on(container).threads(20), origin, all.toArray(String[]::new));
    }

    @OnEachContainer
    void fiveHundredClientsOnAColdKeyAreOneRequestAndAllAreServed(Container container) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    while (connection.readRequest() != null) {
                        go.await(60, TimeUnit.SECONDS);
                        connection.send(RawOrigin.ok("content", "Cache-Control: max-age=60"));
                    }
                });
                Scene scene = scene(container, origin, "name=crowd");
                Crowd crowd = new Crowd(scene.app().port(), CLIENTS, "/api/a")) {
            await().until(() -> origin.requests() == 1);
            // All but the one that fetches; what is under way when the client's connection is accepted comes late.
            ObjectName gateway = new ObjectName("dev.headgate:type=Gateway,gateway=crowd,*");
            MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            ObjectName bean = server.queryNames(gateway, null).iterator().next();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> (int) server.getAttribute(bean, "ThreadsParked") > CLIENTS - 20);
            // The app has its threads while all of them wait.
            assertThat(scene.client().get("/page").status()).isEqualTo(200);
            go.countDown();
            await().atMost(Duration.ofSeconds(60)).until(() -> crowd.answers().size() == CLIENTS);
            assertThat(crowd.answered("HTTP/1.1 200")).isEqualTo(CLIENTS);
            await().until(() -> crowd.answers().stream().allMatch(answer -> answer.endsWith("content")));
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void fiveHundredClientsOnAStaleKeyAreOneRequestAndAllAreServed(Container container) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        AtomicBoolean old = new AtomicBoolean(true);
        RawOrigin.Script script = connection -> {
            if (old.getAndSet(false) && connection.readRequest() != null) {
                connection.send(RawOrigin.ok("content", "Cache-Control: max-age=0", "ETag: \"1\""));
            }
            while (connection.readRequest() != null) {
                go.await(60, TimeUnit.SECONDS);
                connection.send("HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: \"1\"\r\n\r\n");
            }
        };
        try (RawOrigin origin = RawOrigin.scripted(script);
                Scene scene = scene(container, origin)) {
            scene.client().get("/api/a");
            scene.client().get("/page"); // the exchange before is over then, and stored
            try (Crowd crowd = new Crowd(scene.app().port(), CLIENTS, "/api/a")) {
                await().until(() -> origin.requests() == 2);
                assertThat(scene.client().get("/page").status()).isEqualTo(200);
                go.countDown();
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> crowd.answers().size() == CLIENTS);
                assertThat(crowd.answered("HTTP/1.1 200")).isEqualTo(CLIENTS);
                await().until(() -> crowd.answers().stream().allMatch(answer -> answer.endsWith("content")));
                assertThat(origin.requests()).isEqualTo(2);
            }
        }
    }

    /** On Java 17 there are not threads enough for all to stream along: the others get it once it is stored. */
    @OnEachContainer
    void contentThatTakesItsTimeReachesAllOfThem(Container container) throws Exception {
        CountDownLatch rest = new CountDownLatch(1);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    while (connection.readRequest() != null) {
                        connection.send(
                                "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\n01234");
                        rest.await(60, TimeUnit.SECONDS);
                        connection.send("56789");
                    }
                });
                Scene scene = scene(container, origin);
                Crowd crowd = new Crowd(scene.app().port(), CLIENTS, "/api/a")) {
            await().until(() -> crowd.answers().size() >= 4);
            assertThat(scene.client().get("/page").status()).isEqualTo(200);
            rest.countDown();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> crowd.answers().stream()
                                    .filter(answer -> answer.endsWith("0123456789"))
                                    .count()
                            == CLIENTS);
            assertThat(origin.requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void whoHasWaitedLongEnoughAsksForItself(Container container) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        AtomicBoolean first = new AtomicBoolean(true);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    while (connection.readRequest() != null) {
                        if (first.getAndSet(false)) {
                            go.await(60, TimeUnit.SECONDS);
                        }
                        connection.send(RawOrigin.ok("content", "Cache-Control: max-age=60"));
                    }
                });
                Scene scene = scene(container, origin, "route.r.cache.collapse-wait=100ms")) {
            RawClient leader = scene.connect();
            leader.send(RawClient.request("GET", "/api/a") + "\r\n");
            await().until(() -> origin.requests() == 1);
            assertThat(scene.client().get("/api/a").text()).isEqualTo("content");
            assertThat(origin.requests()).isEqualTo(2);
            go.countDown();
            assertThat(leader.readResponse().text()).isEqualTo("content");
        }
    }

    @OnEachContainer
    void whoHasWaitedLongEnoughForTheFirstBytesAsksForItself(Container container) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        AtomicBoolean first = new AtomicBoolean(true);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    while (connection.readRequest() != null) {
                        connection.send("HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 7\r\n\r\n");
                        if (first.getAndSet(false)) {
                            go.await(60, TimeUnit.SECONDS);
                        }
                        connection.send("content");
                    }
                });
                Scene scene = scene(container, origin, "route.r.cache.collapse-wait=100ms")) {
            RawClient leader = scene.connect();
            leader.send(RawClient.request("GET", "/api/a") + "\r\n");
            RawMessage leaders = leader.readResponseHead();
            RawMessage answer = scene.client().get("/api/a");
            assertThat(answer.text()).isEqualTo("content");
            assertThat(answer.field("Cache-Status")).doesNotContain("collapsed");
            assertThat(origin.requests()).isEqualTo(2);
            go.countDown();
            leader.readRest(leaders);
            assertThat(leaders.text()).isEqualTo("content");
        }
    }

    @OnEachContainer
    void whoLeavesWhileItWaitsIsLetGoAndTheOthersAreServed(Container container) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        MetricRegistry registry = new MetricRegistry();
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
            while (connection.readRequest() != null) {
                go.await(60, TimeUnit.SECONDS);
                connection.send(RawOrigin.ok("content", "Cache-Control: max-age=60"));
            }
        })) {
            HeadgateFilter gateway = new HeadgateFilter(GatewayBuilder.create()
                            .set("route.r.path", "/api/*")
                            .set("route.r.to", origin.url())
                            .set("route.r.cache", "true")
                            .set("route.r.cache.collapse-wait", "60s")
                            .set("host-threads", "4")
                            .set("host-threads.pool", "4")
                            .set("start-check", "false")
                            .set("close.grace", "0s")
                            .build())
                    .metrics(registry);
            try (Scene scene =
                    Scene.assembled(AppServer.on(container).threads(20).filter(gateway), origin)) {
                Gauge<?> underWay = (Gauge<?>) registry.getMetrics().get("headgate.headgate.route.r.in-flight");
                scene.client().send(RawClient.request("GET", "/api/a") + "\r\n");
                await().until(() -> origin.requests() == 1);
                try (Crowd leaving = new Crowd(scene.app().port(), 50, "/api/a")) {
                    await().until(() -> ((Number) underWay.getValue()).intValue() == 51);
                    assertThat(leaving.answers()).isEmpty();
                }
                RawClient staying = scene.connect();
                staying.send(RawClient.request("GET", "/api/a") + "\r\n");
                go.countDown();
                assertThat(staying.readResponse().text()).isEqualTo("content");
                assertThat(scene.client().readResponse().text()).isEqualTo("content");
                await().untilAsserted(() ->
                        assertThat(((Number) underWay.getValue()).intValue()).isZero());
                assertThat(origin.requests()).isEqualTo(1);
            }
        }
    }

    @OnEachContainer
    void whatNobodyMayShareIsFetchedByEach(Container container) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    while (connection.readRequest() != null) {
                        go.await(60, TimeUnit.SECONDS);
                        connection.send(RawOrigin.ok("content", "Cache-Control: private"));
                    }
                });
                Scene scene = scene(container, origin);
                Crowd crowd = new Crowd(scene.app().port(), 6, "/api/a")) {
            await().until(() -> origin.requests() == 1);
            go.countDown();
            await().atMost(Duration.ofSeconds(30)).until(() -> crowd.answered("HTTP/1.1 200") == 6);
            assertThat(origin.requests()).isEqualTo(6);
        }
    }
}
