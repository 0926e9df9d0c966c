package dev.headgate.cache;

import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.function.BooleanSupplier;

/** A cache with a clock that tests turn, and an origin that answers what it is told. */
final class Scenario implements AutoCloseable {

    /** A whole number of seconds, so that dates say exactly when. */
    static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    static final CacheConfig ON = config(CacheConfig.OFF);

    static final String TARGET = "/a";

    private final ResponseCache cache;
    private final CacheConfig config;
    private final Deque<Object> answers = new ArrayDeque<>();

    /** The fields of each request that the origin saw. */
    final List<Fields> asked = new ArrayList<>();

    /** Runs once, when the first bytes have gone to the client. */
    Runnable whileSending;

    /** Runs once, while the origin is asked. */
    Runnable whileAsking;

    private Instant now = START;
    private boolean broken;

    /** What a client got. */
    static final class Got {
        int status;
        Fields fields = Fields.NONE;
        long length;
        final ByteArrayOutputStream content = new ByteArrayOutputStream();
        boolean fromOrigin;

        /** Of content that is too much to be kept here. */
        long passed;

        String text() {
            return content.toString(StandardCharsets.ISO_8859_1);
        }

        String cacheStatus() {
            return fields.combined("Cache-Status");
        }
    }

    /** @param pauseMillis after each byte, where the content trickles; 0: it comes at once, as announced */
    private record Answered(int status, String content, Fields fields, boolean cut, long pauseMillis) {}

    private record Streamed(int pieces, Runnable afterEach, Fields fields) {}

    Scenario() {
        this(ON);
    }

    Scenario(CacheConfig config) {
        this(config, new CacheStoreConfig(100, 0, 0, null, List.of(), List.of()));
    }

    Scenario(CacheConfig config, CacheStoreConfig storage) {
        this.config = config;
        InstantSource clock = () -> now;
        this.cache = ResponseCache.open("test", storage, Map.of("r", config), clock, Scenario::threads);
    }

    /** One that allows nothing that the origin does not say, but perhaps to guess freshness and to wait for another. */
    static CacheConfig strict(boolean heuristic, Duration collapseWait) {
        return new CacheConfig(
                true,
                heuristic,
                1 << 20,
                Duration.ZERO,
                Duration.ZERO,
                CacheConfig.OFF.share(),
                List.of(),
                false,
                CacheConfig.SetCookie.REFUSE,
                collapseWait);
    }

    static CacheConfig config(CacheConfig like) {
        return new CacheConfig(
                true,
                like.heuristic(),
                like.maxObjectSizeBytes(),
                like.staleOnError(),
                like.negativeTtl(),
                like.share(),
                like.ignoreParameters(),
                like.sortParameters(),
                like.setCookie(),
                like.collapseWait());
    }

    ResponseCache cache() {
        return cache;
    }

    Scenario pass(long seconds) {
        now = now.plusSeconds(seconds);
        return this;
    }

    static String date(long secondsFromStart) {
        return HttpDate.format(START.plusSeconds(secondsFromStart));
    }

    /** The next answer of the origin; the last one is given again and again. */
    Scenario answers(int status, String content, String... fields) {
        answers.add(new Answered(status, content, Fields.of(fields), false, 0));
        return this;
    }

    Scenario answers(String... fields) {
        return answers(200, "content", fields);
    }

    Scenario forgetAnswers() {
        answers.clear();
        return this;
    }

    /** An answer whose content is cut after this much. */
    Scenario cuts(String content, String... fields) {
        answers.add(new Answered(200, content, Fields.of(fields), true, 0));
        return this;
    }

    /** An answer of unknown length whose content comes byte by byte, each followed by a pause on the turned clock. */
    Scenario trickles(long pauseMillis, String content, String... fields) {
        answers.add(new Answered(200, content, Fields.of(fields), false, pauseMillis));
        return this;
    }

    /** An answer of unknown length, of so many pieces as large as the store's, which nobody keeps. */
    Scenario streams(int pieces, Runnable afterEach, String... fields) {
        answers.add(new Streamed(pieces, afterEach, Fields.of(fields)));
        return this;
    }

    Scenario fails() {
        answers.add(FailureKind.CONNECTION_REFUSED);
        return this;
    }

    /** Takes away the content of whatever is stored for {@link #TARGET}, as a full store does. */
    void evictContent() {
        CacheKey key = CacheKey.of(asked("GET", TARGET));
        for (StoredResponse stored : cache.store().find(key)) {
            stored.parts().forEach(part -> cache.store().remove(part.generation(), part.length()));
        }
    }

    Got get(String... fields) {
        return request("GET", TARGET, fields);
    }

