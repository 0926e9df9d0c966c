package dev.headgate;

import dev.headgate.cache.ResponseCache;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.config.GatewayConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.forward.Forwarder;
import dev.headgate.limit.Admission;
import dev.headgate.limit.Permit;
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
import java.time.Clock;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One gateway: builds everything that its configuration asks for, runs the line that each request takes, and frees
 * everything when it closes. Thread-safe.
 */
final class Gateway implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    private final GatewayConfig config;
    private final RouteTable routes;
    private final Watchdog watchdog;
    private final ScheduledExecutorService probing;
    private final Map<String, Upstream> upstreams = new HashMap<>();
    /** Null where no route has one. */
    private ResponseCache cache;

    private final Admission admission;
    private final Forwarder forwarder;
    private final HostThreads threads;
    private final Map<String, Fallbacks> fallbacks = new HashMap<>();
    private final Clock clock = Clock.systemUTC();
    private final LongSupplier nanoSource;

    /** @throws IllegalArgumentException when TLS files cannot be used */
    Gateway(GatewayConfig config, ServletContext context, LongSupplier nanoSource) {
        this.config = config;
        this.nanoSource = nanoSource;
        this.routes = RouteTable.of(config.routes());
        this.admission = new Admission(config, nanoSource);
        this.threads = new HostThreads(config.threads(), config.name(), context, config.roles());
        this.watchdog = new Watchdog(config.name(), nanoSource);
        this.probing = probing(config);
        try {
            for (UpstreamConfig upstream : config.upstreams().values()) {
                upstreams.put(upstream.name(), new Upstream(upstream, watchdog, probing));
            }
            for (RouteConfig route : config.routes()) {
                fallbacks.put(
                        route.name(),
                        new Fallbacks(config.proxyStatusName(), route.errors(), context, nanoSource, clock));
            }
            watchdog.everySecond(admission::sweep);
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

    /** Probes, lookups and diagnoses: threads come when there is something to do, and go. */
    private static ScheduledExecutorService probing(GatewayConfig config) {
        int origins = config.upstreams().values().stream()
                .mapToInt(upstream -> upstream.origins().size())
                .sum();
        AtomicInteger number = new AtomicInteger();
        ScheduledThreadPoolExecutor executor =
                new ScheduledThreadPoolExecutor(Math.max(2, Math.min(8, origins)), task -> {
                    String name = "headgate-" + config.name() + "-probe-" + number.incrementAndGet();
                    Thread thread = new Thread(null, task, name, 0, false);
                    thread.setDaemon(true);
                    thread.setContextClassLoader(Gateway.class.getClassLoader());
                    return thread;
                });
        executor.setKeepAliveTime(30, TimeUnit.SECONDS);
        executor.allowCoreThreadTimeOut(true);
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }

    /** The whole way of a request. */
    void handle(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        RouteMatch match = Fallbacks.isLeftToApp(request) ? null : routes.match(request);
        if (match == null) {
            chain.doFilter(request, response);
            return;
        }
        Exchange exchange =
                new Exchange(request, response, match.route().name(), requestId(request), nanoSource.getAsLong());
        try {
            admission.check(match.route().index(), exchange, match::capture);
            if (cache != null
                    && !admission.countsStoredLate(match.route().index())
                    && answersFromStore(match, exchange)) {
                return;
            }
            threads.run(exchange, () -> proceed(match, exchange, chain));
        } catch (GatewayFailure failure) {
            fail(exchange, failure, chain);
        }
    }

    private boolean answersFromStore(RouteMatch match, Exchange exchange) throws GatewayFailure {
        try {
            return forwarder.answersFromStore(match, exchange);
        } catch (RuntimeException e) {
            throw new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "an unexpected error", e);
        }
    }

    /** What may wait, on this thread or off the container's. */
    @SuppressWarnings("try") // the permit is only there to be closed
    private void proceed(RouteMatch match, Exchange exchange, FilterChain chain) throws IOException, ServletException {
        try (Permit permit = admission.enter(match.route().index(), exchange, match::capture)) {
            forwarder.forward(match, exchange);
        } catch (GatewayFailure failure) {
            fail(exchange, failure, chain);
        } catch (RuntimeException e) {
            fail(exchange, new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "an unexpected error", e), chain);
        }
    }

    private void fail(Exchange exchange, GatewayFailure failure, FilterChain chain)
            throws IOException, ServletException {
        exchange.failed(failure);
        HttpServletResponse response = exchange.response();
        if (failure.kind() == FailureKind.CLIENT_LEFT) {
            LOG.debug("{} route {}: {}", exchange.requestId(), exchange.route(), failure.getMessage());
            answerAndLeave(exchange, failure);
            return;
        }
        log(exchange, failure);
        if (exchange.isAbandoned() || response.isCommitted()) {
            // The container breaks the connection, so that what was cut cannot pass for whole.
            throw new CutResponse(failure.kind());
        }
        response.setHeader(config.requestIdField(), exchange.requestId());
        if (cache != null && !response.containsHeader("Cache-Status")) {
            cache.refused(exchange.route(), failure).ifPresent(status -> response.setHeader("Cache-Status", status));
        }
        if (failure.kind() == FailureKind.CLIENT_TOO_SLOW) {
            answerAndLeave(exchange, failure);
            return;
        }
        fallbacks.get(exchange.route()).answer(exchange, failure, chain);
    }

    private static void log(Exchange exchange, GatewayFailure failure) {
        // Who floods the gateway must not flood the log.
        boolean byRate =
                failure.kind() == FailureKind.HTTP_REQUEST_DENIED || failure.kind() == FailureKind.HTTP_REQUEST_PUT_OFF;
        LOG.atLevel(byRate ? Level.DEBUG : Level.WARN)
                .log(
                        "{} route {}: {} ({}, {} attempts)",
                        exchange.requestId(),
                        exchange.route(),
                        failure.getMessage(),
                        failure.kind().errorType(),
                        exchange.attempts().size(),
                        failure.kind() == FailureKind.PROXY_INTERNAL_ERROR ? failure.getCause() : null);
    }

    /**
     * A client whose content did not arrive, or as good as, may still read; one that is gone will not. After the answer
     * its connection is broken: Tomcat would wait on its own thread for the rest of the content (maxSwallowSize), for as
     * long as that drips in.
     */
    private void answerAndLeave(Exchange exchange, GatewayFailure failure) throws IOException {
        if (exchange.isAbandoned() || exchange.response().isCommitted()) {
            return;
        }
        boolean written;
        try {
            written = fallbacks.get(exchange.route()).page(exchange, failure);
            if (written) {
                exchange.response().flushBuffer();
            }
        } catch (IOException | RuntimeException e) {
            LOG.debug("{} the client is gone", exchange.requestId(), e);
            return;
        }
        if (written && exchange.request().getProtocol().startsWith("HTTP/1.")) {
            throw new CutResponse(failure.kind());
        }
    }

    /** The client's id where it is harmless, one of our own otherwise. */
    private String requestId(HttpServletRequest request) {
        String given = request.getHeader(config.requestIdField());
        if (given != null && isHarmless(given)) {
            return given;
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
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
        probing.shutdownNow();
        upstreams.values().forEach(Upstream::close);
        threads.close();
        admission.close();
        watchdog.close();
        try {
            // A lookup cannot be interrupted; its thread, a daemon, ends with the system's patience.
            probing.awaitTermination(2, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.info("Headgate '{}' is closed", config.name());
    }
}
