package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.codahale.metrics.Counting;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import com.codahale.metrics.health.HealthCheck;
import com.codahale.metrics.health.HealthCheckRegistry;
import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawOrigin;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** What is in the app's registries after what traffic. */
class MetricsTest {

    private static final String NAMES = "headgate.shop.";

    private static final RawOrigin.Script CUT = connection -> connection.readRequest();

    @OnEachContainer
    void trafficIsCountedByRouteUpstreamAndOrigin(Container container) throws IOException {
        MetricRegistry registry = new MetricRegistry();
        try (RawOrigin origin = RawOrigin.answering(
                        RawOrigin.ok("hello"), "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
                AppServer app = AppServer.on(container)
                        .filter(new HeadgateFilter(config(origin)).metrics(registry))
                        .start();
                RawClient client = app.connect()) {
            assertThat(client.post("/api/x", "content").status()).isEqualTo(200);
            assertThat(client.get("/api/x").status()).isEqualTo(404);
            await().until(() -> count(registry, "route.r.total") == 2);

            String to = "upstream.r.origin.http_127_0_0_1_" + origin.port();
            for (String where : new String[] {"route.r", "upstream.r", to}) {
                assertThat(count(registry, where + ".total")).as(where).isEqualTo(2);
                assertThat(count(registry, where + ".first-byte")).as(where).isEqualTo(2);
                assertThat(count(registry, where + ".queue")).as(where).isEqualTo(2);
                assertThat(count(registry, where + ".status.2xx")).as(where).isEqualTo(1);
                assertThat(count(registry, where + ".status.4xx")).as(where).isEqualTo(1);
                assertThat(count(registry, where + ".status.5xx")).as(where).isZero();
                assertThat(count(registry, where + ".errors")).as(where).isZero();
                assertThat(count(registry, where + ".bytes-received")).as(where).isEqualTo(7);
                assertThat(count(registry, where + ".bytes-sent")).as(where).isEqualTo(7);
                assertThat(value(registry, where + ".in-flight")).as(where).isZero();
            }
            assertThat(count(registry, to + ".connect")).isEqualTo(1);
            assertThat(value(registry, to + ".available")).isEqualTo(1);
            Timer total = registry.timer(NAMES + "route.r.total");
            assertThat(total.getSnapshot().get99thPercentile())
                    .isGreaterThanOrEqualTo(total.getSnapshot().getMedian())
                    .isPositive();
        }
        assertThat(registry.getNames()).as("after the end").isEmpty();
    }

    @OnEachContainer
    void failureIsCountedByItsKindAtTheAttemptAndAtTheExchange(Container container) throws IOException {
        MetricRegistry registry = new MetricRegistry();
        try (RawOrigin first = RawOrigin.scripted(CUT);
                RawOrigin second = RawOrigin.scripted(CUT);
                AppServer app = AppServer.on(container)
                        .filter(new HeadgateFilter(config(first, "route.r.to=" + first.url() + ", " + second.url()))
                                .metrics(registry))
                        .start();
                RawClient client = app.connect()) {
            assertThat(client.get("/api/x").status()).isEqualTo(502);
            await().until(() -> count(registry, "route.r.total") == 1);
            String kind = ".failures.connection_terminated";
            assertThat(count(registry, "route.r" + kind)).isEqualTo(1);
            assertThat(count(registry, "upstream.r" + kind)).isEqualTo(1);
            String to = "upstream.r.origin.http_127_0_0_1_";
            long attempts = count(registry, to + first.port() + kind) + count(registry, to + second.port() + kind);
            assertThat(attempts).isEqualTo(first.requests() + second.requests()).isGreaterThan(1);
            assertThat(count(registry, "route.r.status.5xx")).isEqualTo(1);
            assertThat(count(registry, "route.r.errors")).isEqualTo(1);
            await().until(() -> value(registry, "upstream.r.retries") == attempts - 1);
        }
    }

    @OnEachContainer
    void routesAndOriginsComeAndGoWithAReload(Container container) throws IOException {
        MetricRegistry registry = new MetricRegistry();
        HealthCheckRegistry health = new HealthCheckRegistry();
        try (RawOrigin origin = RawOrigin.ok()) {
            HeadgateFilter filter = new AppWithRegistries(config(origin), registry, health);
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                assertThat(client.get("/api/x").status()).isEqualTo(200);
                await().until(() -> count(registry, "route.r.total") == 1);
                assertThat(health.getNames()).containsExactly(NAMES + "upstream.r");
                filter.reload(config(
                        origin, "route.r.to=http://127.0.0.1:1", "route.s.path=/s/*", "route.s.to=" + origin.url()));
                assertThat(registry.getNames())
                        .contains(NAMES + "route.s.total", NAMES + "upstream.s.total")
                        .contains(NAMES + "upstream.r.origin.http_127_0_0_1_1.total")
                        .noneMatch(name -> name.contains("upstream.r.origin.http_127_0_0_1_" + origin.port()));
                assertThat(count(registry, "route.r.total")).as("goes on").isEqualTo(1);
                assertThat(health.getNames()).containsExactly(NAMES + "upstream.r", NAMES + "upstream.s");
                assertThat(health.runHealthCheck(NAMES + "upstream.s").isHealthy())
                        .isTrue();
                assertThat(client.get("/s/x").status()).isEqualTo(200);
                await().until(() -> count(registry, "route.s.total") == 1);
                filter.reload(config(origin));
                assertThat(registry.getNames()).noneMatch(name -> name.startsWith(NAMES + "route.s"));
            }
            assertThat(registry.getNames()).as("after the end").isEmpty();
            assertThat(health.getNames()).as("after the end").isEmpty();
        }
    }