    Got request(String method, String target, String... fields) {
        try {
            return handle(asked(method, target, fields));
        } catch (GatewayFailure e) {
            Got failed = new Got();
            failed.status = e.kind().status();
            return failed;
        }
    }

    private CacheRequest asked(String method, String target, String... fields) {
        return new CacheRequest(
                "r", config, method, "https://shop.example", target, Fields.of(fields), false, List.of());
    }

    Got handle(CacheRequest request) throws GatewayFailure {
        Got got = new Got();
        cache.handle(request, null, new Origin(got), new Delivery() {
            @Override
            public void head(ResponseHead head, long length) {
                got.status = head.status();
                got.fields = head.fields();
                got.length = length;
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                got.content.write(bytes, offset, length);
                Runnable task = whileSending;
                whileSending = null;
                if (task != null) {
                    task.run();
                }
            }

            @Override
            public void flush() {}
        });
        return got;
    }

    private final class Origin implements Fetch {

        private final Got got;

        Origin(Got got) {
            this.got = got;
        }

        @Override
        public Response ask(Fields fields) throws GatewayFailure {
            Object next;
            synchronized (asked) {
                asked.add(fields);
                next = answers.size() > 1 ? answers.poll() : answers.peek();
            }
            Runnable meanwhile = whileAsking;
            whileAsking = null;
            if (meanwhile != null) {
                meanwhile.run();
            }
            if (next instanceof FailureKind kind) {
                throw new GatewayFailure(kind, "as told");
            }
            if (next instanceof Streamed streamed) {
                return stream(streamed);
            }
            Answered answered = (Answered) next;
            Fields head = answered.fields().has("Content-Length")
                            || answered.cut()
                            || answered.pauseMillis() > 0
                            || answered.status() == 304
                    ? answered.fields()
                    : answered.fields()
                            .plus(
                                    "Content-Length",
                                    Integer.toString(answered.content().length()));
            return new Response() {
                @Override
                public ResponseHead head() {
                    return new ResponseHead(answered.status(), head);
                }

                @Override
                public boolean relay(ResponseHead sent, ContentSink sink, BooleanSupplier heir) throws GatewayFailure {
                    got.fromOrigin = true;
                    got.status = sent.status();
                    got.fields = sent.fields();
                    return drain(new ContentSink() {
                        @Override
                        public void content(byte[] bytes, int offset, int length) {
                            sink.content(bytes, offset, length);
                            got.content.write(bytes, offset, length);
                        }

                        @Override
                        public boolean mayRead() {
                            return sink.mayRead();
                        }
                    });
                }

                @Override
                public boolean drain(ContentSink sink) throws GatewayFailure {
                    byte[] bytes = answered.content().getBytes(StandardCharsets.ISO_8859_1);
                    if (answered.pauseMillis() > 0) {
                        for (int i = 0; i < bytes.length && sink.mayRead(); i++) {
                            now = i == 0 ? now : now.plusMillis(answered.pauseMillis());
                            sink.content(bytes, i, 1);
                        }
                        sink.mayRead();
                        now = now.plusMillis(answered.pauseMillis());
                    } else if (answered.status() != 304) {
                        sink.content(bytes, 0, bytes.length);
                    }
                    if (answered.cut()) {
                        throw new GatewayFailure(FailureKind.HTTP_RESPONSE_INCOMPLETE, "cut");
                    }
                    return true;
                }

                @Override
                public void close() {}
            };
        }

        private Response stream(Streamed streamed) {
            return new Response() {
                @Override
                public ResponseHead head() {
                    return new ResponseHead(200, streamed.fields());
                }

                @Override
                public boolean relay(ResponseHead sent, ContentSink sink, BooleanSupplier heir) {
                    got.status = sent.status();
                    got.fields = sent.fields();
                    return drain(sink);
                }

                @Override
                public boolean drain(ContentSink sink) {
                    byte[] piece = new byte[Store.CHUNK_BYTES];
                    for (int i = 0; i < streamed.pieces() && sink.mayRead(); i++) {
                        sink.content(piece, 0, piece.length);
                        got.passed += piece.length;
                        streamed.afterEach().run();
                    }
                    return true;
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public Fetch detached() {
            return new Origin(new Got());
        }
    }

    /** From now on the storage throws at whatever it is asked. */
    void breakStorage() {
        cache.store().close();
        broken = true;
    }

    @Override
    public void close() {
        if (!broken) {
            cache.close();
        }
    }

    /** Threads for the cache. */
    static ThreadFactory threads(String purpose) {
        return task -> {
            Thread thread = new Thread(task, "cache-test-" + purpose);
            thread.setDaemon(true);
            return thread;
        };
    }
}
