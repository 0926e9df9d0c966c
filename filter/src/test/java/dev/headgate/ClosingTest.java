package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** An app that stops while its gateway is at work; the container itself runs on, as when a WAR is undeployed. */
class ClosingTest {

    @OnEachContainer
    void exchangeUnderWayFinishesWhileNewOnesAreRefused(Container container) throws Exception {
        CountDownLatch refused = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(
                connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhe");
                    assertThat(refused.await(10, TimeUnit.SECONDS)).isTrue();
                    connection.send("re");
                },
                connection -> {
                    while (connection.readRequest() != null) {
                        connection.send(RawOrigin.ok("not yet"));
                    }
                });
        HeadgateFilter filter = new HeadgateFilter(config(origin, "30s"));
        try (origin;
                AppServer app = AppServer.on(container).filter(filter).start();
                RawClient client = app.connect();
                RawClient other = app.connect()) {
            client.send(RawClient.request("GET", "/api/x") + "\r\n");
            RawMessage answer = client.readResponseHead();
            CompletableFuture<Void> closing = CompletableFuture.runAsync(filter::destroy);

            // Each on a connection of its own: containers close those of an app that stops.
            await().until(() -> {
                try (RawClient late = app.connect()) {
                    return late.get("/api/x").status() == 503;
                }
            });
            assertThat(other.get("/other").text()).as("what no route takes").isEqualTo("app:GET /other");
            assertThat(closing).isNotDone();
            refused.countDown();
            client.readRest(answer);

            assertThat(answer.text()).isEqualTo("here");
            closing.get(10, TimeUnit.SECONDS);
        }
    }

    @OnEachContainer
    void whatIsNotOverWithinTheGraceIsCut(Container container) throws Exception {
        CountDownLatch cut = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhe");
            cut.await(10, TimeUnit.SECONDS);
        });
        HeadgateFilter filter = new HeadgateFilter(config(origin, "100ms"));
        try (origin;
                AppServer app = AppServer.on(container).filter(filter).start();
                RawClient client = app.connect()) {
            client.send(RawClient.request("GET", "/api/x") + "\r\n");
            RawMessage answer = client.readResponseHead();
            filter.destroy();
            cut.countDown();
            client.readRest(answer);
            assertThat(answer.complete()).isFalse();
        }
    }

    /** With one exchange at the origin, and one that waits for its response without a thread. */
    @OnEachContainer
    void nothingIsLeftOfAGatewayThatHadEverythingOn(Container container) throws Exception {
        MetricRegistry registry = new MetricRegistry();
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        ObjectName all = new ObjectName("dev.headgate:gateway=closing,*");
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.awaitClosedByPeer(30_000);
        });
        HeadgateFilter filter = new HeadgateFilter(GatewayBuilder.create()
                        .set("name", "closing")
                        .set("route.r.path", "/api/*")
                        .set("route.r.to", "u")
                        .set("route.r.cache", "true")
                        .set("route.r.cache.collapse-wait", "60s")
                        .set("route.r.rate", "1000/s")
                        .set("route.r.concurrency.max", "9")
                        .set("upstream.u.origins", origin.url())
                        .set("upstream.u.balance.slow-start", "1s")
                        .set("access-log", "json")
                        .set("status.path", "/status")
                        .set("status.addresses", "127.0.0.1")
                        .set("host-threads", "1")
                        .set("start-check", "false")
                        .set("close.grace", "0s")
                        .build())
                .metrics(registry);
        try (origin;
                AppServer app = AppServer.on(container).filter(filter).start();
                RawClient leader = app.connect();
                RawClient follower = app.connect();
                RawClient operator = app.connect()) {
            Gauge<?> underWay = (Gauge<?>) registry.getMetrics().get("headgate.closing.route.r.in-flight");
            leader.send(RawClient.request("GET", "/api/x") + "\r\n");
            await().until(() -> origin.requests() == 1);
            follower.send(RawClient.request("GET", "/api/x") + "\r\n");
            await().until(() -> ((Number) underWay.getValue()).intValue() == 2);
            assertThat(operator.get("/status").status()).isEqualTo(200);
            assertThat(beans.queryNames(all, null)).isNotEmpty();

            filter.destroy();
            assertThat(beans.queryNames(all, null)).isEmpty();
            assertThat(registry.getNames()).isEmpty();
            await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("headgate-closing")));
            for (RawClient client : List.of(leader, follower)) {
                RawMessage answer = client.readResponse();
                assertThat(answer.status()).as(answer.text()).isEqualTo(503);
                assertThat(answer.field("Retry-After")).isEqualTo("1");
            }
        }
    }

    private static GatewayConfig config(RawOrigin origin, String grace) {
        return GatewayBuilder.create()
                .set("route.r.path", "/api/*")
                .set("route.r.to", origin.url())
                .set("close.grace", grace)
                .build();
    }
}
