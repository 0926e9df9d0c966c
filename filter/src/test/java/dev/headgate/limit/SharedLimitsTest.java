package dev.headgate.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.HeadgateFilter;
import dev.headgate.config.GatewayConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.RedisServer;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two gateways and one real Redis. */
@Timeout(60)
class SharedLimitsTest {

    /** Just what a limit for everybody asks for. */
    private static final HttpServletRequest REQUEST = (HttpServletRequest) Proxy.newProxyInstance(
            SharedLimitsTest.class.getClassLoader(),
            new Class<?>[] {HttpServletRequest.class},
            (proxy, called, arguments) -> switch (called.getName()) {
                case "getMethod" -> "GET";
                case "getRequestURI" -> "/api/x";
                case "getQueryString" -> null;
                case "getContentLengthLong" -> -1L;
                case "getHeaderNames" -> Collections.emptyEnumeration();
                default -> throw new UnsupportedOperationException(called.getName());
            });

    private RedisServer redis;
    private RawOrigin origin;
    private AppServer one;
    private AppServer two;

    @BeforeEach
    void start() throws IOException {
        if (!RedisServer.isInstalled()) {
            System.err.println("SKIPPED: SharedLimitsTest needs redis-server (Debian package redis-server)");
        }
        Assumptions.assumeTrue(RedisServer.isInstalled(), "redis-server is not installed");
        redis = RedisServer.start();
        origin = RawOrigin.ok();
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable part : new AutoCloseable[] {one, two, origin, redis}) {
            if (part != null) {
                part.close();
            }
        }
    }

    private AppServer gateway(String rate) {
        return AppServer.on(Container.JETTY)
                .filter(new HeadgateFilter(GatewayBuilder.create()
                        .limitsStore(redis.uri())
                        // Generous, for a loaded machine; what is tested is that it is bounded.
                        .limitsStoreTimeout(Duration.ofMillis(1_000))
                        .limitsStorePause(Duration.ofMillis(500))
                        .limit("api", limit -> limit.rate(rate).key("global"))
                        .route("api", r -> r.path("/api/*").to(origin.url()).limits("api"))
                        .build()))
                .start();
    }

    @Test
    void twoGatewaysShareOneBudget() throws Exception {
        one = gateway("100/h");
        two = gateway("100/h");
        AtomicInteger admitted = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (AppServer app : List.of(one, two, one, two)) {
            Thread thread = new Thread(() -> {
                try (RawClient client = app.connect()) {
                    for (int i = 0; i < 60; i++) {
                        if (client.get("/api/x").status() == 200) {
                            admitted.incrementAndGet();
                        }
                    }
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(admitted.get()).isEqualTo(100);
    }

    @Test
    void withoutItsRedisEachGatewayCountsAloneAndComesBack() throws Exception {
        one = gateway("10/h");
        two = gateway("10/h");
        assertThat(admitted(one, 20)).isEqualTo(10);

        redis.kill();
        long start = System.nanoTime();
        assertThat(admitted(two, 20)).as("its own count").isEqualTo(10);
        assertThat(admitted(one, 20)).as("what it had already given").isZero();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));

        // Back, empty: the shared count begins anew, and both are in it.
        redis.run();
        await().atMost(Duration.ofSeconds(20)).until(() -> admitted(two, 1) == 1);
        await().atMost(Duration.ofSeconds(20)).until(() -> admitted(one, 1) == 1);
        assertThat(admitted(one, 10) + admitted(two, 10)).isLessThanOrEqualTo(8);
    }

    @Test
    void frozenRedisHoldsNobodyForLong() throws Exception {
        one = gateway("1000/h");
        assertThat(admitted(one, 10)).isEqualTo(10);
        redis.freeze();
        try {
            long start = System.nanoTime();
            assertThat(admitted(one, 1)).isEqualTo(1);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        } finally {
            redis.thaw();
        }
        assertThat(admitted(one, 10)).isEqualTo(10);
    }

    @Test
    void logSaysOnceThatRedisIsGoneAndOnceThatItIsBack() throws Exception {
        try (LogLines log = LogLines.of("dev.headgate.limit.SharedBuckets", "info");
                Admission admission = new Admission(
                        GatewayBuilder.create()
                                .limitsStore(redis.uri())
                                .limitsStorePause(Duration.ofMillis(50))
                                .limit("api", limit -> limit.rate("1000000/h")
                                        .key("global")
                                        .announce(false))
                                .route(
                                        "api",
                                        r -> r.path("/api/*").to(origin.url()).limits("api"))
                                .build(),
                        System::nanoTime)) {
            admitted(admission, 5);
            assertThat(log.lines()).isEmpty();
            redis.kill();
            await().until(() ->
                    admitted(admission, 1) == 1 && admission.state().store().failures() >= 3);
            redis.run();
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> admitted(admission, 1) == 1
                            && admission.state().store().connected());
            admitted(admission, 5);

            assertThat(log.lines())
                    .satisfiesExactly(
                            line -> assertThat(line)
                                    .startsWith("WARN Rate limits are counted by this gateway alone: ")
                                    .contains(redis.uri(), "is tried again every 50 ms"),
                            line -> assertThat(line)
                                    .startsWith("INFO Rate limits are shared through ")
                                    .contains(redis.uri())
                                    .endsWith(" again"));
        }
    }

    @Test
    void frozenRedisIsWaitedForOnceByARequestWithManyLimits() throws Exception {
        Duration timeout = Duration.ofMillis(400);
        GatewayBuilder builder =
                GatewayBuilder.create().limitsStore(redis.uri()).limitsStoreTimeout(timeout);
        String[] names = {"a", "b", "c", "d", "e"};
        for (String name : names) {
            boolean countsStored = name.compareTo("d") < 0;
            builder.limit(
                    name,
                    limit -> limit.rate("5/h").key("global").announce(false).countStored(countsStored));
        }
        GatewayConfig config = builder.route(
                        "api", r -> r.path("/api/*").to(origin.url()).limits(names))
                .build();
        try (Admission admission = new Admission(config, System::nanoTime)) {
            Exchange before = exchange();
            admission.check(0, before, name -> null);
            admission.enter(0, before, name -> null).close();
            redis.freeze();
            try {
                Exchange waiting = exchange();
                long start = System.nanoTime();
                admission.check(0, waiting, name -> null);
                admission.enter(0, waiting, name -> null).close();
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .isBetween(timeout.dividedBy(2), timeout.multipliedBy(2));
                assertThat(admission.state().store().failures()).isEqualTo(1);
                assertThat(admission.state().rates()).allMatch(rate -> rate.admitted() == 2);
            } finally {
                redis.thaw();
            }
        }
    }

    private static Exchange exchange() {
        return new Exchange(REQUEST, null, "api", "api", "id", 0, ExchangeListener.NONE);
    }

    @Test
    void stateTellsWhereLimitsAreCountedAndResetReachesTheStore() throws Exception {
        GatewayConfig config = config("5/h");
        try (Admission first = new Admission(config, System::nanoTime);
                Admission second = new Admission(config, System::nanoTime)) {
            assertThat(admitted(first, 9)).isEqualTo(5);
            assertThat(admitted(second, 9)).isZero();
            assertThat(second.state().store().connected()).isTrue();
            assertThat(second.state().rates().get(0).shared()).isTrue();

            assertThat(second.resetKey("api", "")).isTrue();
            assertThat(admitted(first, 2)).isEqualTo(2);
            assertThat(admitted(second, 9)).isEqualTo(3);

            redis.kill();
            assertThat(admitted(second, 1)).isZero();
            AdmissionState.Store store = second.state().store();
            assertThat(store.connected()).isFalse();
            assertThat(store.failures()).isPositive();
            assertThat(store.lasting()).isLessThan(Duration.ofSeconds(20));
            assertThat(store.address()).startsWith("redis://127.0.0.1:");
            assertThat(second.state().rates().get(0).shared()).isFalse();
            assertThat(second.resetKey("api", "")).as("at least here").isTrue();
            assertThat(admitted(second, 9)).isEqualTo(5);
        }
    }

    @Test
    void reloadKeepsTheConnectionAndTheLastOneClosesIt() throws Exception {
        Admission before = new Admission(config("5/h"), System::nanoTime);
        assertThat(admitted(before, 3)).isEqualTo(3);
        Admission rejected = new Admission(config("5/h"), System::nanoTime, before);
        rejected.close();
        assertThat(admitted(before, 1)).isEqualTo(1);
        assertThat(before.state().store().connected()).isTrue();

        Admission after = new Admission(config("5/h"), System::nanoTime, before);
        before.close();
        assertThat(admitted(after, 9)).isEqualTo(1);
        assertThat(after.state().store().connected()).isTrue();
        assertThat(after.state().store().failures()).isZero();
        after.close();
        await().atMost(Duration.ofSeconds(10)).until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("lettuce-")));
    }

    private GatewayConfig config(String rate) {
        return GatewayBuilder.create()
                .limitsStore(redis.uri())
                .limitsStoreTimeout(Duration.ofMillis(1_000))
                .limitsStorePause(Duration.ofMinutes(1))
                .limit("api", limit -> limit.rate(rate).key("global").announce(false))
                .route("api", r -> r.path("/api/*").to(origin.url()).limits("api"))
                .build();
    }

    private static int admitted(Admission admission, int requests) {
        int admitted = 0;
        for (int i = 0; i < requests; i++) {
            try {
                admission.check(0, exchange(), name -> null);
                admitted++;
            } catch (GatewayFailure e) {
                // One too many.
            }
        }
        return admitted;
    }

    @Test
    void gatewayStartsWithoutItsRedis() throws Exception {
        redis.kill();
        one = gateway("5/h");
        assertThat(admitted(one, 10)).isEqualTo(5);
        redis.run();
        await().atMost(Duration.ofSeconds(15)).until(() -> admitted(one, 1) == 1);
    }

    @Test
    void closingLeavesNoThreadBehind() throws Exception {
        one = gateway("5/h");
        admitted(one, 1);
        one.close();
        one = null;
        await().atMost(Duration.ofSeconds(10)).until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("lettuce-")
                        || thread.getName().startsWith("headgate-")));
    }

    private static int admitted(AppServer app, int requests) throws IOException {
        int admitted = 0;
        try (RawClient client = app.connect()) {
            for (int i = 0; i < requests; i++) {
                RawMessage response = client.get("/api/x");
                admitted += response.status() == 200 ? 1 : 0;
            }
        }
        return admitted;
    }
}
