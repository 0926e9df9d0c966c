package dev.headgate.observe;

import dev.headgate.exchange.ExchangeListener;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/** All that watches one gateway: metrics, logs, management beans and the status page. Thread-safe. */
public final class Observation implements AutoCloseable {

    private final MetricsListener metrics;
    private final FailureLog failureLog;
    private final ExchangeListener listener;
    private final StatusPage statusPage;

    /** Null without JMX. */
    private final Management management;

    /**
     * @param gateway has its configuration already
     * @param app the app as its JVM tells it from others
     * @param sessionCookie the name of the app's session cookie, whose value is never logged
     * @param registries where metrics and health checks go
     * @param own the app's listeners
     * @param later runs what can wait
     */
    public Observation(
            ManagedGateway gateway,
            String app,
            String sessionCookie,
            Registries registries,
            List<ExchangeListener> own,
            FailureLog.Later later,
            Clock clock,
            LongSupplier nanoSource) {
        String name = gateway.config().name();
        RecentFailures failures = new RecentFailures(clock);
        this.metrics = new MetricsListener(gateway, registries, nanoSource);
        this.failureLog = new FailureLog(name, sessionCookie, later);
        List<ExchangeListener> listeners = new ArrayList<>(List.of(metrics, failures, failureLog));
        listeners.add(new AccessLog(gateway, name, sessionCookie, clock));
        listeners.addAll(own);
        listeners.add(new LogContext()); // at the end, so that the others still write within it
        this.listener = new Observers(listeners);
        this.management = gateway.config().operation().jmx() ? new Management(app, gateway, metrics, failures) : null;
        this.statusPage = new StatusPage(gateway, metrics, failures, clock);
    }

    /** Is to be told of every exchange. */
    public ExchangeListener listener() {
        return listener;
    }

    public StatusPage statusPage() {
        return statusPage;
    }

    /** To be called about once a second. */
    public void everySecond() {
        metrics.everySecond();
        if (management != null) {
            management.reconcile();
        }
    }

    /** Shows what a reload has put in force. */
    public void reconcile() {
        metrics.reconcile();
        if (management != null) {
            management.reconcile();
        }
    }

    /** Takes everything back that was registered anywhere, and logs what was left out so far. */
    @Override
    public void close() {
        if (management != null) {
            management.close();
        }
        metrics.close();
        failureLog.close();
    }
}
