package dev.headgate.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headgate.config.BalanceConfig.Method;
import dev.headgate.config.OriginConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Who is picked. Random methods are asked often enough for a tolerance of many standard deviations. */
class BalancerTest {

    private static final int PICKS = 20_000;
    private static final long NOW = TimeUnit.HOURS.toNanos(1);

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"RANDOM", "ROUND_ROBIN", "HASH"})
    void trafficFollowsTheWeights(Method method) {
        List<Origin> origins = origins("http://a;weight=1", "http://b;weight=2", "http://c;weight=5");
        Map<String, Double> share = shares(method, origins);
        assertThat(share.get("http://a")).isCloseTo(0.125, within(0.02));
        assertThat(share.get("http://b")).isCloseTo(0.25, within(0.02));
        assertThat(share.get("http://c")).isCloseTo(0.625, within(0.02));
    }

    @ParameterizedTest
    @EnumSource(
            value = Method.class,
            names = {"TWO_CHOICES", "LEAST_IN_FLIGHT", "STICKY", "STICKY_SESSION"})
    void equalOriginsShareEqually(Method method) {
        Map<String, Double> share = shares(method, origins("http://a", "http://b", "http://c", "http://d"));
        assertThat(share.values()).allSatisfy(part -> assertThat(part).isCloseTo(0.25, within(0.08)));
    }

    @Test
    void roundRobinIsSmooth() {
        List<Origin> origins = origins("http://a;weight=3", "http://b", "http://c");
        Balancer balancer = Balancer.of(Method.ROUND_ROBIN);
        String order = IntStream.range(0, 10)
                .mapToObj(i -> balancer.pick(origins, null, NOW).config().host())
                .collect(Collectors.joining());
        assertThat(order).isEqualTo("abacaabaca");
    }

    @Test
    void twoChoicesAvoidsTheBusy() {
        List<Origin> origins = origins("http://a", "http://b", "http://c");
        for (Origin origin : origins) {
            origin.answered(NOW, TimeUnit.MILLISECONDS.toNanos(10));
        }
        for (int i = 0; i < 10; i++) {
            origins.get(1).began(NOW);
        }
        assertThat(shares(Method.TWO_CHOICES, origins)).doesNotContainKey("http://b");
        assertThat(shares(Method.LEAST_IN_FLIGHT, origins)).doesNotContainKey("http://b");
    }

    @Test
    void twoChoicesAvoidsTheSlow() {
        List<Origin> origins = origins("http://a", "http://b", "http://c");
        for (Origin origin : origins) {
            origin.answered(NOW, TimeUnit.MILLISECONDS.toNanos(origin == origins.get(2) ? 50 : 10));
        }
        assertThat(shares(Method.TWO_CHOICES, origins)).doesNotContainKey("http://c");
    }

    @Test
    void whoWasSlowIsAskedAgainAndSoonBelievedToBeFast() {
        List<Origin> origins = origins("http://a", "http://b");
        Origin slow = origins.get(0);
        origins.get(1).answered(NOW, TimeUnit.MILLISECONDS.toNanos(10));
        slow.answered(NOW, TimeUnit.SECONDS.toNanos(1));
        Balancer balancer = Balancer.of(Method.TWO_CHOICES);
        long now = NOW;
        while (balancer.pick(origins, null, now) != slow) {
            now += TimeUnit.MILLISECONDS.toNanos(100);
            origins.get(1).answered(now, TimeUnit.MILLISECONDS.toNanos(10));
        }
        assertThat(Duration.ofNanos(now - NOW)).isBetween(Duration.ofSeconds(5), Duration.ofSeconds(20));
        // Still slow while that one is under way: nobody follows it.
        slow.began(now);
        assertThat(balancer.pick(origins, null, now)).isNotSameAs(slow);
        slow.ended();
        slow.answered(now + 1_000_000, 1_000_000);
        assertThat(slow.latencyNanos()).isLessThan(TimeUnit.MILLISECONDS.toNanos(30));
    }

    @Test
    void whoHasFallenSilentGrowsDearer() {
        List<Origin> origins = origins("http://a", "http://b");
        for (Origin origin : origins) {
            origin.answered(NOW, 1_000_000);
            origin.began(NOW);
        }
        Origin silent = origins.get(0);
        double before = silent.cost(NOW);
        long later = NOW + TimeUnit.SECONDS.toNanos(1);
        origins.get(1).answered(later, 1_000_000);
        assertThat(silent.cost(later)).isGreaterThan(100 * before);
        assertThat(Balancer.of(Method.TWO_CHOICES).pick(origins, null, later)).isSameAs(origins.get(1));
    }

    @Test
    void whoFailsIsDearerAndWhoWarmsUpToo() {
        List<Origin> origins = origins("http://a", "http://b");
        origins.get(0).began(NOW);
        origins.get(0).ended();
        origins.get(0).health().failed(NOW, new OriginState.Failure(null, "why"));
        assertThat(shares(Method.TWO_CHOICES, origins)).doesNotContainKey("http://a");

        List<Origin> others = origins("http://a", "http://b");
        OriginHealth returned = others.get(0).health();
        returned.eject(NOW - TimeUnit.MINUTES.toNanos(1), "why");
        returned.takeTrial(NOW, true);
        returned.succeeded(NOW);
        assertThat(shares(Method.RANDOM, others).get("http://a")).isCloseTo(0.1 / 1.1, within(0.02));
    }

    @Test
    void aLostOriginMovesOnlyItsOwnKeys() {
        List<Origin> all = origins("http://a", "http://b", "http://c", "http://d");
        List<Origin> left = new ArrayList<>(all);
        Origin lost = left.remove(2);
        Balancer balancer = Balancer.of(Method.HASH);
        int moved = 0;
        for (int i = 0; i < PICKS; i++) {
            Origin before = balancer.pick(all, "client-" + i, NOW);
            Origin after = balancer.pick(left, "client-" + i, NOW);
            if (before == lost) {
                moved++;
            } else {
                assertThat(after).isSameAs(before);
            }
        }
        assertThat((double) moved / PICKS).isCloseTo(0.25, within(0.02));
    }

    @Test
    void whoIsRememberedIsPicked() {
        List<Origin> origins = origins("http://a", "http://b", "http://c");
        for (Origin origin : origins) {
            assertThat(Balancer.of(Method.STICKY).pick(origins, origin.id(), NOW))
                    .isSameAs(origin);
        }
        assertThat(Balancer.of(Method.STICKY).pick(origins, "gone", NOW)).isIn(origins);
    }

    @Test
    void idsAreTheSameAfterARestartAndDifferBetweenOrigins() {
        assertThat(origins("http://a").get(0).id())
                .isEqualTo(origins("http://a;weight=7").get(0).id());
        // These two have the same String.hashCode.
        assertThat(origins("http://c1").get(0).id())
                .isNotEqualTo(origins("http://ao").get(0).id());
    }

    private static Map<String, Double> shares(Method method, List<Origin> origins) {
        Balancer balancer = Balancer.of(method);
        Map<String, Double> shares = new HashMap<>();
        for (int i = 0; i < PICKS; i++) {
            Origin origin = balancer.pick(origins, method == Method.HASH ? "key-" + i : null, NOW);
            shares.merge(origin.name(), 1.0 / PICKS, Double::sum);
        }
        return shares;
    }

    private static List<Origin> origins(String... addresses) {
        List<Origin> origins = new ArrayList<>();
        for (String address : addresses) {
            origins.add(new Origin(
                    OriginConfig.parse(address),
                    null,
                    new OriginHealth(new Configs().health(), Duration.ofSeconds(10))));
        }
        return origins;
    }
}
