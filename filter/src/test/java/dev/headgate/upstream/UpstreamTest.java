package dev.headgate.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headgate.config.BalanceConfig.Method;
import dev.headgate.config.HealthConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which origins of a group get traffic, on a clock that the test turns. */
class UpstreamTest {

    private final AtomicLong clock = new AtomicLong(TimeUnit.HOURS.toNanos(1));
    private final Watchdog watchdog = new Watchdog("test", clock::get);
    private final TurnedExecutor executor = new TurnedExecutor();
    private Upstream upstream;

    @AfterEach
    void close() {
        upstream.close();
        watchdog.close();
        executor.shutdownNow();
    }

    @Test
    void backupsAreUsedWhenTooFewPrimariesAreLeft() throws GatewayFailure {
        make(new Configs().maxEjected(100), "http://a", "http://b", "http://c", "http://d;backup");
        assertThat(chosen()).containsExactlyInAnyOrder("http://a", "http://b", "http://c");
        out("http://a");
        assertThat(chosen()).containsExactlyInAnyOrder("http://b", "http://c");
        out("http://b");
        assertThat(chosen()).containsExactlyInAnyOrder("http://c", "http://d");
        out("http://c");
        // All primaries are out, but no panic: the backup is well.
        assertThat(chosen()).containsExactly("http://d");
    }

    @Test
    void ownZoneComesBeforeOthersAndTheseBeforeBackups() throws GatewayFailure {
        make(
                new Configs().maxEjected(100).zone("x"),
                "http://a;zone=x",
                "http://b",
                "http://c;zone=y",
                "http://d;backup;zone=x");
        assertThat(chosen()).containsExactlyInAnyOrder("http://a", "http://b");
        out("http://a");
        assertThat(chosen()).containsExactly("http://b");
        out("http://b");
        assertThat(chosen()).contains("http://c").doesNotContain("http://a", "http://b");
    }

    @Test
    void atMostHalfAreTakenOutByTraffic() throws GatewayFailure {
        make(new Configs(), "http://a", "http://b", "http://c", "http://d", "http://e");
        for (String name : List.of("http://a", "http://b", "http://c", "http://d", "http://e")) {
            fail(name);
        }
        assertThat(chosen()).containsExactlyInAnyOrder("http://c", "http://d", "http://e");
    }

    @Test
    void theLastOneIsNeverTakenOut() throws GatewayFailure {
        make(new Configs().maxEjected(100).panic(0), "http://a", "http://b");
        fail("http://a");
        fail("http://b");
        assertThat(chosen()).containsExactly("http://b");
        // Not even when the other is off on purpose.
        upstream.disable(origin("http://a"));
        fail("http://b");
        assertThat(origin("http://b").health().isUp()).isTrue();
    }

    @Test
    void whenHardlyAnyIsHealthyAllAreUsed() throws GatewayFailure {
        make(new Configs().probe(HealthConfig.Kind.HTTP, "/", ""), "http://a", "http://b", "http://c", "http://d");
        probesFail("http://a");
        probesFail("http://b");
        assertThat(chosen()).containsExactlyInAnyOrder("http://c", "http://d");
        probesFail("http://c");
        assertThat(chosen()).containsExactlyInAnyOrder("http://a", "http://b", "http://c", "http://d");
        probesFail("http://d");
        assertThat(chosen()).containsExactlyInAnyOrder("http://a", "http://b", "http://c", "http://d");
    }

    @Test
    void anOriginComesBackThroughOneTrial() throws GatewayFailure {
        make(new Configs().noSlowStart(), "http://a", "http://b");
        fail("http://a");
        assertThat(chosen()).containsExactly("http://b");
        seconds(6);
        assertThat(upstream.choose(null, List.of(), true).name()).isEqualTo("http://a");
        assertThat(chosen()).containsExactly("http://b");
        upstream.succeeded(origin("http://a"));
        assertThat(chosen()).containsExactlyInAnyOrder("http://a", "http://b");
    }

    @Test
    void whatCannotBeRepeatedIsNoTrialWhileOthersAre() throws GatewayFailure {
        make(new Configs(), "http://a", "http://b");
        fail("http://a");
        seconds(6);
        for (int i = 0; i < 20; i++) {
            assertThat(upstream.choose(null, List.of(), false).name()).isEqualTo("http://b");
        }
        seconds(5);
        assertThat(upstream.choose(null, List.of(), false).name()).isEqualTo("http://a");
    }

    @Test
    void whoHasBeenTriedIsAvoidedWhileThereAreOthers() throws GatewayFailure {
        make(new Configs(), "http://a", "http://b");
        Origin a = origin("http://a");
        Origin b = origin("http://b");
        for (int i = 0; i < 20; i++) {
            assertThat(upstream.choose(null, List.of(a), true)).isSameAs(b);
        }
        assertThat(upstream.choose(null, List.of(a, b), true)).isIn(a, b);
        assertThat(upstream.hasOther(List.of(a))).isTrue();
        assertThat(upstream.hasOther(List.of(a, b))).isFalse();
        upstream.rest(b, 5);
        assertThat(upstream.hasOther(List.of(a))).isFalse();
    }

