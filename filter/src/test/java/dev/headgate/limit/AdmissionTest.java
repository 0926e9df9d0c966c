package dev.headgate.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.headgate.config.GatewayConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.setup.LimitBuilder;
import dev.headgate.testing.AppWithout;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.lang.reflect.Proxy;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Limits against a clock that the test turns. */
@Timeout(60)
class AdmissionTest {

    private final AtomicLong clock = new AtomicLong(1_000_000_000L);
    private final Map<String, String> responseFields = new HashMap<>();

    private String peer = "192.0.2.1";
    private String method = "GET";
    private String user;
    private String role = "";
    private final Map<String, List<String>> fields = new HashMap<>();
    private String path = "/api/x";
    private long contentLength = -1;

    @ParameterizedTest
    @CsvSource({"100/s, 3000", "100/s burst 1, 3000", "100/s burst 20, 3020", "'50/s, 60/m', 60", "7/10s, 21"})
    void loadIsAdmittedAsConfigured(String rate, long expected) {
        Admission admission = admission(limit -> limit.rate(rate).key("global"));
        AtomicLong admitted = new AtomicLong();
        // 30 seconds in steps of 10 ms with 4 requests each.
        for (int step = 0; step < 3_000; step++) {
            admitted.addAndGet(count(admission, 4));
            clock.addAndGet(10_000_000);
        }
        assertThat((double) admitted.get()).isBetween(expected * 0.99 - 1, expected * 1.01 + 1);
    }

