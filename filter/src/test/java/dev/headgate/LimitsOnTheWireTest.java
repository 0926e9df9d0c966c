package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.setup.GatewayBuilder;
import dev.headgate.setup.RouteBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawOrigin;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What clients and origins see of limits. */
@Timeout(30)
class LimitsOnTheWireTest {

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