    @OnEachContainer
    void whatIsOutIsToldByMetricsHealthCheckAndLog(Container container) throws IOException {
        MetricRegistry registry = new MetricRegistry();
        HealthCheckRegistry health = new HealthCheckRegistry();
        String dead = "http://127.0.0.1:1/a%20b";
        try (LogLines log = LogLines.of("dev.headgate.upstream.Upstream", "info");
                RawOrigin origin = RawOrigin.ok();
                AppServer app = AppServer.on(container)
                        .filter(new AppWithRegistries(
                                config(
                                        origin,
                                        "route.r.to=" + dead + " " + origin.url(),
                                        "start-check=false",
                                        "upstream.r.balance=round-robin",
                                        "upstream.r.health.failures=1",
                                        "upstream.r.health.ejection=1m"),
                                registry,
                                health))
                        .start();
                RawClient client = app.connect()) {
            assertThat(client.get("/api/x").status()).isEqualTo(200);
            assertThat(client.get("/api/x").status()).isEqualTo(200);
            String out = "upstream.r.origin.http_127_0_0_1_1_a_20b";
            await().untilAsserted(() ->
                    assertThat(value(registry, out + ".health")).as("ejected").isEqualTo(2));
            assertThat(value(registry, out + ".available")).isZero();
            assertThat(value(registry, out + ".ejections")).isEqualTo(1);
            assertThat(value(registry, "upstream.r.retries")).isEqualTo(1);
            assertThat(value(registry, "upstream.r.retries-left")).isPositive();
            String in = "upstream.r.origin.http_127_0_0_1_" + origin.port();
            assertThat(value(registry, in + ".health")).as("up").isZero();
            assertThat(value(registry, in + ".connections.leased")).isZero();
            assertThat(value(registry, in + ".connections.idle")).isEqualTo(1);
            assertThat(value(registry, in + ".connections.max")).isEqualTo(200);

            HealthCheck.Result check = health.runHealthCheck(NAMES + "upstream.r");
            assertThat(check.isHealthy()).as("there is another").isTrue();
            assertThat(check.getMessage()).startsWith(dead + " is out: ").contains("refused the connection");
            assertThat(log.lines())
                    .anyMatch(line -> line.startsWith("INFO Upstream r: " + dead + " is out: ")
                            && line.contains("refused the connection"));
        }
        assertThat(health.getNames()).as("after the end").isEmpty();
        assertThat(registry.getNames()).as("after the end").isEmpty();
    }

