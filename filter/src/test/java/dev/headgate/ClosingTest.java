package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

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

    private static GatewayConfig config(RawOrigin origin, String grace) {
        return GatewayBuilder.create()
                .set("route.r.path", "/api/*")
                .set("route.r.to", origin.url())
                .set("close.grace", grace)
                .build();
    }
}
