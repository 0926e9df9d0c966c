package dev.headgate.samples.benchmark.jmh;

import dev.headgate.cache.CacheRequest;
import dev.headgate.cache.Claim;
import dev.headgate.cache.ContentSink;
import dev.headgate.cache.Delivery;
import dev.headgate.cache.Fetch;
import dev.headgate.cache.ResponseCache;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import dev.headgate.failure.GatewayFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The cache alone: what it plans for a request, and 1 KB from the heap. Through the whole filter it is {@link
 * FilterBenchmark#hitSmall}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CacheBenchmark {

    /** Without waiting for others: whatever is not in the store is planned, and that is all. */
    private static final CacheConfig CONFIG = new CacheConfig(
            true,
            true,
            64 << 20,
            Duration.ZERO,
            Duration.ZERO,
            List.of(CacheConfig.Share.ALL),
            List.of(),
            false,
            CacheConfig.SetCookie.REFUSE,
            Duration.ZERO);

    private static final Fields ASKED = Fields.of(
            "Host", "shop.example.com",
            "User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0",
            "Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "Accept-Language", "en-US,en;q=0.9,de;q=0.8",
            "Accept-Encoding", "gzip, deflate, br",
            "Referer", "https://shop.example.com/catalogue",
            "Cookie", "theme=dark; consent=all",
            "Sec-Fetch-Mode", "navigate",
            "Via", "1.1 headgate",
            "Forwarded", "for=192.0.2.7;host=shop.example.com;proto=https",
            "X-Request-Id", "0123456789abcdef0123456789abcdef");

    private static final Fetch NO_ORIGIN = origin(null);

    private final Sent client = new Sent();
    private ResponseCache cache;

    /** Counts what it is sent. */
    private static final class Sent implements Delivery {
        private long count;

        @Override
        public void head(ResponseHead head, long length) {
            count += head.fields().size();
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            count += length;
        }

        @Override
        public void flush() {}
    }

    @Setup
    public void store() throws GatewayFailure {
        cache = ResponseCache.open(
                "headgate",
                new CacheStoreConfig(1000, 0, 0, null, List.of(), List.of()),
                Map.of("shop", CONFIG),
                InstantSource.fixed(Instant.parse("2026-03-01T12:01:00Z")), // a minute after what is stored
                purpose -> Thread::new);
        store("/stale", "public, max-age=0", "Accept");
        store("/fresh", "public, max-age=86400", null);
        store("/encoded", "public, max-age=86400", "Accept-Encoding");
        if (!hit().isAnswered() || !hitThatVaries().isAnswered() || plan().isAnswered()) {
            throw new IllegalStateException("not stored as planned");
        }
    }

    private void store(String target, String control, String vary) throws GatewayFailure {
        Fields fields = Fields.of(
                "Date", "Sun, 01 Mar 2026 12:00:00 GMT",
                "Server", "origin",
                "Content-Type", "text/html;charset=utf-8",
                "ETag", "\"one\"",
                "Last-Modified", "Sun, 01 Feb 2026 12:00:00 GMT",
                "Cache-Control", control,
                "Content-Length", "1024");
        cache.handle(
                request(target),
                null,
                origin(new ResponseHead(200, vary == null ? fields : fields.plus("Vary", vary))),
                client);
    }

    @TearDown
    public void close() {
        cache.close();
    }

    /** Key, look-up and decision for a response that has to be validated. */
    @Benchmark
    public Claim plan() throws GatewayFailure {
        return cache.claim(request("/stale"), NO_ORIGIN, client, null);
    }

    @Benchmark
    public Claim hit() throws GatewayFailure {
        return cache.claim(request("/fresh"), NO_ORIGIN, client, null);
    }

    /** The same where {@code Accept-Encoding} selects. */
    @Benchmark
    public Claim hitThatVaries() throws GatewayFailure {
        return cache.claim(request("/encoded"), NO_ORIGIN, client, null);
    }

    private static CacheRequest request(String target) {
        return new CacheRequest("shop", CONFIG, "GET", "https://shop.example.com", target, ASKED, false, List.of());
    }

    /** @param head null: there is no origin */
    private static Fetch origin(ResponseHead head) {
        return new Fetch() {
            @Override
            public Response ask(Fields fields) {
                if (head == null) {
                    throw new IllegalStateException("nothing is to be asked");
                }
                return new Whole(head);
            }

            @Override
            public Fetch detached() {
                return null;
            }
        };
    }

    /** A response with 1 KB of content. */
    private record Whole(ResponseHead head) implements Fetch.Response {

        @Override
        public boolean relay(ResponseHead sent, ContentSink sink, BooleanSupplier heir) throws GatewayFailure {
            return drain(sink);
        }

        @Override
        public boolean drain(ContentSink sink) throws GatewayFailure {
            sink.content(new byte[1024], 0, 1024);
            return true;
        }

        @Override
        public void close() {}
    }
}