    @Test
    void threadsShareOneBudgetExactly() throws Exception {
        Admission admission = admission(limit -> limit.rate("1000/s").key("global"));
        AtomicLong admitted = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Thread thread = new Thread(() -> {
                for (int n = 0; n < 1_000; n++) {
                    if (admits(admission)) {
                        admitted.incrementAndGet();
                    }
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(admitted.get()).isEqualTo(1_000);
    }

    @Test
    void refusalSaysWhenToComeBackAndWhatThePolicyIs() throws Exception {
        Admission admission = admission(limit -> limit.rate("2/10s"));
        assertThat(admits(admission)).isTrue();
        assertThat(responseFields).containsEntry("RateLimit-Policy", "\"api\";q=2;w=10");
        assertThat(responseFields).containsEntry("RateLimit", "\"api\";r=1;t=10");
        assertThat(admits(admission)).isTrue();
        clock.addAndGet(Duration.ofSeconds(3).toNanos());

        GatewayFailure failure = refusal(admission);

        assertThat(failure.kind()).isEqualTo(FailureKind.HTTP_REQUEST_DENIED);
        assertThat(failure.retryAfter()).isEqualTo(Duration.ofSeconds(7));
        assertThat(responseFields).containsEntry("RateLimit", "\"api\";r=0;t=7");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            10/500ms            | "api";q=10                                | "api";r=9;t=1
            100/s, 10/500ms     | "api-1s";q=100;w=1, "api-500ms";q=10      | "api-1s";r=99, "api-500ms";r=9
            10/1500ms, 50/60s   | "api-1500ms";q=10, "api-60s";q=50;w=60    | "api-1500ms";r=9, "api-60s";r=49
            9/1000ms burst 20, 5/s | "api-1s";q=9;w=1, "api-1s-2";q=5;w=1   | "api-1s";r=19, "api-1s-2";r=4
            """)
    void policiesHaveNamesOfTheirOwnAndNoWindowThatIsNotTheirs(String rate, String policy, String state) {
        Admission admission = admission(limit -> limit.rate(rate));
        assertThat(admits(admission)).isTrue();
        assertThat(responseFields).containsEntry("RateLimit-Policy", policy);
        assertThat(responseFields).containsEntry("RateLimit", state);
    }

    @Test
    void oneMillionKeysTakeNoMoreRoomThanAllowed() {
        Admission admission =
                admission(limit -> limit.rate("5/s").key("field:X-Key").maxKeys(10_000));
        for (int i = 0; i < 1_000_000; i++) {
            fields.put("X-Key", List.of("key " + i));
            admits(admission);
        }
        assertThat(rate(admission).keys()).isBetween(9_000, 10_000);

        clock.addAndGet(Duration.ofSeconds(2).toNanos());
        admission.sweep();
        assertThat(rate(admission).keys()).isZero();
    }

    @Test
    void floodOfKeysDoesNotFreeOneInUse() {
        Admission admission =
                admission(limit -> limit.rate("5/h").key("field:X-Key").maxKeys(1_600));
        for (int i = 0; i < 100_000; i++) {
            if (i % 50 == 0) {
                fields.put("X-Key", List.of("abuser"));
                assertThat(admits(admission)).isEqualTo(i < 250);
            }
            fields.put("X-Key", List.of("key " + i));
            admits(admission);
        }
    }

    @Test
    void spoofedForwardedForChangesNothing() {
        Admission admission = admission(limit -> limit.rate("1/h"));
        fields.put("X-Forwarded-For", List.of("203.0.113.1"));
        assertThat(admits(admission)).isTrue();
        fields.put("X-Forwarded-For", List.of("203.0.113.2"));
        assertThat(admits(admission)).isFalse();
    }

    @Test
    void trustedProxyTellsTheClientAndNothingBeforeItCounts() {
        Admission admission = admission(limit -> limit.rate("1/h"));
        peer = "10.0.0.1";
        fields.put("X-Forwarded-For", List.of("203.0.113.1, 198.51.100.7, 10.0.0.2"));
        assertThat(admits(admission)).isTrue();
        fields.put("X-Forwarded-For", List.of("203.0.113.99, 198.51.100.7", "10.0.0.2"));
        assertThat(admits(admission)).isFalse();
        fields.put("X-Forwarded-For", List.of("198.51.100.8"));
        assertThat(admits(admission)).isTrue();
    }

    @Test
    void addressesOfOneIpv6NetworkShareABudget() {
        Admission admission = admission(limit -> limit.rate("1/h"));
        peer = "2001:db8:1:2::1";
        assertThat(admits(admission)).isTrue();
        peer = "2001:db8:1:2:ffff::9";
        assertThat(admits(admission)).isFalse();
        peer = "2001:db8:1:3::1";
        assertThat(admits(admission)).isTrue();
    }

    @Test
    void rolesHaveTheirOwnRateAndMethodsTheirCost() {
        Admission admission = admission(limit -> limit.rate("2/h")
                .rateFor("partner", "6/h")
                .cost("POST=2", "HEAD=0")
                .key("principal"));
        method = "POST";
        user = "ada";
        assertThat(admits(admission)).isTrue();
        assertThat(admits(admission)).isFalse();
        role = "partner";
        assertThat(count(admission, 10)).isEqualTo(3);
        method = "HEAD";
        assertThat(count(admission, 10)).isEqualTo(10);
    }

    /** No container tells which roles there are. */
    @Test
    void usersOfARoleWithARateShareItAndEverybodyElseSharesTheOther() {
        Admission admission =
                admission(limit -> limit.rate("2/h").rateFor("partner", "6/h").key("role"));
        user = "ada";
        role = "partner";
        assertThat(count(admission, 4)).isEqualTo(4);
        user = "bob";
        assertThat(count(admission, 4)).isEqualTo(2);
        user = "eve";
        role = "guest";
        assertThat(count(admission, 1)).isEqualTo(1);
        role = "clerk";
        assertThat(count(admission, 4)).isEqualTo(1);
    }

    @Test
    void refusedRequestTakesNothingFromOtherLimits() {
        Admission admission = new Admission(
                GatewayBuilder.create()
                        .limit("wide", limit -> limit.rate("10/h").key("global"))
                        .limit("narrow", limit -> limit.rate("1/h"))
                        .route("api", r -> r.path("/*").to("http://localhost:1").limits("wide", "narrow"))
                        .build(),
                clock::get);
        assertThat(count(admission, 100)).isEqualTo(1);
        for (int i = 2; i <= 10; i++) {
            peer = "192.0.2." + i;
            assertThat(admits(admission)).isTrue();
        }
        peer = "192.0.2.11";
        assertThat(admits(admission)).isFalse();
    }

    @Test
    void shadowOnlyCounts() {
        Admission admission = admission(limit -> limit.rate("1/h").shadow(true));
        assertThat(count(admission, 5)).isEqualTo(5);
        assertThat(rate(admission).shadowed()).isEqualTo(4);
        assertThat(responseFields).isEmpty();
    }

    @Test
    void whatIsTooLargeHasItsOwnStatus() {
        GatewayConfig config = GatewayBuilder.create()
                .route("api", r -> r.path("/*")
                        .to("http://localhost:1")
                        .requestMaxTarget(20)
                        .requestMaxFields(3)
                        .requestMaxHead(100)
                        .requestMaxSize(10))
                .build();
        Admission admission = new Admission(config, clock::get);
        assertThat(admits(admission)).isTrue();
        path = "/123456789012345678901";
        assertThat(refusal(admission).kind().status()).isEqualTo(414);
        path = "/";
        fields.put("A", List.of("1", "2", "3", "4"));
        assertThat(refusal(admission).kind().status()).isEqualTo(431);
        fields.put("A", List.of("x".repeat(100)));
        assertThat(refusal(admission).kind().status()).isEqualTo(431);
        fields.clear();
        contentLength = 11;
        assertThat(refusal(admission).kind().status()).isEqualTo(413);
        contentLength = 10;
        assertThat(admits(admission)).isTrue();
    }

    @Test
    void requestThatIsTooLargeCostsNoTokens() {
        Admission admission = new Admission(
                GatewayBuilder.create()
                        .route("api", r -> r.path("/*")
                                .to("http://localhost:1")
                                .rate("1/h")
                                .requestMaxSize(10))
                        .build(),
                clock::get);
        contentLength = 11;
        assertThat(refusal(admission).kind().status()).isEqualTo(413);
        assertThat(refusal(admission).kind().status()).isEqualTo(413);
        contentLength = 10;
        assertThat(admits(admission)).isTrue();
        assertThat(refusal(admission).kind().status()).isEqualTo(429);
    }

    @Test
    void limitMayAskForPatience() throws Exception {
        Admission admission = new Admission(
                GatewayBuilder.create()
                        .limit("api", limit -> limit.rate("20/s burst 1").maxWait(Duration.ofSeconds(1)))
                        .route("api", r -> r.path("/*").to("http://localhost:1").limits("api"))
                        .build(),
                System::nanoTime);
        long start = System.nanoTime();
        for (int i = 0; i < 5; i++) {
            admission.check(0, exchange(), name -> null);
            admission.await(0, exchange(), name -> null);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(190), Duration.ofSeconds(2));
        assertThat(rate(admission).admitted()).isEqualTo(5);
        assertThat(rate(admission).waited()).isBetween(1L, 4L);
        assertThat(rate(admission).refused()).isZero();
    }

    @Test
    void whoLeavesWhileWaitingForAPlaceWaitsNoLonger() throws Exception {
        Admission admission = new Admission(
                GatewayBuilder.create()
                        .set("route.api.path", "/*")
                        .set("route.api.to", "http://localhost:1")
                        .set("route.api.concurrency.max", "1")
                        .set("route.api.queue.length", "5")
                        .set("route.api.queue.time", "1h")
                        .build(),
                System::nanoTime);
        Permit only = admission.enter(0, exchange(), name -> null);
        Exchange waiting = exchange();
        leavesWhile(
                waiting,
                () -> admission.enter(0, waiting, name -> null),
                () -> admission.state().places().get(0).waiting() == 1);
        only.close();
        assertThat(admission.state().places().get(0).taken()).isZero();
        admission.enter(0, exchange(), name -> null).close();
    }

    @Test
    void whoLeavesWhileWaitingForARateWaitsNoLonger() throws Exception {
        Admission admission = new Admission(
                GatewayBuilder.create()
                        .limit("api", limit -> limit.rate("2/m burst 1").maxWait(Duration.ofMinutes(1)))
                        .route("api", r -> r.path("/*").to("http://localhost:1").limits("api"))
                        .build(),
                System::nanoTime);
        admission.await(0, exchange(), name -> null);
        Exchange waiting = exchange();
        Thread[] waiter = new Thread[1];
        leavesWhile(
                waiting,
                () -> {
                    waiter[0] = Thread.currentThread();
                    admission.await(0, waiting, name -> null);
                },
                () -> waiter[0] != null && waiter[0].getState() == Thread.State.TIMED_WAITING);
        assertThat(rate(admission).waited()).isZero();
    }

    /** The exchange is abandoned when it waits: its thread goes on at once, and is not left interrupted. */
    private static void leavesWhile(Exchange exchange, ThrowingCallable waits, Callable<Boolean> isWaiting)
            throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        AtomicBoolean interrupted = new AtomicBoolean();
        Thread thread = new Thread(() -> {
            thrown.set(catchThrowable(waits));
            interrupted.set(Thread.currentThread().isInterrupted());
        });
        thread.start();
        await().until(isWaiting);
        exchange.abandon();
        thread.join(5_000);
        assertThat(thread.isAlive()).isFalse();
        assertThat(thrown.get()).isInstanceOf(GatewayFailure.class);
        assertThat(((GatewayFailure) thrown.get()).kind()).isEqualTo(FailureKind.CLIENT_LEFT);
        assertThat(interrupted).isFalse();
    }

    @Test
    void stateTellsWhatWasAdmittedAndWhoHasPlaces() throws Exception {
        Admission admission = new Admission(twoGates(3, 2, "2/h"), clock::get);
        Permit permit = admission.enter(0, exchange(), name -> null);
        assertThat(count(admission, 5)).isEqualTo(2);
        clock.addAndGet(Duration.ofSeconds(7).toNanos());

        AdmissionState state = admission.state();

        assertThat(state.store()).isNull();
        assertThat(state.rates())
                .containsExactly(new AdmissionState.Rate("api", 2, 3, 0, 0, 1, false, Duration.ofSeconds(7)));
        assertThat(state.places())
                .containsExactly(
                        new AdmissionState.Places(AdmissionState.Owner.ROUTE, "api", 3, 1, 0, false, 1, 0, 0),
                        new AdmissionState.Places(AdmissionState.Owner.UPSTREAM, "up", 2, 1, 0, false, 1, 0, 0));
        permit.close();
        assertThat(admission.state().places()).allMatch(places -> places.taken() == 0);
    }

    @Test
    void keyThatIsResetHasItsWholeBudgetAgainAndOthersDoNot() {
        Admission admission = admission(limit -> limit.rate("2/h"));
        count(admission, 5);
        peer = "2001:db8:1:2::1";
        count(admission, 5);

        assertThat(admission.resetKey("api", "2001:db8:1:2:ffff::9")).isTrue();
        assertThat(admission.resetKey("api", "192.0.2.99")).isFalse();
        assertThat(admission.resetKey("other", "192.0.2.1")).isFalse();

        assertThat(count(admission, 5)).isEqualTo(2);
        peer = "192.0.2.1";
        assertThat(count(admission, 5)).isZero();
        assertThat(admission.resetKey("api", "192.0.2.1")).isTrue();
        assertThat(count(admission, 5)).isEqualTo(2);
    }

    @Test
    void userIsResetByNameInWhateverRole() {
        Admission admission =
                admission(limit -> limit.rate("2/h").rateFor("partner", "3/h").key("principal", "field:X-App"));
        user = "ada";
        fields.put("X-App", List.of("shop"));
        assertThat(count(admission, 9)).isEqualTo(2);
        role = "partner";
        assertThat(count(admission, 9)).isEqualTo(3);
        assertThat(admission.resetKey("api", "ada|shop")).isTrue();
        assertThat(count(admission, 9)).isEqualTo(3);
        role = "";
        assertThat(count(admission, 9)).isEqualTo(2);
        user = null;
        assertThat(count(admission, 9)).isEqualTo(2);
        assertThat(admission.resetKey("api", peer + "|shop")).isTrue();
        assertThat(count(admission, 9)).isEqualTo(2);
        assertThatThrownBy(() -> admission.resetKey("api", "ada"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("principal|field");
    }

    @Test
    void reloadKeepsWhatKeysHaveUsed() {
        Admission before = admission(limit -> limit.rate("10/h"));
        assertThat(count(before, 7)).isEqualTo(7);

        Admission same = reloaded(before, limit -> limit.rate("10/h"));
        assertThat(count(same, 9)).isEqualTo(3);
        assertThat(rate(same).admitted()).as("counts go on").isEqualTo(10);

        Admission wider = reloaded(same, limit -> limit.rate("20/h, 1000/d"));
        assertThat(count(wider, 99)).isEqualTo(10);

        Admission narrower = reloaded(wider, limit -> limit.rate("5/h").maxKeys(7));
        assertThat(count(narrower, 9)).isZero();
        clock.addAndGet(Duration.ofHours(1).toNanos());
        assertThat(count(narrower, 9)).isEqualTo(5);
        // An exchange that the one before had let in may still ask there: it is the same bucket.
        assertThat(count(wider, 1)).isZero();

        Admission otherKeys = reloaded(narrower, limit -> limit.rate("5/h").key("global"));
        assertThat(count(otherKeys, 9)).isEqualTo(5);
    }

    @Test
    void reloadThatTrustsOtherProxiesKeepsTheBuckets() {
        Admission before = admission(limit -> limit.rate("10/h"));
        assertThat(count(before, 7)).isEqualTo(7);
        GatewayConfig untrusting = GatewayBuilder.create()
                .limit("api", limit -> limit.rate("10/h"))
                .route("api", r -> r.path("/*").to("http://localhost:1").limits("api"))
                .build();
        Admission after = new Admission(untrusting, clock::get, before);
        assertThat(count(after, 9)).isEqualTo(3);
        peer = "10.0.0.1";
        fields.put("X-Forwarded-For", List.of("192.0.2.1"));
        assertThat(count(after, 9)).as("no longer believed").isEqualTo(9);
    }

    @Test
    void exchangeInProgressOverAReloadKeepsItsPlaceAndGivesItBack() throws Exception {
        Admission before = new Admission(twoGates(3, 2, "1000/h"), clock::get);
        Permit first = before.enter(0, exchange(), name -> null);

        // The upstream's places are as they were, the route's are not.
        Admission after = new Admission(twoGates(5, 2, "1000/h"), clock::get, before);
        Permit second = after.enter(0, exchange(), name -> null);
        assertThat(catchThrowableOfType(GatewayFailure.class, () -> after.enter(0, exchange(), name -> null)))
                .hasMessageContaining("upstream up");
        before.close();
        first.close();
        Permit third = after.enter(0, exchange(), name -> null);
        second.close();
        third.close();
        assertThat(after.state().places()).allMatch(places -> places.taken() == 0);
        assertThat(before.state().places()).allMatch(places -> places.taken() == 0);
    }

    private static GatewayConfig twoGates(int route, int upstream, String rate) {
        return GatewayBuilder.create()
                .limit("api", limit -> limit.rate(rate).key("global"))
                .upstream("up", u -> u.origins("http://localhost:1").concurrencyMax(upstream))
                .route("api", r -> r.path("/*").to("up").concurrencyMax(route).limits("api"))
                .build();
    }

    private Admission reloaded(Admission before, Consumer<LimitBuilder> limit) {
        Admission after = new Admission(config(limit), clock::get, before);
        before.close();
        return after;
    }

    /** Both are optional, and an app that names a store should be told what else it takes. */
    @Test
    void storeWithoutItsLibrariesIsAMistakeThatNamesThem() throws Exception {
        AppWithout loader = new AppWithout("io.lettuce.", "io.github.bucket4j.redis.");

        assertThatThrownBy(() -> admissionIn(loader, "limits.store=redis://127.0.0.1:6379/0"))
                .cause()
                .hasToString("java.lang.IllegalArgumentException: limits.store needs"
                        + " com.bucket4j:bucket4j_jdk17-lettuce and io.lettuce:lettuce-core in the app");
        assertThat(loader.missed()).isNotEmpty();
    }

    @Test
    void withoutAStoreItsLibrariesAreNotMissed() throws Exception {
        AppWithout loader = new AppWithout("io.lettuce.", "io.github.bucket4j.redis.");

        try (AutoCloseable admission = admissionIn(loader, "limits.store=")) {
            assertThat(admission).isNotNull();
        }
        assertThat(loader.missed()).isEmpty();
    }

    private static AutoCloseable admissionIn(ClassLoader loader, String store) throws Exception {
        Class<?> builder = loader.loadClass(GatewayBuilder.class.getName());
        Object settings = builder.getMethod("create").invoke(null);
        for (String line : List.of(store, "route.r.path=/*", "route.r.to=http://localhost:1", "route.r.rate=1/s")) {
            String[] parts = line.split("=", 2);
            builder.getMethod("set", String.class, String.class).invoke(settings, parts[0], parts[1]);
        }
        Object config = builder.getMethod("build").invoke(settings);
        LongSupplier nanoSource = System::nanoTime;
        return (AutoCloseable) loader.loadClass(Admission.class.getName())
                .getConstructor(config.getClass(), LongSupplier.class)
                .newInstance(config, nanoSource);
    }

    private static AdmissionState.Rate rate(Admission admission) {
        return admission.state().rates().get(0);
    }

    private Admission admission(Consumer<LimitBuilder> limit) {
        return new Admission(config(limit), clock::get);
    }

    private static GatewayConfig config(Consumer<LimitBuilder> limit) {
        return GatewayBuilder.create()
                .trustedProxies("10.0.0.0/8")
                .limit("api", limit)
                .route("api", r -> r.path("/*").to("http://localhost:1").limits("api"))
                .build();
    }

    private boolean admits(Admission admission) {
        try {
            admission.check(0, exchange(), name -> null);
            return true;
        } catch (GatewayFailure e) {
            return false;
        }
    }

    private int count(Admission admission, int requests) {
        int admitted = 0;
        for (int i = 0; i < requests; i++) {
            admitted += admits(admission) ? 1 : 0;
        }
        return admitted;
    }

    private GatewayFailure refusal(Admission admission) {
        responseFields.clear();
        return catchThrowableOfType(GatewayFailure.class, () -> admission.check(0, exchange(), name -> null));
    }

    private Exchange exchange() {
        return new Exchange(request(), response(), "api", "api", "id", 0, ExchangeListener.NONE);
    }

    private HttpServletRequest request() {
        return (HttpServletRequest) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {HttpServletRequest.class},
                (proxy, called, arguments) -> switch (called.getName()) {
                    case "getRemoteAddr" -> peer;
                    case "getMethod" -> method;
                    case "getRequestURI" -> path;
                    case "getContentLengthLong" -> contentLength;
                    case "getHeaderNames" -> Collections.enumeration(fields.keySet());
                    case "getHeaders" -> Collections.enumeration(fields.getOrDefault(arguments[0], List.of()));
                    case "getHeader" ->
                        fields.getOrDefault(arguments[0], Collections.singletonList(null))
                                .get(0);
                    case "getUserPrincipal" -> user == null ? null : (Principal) () -> user;
                    case "isUserInRole" -> role.equals(arguments[0]);
                    case "getQueryString", "getCookies", "getSession" -> null;
                    default -> throw new UnsupportedOperationException(called.getName());
                });
    }

    private HttpServletResponse response() {
        return (HttpServletResponse) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {HttpServletResponse.class}, (proxy, called, arguments) -> {
                    if (!called.getName().equals("addHeader")) {
                        throw new UnsupportedOperationException(called.getName());
                    }
                    synchronized (responseFields) {
                        responseFields.put((String) arguments[0], (String) arguments[1]);
                    }
                    return null;
                });
    }
}
