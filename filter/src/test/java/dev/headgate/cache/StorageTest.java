package dev.headgate.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headgate.cache.Scenario.Got;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheConfig.SetCookie;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.exchange.Fields;
import dev.headgate.failure.GatewayFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadFactory;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where responses are kept, how much of them, and whose they are. */
class StorageTest {

    /** What is read before anything is sent, and so cannot be lost any more. */
    private static final int AHEAD = ResponseCache.AHEAD_CHUNKS * Store.CHUNK_BYTES;

    private static final String CC = "Cache-Control";

    private static CacheStoreConfig tiers(int heap, long offHeapMegabytes, long diskMegabytes, Path directory) {
        return new CacheStoreConfig(heap, offHeapMegabytes << 20, diskMegabytes << 20, directory, List.of(), List.of());
    }

    private static CacheConfig config(long maxObjectSize, List<String> ignored, boolean sorted) {
        return new CacheConfig(
                true,
                true,
                maxObjectSize,
                Duration.ofMinutes(10),
                Duration.ZERO,
                CacheConfig.OFF.share(),
                ignored,
                sorted,
                SetCookie.REFUSE,
                Duration.ofSeconds(5));
    }

    @Test
    void contentOnDiskSurvivesARestart(@TempDir Path directory) {
        String large = "0123456789".repeat(50_000);
        CacheStoreConfig disk = tiers(10, 4, 32, directory);
        try (Scenario before = new Scenario(Scenario.ON, disk)) {
            before.answers(200, large, CC, "max-age=600", "ETag", "\"ü\"", "Vary", "Foo");
            before.get("Foo", "1");
        }
        try (Scenario after = new Scenario(Scenario.ON, disk)) {
            after.answers(200, "asked again");
            Got hit = after.get("Foo", "1");
            assertThat(hit.text()).isEqualTo(large);
            assertThat(hit.fields.first("ETag")).isEqualTo("\"ü\"");
            assertThat(after.asked).isEmpty();
        }
    }

