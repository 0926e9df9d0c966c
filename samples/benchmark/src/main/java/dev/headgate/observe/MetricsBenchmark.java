package dev.headgate.observe;

import com.codahale.metrics.MetricRegistry;
import dev.headgate.cache.ResponseCache;
import dev.headgate.config.GatewayConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.limit.Admission;
import dev.headgate.samples.benchmark.jmh.BrowserRequest;
import dev.headgate.samples.benchmark.jmh.MemoryResponse;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.upstream.Upstream;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** All that is counted and timed of one exchange: at its route, its upstream and its origin. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MetricsBenchmark {

    private final BrowserRequest request = new BrowserRequest("/orders/17");
    private final MemoryResponse response = new MemoryResponse();
    private final MetricsListener metrics =
            new MetricsListener(new Idle(), new Registries(new MetricRegistry(), null), System::nanoTime);

    @Benchmark
    public Exchange exchange() {
        Exchange exchange = new Exchange(request, response, "api", "api", "id", 1_000, metrics);
        metrics.began(exchange);
        exchange.admitted(5_000);
        Attempt attempt = exchange.attempt("http://127.0.0.1:9", 10_000);
        attempt.sends(15_000);
        attempt.answered(200, 1_000_000);
        exchange.answered(1_000_000);
        exchange.sentContent(1024);
        attempt.ended(1_100_000, null);
        exchange.ended(1_110_000, 200);
        return exchange;
    }

    /** A gateway of one route with nothing else to tell. */
    private static final class Idle implements ManagedGateway {

        private final GatewayConfig config = GatewayBuilder.create()
                .route("api", route -> route.path("/*").to("http://127.0.0.1:9"))
                .build();
        private final Admission admission = new Admission(config, System::nanoTime);

        @Override
        public GatewayConfig config() {
            return config;
        }

        @Override
        public Duration uptime() {
            return Duration.ZERO;
        }

        @Override
        public Collection<Upstream> upstreams() {
            return List.of();
        }

        @Override
        public Admission admission() {
            return admission;
        }

        @Override
        public ResponseCache cache() {
            return null;
        }

        @Override
        public Threads threads() {
            return new Threads(64, 0, 0, 0, 0, 0, 0);
        }

        @Override
        public List<String> reload() {
            return List.of();
        }
    }
}
