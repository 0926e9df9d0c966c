package dev.headgate.samples.benchmark;

import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServlet;
import java.util.Map;

/**
 * What a container under test runs: one servlet for every path, and perhaps a filter before it.
 *
 * @param filter null for none
 */
record App(HttpServlet servlet, Map<String, String> servletParams, Filter filter, Map<String, String> filterParams) {

    private static App of(HttpServlet servlet, Map<String, String> params) {
        return new App(servlet, params, null, Map.of());
    }

    /**
     * @param kind one of {@code floor}, {@code socket}, {@code bare}, {@code headgate}, {@code http-proxy-servlet},
     *     {@code jetty-async}
     */
    static App of(String kind, String upstream) throws ReflectiveOperationException {
        return switch (kind) {
            case "floor" -> of(new FloorServlet(), Map.of());
            case "socket" -> of(new SocketServlet(upstream), Map.of());
            case "bare" -> of(new BareServlet(upstream), Map.of());
            case "headgate" ->
                new App(new FloorServlet(), Map.of(), new dev.headgate.HeadgateFilter(), headgate(upstream));
            case "http-proxy-servlet" ->
                of(
                        new org.mitre.dsmiley.httpproxy.ProxyServlet(),
                        Map.of("targetUri", upstream, "http.maxConnections", "10000", "log", "false"));
            case "jetty-async" ->
                of(
                        // By name: this class is not on Tomcat's class path.
                        (HttpServlet) Class.forName("org.eclipse.jetty.ee10.proxy.AsyncProxyServlet$Transparent")
                                .getConstructor()
                                .newInstance(),
                        Map.of("proxyTo", upstream, "maxConnections", "10000", "timeout", "600000"));
            default -> throw new IllegalArgumentException(kind);
        };
    }

    /** The defaults, pools as large as those of the peers, and limits that are kept but never reached. */
    private static Map<String, String> headgate(String upstream) {
        return Map.ofEntries(
                Map.entry("upstream.service.origins", upstream),
                Map.entry("upstream.service.connections.max", "10000"),
                Map.entry("upstream.service.concurrency.max", "20000"),
                Map.entry("route.cached.path", "/cached/*"),
                Map.entry("route.cached.to", "service"),
                Map.entry("route.cached.cache", "true"),
                Map.entry("route.all.path", "/*"),
                Map.entry("route.all.to", "service"),
                Map.entry("route.all.rate", "1000000/s burst 1000000"),
                Map.entry("route.all.concurrency.max", "20000"),
                Map.entry("route.all.request.max-size", "1GB"),
                Map.entry("route.all.response.max-size", "1GB"));
    }
}
