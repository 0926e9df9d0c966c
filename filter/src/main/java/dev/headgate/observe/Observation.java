package dev.headgate.observe;

import dev.headgate.config.GatewayConfig;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.route.RouteTable;
import dev.headgate.upstream.Diagnosis;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.Upstream;
import jakarta.servlet.ServletContext;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All that watches one gateway: metrics, logs, management beans and the status page. Thread-safe. */
public final class Observation implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Observation.class);

    private final ManagedGateway gateway;
    private final FailureLog.Later later;
    private final MetricsListener metrics;
    private final FailureLog failureLog;
    private final Observers listener;
    private final StatusPage statusPage;

    /** Null without JMX. */
    private final Management management;

    private volatile boolean closed;

    /**
     * @param gateway has its configuration already
     * @param isOurs tells a gateway's filter by the name of its class
     * @param app the app as its JVM tells it from others
     * @param sessionCookie the name of the app's session cookie, whose value is never logged
     * @param registries where metrics and health checks go
     * @param own the app's listeners
     * @param later runs what can wait
     */
    public Observation(
            ManagedGateway gateway,
            ServletContext context,
            Predicate<String> isOurs,
            String app,
            String sessionCookie,
            Registries registries,
            List<ExchangeListener> own,
            FailureLog.Later later,
            Clock clock,
            LongSupplier nanoSource) {
        this.gateway = gateway;
        this.later = later;
        String name = gateway.config().name();
        RecentFailures failures = new RecentFailures(clock);
        this.metrics = new MetricsListener(gateway, registries, nanoSource);
        this.failureLog = new FailureLog(name, sessionCookie, later);
        List<ExchangeListener> listeners = new ArrayList<>(List.of(metrics, failures, failureLog));
        Tracing.of(gateway, sessionCookie).ifPresent(listeners::add);
        listeners.add(new Doctor(context, isOurs));
        listeners.add(new AccessLog(gateway, name, sessionCookie, clock));
        listeners.addAll(own);
        listeners.add(new LogContext()); // at the end, so that the others still write within it
        this.listener = new Observers(listeners, later);
        Supplier<StatusView> view = () ->
                StatusView.of(gateway, clock.instant(), metrics.routes(), metrics::origins, failures.newestFirst());
        this.management =
                gateway.config().operation().jmx() ? new Management(app, gateway, metrics, failures, view) : null;
        this.statusPage = new StatusPage(gateway, view, clock);
    }

    /** Is to be told of every exchange. */
    public ExchangeListener listener() {
        return listener;
    }

    public StatusPage statusPage() {
        return statusPage;
    }

    /** To be called about once a second; with a thousand routes it may take a while. Never throws. */
    public void everySecond() {
        try {
            metrics.everySecond();
            if (management != null) {
                management.reconcile();
            }
        } catch (RuntimeException e) {
            LOG.warn("What operators are shown may be wrong", e);
        }
    }

    /**
     * A configuration is in force: shows it, logs it with what is hardly meant, and has the origins examined that are new,
     * which nothing waits for.
     *
     * @param before the upstreams until now
     */
    public void inForce(RouteTable routes, Collection<Upstream> before) {
        everySecond();
        GatewayConfig config = gateway.config();
        LOG.info("Routes of '{}':\n{}", config.name(), RoutesInForce.table(config));
        routes.shadows().forEach(LOG::info);
        Doctor.findings(config).forEach(LOG::warn);
        if (!config.operation().startCheck()) {
            return;
        }
        for (Upstream upstream : gateway.upstreams()) {
            if (!before.contains(upstream)) {
                for (Origin origin : upstream.origins()) {
                    later.run(Duration.ZERO, () -> examine(upstream, origin));
                }
            }
        }
    }

    private void examine(Upstream upstream, Origin origin) {
        if (closed) {
            return;
        }
        try {
            Diagnosis diagnosis = upstream.diagnose(origin);
            if (closed || diagnosis.passed()) {
                LOG.debug("Upstream {}: {}", upstream.name(), diagnosis);
            } else {
                LOG.warn("Upstream {}: {}", upstream.name(), diagnosis);
            }
        } catch (RuntimeException e) {
            LOG.warn("Upstream {}: examining {} failed", upstream.name(), origin, e);
        }
    }

    /** Takes everything back that was registered anywhere, and logs what was left out so far. */
    @Override
    public void close() {
        closed = true;
        metrics.close(); // before what shows them: whoever counts something for the first time just now is waited for
        if (management != null) {
            management.close();
        }
        failureLog.close();
        listener.close();
    }
}
