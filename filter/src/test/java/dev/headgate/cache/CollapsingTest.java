package dev.headgate.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests for the same thing at the same time. */
class CollapsingTest {

    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger waiting = new AtomicInteger();

    /** How many clients were looked for at least once: they wait, or have waited, for another. */
    private final AtomicInteger looking = new AtomicInteger();

    private String target = "/a";
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void end() {
        threads.shutdownNow();
    }

    private static CacheConfig config(Duration wait) {
        return Scenario.strict(true, wait);
    }

    private static ResponseCache open(CacheConfig config) {
        return ResponseCache.open(
                "test",
                new CacheStoreConfig(1000, 0, 0, null, List.of(), List.of()),
                Map.of("r", config),
                InstantSource.system(),
                Scenario::threads);
    }

    /** What the origin does with one request, after it has been counted. */
    private interface Script {
        void run(int number, ContentSink content) throws Exception;
    }

    /** One client: gives the content, or the name of the failure. */
    private Callable<String> client(
            ResponseCache cache,
            CacheConfig config,
            Fields response,
            Callable<Void> beforeHead,
            Script script,
            String... request) {
        return () -> {
            ByteArrayOutputStream got = new ByteArrayOutputStream();
            CacheRequest asks =
                    new CacheRequest("r", config, "GET", "http://h", target, Fields.of(request), false, List.of());
            Fetch fetch = new Fetch() {
                @Override
                public Response ask(Fields fields) throws GatewayFailure {
                    int number = asked.incrementAndGet();
                    try {
                        beforeHead.call();
                    } catch (GatewayFailure e) {
                        throw e;
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                    return new Response() {
                        @Override
                        public ResponseHead head() {
                            return new ResponseHead(200, response);
                        }

                        @Override
                        public boolean relay(ResponseHead head, ContentSink sink, BooleanSupplier heir)
                                throws GatewayFailure {
                            return drain((bytes, offset, length) -> {
                                sink.content(bytes, offset, length);
                                got.write(bytes, offset, length);
                            });
                        }

                        @Override
                        public boolean drain(ContentSink sink) throws GatewayFailure {
                            try {
                                script.run(number, sink);
                                return true;
                            } catch (GatewayFailure e) {
                                throw e;
                            } catch (Exception e) {
                                throw new IllegalStateException(e);
                            }
                        }

                        @Override
                        public void close() {}
                    };
                }

                @Override
                public Fetch detached() {
                    return this;
                }
            };
            AtomicInteger looks = new AtomicInteger();
            Delivery delivery = new Delivery() {
                @Override
                public void head(ResponseHead head, long length) {}

                @Override
                public void write(byte[] bytes, int offset, int length) {
                    got.write(bytes, offset, length);
                }

                @Override
                public void flush() {
                    waiting.incrementAndGet();
                }

                @Override
                public boolean isGone() {
                    if (looks.incrementAndGet() == 1) {
                        looking.incrementAndGet();
                    }
                    return false;
                }
            };
            try {
                cache.handle(asks, null, fetch, delivery);
            } catch (GatewayFailure e) {
                return e.kind().name();
            }
            return got.toString();
        };
    }

    private static List<String> answers(List<Future<String>> futures) throws Exception {
        List<String> answers = new ArrayList<>();
        for (Future<String> each : futures) {
            answers.add(each.get(10, TimeUnit.SECONDS));
        }
        return answers;
    }

    private List<Future<String>> start(int count, Callable<String> client) {
        List<Future<String>> futures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            futures.add(threads.submit(client));
        }
        return futures;
    }

    private static void bytes(ContentSink sink, String text) {
        sink.content(text.getBytes(), 0, text.length());
    }

    private static final Fields STORABLE = Fields.of("Cache-Control", "max-age=60");

