package dev.headgate.setup;

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