    @OnEachContainer
    void healthChecksGoWhereTheAppSays(Container container) throws IOException {
        HealthCheckRegistry given = new HealthCheckRegistry();
        HealthCheckRegistry inContext = new HealthCheckRegistry();
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = AppServer.on(container)
                        .filter(new AppWithRegistries(config(origin), new MetricRegistry(), inContext)
                                .healthChecks(given))
                        .start()) {
            assertThat(app.port()).isPositive();
            assertThat(given.getNames()).containsExactly(NAMES + "upstream.r");
            assertThat(given.runHealthCheck(NAMES + "upstream.r").isHealthy()).isTrue();
            assertThat(inContext.getNames()).isEmpty();
        }
        assertThat(given.getNames()).isEmpty();
    }

    @OnEachContainer
    void whatLimitsAndCacheDidIsCounted(Container container) throws IOException {
        MetricRegistry registry = new MetricRegistry();
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("stored", "Cache-Control: max-age=600"));
                AppServer app = AppServer.on(container)
                        .filter(new HeadgateFilter(config(
                                        origin,
                                        "route.r.cache=true",
                                        "limit.all.rate=2/h",
                                        "limit.all.key=global",
                                        "route.r.limits=all"))
                                .metrics(registry))
                        .start();
                RawClient client = app.connect()) {
            assertThat(client.get("/api/x").status()).isEqualTo(200);
            await().until(() -> value(registry, "cache.stored") == 1);
            assertThat(client.get("/api/x").status()).isEqualTo(200);
            assertThat(client.get("/api/x").status()).isEqualTo(429);
            await().untilAsserted(() ->
                    assertThat(value(registry, "limit.all.refused")).isEqualTo(1));
            assertThat(value(registry, "limit.all.admitted")).isEqualTo(2);
            await().untilAsserted(
                            () -> assertThat(value(registry, "cache.hits")).isEqualTo(1));
            assertThat(value(registry, "cache.stale-hits")).isZero();
            assertThat(value(registry, "cache.forwarded.uri-miss")).isEqualTo(1);
            assertThat(value(registry, "cache.tier.heap.heads")).isPositive();
            await().until(() -> count(registry, "route.r.failures.http_request_denied") == 1);
        }
    }

    @OnEachContainer
    void twoGatewaysOfOneNameShareARegistry(Container container) throws IOException {
        MetricRegistry registry = new MetricRegistry();
        registry.counter("the.apps.own");
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = AppServer.on(container)
                        .filter(new HeadgateFilter(config(origin)).metrics(registry))
                        .filter(new HeadgateFilter(config(origin, "route.r.path=/second/*")).metrics(registry))
                        .start()) {
            assertThat(app.port()).isPositive();
            assertThat(registry.getNames()).contains("headgate.shop.route.r.total", "headgate.shop-2.route.r.total");
        }
        assertThat(registry.getNames()).containsExactly("the.apps.own");
    }

    @OnEachContainer
    void everyMetricIsDocumentedAndNothingElse(Container container) throws IOException {
        MetricRegistry registry = new MetricRegistry();
        try (RawOrigin origin = RawOrigin.scripted(CUT);
                AppServer app = AppServer.on(container)
                        .filter(new HeadgateFilter(config(
                                        origin,
                                        "route.r.cache=true",
                                        "route.r.concurrency.max=10",
                                        "upstream.r.concurrency.max=10",
                                        "limit.all.rate=100/s",
                                        "route.r.limits=all"))
                                .metrics(registry))
                        .start();
                RawClient client = app.connect()) {
            assertThat(client.get("/api/x").status()).isEqualTo(502);
            await().until(() -> count(registry, "route.r.total") == 1);
            Set<String> shapes =
                    registry.getNames().stream().map(MetricsTest::shape).collect(Collectors.toCollection(TreeSet::new));
            Set<String> documented = new TreeSet<>();
            Matcher rows = Pattern.compile("(?m)^\\| `([^`]+)` \\| (timer|gauge|counter)")
                    .matcher(Files.readString(Path.of("../docs/metrics.md")));
            while (rows.find()) {
                documented.add(rows.group(1));
            }
            documented.removeIf(name -> name.startsWith("limit-store.")); // starts a client for Redis
            assertThat(shapes).isEqualTo(documented);
        }
    }

    /** Whoever chooses methods, paths, fields and keys of limits at will adds no name, neither here nor in JMX. */
    @OnEachContainer
    void clientsCannotMakeNames(Container container) throws Exception {
        MetricRegistry registry = new MetricRegistry();
        ObjectName all = new ObjectName("dev.headgate:*");
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = AppServer.on(container)
                        .filter(new HeadgateFilter(config(
                                        origin,
                                        "route.r.cache=true",
                                        "limit.all.rate=20/h",
                                        "limit.all.key=field:X-Key",
                                        "limit.all.max-keys=100",
                                        "route.r.limits=all"))
                                .metrics(registry))
                        .start()) {
            Set<String> names = null;
            Set<ObjectName> objectNames = null;
            for (int i = 0; i < 60; i++) {
                String odd = "hostile" + Long.toString(i * 7919L + 17, 36);
                String target = i % 3 == 0 ? "/api/%2e%2e/" + odd : "/api/" + odd + "?" + odd + "=" + odd;
                try (RawClient client = app.connect()) {
                    client.exchange(RawClient.request(
                                    i % 2 == 0 ? odd : "GET",
                                    target,
                                    "X-Key: " + (i < 40 ? "same" : odd),
                                    "X-" + odd + ": " + odd,
                                    "X-Request-Id: " + odd,
                                    "X-Forwarded-For: " + odd,
                                    "Authorization: Basic " + odd)
                            + "Content-Length: 0\r\n\r\n");
                }
                if (i == 45) { // after each kind of answer: found, refused by the limit, nonsense
                    await().until(() -> registry.getNames().contains(NAMES + "route.r.failures.http_request_denied"));
                    names = Set.copyOf(registry.getNames());
                    objectNames = beans.queryNames(all, null);
                }
            }
            assertThat(registry.getNames()).isEqualTo(names).noneMatch(name -> name.contains("hostile"));
            assertThat(beans.queryNames(all, null)).isEqualTo(objectNames);
            assertThat(objectNames).noneMatch(name -> name.toString().contains("hostile"));
        }
    }

    /** The name as the documentation has it. */
    private static String shape(String name) {
        return name.substring(NAMES.length())
                .replaceFirst("^route\\.r\\.", "route.<route>.")
                .replaceFirst("^upstream\\.r\\.", "upstream.<upstream>.")
                .replaceFirst("^limit\\.all\\.", "limit.<limit>.")
                .replaceFirst("\\.origin\\.http_[0-9_]+\\.", ".origin.<origin>.")
                .replaceFirst("\\.status\\.[2-5]xx$", ".status.<class>")
                .replaceFirst("\\.failures\\.connection_terminated$", ".failures.<kind>")
                .replaceFirst("^cache\\.forwarded\\..*", "cache.forwarded.<reason>")
                .replaceFirst("^cache\\.tier\\.[^.]*\\.", "cache.tier.<tier>.");
    }

    private static GatewayConfig config(RawOrigin origin, String... settings) {
        GatewayBuilder builder = GatewayBuilder.create()
                .set("name", "shop")
                .set("close.grace", "0s")
                .set("route.r.path", "/api/*")
                .set("route.r.to", origin.url());
        Map.copyOf(java.util.Arrays.stream(settings)
                        .collect(Collectors.toMap(
                                line -> line.substring(0, line.indexOf('=')),
                                line -> line.substring(line.indexOf('=') + 1))))
                .forEach(builder::set);
        return builder.build();
    }

    private static long count(MetricRegistry registry, String name) {
        Metric metric = registry.getMetrics().get(NAMES + name);
        assertThat(metric).as(name).isInstanceOf(Counting.class);
        return ((Counting) metric).getCount();
    }

    private static long value(MetricRegistry registry, String name) {
        Metric metric = registry.getMetrics().get(NAMES + name);
        assertThat(metric).as(name).isInstanceOf(Gauge.class);
        return ((Number) ((Gauge<?>) metric).getValue()).longValue();
    }

    /** As a context listener of the app would have it. */
    private static final class AppWithRegistries extends HeadgateFilter {

        private final MetricRegistry metrics;
        private final HealthCheckRegistry health;

        AppWithRegistries(GatewayConfig config, MetricRegistry metrics, HealthCheckRegistry health) {
            super(config);
            this.metrics = metrics;
            this.health = health;
        }

        @Override
        public void init(FilterConfig config) throws ServletException {
            config.getServletContext().setAttribute("io.dropwizard.metrics.servlets.MetricsServlet.registry", metrics);
            config.getServletContext()
                    .setAttribute("com.codahale.metrics.servlets.HealthCheckServlet.registry", health);
            super.init(config);
        }
    }
}
