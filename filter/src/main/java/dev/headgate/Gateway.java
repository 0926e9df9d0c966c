package dev.headgate;

import dev.headgate.cache.ResponseCache;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.config.GatewayConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.ErrorPage;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.forward.Forwarder;
import dev.headgate.route.RouteMatch;
import dev.headgate.route.RouteTable;
import dev.headgate.upstream.Upstream;
import dev.headgate.upstream.Watchdog;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.File;
import java.io.IOException;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One gateway: builds everything that its configuration asks for, runs the line that each request takes, and frees
 * everything when it closes. Thread-safe.
 */
final class Gateway implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    private final GatewayConfig config;
    private final RouteTable routes;
    private final Watchdog watchdog;
    private final Map<String, Upstream> upstreams = new HashMap<>();
    /** Null where no route has one. */
    private ResponseCache cache;

    private final Forwarder forwarder;
    private final ErrorPage errorPage = new ErrorPage();
    private final LongSupplier nanoSource = System::nanoTime;

    /** @throws IllegalArgumentException when TLS files cannot be used */
    Gateway(GatewayConfig config, ServletContext context) {
        this.config = config;
        this.routes = RouteTable.of(config.routes());
        this.watchdog = new Watchdog(config.name(), nanoSource);
        try {
            for (UpstreamConfig upstream : config.upstreams().values()) {
                upstreams.put(upstream.name(), new Upstream(upstream, watchdog));
            }
            this.cache = cache(config, context);
            this.forwarder = new Forwarder(
                    config, routes.routes(), upstreams, cache, context, sessionCookie(context), nanoSource);
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        LOG.info(
                "Headgate '{}' is ready: {} routes, {} upstreams",
                config.name(),
                config.routes().size(),
                upstreams.size());
        routes.shadows().forEach(LOG::info);
    }

    private static ResponseCache cache(GatewayConfig config, ServletContext context) {
        Map<String, CacheConfig> cached = new TreeMap<>();
        for (RouteConfig route : config.routes()) {
            if (route.cache().enabled()) {
                cached.put(route.name(), route.cache());
            }
        }
        if (cached.isEmpty()) {
            return null;
        }
        CacheStoreConfig storage = config.cacheStore();
        if (storage.diskBytes() > 0 && storage.diskPath() == null) {
            File directory = (File) context.getAttribute(ServletContext.TEMPDIR);
            if (directory == null) {
                throw new IllegalArgumentException(
                        "the app has no temporary directory for the cache; set cache.disk-path");
            }
            storage = storage.in(directory.toPath().resolve("headgate-" + config.name() + "-cache"));
        }
        return ResponseCache.open(config.name(), storage, cached, InstantSource.system());
    }

    /** The whole way of a request. */
    void handle(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        RouteMatch match = routes.match(request);
        if (match == null) {
            chain.doFilter(request, response);
            return;
        }
        Exchange exchange =
                new Exchange(request, response, match.route().name(), requestId(request), nanoSource.getAsLong());
        try {
            forwarder.forward(match, exchange);
        } catch (GatewayFailure failure) {
            fail(exchange, failure);
        } catch (RuntimeException e) {
            fail(exchange, new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "an unexpected error", e));
        }
    }

    private void fail(Exchange exchange, GatewayFailure failure) throws IOException {
        exchange.failed(failure);
        HttpServletResponse response = exchange.response();
        if (failure.kind() == FailureKind.CLIENT_LEFT) {
            LOG.debug("{} route {}: {}", exchange.requestId(), exchange.route(), failure.getMessage());
            answerIfPossible(exchange, failure);
            return;
        }
        LOG.warn(
                "{} route {}: {} ({}, {} attempts)",
                exchange.requestId(),
                exchange.route(),
                failure.getMessage(),
                failure.kind().errorType(),
                exchange.attempts().size(),
                failure.kind() == FailureKind.PROXY_INTERNAL_ERROR ? failure.getCause() : null);
        if (response.isCommitted()) {
            // The container breaks the connection, so that what was cut cannot pass for whole.
            throw new CutResponse(failure.kind());
        }
        errorPage.send(failure, exchange.requestId(), exchange.request(), response);
    }

    /** A client whose content did not arrive may still read; one that is gone will not. */
    private void answerIfPossible(Exchange exchange, GatewayFailure failure) {
        if (exchange.response().isCommitted()) {
            return;
        }
        try {
            errorPage.send(failure, exchange.requestId(), exchange.request(), exchange.response());
        } catch (IOException | RuntimeException e) {
            LOG.debug("{} the client is gone", exchange.requestId(), e);
        }
    }

    /** The client's id where it is harmless, one of our own otherwise. */
    private String requestId(HttpServletRequest request) {
        String given = request.getHeader(config.requestIdField());
        if (given != null && isHarmless(given)) {
            return given;
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return hex(random.nextLong()) + hex(random.nextLong());
    }

    private static boolean isHarmless(String id) {
        if (id.isEmpty() || id.length() > 128) {
            return false;
        }
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') && "-._~:/+=@".indexOf(c) < 0) {
                return false;
            }
        }
        return true;
    }

    private static String hex(long bits) {
        String digits = Long.toHexString(bits);
        return "0".repeat(16 - digits.length()) + digits;
    }

    private static String sessionCookie(ServletContext context) {
        var session = context.getSessionCookieConfig();
        String name = session == null ? null : session.getName();
        return name == null || name.isEmpty() ? "JSESSIONID" : name;
    }

    /** Closes every connection and ends every thread. */
    @Override
    public void close() {
        if (cache != null) {
            cache.close();
        }
        upstreams.values().forEach(Upstream::close);
        watchdog.close();
        LOG.info("Headgate '{}' is closed", config.name());
    }
}
