package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Certificates;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.management.Attribute;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.RuntimeOperationsException;
import org.junit.jupiter.api.io.TempDir;

/** Settings that change while the app runs. */
class ReloadTest {

    @TempDir
    Path directory;

    @OnEachContainer
    void exchangeUnderWayEndsWithTheSettingsThatItBeganWith(Container container) throws Exception {
        CountDownLatch reloaded = new CountDownLatch(1);
        RawOrigin before = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nbef");
            assertThat(reloaded.await(10, TimeUnit.SECONDS)).isTrue();
            connection.send("ore");
            assertThat(connection.readRequest())
                    .as("a connection that nobody needs is closed")
                    .isNull();
        });
        HeadgateFilter filter = new HeadgateFilter(config(before, "route.r.response.set.X-Generation=1"));
        try (before;
                RawOrigin after = RawOrigin.answering(RawOrigin.ok("after"));
                AppServer app = AppServer.on(container).filter(filter).start();
                RawClient client = app.connect();
                RawClient other = app.connect()) {
            client.send(RawClient.request("GET", "/api/x") + "\r\n");
            RawMessage first = client.readResponseHead();

            assertThat(filter.reload(config(after, "route.r.response.set.X-Generation=2")))
                    .as("what needs a new start")
                    .isEmpty();
            RawMessage second = other.get("/api/x");
            reloaded.countDown();
            client.readRest(first);

            assertThat(first.text()).isEqualTo("before");
            assertThat(first.field("X-Generation")).isEqualTo("1");
            assertThat(second.text()).isEqualTo("after");
            assertThat(second.field("X-Generation")).isEqualTo("2");
            assertThat(client.get("/api/x").text()).isEqualTo("after");
            await().untilAsserted(() -> assertThat(before.connections()).isEqualTo(1));
        }
    }

    @OnEachContainer
    void routesComeAndGo(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok()) {
            HeadgateFilter filter = new HeadgateFilter(config(origin));
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                assertThat(client.get("/new/x").text()).isEqualTo("app:GET /new/x");
                filter.reload(config(origin, "route.r.path=/new/*"));
                assertThat(client.get("/new/x").text()).isEqualTo("ok");
                assertThat(client.get("/api/x").text()).isEqualTo("app:GET /api/x");
            }
        }
    }

    /** The origin stays out although its upstream has other settings now: nobody meets it again for a reload. */
    @OnEachContainer
    void whatIsKnownOfAnOriginsHealthIsKept(Container container) throws Exception {
        RawOrigin dead = RawOrigin.ok();
        dead.refuse();
        try (dead;
                RawOrigin well = RawOrigin.ok()) {
            String both = "route.r.to=" + dead.url() + " " + well.url();
            String out = "upstream.r.health.failures=1";
            String forLong = "upstream.r.health.ejection=1m";
            HeadgateFilter filter =
                    new HeadgateFilter(config(well, both, out, forLong, "upstream.r.balance=round-robin"));
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                for (int i = 0; i < 4; i++) {
                    assertThat(client.get("/api/x").status()).isEqualTo(200);
                }
                filter.reload(config(
                        well,
                        both,
                        out,
                        forLong,
                        "upstream.r.balance=round-robin",
                        "upstream.r.connections.max=7",
                        "route.r.retry.attempts=1"));
                for (int i = 0; i < 6; i++) {
                    assertThat(client.get("/api/x").status())
                            .as("without a retry")
                            .isEqualTo(200);
                }
            }
        }
    }

    @OnEachContainer
    void whatWasTakenFromARateLimitStaysTaken(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok()) {
            String[] limited = {"limit.l.rate=2/h", "route.r.limits=l"};
            HeadgateFilter filter = new HeadgateFilter(config(origin, limited));
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                assertThat(client.get("/api/x").status()).isEqualTo(200);
                filter.reload(config(origin, "limit.l.rate=2/h", "route.r.limits=l", "route.r.timeout.connect=3s"));
                assertThat(client.get("/api/x").status()).isEqualTo(200);
                assertThat(client.get("/api/x").status()).isEqualTo(429);
            }
        }
    }

    @OnEachContainer
    void storedResponsesStay(Container container) throws Exception {
        try (RawOrigin origin =
                RawOrigin.answering(RawOrigin.ok("stored", "Cache-Control: max-age=60"), RawOrigin.ok("another"))) {
            HeadgateFilter filter = new HeadgateFilter(config(origin, "route.r.cache=true"));
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                assertThat(client.get("/api/x").text()).isEqualTo("stored");
                filter.reload(config(origin, "route.r.cache=true", "route.r.cache.max-object-size=1MB"));
                assertThat(client.get("/api/x").text()).isEqualTo("stored");
                filter.reload(config(origin));
                assertThat(client.get("/api/x").text()).as("without a cache").isEqualTo("another");
            }
        }
    }

    @OnEachContainer
    void cacheCanComeLater(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("one", "Cache-Control: max-age=60"))) {
            HeadgateFilter filter = new HeadgateFilter(config(origin));
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                client.get("/api/x");
                filter.reload(config(origin, "route.r.cache=true"));
                client.get("/api/x");
                assertThat(client.get("/api/x").field("Cache-Status")).contains("hit");
                assertThat(origin.requests()).isEqualTo(2);
            }
        }
    }

    @OnEachContainer
    void whatTakesEffectAtTheNextStartOnlyIsNamed(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok()) {
            HeadgateFilter filter = new HeadgateFilter(config(origin, "route.r.cache=true"));
            try (AppServer app = AppServer.on(container).filter(filter).start()) {
                assertThat(app.port()).isPositive();
                assertThat(filter.reload(config(
                                origin,
                                "route.r.cache=true",
                                "name=other",
                                "host-threads=3",
                                "jmx=false",
                                "cache.heap-entries=7")))
                        .hasSize(4)
                        .contains("jmx")
                        .anyMatch(setting -> setting.equals("name"))
                        .anyMatch(setting -> setting.startsWith("host-threads"))
                        .anyMatch(setting -> setting.contains("cache.heap-entries"));
            }
        }
    }

    @OnEachContainer
    void whatAnOperatorDecidedIsKeptUntilTheSettingsOfThatOriginChange(Container container) throws Exception {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try (RawOrigin origin = RawOrigin.ok()) {
            HeadgateFilter filter = new HeadgateFilter(config(origin, "name=decided"));
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                ObjectName bean = server.queryNames(new ObjectName("dev.headgate:type=Origin,gateway=decided,*"), null)
                        .iterator()
                        .next();
                server.setAttribute(bean, new Attribute("Weight", 7));
                server.invoke(bean, "drain", new Object[0], new String[0]);

                filter.reload(config(origin, "name=decided", "upstream.r.connections.max=7"));
                assertThat(server.getAttribute(bean, "Weight")).isEqualTo(7);
                assertThat(client.get("/api/x").status()).as("drained").isEqualTo(503);
                filter.reload(config(origin, "name=decided", "route.r.to=" + origin.url() + ";weight=3"));
                assertThat(server.getAttribute(bean, "Weight")).isEqualTo(3);
                assertThat(server.getAttribute(bean, "Mode")).isEqualTo("draining");
            }
        }
    }

    /** A file outside of the app, as an operator changes it: first well, then badly, then well again. */
    @OnEachContainer
    void changedFileIsLoadedAndABadOneChangesNothing(Container container) throws Exception {
        Path file = directory.resolve("gateway.properties");
        try (RawOrigin first = RawOrigin.answering(RawOrigin.ok("first"));
                RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"));
                RawOrigin third = RawOrigin.answering(RawOrigin.ok("third"))) {
            write(file, "route.r.path=/api/*\nroute.r.to=" + first.url() + "\nreload.interval=20ms\n");
            try (LogLines log = LogLines.of("dev.headgate.Gateway", "info");
                    AppServer app =
                            AppServer.on(container).filter(new ReadsFile(file)).start();
                    RawClient client = app.connect()) {
                assertThat(client.get("/api/x").text()).isEqualTo("first");

                write(file, "route.r.path=/api/*\nroute.r.to=" + second.url() + "\nreload.interval=20ms\n");
                await().untilAsserted(
                                () -> assertThat(client.get("/api/x").text()).isEqualTo("second"));

                write(file, "route.r.path=/api/*\nroute.r.to=" + third.url() + "\nroute.r.tiemout.connect=1s\n");
                await().untilAsserted(() -> assertThat(log.lines())
                        .anyMatch(line -> line.startsWith("WARN The changed settings are not in force")
                                && line.contains("route.r.tiemout.connect")
                                && line.contains("route.r.timeout.connect")));
                assertThat(client.get("/api/x").text()).isEqualTo("second");

                write(file, "route.r.path=/api/*\nroute.r.to=" + third.url() + "\nreload.interval=20ms\n");
                await().untilAsserted(
                                () -> assertThat(client.get("/api/x").text()).isEqualTo("third"));
            }
        }
    }

    /** As in a WAR that was unpacked. Tomcat remembers what a file was for five seconds. */
    @OnEachContainer
    void fileInTheAppIsWatchedToo(Container container) throws Exception {
        AtomicReference<Path> file = new AtomicReference<>();
        HeadgateFilter filter = new HeadgateFilter() {
            @Override
            public void init(FilterConfig given) throws ServletException {
                file.set(Path.of(given.getServletContext().getRealPath("/WEB-INF/headgate.properties")));
                super.init(given);
            }
        };
        try (RawOrigin first = RawOrigin.answering(RawOrigin.ok("first"));
                RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"))) {
            String settings = "route.r.path=/api/*\nreload.interval=20ms\nroute.r.to=";
            try (AppServer app = AppServer.on(container)
                            .resource("/WEB-INF/headgate.properties", settings + first.url())
                            .filter(filter)
                            .start();
                    RawClient client = app.connect()) {
                assertThat(client.get("/api/x").text()).isEqualTo("first");

                write(file.get(), settings + second.url());
                await().atMost(Duration.ofSeconds(20))
                        .untilAsserted(
                                () -> assertThat(client.get("/api/x").text()).isEqualTo("second"));
            }
        }
    }

    /** The same settings, other files: what the origin shows, and what the gateway shows to it, were renewed. */
    @OnEachContainer
    void renewedCertificatesAreTakenIntoUse(Container container) throws Exception {
        Certificates old = Certificates.of("dns:localhost");
        Certificates renewed = Certificates.of("dns:localhost");
        Path trust = write(directory.resolve("trust.pem"), old.pem());
        Path key = old.keyFile(directory.resolve("client.p12"));
        try (RawOrigin before = RawOrigin.on(old.listenTo(old), ReloadTest::answer);
                RawOrigin after = RawOrigin.on(renewed.listenTo(renewed), ReloadTest::answer)) {
            String[] settings = {
                "route.r.to=https://localhost:" + before.port(),
                "route.s.path=/renewed/*",
                "route.s.to=https://localhost:" + after.port(),
                "upstream.*.tls.trust=" + trust,
                "upstream.*.tls.key=" + key,
                "upstream.*.tls.key-password=changeit",
                "upstream.*.health.failures=1000"
            };
            HeadgateFilter filter = new HeadgateFilter(config(before, settings));
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                assertThat(client.get("/api/x").status()).isEqualTo(200);
                assertThat(client.get("/renewed/x").status()).isEqualTo(502);

                write(trust, renewed.pem());
                filter.reload(config(before, settings));
                RawMessage refused = client.get("/renewed/x");
                assertThat(refused.status())
                        .as("the origin knows the old one no more")
                        .isEqualTo(502);

                renewed.keyFile(key);
                filter.reload(config(before, settings));
                assertThat(client.get("/renewed/x").status()).isEqualTo(200);
                assertThat(client.get("/api/x").status()).isEqualTo(502);
            }
        }
    }

    private static void answer(RawOrigin.Connection connection) throws IOException {
        while (connection.readRequest() != null) {
            connection.send(RawOrigin.ok("ok"));
        }
    }

    @OnEachContainer
    void operatorHasTheFileLoadedThroughJmx(Container container) throws Exception {
        Path file = directory.resolve("jmx.properties");
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try (RawOrigin first = RawOrigin.answering(RawOrigin.ok("first"));
                RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"))) {
            write(file, "name=by-jmx\nroute.r.path=/api/*\nroute.r.to=" + first.url() + "\n");
            try (AppServer app =
                            AppServer.on(container).filter(new ReadsFile(file)).start();
                    RawClient client = app.connect()) {
                ObjectName gateway = server.queryNames(
                                new ObjectName("dev.headgate:type=Gateway,gateway=by-jmx,*"), null)
                        .iterator()
                        .next();
                assertThat(client.get("/api/x").text()).isEqualTo("first");

                write(file, "name=by-jmx\nhost-threads=7\nroute.r.path=/api/*\nroute.r.to=" + second.url() + "\n");
                assertThat((String[]) server.invoke(gateway, "reload", new Object[0], new String[0]))
                        .as("what needs a new start")
                        .containsExactly("host-threads");
                assertThat(client.get("/api/x").text()).isEqualTo("second");
                assertThat((String) server.getAttribute(gateway, "Configuration"))
                        .contains("\nroute.r.to = " + second.url() + "\n")
                        .doesNotContain(first.url());

                write(file, "name=by-jmx\nroute.r.path=/api/*\nroute.r.tiemout.connect=1s\n");
                assertThatThrownBy(() -> server.invoke(gateway, "reload", new Object[0], new String[0]))
                        .as("in classes of the JDK, which any client has")
                        .isInstanceOf(RuntimeOperationsException.class)
                        .hasMessageContaining("2 mistakes")
                        .hasMessageContaining("route.r.timeout.connect");
                assertThat(client.get("/api/x").text()).isEqualTo("second");
            }
        }
    }

    @OnEachContainer
    void operatorHasTheFileLoadedByTheButtonOfTheStatusPage(Container container) throws Exception {
        Path file = directory.resolve("button.properties");
        String page = "status.path=/status\nstatus.addresses=127.0.0.1\nroute.r.path=/api/*\n";
        try (RawOrigin first = RawOrigin.answering(RawOrigin.ok("first"));
                RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"))) {
            write(file, page + "route.r.to=" + first.url() + "\n");
            try (AppServer app =
                            AppServer.on(container).filter(new ReadsFile(file)).start();
                    RawClient client = app.connect()) {
                assertThat(client.get("/api/x").text()).isEqualTo("first");

                write(file, page + "route.r.to=" + second.url() + "\n");
                RawMessage done = pressReload(client);
                assertThat(done.status()).isEqualTo(200);
                assertThat(done.text()).contains("loaded and in force");
                assertThat(client.get("/api/x").text()).isEqualTo("second");

                write(file, page + "route.r.to=nothing-of-that-name\n");
                RawMessage refused = pressReload(client);
                assertThat(refused.status()).isEqualTo(409);
                assertThat(refused.text()).contains("Nothing has changed", "nothing-of-that-name");
                assertThat(client.get("/api/x").text()).isEqualTo("second");
            }
        }
    }

    private static RawMessage pressReload(RawClient client) throws IOException {
        String token = new ObjectMapper()
                .readTree(client.get("/status").content())
                .get("token")
                .asText();
        return client.post(
                "/status",
                "action=reload",
                "X-Headgate-Token: " + token,
                "Content-Type: application/x-www-form-urlencoded");
    }

    @OnEachContainer
    void configurationThatCannotBeUsedChangesNothing(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok()) {
            HeadgateFilter filter = new HeadgateFilter(config(origin));
            assertThatThrownBy(() -> filter.reload(config(origin))).isInstanceOf(IllegalStateException.class);
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                // No such store: found out when it is built, not when it is read.
                assertThatThrownBy(() -> filter.reload(config(
                                origin,
                                "route.r.path=/new/*",
                                "route.s.path=/s/*",
                                "route.s.to=https://127.0.0.1:1",
                                "upstream.s.tls.trust=" + write(directory.resolve("no.pem"), "no certificate"))))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThat(client.get("/api/x").text()).isEqualTo("ok");
                assertThat(client.get("/new/x").text()).isEqualTo("app:GET /new/x");
            }
            assertThatThrownBy(() -> filter.reload(config(origin))).isInstanceOf(IllegalStateException.class);
        }
    }

    /** As whoever replaces a configuration does it: never half a file. */
    private static Path write(Path file, String content) throws IOException {
        Path next = Files.writeString(file.resolveSibling(file.getFileName() + ".next"), content);
        return Files.move(next, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }

    private static GatewayConfig config(RawOrigin origin, String... settings) {
        GatewayBuilder builder = GatewayBuilder.create()
                .set("route.r.path", "/api/*")
                .set("route.r.to", origin.url())
                .set("close.grace", "0s");
        for (String line : settings) {
            int equals = line.indexOf('=');
            builder.set(line.substring(0, equals), line.substring(equals + 1));
        }
        return builder.build();
    }

    /** A filter whose container names a properties file. */
    private static final class ReadsFile extends HeadgateFilter {

        private final Path file;

        ReadsFile(Path file) {
            this.file = file;
        }

        @Override
        public void init(FilterConfig given) throws ServletException {
            super.init(new FilterConfig() {
                @Override
                public String getFilterName() {
                    return given.getFilterName();
                }

                @Override
                public ServletContext getServletContext() {
                    return given.getServletContext();
                }

                @Override
                public String getInitParameter(String name) {
                    return name.equals("properties") ? file.toString() : null;
                }

                @Override
                public Enumeration<String> getInitParameterNames() {
                    return Collections.enumeration(java.util.List.of("properties"));
                }
            });
        }
    }
}
