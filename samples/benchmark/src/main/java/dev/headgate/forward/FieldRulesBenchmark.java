package dev.headgate.forward;

import dev.headgate.config.GatewayConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.TrustedProxies;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.route.RouteMatch;
import dev.headgate.route.RouteTable;
import dev.headgate.samples.benchmark.jmh.BrowserRequest;
import dev.headgate.samples.benchmark.jmh.MemoryResponse;
import dev.headgate.setup.GatewayBuilder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The fields of a browser's request on their way up, and those of an answer on their way down. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FieldRulesBenchmark {

    private final GatewayConfig config = GatewayBuilder.create()
            .route("api", route -> route.path("/*").to("http://127.0.0.1:9"))
            .build();
    private final RouteConfig route = config.routes().get(0);
    private final CookieRules cookies = new CookieRules(route.cookies(), "JSESSIONID", route.upstream());
    private final RequestRules requestRules = new RequestRules(
            route,
            config.viaName(),
            config.requestIdField(),
            new ForwardedFields(new TrustedProxies(config.trustedProxies())),
            cookies);
    private final ResponseRules responseRules = new ResponseRules(route, cookies, config.requestIdField());
    private final BrowserRequest request = new BrowserRequest("/orders/17");
    private final RouteMatch match = RouteTable.of(config.routes()).match(request);
    private final Fields answer = Fields.of(
            "Content-Type", "application/json",
            "Date", "Wed, 25 Nov 2026 12:00:00 GMT",
            "ETag", "\"one\"",
            "Cache-Control", "no-cache",
            "Vary", "Accept-Encoding",
            "Server", "service");

    @Benchmark
    public OutgoingRequest up() throws GatewayFailure {
        Exchange exchange =
                new Exchange(request, null, "api", "api", "0123456789abcdef0123456789abcdef", 0, ExchangeListener.NONE);
        requestRules.check(exchange);
        return requestRules.requestFor("/orders/17", match, exchange, RequestContent.none(exchange));
    }

    @Benchmark
    public MemoryResponse down() {
        MemoryResponse response = new MemoryResponse();
        responseRules.apply(
                200,
                answer,
                match,
                new Exchange(
                        request, response, "api", "api", "0123456789abcdef0123456789abcdef", 0, ExchangeListener.NONE),
                new ClientHead(response));
        return response;
    }
}
