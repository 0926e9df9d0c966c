package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.H2Client;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawOrigin;
import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.handlers.PathHandler;
import io.undertow.servlet.Servlets;
import io.undertow.servlet.api.DeploymentInfo;
import io.undertow.servlet.api.DeploymentManager;
import io.undertow.servlet.api.FilterInfo;
import io.undertow.servlet.util.ImmediateInstanceFactory;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What has to be done in Undertow's, and so WildFly's, own way. One exchange holds all threads that it may: others are off. */
@Timeout(30)
class UndertowTest {

    private final DeploymentInfo app = Servlets.deployment()
            .setClassLoader(UndertowTest.class.getClassLoader())
            .setContextPath("/")
            .setDeploymentName("app")
            .setEagerFilterInit(true);
    private DeploymentManager deployment;
    private Undertow server;

    private int start(RawOrigin stalled, RawOrigin origin) throws ServletException {
        return start(stalled, origin, System::nanoTime);
    }

    private int start(RawOrigin stalled, RawOrigin origin, LongSupplier nanoSource) throws ServletException {
        GatewayConfig gateway = GatewayBuilder.create()
                .hostThreads(1)
                .set("close.grace", "0s")
                .set("start-check", "false")
                .set("route.*.response.min-rate", "1000B")
                .set("route.*.timeout.idle", "1h")
                .route("slow", route -> route.path("/slow/*").to(stalled.url()))
                .route("api", route -> route.path("/api/*").to(origin.url()))
                .build();
        PathHandler paths = Handlers.path();
        server = Undertow.builder()
                .addHttpListener(0, "127.0.0.1", paths)
                .setServerOption(UndertowOptions.ENABLE_HTTP2, true)
                .setWorkerThreads(12)
                .build();
        server.start();
        app.addFilter(new FilterInfo(
                        "gateway",
                        HeadgateFilter.class,
                        new ImmediateInstanceFactory<Filter>(new HeadgateFilter(gateway, nanoSource)))
                .setAsyncSupported(true));
        app.addFilterUrlMapping("gateway", "/*", DispatcherType.REQUEST);
        deployment = Servlets.newContainer().addDeployment(app);
        deployment.deploy();
        paths.addPrefixPath("/", deployment.start());
        return ((InetSocketAddress) server.getListenerInfo().get(0).getAddress()).getPort();
    }

    @AfterEach
    void stop() throws ServletException {
        if (deployment != null) {
            deployment.stop();
            deployment.undeploy();
        }
        if (server != null) {
            server.stop();
        }
    }

    private static RawOrigin stalled() throws IOException {
        return RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.readRequest();
        });
    }

    private static void occupy(RawClient client, RawOrigin stalled) throws IOException {
        client.send(RawClient.request("GET", "/slow/1") + "\r\n");
        stalled.request(0);
    }

    @Test
    void requestsAndResponsesPassOnTheContainersThreadsAndOffThem() throws Exception {
        try (RawOrigin stalled = stalled();
                RawOrigin origin = RawOrigin.answering(RawOrigin.ok("one"), RawOrigin.ok("two"))) {
            int port = start(stalled, origin);
            try (RawClient first = RawClient.connect(port);
                    RawClient second = RawClient.connect(port)) {
                assertThat(second.post("/api/x", "content").text()).isEqualTo("one");
                occupy(first, stalled);
                assertThat(second.post("/api/x", "content").text()).isEqualTo("two");
                assertThat(origin.request(1).text()).isEqualTo("content");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"})
    void cutResponseIsCutForTheClient(String rest) throws Exception {
        try (RawOrigin stalled = stalled();
                RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n" + rest);
                })) {
            int port = start(stalled, origin);
            try (RawClient first = RawClient.connect(port);
                    RawClient inline = RawClient.connect(port);
                    RawClient off = RawClient.connect(port)) {
                assertThat(inline.get("/api/x").ending()).isEqualTo(Ending.CUT);
                occupy(first, stalled);
                assertThat(off.get("/api/x").ending()).isEqualTo(Ending.CUT);
            }
        }
    }

    @Test
    void cutResponseOverHttp2IsResetAndTheConnectionLasts() throws Exception {
        try (RawOrigin stalled = stalled();
                RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                })) {
            int port = start(stalled, origin);
            try (RawClient first = RawClient.connect(port);
                    H2Client second = H2Client.connect(port)) {
                occupy(first, stalled);
                for (int i = 0; i < 2; i++) {
                    H2Client.Response response = second.exchange("GET", "/api/x", Map.of(), null, Map.of());
                    assertThat(response.status()).isEqualTo(200);
                    assertThat(response.reset()).isNotEqualTo(-1);
                }
            }
        }
    }

    @Test
    void sizeOfTheContainerIsThatOfItsWorker() throws Exception {
        try (RawOrigin stalled = stalled();
                RawOrigin origin = RawOrigin.ok()) {
            start(stalled, origin);
            assertThat(ContainerSize.maxThreads(deployment.getDeployment().getServletContext()))
                    .isEqualTo(12);
        }
    }

    @Test
    void clientThatStopsTakingItsResponseIsCutOff() throws Exception {
        try (RawOrigin stalled = stalled();
                RawOrigin endless = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
                    String much = "x".repeat(100_000);
                    while (true) {
                        connection.send(much);
                    }
                })) {
            // Forty times as fast, as are the 20 seconds of grace.
            long begin = System.nanoTime();
            int port = start(stalled, endless, () -> (System.nanoTime() - begin) * 40);
            try (RawClient client = RawClient.connect(port)) {
                client.send(RawClient.request("GET", "/api/x") + "\r\n");
                RawMessage head = client.readResponseHead();
                assertThat(head.status()).isEqualTo(200);
                assertThat(endless.connection(0).awaitClosedByPeer(20_000)).isTrue();
                await().atMost(5, TimeUnit.SECONDS).untilAsserted(() -> {
                    client.readToEnd();
                    assertThat(client.closedByPeer()).isTrue();
                });
            }
        }
    }
}