    @Test
    void whoAskedForRestGetsIt() throws GatewayFailure {
        make(new Configs(), "http://a", "http://b");
        upstream.rest(origin("http://a"), 5);
        assertThat(chosen()).containsExactly("http://b");
        upstream.rest(origin("http://b"), 5);
        assertThat(chosen()).containsExactlyInAnyOrder("http://a", "http://b");
        seconds(6);
        upstream.rest(origin("http://b"), 5);
        assertThat(chosen()).containsExactly("http://a");
    }

    @Test
    void anOperatorDecidesFirst() throws GatewayFailure {
        make(new Configs().method(Method.HASH), "http://a", "http://b");
        upstream.drain(origin("http://a"));
        assertThat(chosen()).containsExactly("http://b");
        upstream.disable(origin("http://b"));
        assertThatThrownBy(() -> upstream.choose(null, List.of(), true))
                .isInstanceOfSatisfying(
                        GatewayFailure.class, e -> assertThat(e.kind()).isEqualTo(FailureKind.DESTINATION_UNAVAILABLE))
                .hasMessageContaining("http://a is draining")
                .hasMessageContaining("http://b is disabled");
        upstream.enable(origin("http://a"));
        assertThat(chosen()).containsExactly("http://a");
    }

    @Test
    void hashingKeepsToOneOriginUntilThatIsOut() throws GatewayFailure {
        make(new Configs().method(Method.HASH), "http://a", "http://b", "http://c");
        Origin own = upstream.choose("key", List.of(), true);
        for (int i = 0; i < 20; i++) {
            assertThat(upstream.choose("key", List.of(), true)).isSameAs(own);
        }
        fail(own.name());
        Origin other = upstream.choose("key", List.of(), true);
        assertThat(other).isNotSameAs(own);
        assertThat(upstream.choose("key", List.of(), true)).isSameAs(other);
    }

    @Test
    void eachAddressIsAnOriginAndThoseThatStayKeepTheirState() throws Exception {
        InetAddress[][] answers = {
            {address("10.0.0.2"), address("10.0.0.1")},
            {address("10.0.0.3"), address("10.0.0.2")},
        };
        int[] asked = {0};
        boolean[] broken = {true};
        make(
                new Configs().resolveEach(),
                host -> {
                    if (broken[0]) {
                        throw new UnknownHostException(host);
                    }
                    return answers[asked[0]++];
                },
                "http://api:8080;weight=2");

        executor.turn();
        assertThat(names()).containsExactly("http://api:8080");

        broken[0] = false;
        executor.turn();
        assertThat(names()).containsExactly("http://api:8080 (10.0.0.1)", "http://api:8080 (10.0.0.2)");
        assertThat(upstream.origins().get(0).httpRoute())
                .isNotEqualTo(upstream.origins().get(1).httpRoute());
        Origin second = upstream.origins().get(1);
        fail(second.name());

        broken[0] = true;
        executor.turn();
        assertThat(names()).containsExactly("http://api:8080 (10.0.0.1)", "http://api:8080 (10.0.0.2)");

        broken[0] = false;
        executor.turn();
        assertThat(names()).containsExactly("http://api:8080 (10.0.0.2)", "http://api:8080 (10.0.0.3)");
        assertThat(upstream.origins().get(0)).isSameAs(second);
        assertThat(chosen()).containsExactly("http://api:8080 (10.0.0.3)");
        assertThat(second.config().weight()).isEqualTo(2);
    }

    @Test
    void lookupsKeepTheirIntervalAndEndWithTheUpstream() {
        make(new Configs().resolveEach(), host -> new InetAddress[] {address("10.0.0.1")}, "http://api");
        executor.turn();
        assertThat(executor.tasks()).singleElement().satisfies(task -> assertThat(task.delayNanos())
                .isEqualTo(TimeUnit.SECONDS.toNanos(30)));
        upstream.close();
        executor.turn();
        assertThat(executor.tasks()).isEmpty();
    }

    private void make(Configs configs, String... origins) {
        make(configs, Resolver.SYSTEM, origins);
    }

    private void make(Configs configs, Resolver resolver, String... origins) {
        UpstreamConfig config = configs.upstream(origins);
        upstream = new Upstream(config, watchdog, executor, resolver, null);
    }

    private Set<String> chosen() throws GatewayFailure {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < 200; i++) {
            names.add(upstream.choose(null, List.of(), false).name());
        }
        return names;
    }

    private List<String> names() {
        return upstream.origins().stream().map(Origin::name).toList();
    }

    private Origin origin(String name) {
        return upstream.origins().stream()
                .filter(origin -> origin.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private void out(String name) {
        fail(name);
        assertThat(origin(name).health().isEjected()).isTrue();
    }

    private void fail(String name) {
        for (int i = 0; i < 5; i++) {
            upstream.failed(origin(name), new OriginState.Failure(null, "why"));
        }
    }

    private void probesFail(String name) {
        for (int i = 0; i < 3; i++) {
            origin(name).health().probed(clock.get(), false, "why");
        }
    }

    private void seconds(int count) {
        clock.addAndGet(TimeUnit.SECONDS.toNanos(count));
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
