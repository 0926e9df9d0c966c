package dev.headgate;

import dev.headgate.cache.Claim;
import dev.headgate.cache.ResponseCache;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.config.GatewayConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.forward.Forwarder;
import dev.headgate.limit.Admission;
import dev.headgate.limit.Permit;
import dev.headgate.observe.LogContext;
import dev.headgate.observe.ManagedGateway;
import dev.headgate.observe.Observation;
import dev.headgate.observe.Registries;
import dev.headgate.observe.StatusPage;
import dev.headgate.route.RouteMatch;
import dev.headgate.route.RouteTable;
import dev.headgate.setup.SettingsException;
import dev.headgate.setup.SettingsSource;
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
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One gateway: builds everything that its configuration asks for, runs the line that each request takes, and frees
 * everything when it closes. Thread-safe.
 */
final class Gateway implements ManagedGateway, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Gateway.class);

    /** For logs and metrics, as nginx has it: no client ever sees it. */
    private static final int STATUS_CLIENT_LEFT = 499;

    private final ServletContext context;
    private final Watchdog watchdog;
    private final ScheduledExecutorService housekeeping;
    private final OwnThreads ownThreads;
    private final HostThreads threads;
    private final Clock clock = Clock.systemUTC();
    private final LongSupplier nanoSource;
    private final long startNanos;
    private final Observation observation;
    private final ExchangeListener listener;

    /** What is in force. */
    private volatile Generation current;

    private volatile boolean closing;

    /** Null where the configuration was given. */
    private final SettingsSource source;

    /** What the properties file held when it was last loaded, or tried; guarded by this. */
    private byte[] loaded = {};

    /**
     * @param given null to read it from the source
     * @param source null where the configuration is given
     * @param registries where metrics and health checks go
     * @param listeners the app's own
     * @throws IllegalArgumentException when TLS files cannot be used
     * @throws SettingsException with every mistake in the settings
     */
    Gateway(
            GatewayConfig given,
            SettingsSource source,
            ServletContext context,
            Registries registries,
            LongSupplier nanoSource,
            List<ExchangeListener> listeners) {
        this.source = source;
        if (source != null) {
            loaded = source.fileContent();
        }
        GatewayConfig config = source != null ? source.read() : given;
        this.context = context;
        this.nanoSource = nanoSource;
        this.startNanos = nanoSource.getAsLong();
        this.ownThreads = new OwnThreads(config.name());
        this.watchdog = new Watchdog(config.name(), nanoSource);
        this.housekeeping = housekeeping(config, ownThreads.named("housekeeping"));
        this.threads =
                new HostThreads(config.threads(), config.name(), context, housekeeping, ownThreads.named("exchange"));
        try {
            this.current = generation(config, null);
            this.observation = new Observation(
                    this,
                    context,
                    Gateway::isOurFilter,
                    appName(context),
                    sessionCookie(context),
                    registries,
                    listeners,
                    this::later,
                    clock,
                    nanoSource);
            this.listener = observation.listener();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        watchdog.everySecond(() -> current.admission().sweep());
        // Not on the watchdog's thread: with a thousand routes it may take a while.
        housekeeping.scheduleWithFixedDelay(observation::everySecond, 1, 1, TimeUnit.SECONDS);
        LOG.info(
                "Headgate '{}' is ready: {} routes, {} upstreams",
                config.name(),
                config.routes().size(),
                config.upstreams().size());
        observation.inForce(current.routes(), List.of());
        lookAtFileLater();
    }

    /**
     * Builds what a configuration asks for.
     *
     * @param before what is in force, whose parts are used again where they are the same; null for none
     * @throws IllegalArgumentException when it cannot be had; what is in force is as it was
     */
    private Generation generation(GatewayConfig config, Generation before) {
        RouteTable routes = RouteTable.of(config.routes());
        Map<String, Upstream> upstreams = new TreeMap<>();
        ResponseCache cache = null;
        Admission admission = null;
        try {
            for (UpstreamConfig upstream : config.upstreams().values()) {
                Upstream known = before == null ? null : before.upstreams().get(upstream.name());
                upstreams.put(
                        upstream.name(),
                        known != null && known.config().equals(upstream)
                                ? known
                                : new Upstream(upstream, watchdog, housekeeping, known));
            }
            Map<String, Fallbacks> fallbacks = new HashMap<>();
            for (RouteConfig route : config.routes()) {
                fallbacks.put(
                        route.name(),
                        new Fallbacks(config.proxyStatusName(), route.errors(), context, nanoSource, clock));
            }
            cache = cache(config, before == null ? null : before.cache());
            admission = new Admission(config, nanoSource, before == null ? null : before.admission());
            Forwarder forwarder = new Forwarder(
                    config,
                    routes.routes(),
                    upstreams,
                    cache,
                    admission,
                    context,
                    sessionCookie(context),
                    watchdog,
                    nanoSource);
            return new Generation(
                    config,
                    routes,
                    Collections.unmodifiableMap(upstreams),
                    cache,
                    admission,
                    forwarder,
                    Map.copyOf(fallbacks),
                    Set.copyOf(config.roles()));
        } catch (RuntimeException e) {
            for (Upstream upstream : upstreams.values()) {
                if (before == null || before.upstreams().get(upstream.name()) != upstream) {
                    upstream.close();
                }
            }
            if (cache != null && (before == null || before.cache() != cache)) {
                cache.close(); // or its directory could not be opened again
            }
            if (admission != null) {
                admission.close();
            }
            throw e;
        }
    }

    private static Map<String, CacheConfig> cachedRoutes(GatewayConfig config) {
        Map<String, CacheConfig> cached = new TreeMap<>();
        for (RouteConfig route : config.routes()) {
            if (route.cache().enabled()) {
                cached.put(route.name(), route.cache());
            }
        }
        return cached;
    }

    private ResponseCache cache(GatewayConfig config, ResponseCache before) {
        if (before != null) {
            return before; // it takes its routes' settings when the rest is certain
        }
        Map<String, CacheConfig> cached = cachedRoutes(config);
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
        return ResponseCache.open(config.name(), storage, cached, InstantSource.system(), ownThreads::named);
    }

    /** Probes, lookups, diagnoses and reloads: threads come when there is something to do, and go. */
    private static ScheduledExecutorService housekeeping(GatewayConfig config, ThreadFactory threads) {
        int origins = config.upstreams().values().stream()
                .mapToInt(upstream -> upstream.origins().size())
                .sum();
        ScheduledThreadPoolExecutor executor =
                new ScheduledThreadPoolExecutor(Math.max(2, Math.min(8, origins)), threads);
        executor.setKeepAliveTime(30, TimeUnit.SECONDS);
        executor.allowCoreThreadTimeOut(true);
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }

    /**
     * Puts another configuration in force. Exchanges under way go on with the one they began with. Origins, limits and
     * stored responses that go by the same name are kept with all that is known of them.
     *
     * @return the settings that differ and take effect at the next start only; empty when all is in force
     * @throws IllegalArgumentException when it cannot be used; then nothing has changed
     */
    synchronized List<String> reload(GatewayConfig config) {
        if (closing) {
            throw new IllegalStateException("the gateway is closing");
        }
        Generation before = current;
        Generation next = generation(config, before);
        if (before.cache() != null) {
            before.cache().routes(cachedRoutes(config));
        }
        current = next;
        before.upstreams().forEach((name, upstream) -> {
            if (next.upstreams().get(name) != upstream) {
                upstream.retire();
            }
        });
        before.admission().close();
        List<String> later = new ArrayList<>();
        if (!config.name().equals(before.config().name())) {
            later.add("name");
        }
        if (!config.threads().equals(before.config().threads())) {
            later.add("host-threads");
        }
        if (config.operation().jmx() != before.config().operation().jmx()) {
            later.add("jmx");
        }
        if (before.cache() != null
                && !config.cacheStore().isStoredLike(before.config().cacheStore())) {
            later.add("cache.heap-entries, cache.off-heap-size, cache.disk-size and cache.disk-path");
        }
        LOG.info(
                "Headgate '{}' is reloaded: {} routes, {} upstreams{}",
                config.name(),
                config.routes().size(),
                config.upstreams().size(),
                later.isEmpty() ? "" : "; changes of these take effect at the next start: " + String.join(", ", later));
        observation.inForce(next.routes(), before.upstreams().values());
        if (before.config().operation().reloadInterval().isZero()) {
            lookAtFileLater();
        }
        return later;
    }

    /**
     * Reads the settings again and puts them in force: see {@link #reload(GatewayConfig)}.
     *
     * @throws SettingsException with every mistake that was found; then nothing has changed
     * @throws IllegalStateException when the configuration was given, not read
     */
    @Override
    public synchronized List<String> reload() {
        if (source == null) {
            throw new IllegalStateException(
                    "the app gave this gateway its configuration; there is nothing to read again");
        }
        loaded = source.fileContent();
        return reload(source.read());
    }

    private void lookAtFileLater() {
        Duration interval = current.config().operation().reloadInterval();
        if (source == null || interval.isZero()) {
            return;
        }
        later(interval, this::lookAtFile);
    }

    private void later(Duration delay, Runnable task) {
        try {
            housekeeping.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("Headgate is closing");
        }
    }

    private void lookAtFile() {
        boolean watched = !current.config().operation().reloadInterval().isZero();
        try {
            if (watched && fileHasChanged()) {
                reload();
            }
        } catch (RuntimeException e) {
            LOG.warn("The changed settings are not in force, what was is: {}", e.getMessage());
        }
        if (watched) {
            lookAtFileLater();
        }
    }

    private synchronized boolean fileHasChanged() {
        byte[] content = source.fileContent();
        // An empty file is one that is about to be written.
        return content.length > 0 && !Arrays.equals(content, loaded);
    }

    @Override
    public GatewayConfig config() {
        return current.config();
    }

    @Override
    public Duration uptime() {
        return Duration.ofNanos(nanoSource.getAsLong() - startNanos);
    }

    @Override
    public Collection<Upstream> upstreams() {
        return current.upstreams().values();
    }

    @Override
    public Admission admission() {
        return current.admission();
    }

    @Override
    public ResponseCache cache() {
        return current.cache();
    }

    @Override
    public Threads threads() {
        return new Threads(
                threads.share(),
                threads.inline(),
                threads.off(),
                threads.parked(),
                threads.pool(),
                threads.left(),
                threads.refused());
    }

    /** The whole way of a request. */
    @SuppressWarnings("try") // the scope is only there to be closed
    void handle(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Generation now = current;
        if (StatusPage.takes(now.config().status(), request)) {
            observation.statusPage().answer(request, response);
            return;
        }
        RouteMatch match = Fallbacks.isLeftToApp(request) ? null : now.routes().match(request);
        if (match == null) {
            chain.doFilter(request, response);
            return;
        }
        Exchange exchange = new Exchange(
                request,
                response,
                match.route().name(),
                match.route().config().upstream(),
                requestId(now.config(), request),
                nanoSource.getAsLong(),
                listener);
        try (LogContext.Scope scope = LogContext.enter(exchange)) {
            handle(now, match, exchange, chain);
        }
    }

    private void handle(Generation now, RouteMatch match, Exchange exchange, FilterChain chain)
            throws IOException, ServletException {
        listener.began(exchange);
        try {
            if (closing) {
                throw GatewayFailure.busy("the gateway is closing", null);
            }
            now.admission().check(match.route().index(), exchange, match::capture);
        } catch (GatewayFailure | RuntimeException e) {
            try {
                fail(
                        now,
                        exchange,
                        e instanceof RuntimeException mistake ? GatewayFailure.unexpected(mistake) : (GatewayFailure) e,
                        chain);
            } finally {
                end(exchange);
            }
            return;
        }
        share(now, match, exchange, null, chain);
    }

    /**
     * Answers from the store, waits without a thread while another exchange fetches the same, or goes to the upstream.
     *
     * @param earlier what the cache said before a wait; null at first
     */
    private void share(Generation now, RouteMatch match, Exchange exchange, Claim earlier, FilterChain chain)
            throws IOException, ServletException {
        boolean over = true;
        try {
            if (exchange.isAbandoned()) {
                exchange.failed(
                        new GatewayFailure(FailureKind.CLIENT_LEFT, "the client left while it waited for another"));
                return;
            }
            Claim claim = earlier != null && earlier.wasInVain() ? earlier : claim(now, match, exchange, earlier);
            if (claim != null && claim.isAnswered()) {
                return;
            }
            boolean waits = claim != null && claim.follows() && clock.millis() < claim.untilMillis();
            over = false; // who goes on, here or elsewhere, ends the exchange
            if (waits && !claim.hasLanded() && park(now, match, exchange, claim, claim::whenLanded, chain)) {
                return;
            }
            try {
                threads.run(exchange, now.roles(), () -> proceed(now, match, exchange, claim, chain));
            } catch (GatewayFailure noThread) {
                // None is needed once the other one's response is stored.
                if (waits && !claim.wasInVain() && park(now, match, exchange, claim, claim::whenOver, chain)) {
                    return;
                }
                if (claim != null) {
                    claim.close();
                }
                if (threads.queue(exchange, now.roles(), () -> share(now, match, exchange, null, chain))) {
                    return;
                }
                threads.countRefused();
                throw noThread;
            }
        } catch (GatewayFailure failure) {
            over = true;
            fail(now, exchange, failure, chain);
        } finally {
            if (over) {
                end(exchange);
            }
        }
    }

    /** @return null when the cache has nothing to say before the request is on its way */
    private static Claim claim(Generation now, RouteMatch match, Exchange exchange, Claim earlier)
            throws GatewayFailure {
        if (now.cache() == null
                || now.admission().countsStoredLate(match.route().index())) {
            return null;
        }
        try {
            return now.forwarder().claim(match, exchange, earlier);
        } catch (RuntimeException e) {
            throw GatewayFailure.unexpected(e);
        }
    }

    /** @return false when the exchange cannot leave its thread */
    private boolean park(
            Generation now,
            RouteMatch match,
            Exchange exchange,
            Claim claim,
            Consumer<Runnable> until,
            FilterChain chain) {
        return threads.park(
                exchange,
                now.roles(),
                wake -> {
                    try {
                        long most = Math.max(1, claim.untilMillis() - clock.millis());
                        Future<?> limit = housekeeping.schedule(wake, most, TimeUnit.MILLISECONDS);
                        until.accept(() -> {
                            limit.cancel(false);
                            wake.run();
                        });
                    } catch (RejectedExecutionException e) {
                        wake.run(); // the gateway is closing
                    }
                },
                () -> share(now, match, exchange, claim, chain));
    }

    /** What may wait, on this thread or off the container's. */
    @SuppressWarnings("try") // a claim is only there to be closed
    private void proceed(Generation now, RouteMatch match, Exchange exchange, Claim claim, FilterChain chain)
            throws IOException, ServletException {
        int route = match.route().index();
        try (Claim held = claim) {
            if (claim != null && claim.follows() && now.forwarder().follow(match, exchange, claim)) {
                return;
            }
            now.admission().await(route, exchange, match::capture);
            if (now.cache() == null || !now.admission().countsStoredLate(route)) {
                forward(now, match, exchange, claim);
                return;
            }
            try (Claim late = now.forwarder().claim(match, exchange, null)) {
                if (late == null || !late.isAnswered()) {
                    forward(now, match, exchange, late);
                }
            }
        } catch (GatewayFailure failure) {
            fail(now, exchange, failure, chain);
        } catch (RuntimeException e) {
            fail(now, exchange, GatewayFailure.unexpected(e), chain);
        } finally {
            end(exchange);
        }
    }

    @SuppressWarnings("try") // the permit is only there to be closed
    private void forward(Generation now, RouteMatch match, Exchange exchange, Claim claim) throws GatewayFailure {
        try (Permit permit = now.admission().enter(match.route().index(), exchange, match::capture)) {
            now.forwarder().forward(match, exchange, claim);
        }
    }

    private void end(Exchange exchange) {
        GatewayFailure failure = exchange.failure();
        boolean left = failure != null && failure.kind() == FailureKind.CLIENT_LEFT;
        // The response of an abandoned exchange may be another's by now.
        exchange.ended(
                nanoSource.getAsLong(),
                left || exchange.isAbandoned()
                        ? STATUS_CLIENT_LEFT
                        : exchange.response().getStatus());
    }

    private void fail(Generation now, Exchange exchange, GatewayFailure failure, FilterChain chain)
            throws IOException, ServletException {
        exchange.failed(failure);
        HttpServletResponse response = exchange.response();
        if (failure.kind() == FailureKind.CLIENT_LEFT) {
            answerAndLeave(now, exchange, failure);
            return;
        }
        if (exchange.isAbandoned() || response.isCommitted()) {
            // The container breaks the connection, so that what was cut cannot pass for whole.
            throw new CutResponse(failure.kind());
        }
        response.setHeader(now.config().requestIdField(), exchange.requestId());
        if (now.cache() != null && !response.containsHeader("Cache-Status")) {
            now.cache()
                    .refused(exchange.route(), failure)
                    .ifPresent(status -> response.setHeader("Cache-Status", status));
        }
        if (failure.kind() == FailureKind.CLIENT_TOO_SLOW) {
            answerAndLeave(now, exchange, failure);
            return;
        }
        now.fallbacks().get(exchange.route()).answer(exchange, failure, chain);
    }

    /**
     * A client whose content did not arrive, or as good as, may still read; one that is gone will not. After the answer
     * its connection is broken: Tomcat would wait on its own thread for the rest of the content (maxSwallowSize), for as
     * long as that drips in.
     */
    private static void answerAndLeave(Generation now, Exchange exchange, GatewayFailure failure) throws IOException {
        if (exchange.isAbandoned() || exchange.response().isCommitted()) {
            return;
        }
        boolean written;
        try {
            written = now.fallbacks().get(exchange.route()).page(exchange, failure);
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
    private static String requestId(GatewayConfig config, HttpServletRequest request) {
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

    /** Apps extend the filter. */
    private static boolean isOurFilter(String className) {
        try {
            return className != null
                    && HeadgateFilter.class.isAssignableFrom(Class.forName(
                            className, false, Thread.currentThread().getContextClassLoader()));
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
    }

    private static String sessionCookie(ServletContext context) {
        var session = context.getSessionCookieConfig();
        String name = session == null ? null : session.getName();
        return name == null || name.isEmpty() ? "JSESSIONID" : name;
    }

    /** The app as this JVM tells it from others: its virtual host, where there is one, and its path. */
    private static String appName(ServletContext context) {
        String host = context.getVirtualServerName();
        String path = context.getContextPath();
        // Tomcat puts its engine's name before the host's, and Jetty has hosts where they are configured only.
        return (host == null ? "" : host.substring(host.lastIndexOf('/') + 1)) + (path.isEmpty() ? "/" : path);
    }

    /** Lets exchanges under way finish within the grace, then closes every connection and ends every thread. */
    @Override
    public void close() {
        Generation last;
        synchronized (this) {
            closing = true; // after this no reload puts another in force
            last = current;
        }
        if (last != null) {
            threads.awaitIdle(last.config().operation().closeGrace());
        }
        if (observation != null) {
            observation.close();
        }
        if (last != null) {
            if (last.cache() != null) {
                last.cache().close();
            }
        }
        housekeeping.shutdownNow();
        if (last != null) {
            last.upstreams().values().forEach(Upstream::close);
        }
        watchdog.breakAll();
        threads.close();
        if (last != null) {
            last.admission().close();
        }
        watchdog.close();
        try {
            // A lookup cannot be interrupted; its thread, a daemon, ends with the system's patience.
            housekeeping.awaitTermination(2, TimeUnit.SECONDS);
            ownThreads.awaitEnd(Duration.ofSeconds(1));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        LOG.info("Headgate is closed");
    }
}