    @Test
    void diskThatCannotBeUsedStopsTheStartByName(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "in the way");
        assertThatThrownBy(() -> new Scenario(Scenario.ON, tiers(10, 0, 8, file)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void oneDirectoryIsNotForTwo(@TempDir Path directory) {
        CacheStoreConfig disk = tiers(10, 0, 8, directory);
        try (Scenario first = new Scenario(Scenario.ON, disk)) {
            assertThatThrownBy(() -> new Scenario(Scenario.ON, disk)).isInstanceOf(IllegalArgumentException.class);
            assertThat(first.answers(CC, "max-age=60").get().status).isEqualTo(200);
        }
    }

    @Test
    void moreThanFitsIsEvictedAndNeverMixedUp() {
        Random random = new Random(1);
        try (Scenario scenario = new Scenario(Scenario.ON, tiers(50, 8, 0, null))) {
            int objects = 3_000;
            String[] contents = new String[objects];
            for (int i = 0; i < objects; i++) {
                contents[i] = ("object " + i + " ").repeat(1 + random.nextInt(i % 50 == 0 ? 20_000 : 400));
                scenario.forgetAnswers().answers(200, contents[i], CC, "max-age=600", "ETag", "\"" + i + "\"");
                scenario.request("GET", "/" + i);
            }
            scenario.forgetAnswers().answers(200, "gone", CC, "no-store");
            int kept = 0;
            for (int i = 0; i < objects; i++) {
                Got got = scenario.request("GET", "/" + i);
                assertThat(got.status).isEqualTo(200);
                assertThat(got.text().equals("gone") || got.text().equals(contents[i]))
                        .isTrue();
                kept += got.text().equals("gone") ? 0 : 1;
            }
            assertThat(kept).isBetween(100, objects - 1);
        }
    }

    @Test
    void responseWhoseContentWasEvictedIsAMiss() {
        // Two chunks of content on the heap, and ten heads.
        try (Scenario scenario = new Scenario(Scenario.ON, tiers(2, 0, 0, null))) {
            String three = "x".repeat(3 * Store.CHUNK_BYTES);
            scenario.answers(200, three, CC, "max-age=60");
            scenario.get();
            Got again = scenario.get();
            assertThat(again.text()).isEqualTo(three);
            assertThat(again.fromOrigin).isTrue();
            assertThat(again.cacheStatus()).contains("fwd=");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {206, 200})
    void contentEvictedWhileItIsSentIsFetchedAgain(int status) {
        try (Scenario scenario = new Scenario()) {
            String content = "a".repeat(AHEAD) + "b".repeat(Store.CHUNK_BYTES) + "c".repeat(7);
            String rest = content.substring(AHEAD);
            String range = "bytes " + AHEAD + "-" + (content.length() - 1) + "/" + content.length();
            scenario.answers(200, content, CC, "max-age=60", "ETag", "\"1\"");
            scenario.get();
            scenario.forgetAnswers();
            if (status == 206) {
                scenario.answers(206, rest, "ETag", "\"1\"", "Content-Range", range);
            } else {
                scenario.answers(200, content, "ETag", "\"1\"");
            }
            scenario.whileSending = scenario::evictContent;
            Got got = scenario.get();
            assertThat(got.text()).isEqualTo(content);
            assertThat(got.fromOrigin).isFalse();
            assertThat(scenario.asked.get(1).first("Range")).isEqualTo("bytes=" + AHEAD + "-" + (content.length() - 1));
            assertThat(scenario.asked.get(1).first("If-Range")).isEqualTo("\"1\"");
        }
    }

    @Test
    void otherContentNeverTakesThePlaceOfWhatWasEvicted() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(200, "a".repeat(AHEAD + 1), CC, "max-age=60", "ETag", "\"1\"");
            scenario.get();
            scenario.forgetAnswers().answers(200, "b".repeat(AHEAD + 1), "ETag", "\"2\"");
            scenario.whileSending = scenario::evictContent;
            // Cut: the client has some of it, and gets no more.
            assertThat(scenario.get().status).isEqualTo(500);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"purge", "replace", "invalidate"})
    void whatIsBeingSentIsSentToItsEndWhateverBecomesOfIt(String what) {
        try (Scenario scenario = new Scenario()) {
            String content = "a".repeat(AHEAD) + "b".repeat(Store.CHUNK_BYTES) + "c".repeat(7);
            scenario.answers(200, content, CC, "max-age=60").answers(200, "new", CC, "max-age=60");
            scenario.get();
            scenario.whileSending = () -> {
                switch (what) {
                    case "purge" -> scenario.cache().purgeAll(false);
                    case "replace" -> scenario.get(CC, "no-cache");
                    default -> scenario.request("POST", Scenario.TARGET);
                }
            };
            assertThat(scenario.get().text()).isEqualTo(content);
            assertThat(scenario.get().text()).isEqualTo("new");
            assertThat(scenario.asked).hasSize(what.equals("invalidate") ? 3 : 2);
        }
    }

    @Test
    void urlIsPurgedInAnySpellingThatIsOneForTheCache() {
        try (Scenario scenario = new Scenario(config(1000, List.of("utm_*"), true))) {
            scenario.answers(CC, "max-age=60");
            scenario.request("GET", "/a?b=1&a=2&utm_source=x");
            assertThat(scenario.cache().purge("/a?a=2&b=1", false)).isEqualTo(1);
            assertThat(scenario.request("GET", "/a?b=1&a=2").cacheStatus()).contains("fwd=uri-miss");
        }
    }

    @Test
    void contentThatWasDroppedWhileItWasSentGoesWithItsLastReader() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(200, "a".repeat(AHEAD + 1), CC, "max-age=60");
            scenario.get();
            long[] pieces = new long[1];
            scenario.whileSending = () -> {
                scenario.cache().purgeAll(false);
                pieces[0] = pieces(scenario);
            };
            scenario.get();
            assertThat(pieces[0]).isEqualTo(ResponseCache.AHEAD_CHUNKS + 1);
            assertThat(pieces(scenario)).isZero();
        }
    }

    private static long pieces(Scenario scenario) {
        return scenario.cache().statistics().tiers().get(0).pieces();
    }

    @Test
    void contentAboveTheLimitPassesThroughUnstored() {
        try (Scenario scenario = new Scenario(config(1000, List.of(), false))) {
            scenario.answers(200, "x".repeat(1001), CC, "max-age=60").answers(200, "x".repeat(1000), CC, "max-age=60");
            assertThat(scenario.get().cacheStatus()).doesNotContain("stored");
            assertThat(scenario.get().text()).hasSize(1000);
            assertThat(scenario.get().cacheStatus()).contains("hit");
        }
    }

    @Test
    void keyNormalisationIsTheRoutesChoice() {
        try (Scenario scenario = new Scenario(config(1000, List.of("utm_*", "fbclid"), true))) {
            scenario.answers(CC, "max-age=60");
            scenario.request("GET", "/a?b=2&a=1&utm_source=x&a=0");
            assertThat(scenario.request("GET", "/a?a=1&a=0&fbclid=9&b=2").cacheStatus())
                    .contains("hit");
            assertThat(scenario.request("GET", "/a?a=0&a=1&b=2").cacheStatus()).contains("fwd=uri-miss");
            assertThat(scenario.request("GET", "/a?a=1&a=0&b=2&fbclids=9").cacheStatus())
                    .contains("fwd=uri-miss");
        }
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60");
            scenario.request("GET", "/a?a=1&b=2");
            assertThat(scenario.request("GET", "/a?b=2&a=1").cacheStatus()).contains("fwd=uri-miss");
            assertThat(scenario.request("GET", "/a?a=1&b=2&").cacheStatus()).contains("fwd=uri-miss");
            assertThat(scenario.request("GET", "/a").cacheStatus()).contains("fwd=uri-miss");
            assertThat(scenario.request("GET", "/a?").cacheStatus()).contains("fwd=uri-miss");
        }
    }

    private static CacheRequest as(String origin, String route, String target, String... partition) {
        return new CacheRequest(route, Scenario.ON, "GET", origin, target, Fields.NONE, false, List.of(partition));
    }

    @Test
    void keysOfDifferentRequestsNeverCollide() {
        List<CacheRequest> different = List.of(
                as("http://h", "r", "/a"),
                as("https://h", "r", "/a"),
                as("http://h2", "r", "/a"),
                as("http://h", "rr", "/a"),
                as("http://h", "r", "/a1:x", ""),
                as("http://h", "r", "/a", "1:x"),
                as("http://h", "r", "/a", "x"),
                as("http://h", "r", "/a", "x", ""),
                as("http://h", "r", "/a", "", "x"),
                as("http://h", "r", "/A"),
                as("http://h", "r", "/a%2f"),
                as("http://h", "r", "/a%2F"));
        assertThat(different.stream().map(each -> CacheKey.of(each).text()).distinct())
                .hasSize(different.size());
        assertThat(CacheKey.of(as("HTTP://H", "r", "/a"))).isEqualTo(CacheKey.of(as("http://h", "r", "/a")));
    }

    @Test
    void usersDoNotShareAndOnePostInvalidatesForAll() throws GatewayFailure {
        try (Scenario scenario = new Scenario()) {
            String origin = "https://shop.example";
            scenario.answers(200, "a's", CC, "max-age=60")
                    .answers(200, "b's", CC, "max-age=60")
                    .answers(200, "posted")
                    .answers(200, "new", CC, "max-age=60");
            assertThat(scenario.handle(as(origin, "r", "/a", "a")).text()).isEqualTo("a's");
            assertThat(scenario.handle(as(origin, "r", "/a", "b")).text()).isEqualTo("b's");
            assertThat(scenario.handle(as(origin, "r", "/a", "a")).text()).isEqualTo("a's");
            assertThat(scenario.handle(as(origin, "r", "/a", "b")).text()).isEqualTo("b's");
            scenario.request("POST", "/a");
            assertThat(scenario.handle(as(origin, "r", "/a", "a")).text()).isEqualTo("new");
            assertThat(scenario.handle(as(origin, "r", "/a", "b")).fromOrigin).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "x-http-METHOD"})
    void requestsWhoseMethodAFieldMayChangeStayOutOfTheCache(String field) {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60").answers(200, "changed", CC, "max-age=60");
            scenario.get();
            Got other = scenario.get(field, "DELETE");
            assertThat(other.text()).isEqualTo("changed");
            assertThat(other.cacheStatus()).isEqualTo("test; fwd=bypass");
            assertThat(scenario.get().text()).isEqualTo("content");
        }
    }

    @Test
    void storageThatFailsMakesEveryRequestAMissAndFailsNone() {
        try (Scenario scenario = new Scenario()) {
            String large = "a".repeat(3 * Store.CHUNK_BYTES);
            scenario.answers(200, large, CC, "max-age=60", "ETag", "\"1\"");
            scenario.get();
            scenario.breakStorage();
            for (int i = 0; i < 2; i++) {
                Got got = scenario.get();
                assertThat(got.text()).isEqualTo(large);
                assertThat(got.cacheStatus()).startsWith("test; fwd=uri-miss");
            }
            assertThat(scenario.asked).hasSize(3);
            assertThat(scenario.request("POST", Scenario.TARGET).status).isEqualTo(200);
            assertThat(scenario.cache().purgeAll(false)).isZero();
            assertThat(scenario.cache().statistics()).isNotNull();
        }
    }

    @Test
    void storageThatFailsWhileAResponseIsStoredDoesNotCutIt() {
        try (Scenario scenario = new Scenario()) {
            String large = "a".repeat(3 * Store.CHUNK_BYTES);
            scenario.answers(200, large, CC, "max-age=60");
            scenario.whileAsking = scenario::breakStorage;
            assertThat(scenario.get().text()).isEqualTo(large);
        }
    }

    /** Content far larger than the store, of which nobody knows how long it is. */
    @ParameterizedTest
    @ValueSource(longs = {1L << 40, 1 << 20})
    void streamNeverHoldsMoreThanTheStoreHasRoomFor(long maxObjectSize) throws GatewayFailure {
        CacheConfig config = config(maxObjectSize, List.of(), false);
        int room = 100;
        int pieces = 4000; // 250 MB
        long[] most = new long[1];
        try (Scenario scenario = new Scenario(config, tiers(room, 0, 0, null))) {
            scenario.streams(pieces, () -> most[0] = Math.max(most[0], pieces(scenario)), CC, "max-age=600");
            Got got = scenario.get();
            assertThat(got.status).isEqualTo(200);
            assertThat(got.passed).isEqualTo((long) pieces * Store.CHUNK_BYTES);
            assertThat(most[0]).isBetween(1L, room + 4L);
            if (maxObjectSize < got.passed) {
                assertThat(pieces(scenario)).isZero();
                assertThat(scenario.cache().size()).isZero();
            }
        }
    }

    @Test
    void requestsThatMayMeanSomethingElseStayOutOfTheCache() throws GatewayFailure {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60");
            CacheRequest fat = new CacheRequest(
                    "r", Scenario.ON, "GET", "https://shop.example", "/a", Fields.NONE, true, List.of());
            assertThat(scenario.handle(fat).cacheStatus()).isEqualTo("test; fwd=bypass");
            assertThat(scenario.request("get", "/a").cacheStatus()).isEqualTo("test; fwd=method");
            assertThat(scenario.cache().size()).isZero();
        }
    }

    @Test
    void metadataComesBackAsItWas() {
        StoredResponse stored = new StoredResponse(
                "/ä?x",
                404,
                Fields.of("A", "1", "a", "ÿ"),
                Fields.of("foo", ""),
                1,
                2,
                -1,
                List.of(new StoredResponse.Part(-5, 10, 20), new StoredResponse.Part(7, 0, 5)),
                true,
                99);
        assertThat(StoredResponse.decode(StoredResponse.encode(List.of(stored, stored))))
                .containsExactly(stored, stored);
        assertThatThrownBy(() -> StoredResponse.decode(new byte[] {2, 0, 0, 0, 1}))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void missingLibraryIsSaidByName() throws Exception {
        ClassLoader without = new ClassLoader(getClass().getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                if (name.startsWith("org.ehcache")) {
                    throw new ClassNotFoundException(name);
                }
                if (!name.startsWith("dev.headgate.cache.")) {
                    return super.loadClass(name, resolve);
                }
                Class<?> loaded = findLoadedClass(name);
                if (loaded != null) {
                    return loaded;
                }
                try (var stream = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                    byte[] bytes = stream.readAllBytes();
                    return defineClass(name, bytes, 0, bytes.length);
                } catch (java.io.IOException e) {
                    throw new ClassNotFoundException(name, e);
                }
            }
        };
        var open = without.loadClass(ResponseCache.class.getName())
                .getMethod(
                        "open",
                        String.class,
                        CacheStoreConfig.class,
                        Map.class,
                        java.time.InstantSource.class,
                        Function.class);
        Function<String, ThreadFactory> threads = Scenario::threads;
        assertThatThrownBy(() -> open.invoke(
                        null,
                        "g",
                        CacheStoreConfig.DEFAULT,
                        Map.of("r", Scenario.ON),
                        java.time.InstantSource.system(),
                        threads))
                .cause()
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("org.ehcache:ehcache");
    }
}
