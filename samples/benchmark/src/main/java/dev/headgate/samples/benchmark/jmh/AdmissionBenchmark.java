package dev.headgate.samples.benchmark.jmh;

import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.limit.Admission;
import dev.headgate.limit.Permit;
import dev.headgate.setup.GatewayBuilder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Letting a request in: sizes and a rate for each client address; places at route and upstream. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AdmissionBenchmark {

    private final Admission sizesOnly = new Admission(
            GatewayBuilder.create()
                    .route("api", route -> route.path("/*").to("http://127.0.0.1:9"))
                    .build(),
            System::nanoTime);
    private final Admission limits = new Admission(
            GatewayBuilder.create()
                    .route("api", route -> route.path("/*")
                            .to("http://127.0.0.1:9")
                            .rate("1000000/s burst 1000000000")
                            .concurrencyMax(1000))
                    .build(),
            System::nanoTime);
    private final BrowserRequest request = new BrowserRequest("/orders/17");

    private Exchange exchange() {
        return new Exchange(request, new MemoryResponse(), "api", "api", "id", 0, ExchangeListener.NONE);
    }

    @Benchmark
    public Exchange sizes() throws GatewayFailure {
        Exchange exchange = exchange();
        sizesOnly.check(0, exchange, name -> null);
        return exchange;
    }

    @Benchmark
    public Exchange ratesAndPlaces() throws GatewayFailure {
        Exchange exchange = exchange();
        limits.check(0, exchange, name -> null);
        Permit permit = limits.enter(0, exchange, name -> null);
        permit.close();
        return exchange;
    }
}
