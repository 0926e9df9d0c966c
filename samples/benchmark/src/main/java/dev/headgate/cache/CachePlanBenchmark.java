package dev.headgate.cache;

import dev.headgate.config.CacheConfig;
import dev.headgate.exchange.Fields;
import dev.headgate.setup.GatewayBuilder;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Deciding between serving, validating and forwarding. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class CachePlanBenchmark {

    private static final long NOW = 1_772_366_400_000L;

    private final CacheConfig config = GatewayBuilder.create()
            .route("api", route -> route.path("/*").to("http://127.0.0.1:9").cache(true))
            .build()
            .routes()
            .get(0)
            .cache();
    private final CacheRequest request = new CacheRequest(
            "api",
            config,
            "GET",
            "https://shop.example.com",
            "/orders/17",
            Fields.of(
                    "Accept", "text/html,application/xhtml+xml",
                    "Accept-Encoding", "gzip, deflate, br",
                    "Accept-Language", "en-US,en;q=0.9",
                    "User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
            false,
            List.of());
    private final List<StoredResponse> fresh = List.of(stored(NOW - 1000));
    private final List<StoredResponse> stale = List.of(stored(NOW - 600_000));

    private static StoredResponse stored(long millis) {
        return new StoredResponse(
                "/orders/17",
                200,
                Fields.of(
                        "Content-Type", "application/json",
                        "Date", HttpDate.format(Instant.ofEpochMilli(millis)),
                        "ETag", "\"one\"",
                        "Cache-Control", "max-age=300",
                        "Vary", "Accept-Encoding"),
                Fields.of("accept-encoding", "br,deflate,gzip"), // as it is stored
                millis,
                millis,
                1024,
                List.of(new StoredResponse.Part(1, 0, 1024)),
                false,
                1);
    }

    @Setup
    public void check() {
        if (fresh().action() != CachePlan.Action.SERVE || stale().action() != CachePlan.Action.VALIDATE) {
            throw new IllegalStateException("not planned as the names say");
        }
    }

    @Benchmark
    public CachePlan fresh() {
        return CachePlan.decide(request, fresh, NOW);
    }

    @Benchmark
    public CachePlan stale() {
        return CachePlan.decide(request, stale, NOW);
    }

    @Benchmark
    public CachePlan miss() {
        return CachePlan.decide(request, List.of(), NOW);
    }
}
