package dev.headgate.setup;

import dev.headgate.config.BalanceConfig;
import dev.headgate.config.ConcurrencyConfig.Order;
import dev.headgate.config.HealthConfig;
import java.time.Duration;

/** Says what one upstream is. Every method is a setting of the same name; {@code docs/settings.md} explains them. */
public final class UpstreamBuilder {

    private final GatewayBuilder gateway;
    private final String name;

    UpstreamBuilder(GatewayBuilder gateway, String name) {
        this.gateway = gateway;
        this.name = name;
    }

    public UpstreamBuilder origins(String... origins) {
        gateway.add(SettingsTable.ORIGINS, name, ValueType.join(origins));
        return this;
    }

    public UpstreamBuilder connectionsMax(int connections) {
        return put(SettingsTable.CONNECTIONS_MAX, connections);
    }

    public UpstreamBuilder connectionsLeaseTimeout(Duration timeout) {
        return put(SettingsTable.CONNECTIONS_LEASE_TIMEOUT, timeout);
    }

    public UpstreamBuilder connectionsIdleTimeout(Duration timeout) {
        return put(SettingsTable.CONNECTIONS_IDLE_TIMEOUT, timeout);
    }

    public UpstreamBuilder connectionsTimeToLive(Duration age) {
        return put(SettingsTable.CONNECTIONS_TIME_TO_LIVE, age);
    }

    public UpstreamBuilder tlsTrust(String location) {
        return put(SettingsTable.TLS_TRUST, location);
    }

    public UpstreamBuilder tlsTrustPassword(String password) {
        return put(SettingsTable.TLS_TRUST_PASSWORD, password);
    }

    public UpstreamBuilder tlsKey(String location) {
        return put(SettingsTable.TLS_KEY, location);
    }

    public UpstreamBuilder tlsKeyPassword(String password) {
        return put(SettingsTable.TLS_KEY_PASSWORD, password);
    }

    public UpstreamBuilder headMaxSize(long bytes) {
        return put(SettingsTable.HEAD_MAX_SIZE, bytes);
    }

    public UpstreamBuilder headMaxFields(int fields) {
        return put(SettingsTable.HEAD_MAX_FIELDS, fields);
    }

    public UpstreamBuilder balance(BalanceConfig.Method value) {
        return put(SettingsTable.BALANCE, value);
    }

    public UpstreamBuilder balanceKey(String value) {
        return put(SettingsTable.BALANCE_KEY, value);
    }

    public UpstreamBuilder balanceSecret(String value) {
        return put(SettingsTable.BALANCE_SECRET, value);
    }

    public UpstreamBuilder balanceZone(String value) {
        return put(SettingsTable.BALANCE_ZONE, value);
    }

    public UpstreamBuilder balanceSpill(int value) {
        return put(SettingsTable.BALANCE_SPILL, value);
    }

    public UpstreamBuilder balanceSlowStart(Duration duration) {
        return put(SettingsTable.BALANCE_SLOW_START, duration);
    }

    public UpstreamBuilder resolve(BalanceConfig.Resolve value) {
        return put(SettingsTable.RESOLVE, value);
    }

    public UpstreamBuilder resolveInterval(Duration duration) {
        return put(SettingsTable.RESOLVE_INTERVAL, duration);
    }

    public UpstreamBuilder healthPassive(boolean on) {
        return put(SettingsTable.HEALTH_PASSIVE, on);
    }

    public UpstreamBuilder healthFailures(int value) {
        return put(SettingsTable.HEALTH_FAILURES, value);
    }

    public UpstreamBuilder healthFailureRate(int value) {
        return put(SettingsTable.HEALTH_FAILURE_RATE, value);
    }

    public UpstreamBuilder healthEjection(Duration duration) {
        return put(SettingsTable.HEALTH_EJECTION, duration);
    }

    public UpstreamBuilder healthEjectionMax(Duration duration) {
        return put(SettingsTable.HEALTH_EJECTION_MAX, duration);
    }

    public UpstreamBuilder healthMaxEjected(int value) {
        return put(SettingsTable.HEALTH_MAX_EJECTED, value);
    }

    public UpstreamBuilder healthPanic(int value) {
        return put(SettingsTable.HEALTH_PANIC, value);
    }

    public UpstreamBuilder healthSilence(Duration duration) {
        return put(SettingsTable.HEALTH_SILENCE, duration);
    }

    public UpstreamBuilder healthProbe(HealthConfig.Kind value) {
        return put(SettingsTable.HEALTH_PROBE, value);
    }

    public UpstreamBuilder healthPath(String value) {
        return put(SettingsTable.HEALTH_PATH, value);
    }

    public UpstreamBuilder healthMethod(String value) {
        return put(SettingsTable.HEALTH_METHOD, value);
    }

    public UpstreamBuilder healthHost(String value) {
        return put(SettingsTable.HEALTH_HOST, value);
    }

    public UpstreamBuilder healthFields(String... items) {
        gateway.add(SettingsTable.HEALTH_FIELDS, name, ValueType.join(items));
        return this;
    }

    public UpstreamBuilder healthStatus(String value) {
        return put(SettingsTable.HEALTH_STATUS, value);
    }

    public UpstreamBuilder healthText(String value) {
        return put(SettingsTable.HEALTH_TEXT, value);
    }

    public UpstreamBuilder healthInterval(Duration duration) {
        return put(SettingsTable.HEALTH_INTERVAL, duration);
    }

    public UpstreamBuilder healthTimeout(Duration duration) {
        return put(SettingsTable.HEALTH_TIMEOUT, duration);
    }

    public UpstreamBuilder healthRise(int value) {
        return put(SettingsTable.HEALTH_RISE, value);
    }

    public UpstreamBuilder healthFall(int value) {
        return put(SettingsTable.HEALTH_FALL, value);
    }

    public UpstreamBuilder retryBudget(int value) {
        return put(SettingsTable.RETRY_BUDGET, value);
    }

    public UpstreamBuilder retryBudgetLeast(int value) {
        return put(SettingsTable.RETRY_BUDGET_LEAST, value);
    }

    public UpstreamBuilder concurrencyMax(int exchanges) {
        return put(SettingsTable.UPSTREAM_CONCURRENCY_MAX, exchanges);
    }

    public UpstreamBuilder concurrencyAdaptive(boolean adaptive) {
        return put(SettingsTable.UPSTREAM_CONCURRENCY_ADAPTIVE, adaptive);
    }

    public UpstreamBuilder concurrencyMin(int exchanges) {
        return put(SettingsTable.UPSTREAM_CONCURRENCY_MIN, exchanges);
    }

    public UpstreamBuilder queueLength(int exchanges) {
        return put(SettingsTable.UPSTREAM_QUEUE_LENGTH, exchanges);
    }

    public UpstreamBuilder queueTime(Duration time) {
        return put(SettingsTable.UPSTREAM_QUEUE_TIME, time);
    }

    public UpstreamBuilder queueOrder(Order order) {
        return put(SettingsTable.UPSTREAM_QUEUE_ORDER, order);
    }

    /** Gives any key of the upstream, {@code connections.max}, its text, as a line of a properties file does. */
    public UpstreamBuilder set(String key, String value) {
        gateway.set(Scope.UPSTREAM.fullKey(name, key), value);
        return this;
    }

    private <T> UpstreamBuilder put(Setting<T> setting, T value) {
        gateway.put(setting, name, value);
        return this;
    }
}