    @Test
    void fiveHundredClientsAreOneRequestAndFollowItAsItComes() throws Exception {
        int clients = 500;
        CountDownLatch rest = new CountDownLatch(1);
        CacheConfig config = config(Duration.ofSeconds(10));
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = start(clients, client(cache, config, STORABLE, () -> null, (number, sink) -> {
                bytes(sink, "first ");
                rest.await(20, TimeUnit.SECONDS);
                bytes(sink, "x".repeat(300_000));
            }));
            // Every follower has had the first part, and waits for the rest.
            Awaitility.await().until(() -> waiting.get() >= clients - 1);
            rest.countDown();
            for (Future<String> each : all) {
                assertThat(each.get(20, TimeUnit.SECONDS)).isEqualTo("first " + "x".repeat(300_000));
            }
            assertThat(asked).hasValue(1);
        }
    }

    @Test
    void whatCannotBeSharedIsFetchedByEach() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        CountDownLatch head = new CountDownLatch(1);
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = start(
                    10,
                    client(
                            cache,
                            config,
                            Fields.of("Cache-Control", "private"),
                            () -> {
                                head.await(10, TimeUnit.SECONDS);
                                return null;
                            },
                            (number, sink) -> bytes(sink, "mine")));
            Awaitility.await().until(() -> asked.get() >= 1);
            head.countDown();
            for (Future<String> each : all) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isEqualTo("mine");
            }
            assertThat(asked).hasValue(10);
        }
    }

    @Test
    void nobodyWaitsLongerThanTheLimit() throws Exception {
        CacheConfig config = config(Duration.ofMillis(50));
        CountDownLatch head = new CountDownLatch(1);
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = start(
                    5,
                    client(
                            cache,
                            config,
                            STORABLE,
                            () -> {
                                head.await(10, TimeUnit.SECONDS);
                                return null;
                            },
                            (number, sink) -> bytes(sink, "content")));
            Awaitility.await().until(() -> asked.get() == 5);
            head.countDown();
            for (Future<String> each : all) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isEqualTo("content");
            }
        }
    }

    @Test
    void nobodyWaitsLongerThanTheLimitForTheFirstBytesEither() throws Exception {
        CacheConfig config = config(Duration.ofMillis(50));
        CountDownLatch go = new CountDownLatch(1);
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = start(5, client(cache, config, STORABLE, () -> null, (number, sink) -> {
                go.await(10, TimeUnit.SECONDS); // the head is here, and nothing comes after it
                bytes(sink, "content");
            }));
            Awaitility.await().until(() -> asked.get() == 5);
            go.countDown();
            for (Future<String> each : all) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isEqualTo("content");
            }
        }
    }

    @Test
    void followersOfALeaderThatIsCutBeforeTheFirstByteAskForThemselves() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        CountDownLatch cut = new CountDownLatch(1);
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = start(5, client(cache, config, STORABLE, () -> null, (number, sink) -> {
                if (number == 1) {
                    cut.await(10, TimeUnit.SECONDS);
                    throw new GatewayFailure(FailureKind.HTTP_RESPONSE_INCOMPLETE, "cut");
                }
                bytes(sink, "content");
            }));
            Awaitility.await().until(() -> looking.get() >= 4);
            cut.countDown();
            List<String> got = answers(all);
            assertThat(got).containsOnlyOnce("HTTP_RESPONSE_INCOMPLETE");
            assertThat(got.stream().filter("content"::equals)).hasSize(4);
            assertThat(asked).hasValue(5);
        }
    }

    @Test
    void followersOfALeaderThatFailsBeforeItsHeadAskForThemselves() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        CountDownLatch fail = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = start(
                    5,
                    client(
                            cache,
                            config,
                            STORABLE,
                            () -> {
                                if (calls.incrementAndGet() == 1) {
                                    fail.await(10, TimeUnit.SECONDS);
                                    throw new GatewayFailure(FailureKind.CONNECTION_REFUSED, "nobody there");
                                }
                                return null;
                            },
                            (number, sink) -> bytes(sink, "content")));
            Awaitility.await().until(() -> looking.get() >= 4);
            fail.countDown();
            List<String> got = answers(all);
            assertThat(got).containsOnlyOnce("CONNECTION_REFUSED");
            assertThat(got.stream().filter("content"::equals)).hasSize(4);
            assertThat(asked).hasValue(5);
        }
    }

    @Test
    void staleResponseIsValidatedBehindTheScenesOnceForACrowd() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        Fields stale = Fields.of("Cache-Control", "max-age=0, stale-while-revalidate=60");
        CountDownLatch go = new CountDownLatch(1);
        try (ResponseCache cache = open(config)) {
            Callable<String> client = client(cache, config, stale, () -> null, (number, sink) -> {
                if (number > 1) {
                    go.await(10, TimeUnit.SECONDS);
                }
                bytes(sink, "number " + number);
            });
            client.call();
            for (Future<String> each : start(50, client)) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isEqualTo("number 1"); // at once
            }
            Awaitility.await().until(() -> asked.get() == 2);
            go.countDown();
            Awaitility.await().until(() -> client.call().equals("number 2"));
        }
    }

    @Test
    void validationBehindTheScenesIsBoundedAndStaleOnesAreServedAllTheSame() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        Fields stale = Fields.of("Cache-Control", "max-age=0, stale-while-revalidate=60");
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger atOnce = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Script slow = (number, sink) -> {
            if (number > 200) {
                most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
                go.await(10, TimeUnit.SECONDS);
                atOnce.decrementAndGet();
            }
            bytes(sink, "content");
        };
        try (ResponseCache cache = open(config)) {
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < 200; i++) {
                    target = "/" + i;
                    assertThat(client(cache, config, stale, () -> null, slow).call())
                            .isEqualTo("content");
                }
            }
            go.countDown();
            Awaitility.await().until(() -> asked.get() >= 200 + 4 + 64 && atOnce.get() == 0);
            assertThat(asked).hasValue(200 + 4 + 64); // four at work, and 64 in the queue
            assertThat(most.get()).isLessThanOrEqualTo(4);
        }
    }

    @Test
    void leaderThatIsCutCutsItsFollowersAndStoresNothing() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        CountDownLatch cut = new CountDownLatch(1);
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = start(5, client(cache, config, STORABLE, () -> null, (number, sink) -> {
                bytes(sink, "half");
                cut.await(10, TimeUnit.SECONDS);
                throw new GatewayFailure(FailureKind.HTTP_RESPONSE_INCOMPLETE, "cut");
            }));
            Awaitility.await().until(() -> waiting.get() >= 4);
            cut.countDown();
            for (Future<String> each : all) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isEqualTo("HTTP_RESPONSE_INCOMPLETE");
            }
            assertThat(cache.size()).isZero();
        }
    }

    @Test
    void followersOfAClientThatLeavesGetTheRest() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        CountDownLatch leave = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = start(5, client(cache, config, STORABLE, () -> null, (number, sink) -> {
                if (calls.incrementAndGet() == 1) {
                    bytes(sink, "first ");
                    leave.await(10, TimeUnit.SECONDS);
                    throw new GatewayFailure(FailureKind.CLIENT_LEFT, "left");
                }
                bytes(sink, "rest");
            }));
            Awaitility.await().until(() -> waiting.get() >= 4);
            leave.countDown();
            List<String> got = answers(all);
            assertThat(got).containsOnlyOnce("CLIENT_LEFT");
            got.remove("CLIENT_LEFT");
            assertThat(got).containsOnly("first rest");
            assertThat(asked).hasValue(1);
            assertThat(cache.size()).isEqualTo(1);
        }
    }

    @Test
    void nobodyReadsOnWhenThoseWhoFollowedHaveLeftToo() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        CountDownLatch leave = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        Delivery leaving = new Delivery() {
            @Override
            public void head(ResponseHead head, long length) {}

            @Override
            public void write(byte[] bytes, int offset, int length) throws GatewayFailure {
                if (leave.getCount() == 0) {
                    throw new GatewayFailure(FailureKind.CLIENT_LEFT, "left");
                }
            }

            @Override
            public void flush() {
                waiting.incrementAndGet();
            }
        };
        CacheRequest asks = new CacheRequest("r", config, "GET", "http://h", "/a", Fields.of(), false, List.of());
        try (ResponseCache cache = open(config)) {
            Future<String> first = threads.submit(client(cache, config, STORABLE, () -> null, (number, sink) -> {
                if (calls.incrementAndGet() == 1) {
                    bytes(sink, "first ");
                    leave.await(10, TimeUnit.SECONDS);
                    throw new GatewayFailure(FailureKind.CLIENT_LEFT, "left");
                }
                while (sink.mayRead()) {
                    bytes(sink, "more ");
                    Thread.sleep(1); // the pace of a stream without an end
                }
            }));
            Awaitility.await().until(() -> asked.get() == 1);
            threads.submit(() -> {
                cache.handle(asks, null, null, leaving);
                return null;
            });
            Awaitility.await().until(() -> waiting.get() >= 1);
            leave.countDown();
            assertThat(first.get(10, TimeUnit.SECONDS)).isEqualTo("CLIENT_LEFT");
        }
    }

    @Test
    void variantsAreCollapsedEachByItself() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        CountDownLatch head = new CountDownLatch(1);
        Fields varying = Fields.of("Cache-Control", "max-age=60", "Vary", "Foo");
        Callable<Void> late = () -> {
            head.await(10, TimeUnit.SECONDS);
            return null;
        };
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = new ArrayList<>();
            for (String foo : new String[] {"1", "2"}) {
                all.addAll(start(
                        10, client(cache, config, varying, late, (number, sink) -> bytes(sink, "foo"), "Foo", foo)));
            }
            Awaitility.await().until(() -> asked.get() >= 1);
            head.countDown();
            for (Future<String> each : all) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isEqualTo("foo");
            }
            assertThat(asked.get()).isEqualTo(2);
        }
    }

    @Test
    void contentOfUnknownLengthThatTurnsOutTooLargePassesWhole() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        String large = "y".repeat((1 << 20) + 1000);
        try (ResponseCache cache = open(config)) {
            assertThat(client(cache, config, STORABLE, () -> null, (number, sink) -> bytes(sink, large))
                            .call())
                    .isEqualTo(large);
            assertThat(cache.size()).isZero();
        }
    }

    @Test
    void anotherLeadsWhenTheLeadersClientLeavesBeforeTheHead() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        CountDownLatch leave = new CountDownLatch(1);
        try (ResponseCache cache = open(config)) {
            Delivery leaving = new Delivery() {
                @Override
                public void head(ResponseHead head, long length) {}

                @Override
                public void write(byte[] bytes, int offset, int length) {}

                @Override
                public void flush() {}

                @Override
                public boolean isGone() {
                    return true;
                }
            };
            Fetch broken = new Fetch() {
                @Override
                public Response ask(Fields fields) throws GatewayFailure {
                    asked.incrementAndGet();
                    try {
                        leave.await(10, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                    throw new GatewayFailure(FailureKind.CONNECTION_TERMINATED, "broken");
                }

                @Override
                public Fetch detached() {
                    return this;
                }
            };
            CacheRequest asks = new CacheRequest("r", config, "GET", "http://h", "/a", Fields.of(), false, List.of());
            threads.submit(() -> {
                cache.handle(asks, null, broken, leaving);
                return null;
            });
            Awaitility.await().until(() -> asked.get() == 1);
            CountDownLatch head = new CountDownLatch(1);
            List<Future<String>> all = start(
                    5,
                    client(
                            cache,
                            config,
                            STORABLE,
                            () -> {
                                head.await(10, TimeUnit.SECONDS);
                                return null;
                            },
                            (number, sink) -> bytes(sink, "content")));
            leave.countDown();
            Awaitility.await().until(() -> asked.get() == 2);
            head.countDown();
            for (Future<String> each : all) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isEqualTo("content");
            }
            assertThat(asked).hasValue(2);
        }
    }

    @Test
    void contentThatTurnsOutTooLargeStillReachesItsFollowers() throws Exception {
        CacheConfig config = config(Duration.ofSeconds(10));
        CountDownLatch rest = new CountDownLatch(1);
        String large = "y".repeat(2 << 20);
        try (ResponseCache cache = open(config)) {
            List<Future<String>> all = start(5, client(cache, config, STORABLE, () -> null, (number, sink) -> {
                bytes(sink, "first ");
                rest.await(10, TimeUnit.SECONDS);
                bytes(sink, large);
            }));
            Awaitility.await().until(() -> waiting.get() >= 4);
            rest.countDown();
            for (Future<String> each : all) {
                assertThat(each.get(10, TimeUnit.SECONDS)).isEqualTo("first " + large);
            }
            assertThat(asked).hasValue(1);
            assertThat(cache.size()).isZero();
        }
    }
}
