package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.MetricRegistryListener;
import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawOrigin;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import javax.management.Attribute;
import javax.management.JMException;
import javax.management.MBeanFeatureInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanParameterInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.RuntimeOperationsException;
import javax.management.openmbean.CompositeData;
import javax.management.openmbean.TabularData;

/** The gateway in the JVM's management server. */
class JmxTest {

    private static final RawOrigin.Script CUT = connection -> connection.readRequest();

    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();

    @OnEachContainer
    void beansAreThereWhileTheAppIs(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok()) {
            try (AppServer app = app(container, "/shop", origin, "route.r.cache=true")) {
                assertThat(app.port()).isPositive();
                for (String type : new String[] {"Gateway", "Limits", "Cache", "Upstream", "Origin"}) {
                    ObjectName name = one("type=" + type + ",*");
                    assertThat(name.getKeyProperty("app")).endsWith("/shop");
                    assertThat(name.getKeyProperty("gateway")).isEqualTo("shop");
                }
                assertThat(ObjectName.unquote(one("type=Origin,*").getKeyProperty("origin")))
                        .isEqualTo(origin.url());
                assertThat(one("type=metrics,route=r,name=total,*")).isNotNull();
            }
            assertThat(all("*")).as("after the end").isEmpty();
        }
    }

    @OnEachContainer
    void everythingIsDescribedAndOfOpenTypes(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(
                        container,
                        "/shop",
                        origin,
                        "route.r.cache=true",
                        "limit.all.rate=100/s",
                        "route.r.limits=all",
                        "route.r.concurrency.max=10")) {
            assertThat(app.port()).isPositive();
            for (ObjectName name : all("*")) {
                if (name.getKeyProperty("type").equals("metrics")) {
                    continue;
                }
                MBeanInfo info = server.getMBeanInfo(name);
                assertThat(info.getDescription()).isNotBlank();
                assertThat(info.getDescriptor().getFieldValue("mxbean")).isEqualTo("true");
                for (MBeanFeatureInfo feature : info.getAttributes()) {
                    assertThat(feature.getDescription()).as(feature.getName()).isNotBlank();
                    assertThat(feature.getDescriptor().getFieldValue("openType"))
                            .as(feature.getName())
                            .isNotNull();
                    assertThat(server.getAttribute(name, feature.getName()))
                            .as(feature.getName())
                            .isNotNull();
                }
                for (MBeanOperationInfo operation : info.getOperations()) {
                    assertThat(operation.getDescription()).isNotBlank();
                    for (MBeanParameterInfo parameter : operation.getSignature()) {
                        assertThat(parameter.getDescription()).isNotBlank();
                    }
                }
            }
        }
    }

    @OnEachContainer
    void failuresAreATable(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(CUT);
                AppServer app = app(container, "/shop", origin);
                RawClient client = app.connect()) {
            assertThat(client.get("/shop/api/x", "X-Request-Id: abc-1").status())
                    .isEqualTo(502);
            ObjectName gateway = one("type=Gateway,*");
            await().until(() -> !((TabularData) server.getAttribute(gateway, "RecentFailures")).isEmpty());
            TabularData failures = (TabularData) server.getAttribute(gateway, "RecentFailures");
            CompositeData newest = failures.get(new Object[] {0L});
            assertThat(newest.get("kind")).isEqualTo("connection_terminated");
            assertThat(newest.get("side")).isEqualTo("upstream");
            assertThat(newest.get("origin")).isEqualTo(origin.url());
            assertThat(newest.get("requestId")).isEqualTo("abc-1");
            assertThat(newest.get("status")).isEqualTo(502L);
            assertThat((String) newest.get("attempts")).contains("connection_terminated");
            ObjectName counted = one("type=metrics,route=r,name=failures.connection_terminated,*");
            assertThat(server.getAttribute(counted, "Count")).isEqualTo(1L);
        }
    }

    @OnEachContainer
    void operatorActsOnAnOrigin(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(container, "/shop", origin);
                RawClient client = app.connect()) {
            ObjectName name = one("type=Origin,*");
            act(name, "drain");
            assertThat(server.getAttribute(name, "Mode")).isEqualTo("draining");
            try (RawClient refused = app.connect()) {
                assertThat(refused.get("/shop/api/x").status()).isEqualTo(503);
            }
            act(name, "disable");
            assertThat(server.getAttribute(name, "Mode")).isEqualTo("disabled");
            act(name, "enable");
            act(name, "reset");
            assertThat(client.get("/shop/api/x").status()).isEqualTo(200);
            server.setAttribute(name, new Attribute("Weight", 7));
            assertThat(server.getAttribute(name, "Weight")).isEqualTo(7);
            assertThatThrownBy(() -> server.setAttribute(name, new Attribute("Weight", 0)))
                    .isInstanceOf(RuntimeOperationsException.class)
                    .hasMessageContaining("1 to 1000");
            assertThat((String) act(name, "diagnose")).contains("DNS ok", "TCP ok");
            TabularData origins = (TabularData) server.getAttribute(one("type=Upstream,*"), "Origins");
            assertThat(origins.get(new Object[] {origin.url()}).get("available"))
                    .isEqualTo(true);
        }
    }

    /** Which upstream, which kind, since when: also of the last origin, which nobody takes out. */
    @OnEachContainer
    void whatIsWrongIsSaidInOnePlace(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(container, "/shop", origin, "start-check=false", "route.r.retry.attempts=1");
                RawClient client = app.connect()) {
            ObjectName gateway = one("type=Gateway,*");
            assertThat(server.getAttribute(gateway, "State")).isEqualTo("fine");
            assertThat((TabularData) server.getAttribute(gateway, "Problems")).returns(true, TabularData::isEmpty);

            origin.refuse();
            for (int i = 0; i < 4; i++) {
                assertThat(client.get("/shop/api/x").status()).isEqualTo(502);
            }
            await().untilAsserted(() ->
                    assertThat(server.getAttribute(gateway, "State")).isEqualTo("broken"));
            CompositeData worst = ((TabularData) server.getAttribute(gateway, "Problems")).get(new Object[] {0L});
            assertThat(worst.get("severity")).isEqualTo("broken");
            assertThat(worst.get("upstream")).isEqualTo("r");
            assertThat(worst.get("origin")).isEqualTo(origin.url());
            assertThat(worst.get("kind")).isEqualTo("connection_refused");
            assertThat((String) worst.get("why"))
                    .startsWith("4 failures in a row, the last: refused the connection. It still gets traffic");
            assertThat((String) server.getAttribute(one("type=Origin,*"), "LastFailure"))
                    .endsWith("refused the connection");
            assertThat((long) worst.get("seconds")).isBetween(0L, 30L);
        }
    }

    /** Answers that are errors have no kind, and must not be explained by one that there was before. */
    @OnEachContainer
    void originThatAnswersErrorsIsSaidToDoThat(Container container) throws Exception {
        RawOrigin.Script broken = connection -> {
            while (connection.readRequest() != null) {
                connection.send("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n");
            }
        };
        try (RawOrigin origin = RawOrigin.scripted(CUT, broken, broken, broken);
                AppServer app = app(container, "/shop", origin, "start-check=false", "route.r.retry.attempts=1");
                RawClient client = app.connect()) {
            assertThat(client.get("/shop/api/x").status()).isEqualTo(502);
            for (int i = 0; i < 4; i++) {
                try (RawClient another = app.connect()) { // Tomcat hangs up after a 500
                    assertThat(another.get("/shop/api/x").status()).isEqualTo(500);
                }
            }
            ObjectName gateway = one("type=Gateway,*");
            await().untilAsserted(() ->
                    assertThat(server.getAttribute(gateway, "State")).isEqualTo("broken"));
            CompositeData worst = ((TabularData) server.getAttribute(gateway, "Problems")).get(new Object[] {0L});
            assertThat(worst.get("kind")).isEqualTo("");
            assertThat((String) worst.get("why")).contains("in a row, the last: it answered 500. ");
        }
    }

    /** What traffic found out is there to be read, and forgotten. */
    @OnEachContainer
    void operatorSeesWhyAnOriginIsOutAndBringsItBack(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(CUT, CUT, CUT);
                RawOrigin well = RawOrigin.ok();
                AppServer app = app(
                        container,
                        "/shop",
                        origin,
                        "route.r.to=" + origin.url() + " " + well.url(),
                        "start-check=false",
                        "route.r.retry.attempts=1",
                        "upstream.r.balance=round-robin",
                        "upstream.r.health.failures=1",
                        "upstream.r.health.ejection=5m");
                RawClient client = app.connect()) {
            ObjectName name = one("type=Origin,origin=" + ObjectName.quote(origin.url()) + ",*");
            for (String operation : new String[] {"reset", "enable"}) {
                int first = client.get("/shop/api/x").status();
                assertThat(Set.of(first, client.get("/shop/api/x").status())).containsExactlyInAnyOrder(200, 502);
                await().untilAsserted(() ->
                        assertThat(server.getAttribute(name, "Health")).isEqualTo("ejected"));
                assertThat(server.getAttribute(name, "Available")).isEqualTo(false);
                assertThat((String) server.getAttribute(name, "Reason")).isNotBlank();
                assertThat((long) server.getAttribute(name, "SinceSeconds")).isBetween(0L, 20L);
                assertThat(server.getAttribute(one("type=Upstream,*"), "AvailableOrigins"))
                        .isEqualTo(1);
                act(name, operation);
                assertThat(server.getAttribute(name, "Health")).as(operation).isEqualTo("up");
                assertThat(server.getAttribute(name, "Reason")).isEqualTo("");
            }
            assertThat(server.getAttribute(name, "Ejections")).isEqualTo(2L);
        }
    }

    @OnEachContainer
    void operatorActsOnCacheAndLimits(Container container) throws Exception {
        String stored = RawOrigin.ok("stored", "Cache-Control: max-age=600", "Cache-Tag: t");
        try (RawOrigin origin = RawOrigin.answering(stored);
                AppServer app = app(
                        container,
                        "/shop",
                        origin,
                        "route.r.cache=true",
                        "limit.all.rate=5/h",
                        "limit.all.key=field:X-Who",
                        "route.r.limits=all");
                RawClient client = app.connect()) {
            ObjectName cache = one("type=Cache,*");
            assertThat(client.get("/shop/api/x", "X-Who: a").status()).isEqualTo(200);
            await().until(() -> server.getAttribute(cache, "Responses").equals(1L));
            try (LogLines log = LogLines.of("dev.headgate.observe.Bean", "INFO")) {
                assertThat(server.invoke(cache, "purgeUrl", new Object[] {"/shop/api/x", false}, null))
                        .isEqualTo(1);
                assertThat(log.lines())
                        .anyMatch(line -> line.contains("JMX: purgeUrl[/shop/api/x, false] at " + cache + ": 1"));
                assertThat(server.invoke(cache, "purgeUrl", new Object[] {"/a\nJMX: clear", false}, null))
                        .isEqualTo(0);
                assertThat(log.lines()).anyMatch(line -> line.contains("purgeUrl[/a\\x0aJMX: clear, false]"));
            }
            assertThat(client.get("/shop/api/x", "X-Who: a").status()).isEqualTo(200);
            await().until(() -> server.getAttribute(cache, "Responses").equals(1L));
            assertThat(server.invoke(cache, "purgeTag", new Object[] {"t", true}, null))
                    .isEqualTo(1);
            assertThat(server.invoke(cache, "purgePrefix", new Object[] {"/shop/api/", false}, null))
                    .isEqualTo(1);
            assertThat(server.invoke(cache, "clear", new Object[] {false}, null))
                    .isEqualTo(0);
            assertThat(server.getAttribute(cache, "Hits")).isEqualTo(0L);
            assertThat(client.get("/shop/api/y", "X-Who: b").status()).isEqualTo(200);
            await().until(() -> server.getAttribute(cache, "Responses").equals(1L));
            assertThat(server.invoke(cache, "purgeRoute", new Object[] {"s", false}, null))
                    .isEqualTo(0);
            assertThat(server.invoke(cache, "purgeRoute", new Object[] {"r", false}, null))
                    .isEqualTo(1);

            ObjectName limits = one("type=Limits,*");
            for (int i = 0; i < 3; i++) {
                assertThat(client.get("/shop/api/x", "X-Who: a").status()).isEqualTo(200);
            }
            assertThat(client.get("/shop/api/x", "X-Who: a").status()).isEqualTo(429);
            TabularData rates = (TabularData) server.getAttribute(limits, "Rates");
            assertThat(rates.get(new Object[] {"all"}).get("refused")).isEqualTo(1L);
            try (LogLines log = LogLines.of("dev.headgate.observe.Bean", "INFO")) {
                assertThat(server.invoke(limits, "resetKey", new Object[] {"all", "a"}, null))
                        .isEqualTo(true);
                assertThat(log.lines()).anyMatch(line -> line.contains("JMX: resetKey[all, ***] at " + limits));
            }
            assertThat(client.get("/shop/api/x", "X-Who: a").status()).isEqualTo(200);
        }
    }

    @OnEachContainer
    void gatewaysOfOneNameInTwoAppsAreToldApart(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer one = app(container, "/one", origin);
                AppServer two = app(container, "/two", origin);
                AppServer again = app(container, "/two", origin)) {
            assertThat(Set.of(one.port(), two.port(), again.port())).hasSize(3);
            assertThat(all("type=Gateway,*")).hasSize(3);
            assertThat(all("type=metrics,route=r,name=total,*")).hasSize(3);
        }
        assertThat(all("*")).isEmpty();
    }

    /** The app ends between the moment a failure is first counted and the moment JMX shows that count. */
    @OnEachContainer
    void noneIsLeftOfWhatWasCountedWhileTheAppEnded(Container container) throws Exception {
        MetricRegistry registry = new MetricRegistry();
        HeadgateFilter filter;
        AtomicReference<Thread> ending = new AtomicReference<>();
        try (RawOrigin origin = RawOrigin.scripted(CUT)) {
            filter = new HeadgateFilter(config(origin)).metrics(registry);
            registry.addListener(new MetricRegistryListener.Base() {
                @Override
                public void onCounterAdded(String name, Counter counter) {
                    if (name.contains(".route.r.failures.")
                            && ending.compareAndSet(null, new Thread(filter::destroy))) {
                        ending.get().start();
                        await().until(() -> EnumSet.of(Thread.State.BLOCKED, Thread.State.TERMINATED)
                                .contains(ending.get().getState()));
                    }
                }
            });
            try (AppServer app = AppServer.on(container).filter(filter).start();
                    RawClient client = app.connect()) {
                assertThat(client.get("/api/x").status()).isBetween(502, 503);
                await().until(() -> ending.get() != null);
                ending.get().join();
            }
        }
        assertThat(all("*")).isEmpty();
    }

    @OnEachContainer
    void thereAreNoneWithoutJmx(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(container, "/shop", origin, "jmx=false");
                RawClient client = app.connect()) {
            assertThat(client.get("/shop/api/x").status()).isEqualTo(200);
            assertThat(all("*")).isEmpty();
        }
    }

    @OnEachContainer
    void beansComeAndGoWithAReload(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.ok()) {
            HeadgateFilter filter = new HeadgateFilter(config(origin));
            try (AppServer app = AppServer.on(container).filter(filter).start()) {
                assertThat(app.port()).isPositive();
                filter.reload(config(origin, "route.s.path=/s/*", "route.s.to=http://127.0.0.1:1"));
                assertThat(all("type=Upstream,*")).hasSize(2);
                assertThat(one("type=metrics,route=s,name=total,*")).isNotNull();
                filter.reload(config(origin));
                assertThat(all("type=Origin,*")).hasSize(1);
                assertThat(all("type=metrics,route=s,*")).isEmpty();
            }
        }
    }

    private Object act(ObjectName name, String operation) throws JMException {
        return server.invoke(name, operation, new Object[0], new String[0]);
    }

    private Set<ObjectName> all(String keys) throws JMException {
        return server.queryNames(new ObjectName("dev.headgate:" + keys), null);
    }

    private ObjectName one(String keys) throws JMException {
        Collection<ObjectName> found = all(keys);
        assertThat(found).as(keys).hasSize(1);
        return found.iterator().next();
    }

    private static AppServer app(Container container, String path, RawOrigin origin, String... settings)
            throws IOException {
        return AppServer.on(container)
                .contextPath(path)
                .filter(new HeadgateFilter(config(origin, settings)))
                .start();
    }

    private static GatewayConfig config(RawOrigin origin, String... settings) {
        GatewayBuilder builder = GatewayBuilder.create()
                .set("name", "shop")
                .set("close.grace", "0s")
                .set("route.r.path", "/api/*")
                .set("route.r.to", origin.url());
        Arrays.stream(settings)
                .forEach(line ->
                        builder.set(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1)));
        return builder.build();
    }
}
