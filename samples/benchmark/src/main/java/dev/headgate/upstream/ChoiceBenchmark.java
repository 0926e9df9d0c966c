package dev.headgate.upstream;

import dev.headgate.config.UpstreamConfig;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.setup.GatewayBuilder;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Choosing one of several healthy origins. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChoiceBenchmark {

    @Param({"1", "10", "100"})
    public int origins;

    private Watchdog watchdog;
    private ScheduledExecutorService executor;
    private Upstream upstream;

    @Setup
    public void start() {
        String[] urls = IntStream.rangeClosed(1, origins)
                .mapToObj(i -> "http://127.0.0." + i + ":9")
                .toArray(String[]::new);
        UpstreamConfig config = GatewayBuilder.create()
                .upstream("service", service -> service.origins(urls))
                .route("api", route -> route.path("/*").to("service"))
                .build()
                .upstreams()
                .get("service");
        watchdog = new Watchdog("benchmark", System::nanoTime);
        executor = Executors.newSingleThreadScheduledExecutor();
        upstream = new Upstream(config, watchdog, executor, null);
    }

    @TearDown
    public void stop() {
        upstream.close();
        executor.shutdownNow();
        watchdog.close();
    }

    @Benchmark
    public Origin choose() throws GatewayFailure {
        return upstream.choose(null, List.of(), true);
    }
}
