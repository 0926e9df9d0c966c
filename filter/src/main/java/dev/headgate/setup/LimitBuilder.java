package dev.headgate.setup;

import java.time.Duration;

/** Says what one rate limit is. Every method is a setting of the same name; {@code docs/settings.md} explains them. */
public final class LimitBuilder {

    private final GatewayBuilder gateway;
    private final String name;

    LimitBuilder(GatewayBuilder gateway, String name) {
        this.gateway = gateway;
        this.name = name;
    }

    public LimitBuilder rate(String rate) {
        return put(SettingsTable.LIMIT_RATE, rate);
    }

    public LimitBuilder rateFor(String role, String rate) {
        return set(SettingsTable.LIMIT_RATE_FOR.key() + "." + role, rate);
    }

    /** @param keys {@code address}, {@code field:X-Api-Key} and the like */
    public LimitBuilder key(String... keys) {
        gateway.add(SettingsTable.LIMIT_KEY, name, ValueType.join(keys));
        return this;
    }

    /** @param costs {@code METHOD=cost} */
    public LimitBuilder cost(String... costs) {
        gateway.add(SettingsTable.LIMIT_COST, name, ValueType.join(costs));
        return this;
    }

    public LimitBuilder status(int status) {
        return put(SettingsTable.LIMIT_STATUS, status);
    }

    public LimitBuilder shadow(boolean shadow) {
        return put(SettingsTable.LIMIT_SHADOW, shadow);
    }

    public LimitBuilder maxWait(Duration patience) {
        return put(SettingsTable.LIMIT_MAX_WAIT, patience);
    }

    public LimitBuilder maxKeys(int keys) {
        return put(SettingsTable.LIMIT_MAX_KEYS, keys);
    }

    public LimitBuilder countStored(boolean count) {
        return put(SettingsTable.LIMIT_COUNT_STORED, count);
    }

    public LimitBuilder announce(boolean announce) {
        return put(SettingsTable.LIMIT_ANNOUNCE, announce);
    }

    /** Gives any key of the limit, {@code max-keys}, its text, as a line of a properties file does. */
    public LimitBuilder set(String key, String value) {
        gateway.set(Scope.LIMIT.fullKey(name, key), value);
        return this;
    }

    private <T> LimitBuilder put(Setting<T> setting, T value) {
        gateway.put(setting, name, value);
        return this;
    }
}
