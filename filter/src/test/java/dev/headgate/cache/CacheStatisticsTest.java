package dev.headgate.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.cache.CacheStatistics.Tier;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheConfig.Share;
import dev.headgate.config.CacheStoreConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a cache tells about itself, and what happens when its routes' settings change. */
class CacheStatisticsTest {

    @Test
    void hitsAndForwardReasonsAreCountedAsCacheStatusSaysThem() {
        try (Scenario scenario =
                new Scenario().answers("Cache-Control", "max-age=10", "Vary", "Foo", "ETag", "\"1\"")) {
            scenario.get("Foo", "1");
            scenario.get("Foo", "1");
            scenario.get("Foo", "2");
            scenario.get("Foo", "1", "Cache-Control", "no-cache");
            scenario.request("POST", "/other");
            scenario.request("GET", "/none", "Cache-Control", "only-if-cached");
            CacheStatistics statistics = scenario.cache().statistics();
            assertThat(statistics.hits()).isEqualTo(1);
            assertThat(statistics.staleHits()).isZero();
            assertThat(statistics.stored()).isEqualTo(3);
            assertThat(statistics.forwarded())
                    .isEqualTo(Map.of(
                            "bypass",
                            0L,
                            "method",
                            1L,
                            "uri-miss",
                            2L,
                            "vary-miss",
                            1L,
                            "miss",
                            0L,
                            "request",
                            1L,
                            "stale",
                            0L,
                            "partial",
                            0L));
        }
    }

    @Test
    void staleAnswersAndValidationsAreCounted() {
        try (Scenario scenario = new Scenario()
                .answers(
                        "Cache-Control",
                        "max-age=10, stale-while-revalidate=10, stale-if-error=100",
                        "ETag",
                        "\"1\"")) {
            scenario.get();
            scenario.pass(15);
            scenario.forgetAnswers().answers(304, "", "ETag", "\"1\"");
            scenario.get();
            Awaitility.await().untilAsserted(() -> assertThat(
                            scenario.cache().statistics().backgroundFetches())
                    .isEqualTo(1));
            Awaitility.await().until(() -> scenario.asked.size() == 2);
            scenario.pass(25);
            scenario.get();
            scenario.pass(25);
            scenario.forgetAnswers().fails();
            scenario.get();
            CacheStatistics statistics = scenario.cache().statistics();
            assertThat(statistics.hits()).isEqualTo(1);
            assertThat(statistics.staleHits()).isEqualTo(1);
            assertThat(statistics.validated()).isEqualTo(1);
            assertThat(statistics.staleOnError()).isEqualTo(1);
            assertThat(statistics.forwarded()).containsEntry("stale", 2L).containsEntry("uri-miss", 1L);
        }
    }

    @Test
    void tiersTellWhatTheyHold(@TempDir Path directory) {
        CacheStoreConfig storage = new CacheStoreConfig(10, 4 << 20, 16 << 20, directory, List.of(), List.of());
        try (Scenario scenario = new Scenario(Scenario.ON, storage)
                .answers(200, "x".repeat(Store.CHUNK_BYTES + 1), "Cache-Control", "max-age=10")) {
            scenario.get();
            scenario.get();
            List<Tier> tiers = scenario.cache().statistics().tiers();
            assertThat(tiers).extracting(Tier::name).containsExactly("heap", "off-heap", "disk");
            assertThat(tiers.get(0).bytes()).isEqualTo(-1);
            assertThat(tiers.get(2).heads()).isEqualTo(1);
            assertThat(tiers.get(2).pieces()).isEqualTo(2);
            assertThat(tiers.get(2).bytes()).isGreaterThan(Store.CHUNK_BYTES);
        }
    }

    @Test
    void whatIsPushedOutIsCounted() {
        CacheStoreConfig storage = new CacheStoreConfig(3, 0, 0, null, List.of(), List.of());
        try (Scenario scenario = new Scenario(Scenario.ON, storage).answers("Cache-Control", "max-age=10")) {
            for (int i = 0; i < 10; i++) {
                scenario.request("GET", "/" + i);
            }
            // Seven heads and seven pieces at most; Ehcache looks at a sample for each, and may leave some for a while.
            assertThat(scenario.cache().statistics().evictions()).isBetween(6L, 14L);
        }
    }

    @Test
    void routesGoOnWithOtherSettingsAndWhatIsStored() {
        try (Scenario scenario = new Scenario().answers("Cache-Control", "max-age=10")) {
            scenario.get();
            scenario.cache().routes(Map.of("r", with(List.of(Share.PRINCIPAL), Duration.ofSeconds(1))));
            assertThat(scenario.get().fromOrigin).isFalse();
            scenario.cache().routes(Map.of("r", with(List.of(Share.ALL), Duration.ofSeconds(1))));
            assertThat(scenario.cache().size()).isZero();
        }
    }

    @Test
    void routeWithoutACacheLeavesNothingBehind() {
        try (Scenario scenario = new Scenario().answers("Cache-Control", "max-age=10")) {
            scenario.get();
            scenario.cache().routes(Map.of("rr", Scenario.ON));
            assertThat(scenario.cache().size()).isZero();
        }
    }

    @Test
    void routeIsPurgedByItself() {
        try (Scenario scenario = new Scenario().answers("Cache-Control", "max-age=10")) {
            scenario.get();
            assertThat(scenario.cache().purgeRoute("rr", false)).isZero();
            assertThat(scenario.cache().purgeRoute("r", true)).isEqualTo(1);
            assertThat(scenario.cache().size()).isEqualTo(1);
            assertThat(scenario.get().fromOrigin).isTrue();
        }
    }

    private static CacheConfig with(List<Share> share, Duration staleOnError) {
        CacheConfig like = Scenario.ON;
        return new CacheConfig(
                true,
                like.heuristic(),
                like.maxObjectSizeBytes(),
                staleOnError,
                like.negativeTtl(),
                share,
                like.ignoreParameters(),
                like.sortParameters(),
                like.setCookie(),
                like.collapseWait());
    }
}
