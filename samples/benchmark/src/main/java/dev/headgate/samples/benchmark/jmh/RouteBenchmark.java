package dev.headgate.samples.benchmark.jmh;

import dev.headgate.config.GatewayConfig;
import dev.headgate.route.RouteMatch;
import dev.headgate.route.RouteTable;
import dev.headgate.setup.GatewayBuilder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Which of many routes takes a request, or none. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RouteBenchmark {

    @Param({"10", "100", "1000"})
    public int routes;

    private RouteTable table;
    private final BrowserRequest middle = new BrowserRequest("/service-5/orders/17");
    private final BrowserRequest none = new BrowserRequest("/catalogue/shoes/17");

    /** Each third with a variable, or more than one condition. */
    @Setup
    public void configure() {
        table = RouteTable.of(config(routes).routes());
    }

    static GatewayConfig config(int routes) {
        GatewayBuilder builder = GatewayBuilder.create();
        for (int i = 0; i < routes; i++) {
            String path =
                    switch (i % 3) {
                        case 0 -> "/service-" + i + "/*";
                        case 1 -> "/service-" + i + "/users/{id}/orders";
                        default -> "/service-" + i + "/orders/*";
                    };
            builder.route("r" + i, route -> route.path(path).to("http://127.0.0.1:9"));
        }
        return builder.build();
    }

    @Benchmark
    public RouteMatch match() {
        return table.match(middle);
    }

    @Benchmark
    public RouteMatch noMatch() {
        return table.match(none);
    }
}
