package dev.headgate.samples.benchmark.jmh;

import com.sun.net.httpserver.HttpServer;
import dev.headgate.HeadgateFilter;
import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.GatewayBuilder;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The whole filter without network: a request that none of 1,000 routes takes, and answers from the cache. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FilterBenchmark {

    private final BrowserRequest none = new BrowserRequest("/catalogue/shoes/17");
    private final BrowserRequest small = new BrowserRequest("/cached/1024");
    private final BrowserRequest large = new BrowserRequest("/cached/102400");
    private final MemoryResponse unused = new MemoryResponse();
    private int chained;
    private final FilterChain chain = (request, response) -> chained++;

    private HttpServer origin;
    private HeadgateFilter manyRoutes;
    private HeadgateFilter cached;

    @Setup
    public void start() throws IOException, ServletException {
        origin = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        origin.createContext("/cached/", exchange -> {
            byte[] content =
                    new byte[Integer.parseInt(exchange.getRequestURI().getPath().substring(8))];
            exchange.getResponseHeaders().add("Content-Type", "text/plain");
            exchange.getResponseHeaders().add("ETag", "\"one\"");
            exchange.getResponseHeaders().add("Cache-Control", "max-age=86400");
            exchange.sendResponseHeaders(200, content.length);
            exchange.getResponseBody().write(content);
            exchange.close();
        });
        origin.start();
        manyRoutes = start(RouteBenchmark.config(1000));
        cached = start(GatewayBuilder.create()
                .route("cached", route -> route.path("/cached/*")
                        .to("http://127.0.0.1:" + origin.getAddress().getPort())
                        .cache(true))
                .build());
        hitSmall();
        hitLarge();
        origin.stop(0);
        if (hitSmall() != 1024 || hitLarge() != 102_400) {
            throw new IllegalStateException("not stored");
        }
    }

    private static HeadgateFilter start(GatewayConfig config) throws ServletException {
        HeadgateFilter filter = new HeadgateFilter(config);
        ServletContext context = (ServletContext) Proxy.newProxyInstance(
                FilterBenchmark.class.getClassLoader(),
                new Class<?>[] {ServletContext.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "getContextPath" -> "";
                    case "getFilterRegistrations", "getServletRegistrations" -> Map.of();
                    default -> null;
                });
        filter.init((FilterConfig) Proxy.newProxyInstance(
                FilterBenchmark.class.getClassLoader(),
                new Class<?>[] {FilterConfig.class},
                (proxy, method, arguments) -> method.getName().equals("getServletContext") ? context : null));
        return filter;
    }

    @TearDown
    public void stop() {
        manyRoutes.destroy();
        cached.destroy();
    }

    @Benchmark
    public int chainAlone() throws IOException, ServletException {
        chain.doFilter(none, unused);
        return chained;
    }

    @Benchmark
    public int noMatchOf1000() throws IOException, ServletException {
        manyRoutes.doFilter(none, unused, chain);
        return chained;
    }

    @Benchmark
    public long hitSmall() throws IOException, ServletException {
        return hit(small);
    }

    @Benchmark
    public long hitLarge() throws IOException, ServletException {
        return hit(large);
    }

    private long hit(BrowserRequest request) throws IOException, ServletException {
        MemoryResponse response = new MemoryResponse();
        cached.doFilter(request, response, chain);
        return response.written();
    }
}
