package dev.headgate.setup;

import dev.headgate.config.GatewayConfig;
import dev.headgate.config.OperationConfig;
import jakarta.servlet.ServletContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Says in Java what the other spellings say in text: every setting is a method of the same name, {@code viaName} for
 * {@code via.name}. What is said last counts. {@code docs/settings.md} has meaning, range and default of each. A null is
 * refused at once with a {@link NullPointerException}; whatever else is wrong is reported by {@code build}, all at once.
 * For one thread; what it builds is immutable.
 *
 * <pre>{@code
 * GatewayConfig config = GatewayBuilder.create()
 *         .trustedProxies("10.0.0.0/8")
 *         .route("orders", r -> r.path("/api/orders/*").to("http://a:8080").timeoutConnect(Duration.ofSeconds(2)))
 *         .build();
 * }</pre>
 */
public final class GatewayBuilder {

    private final List<Given> given = new ArrayList<>();

    private GatewayBuilder() {}

    /** Starts with nothing said: every setting has its default. */
    public static GatewayBuilder create() {
        return new GatewayBuilder();
    }

    public GatewayBuilder name(String name) {
        return put(SettingsTable.NAME, name);
    }

    public GatewayBuilder viaName(String pseudonym) {
        return put(SettingsTable.VIA_NAME, pseudonym);
    }

    public GatewayBuilder proxyStatusName(String name) {
        return put(SettingsTable.PROXY_STATUS_NAME, name);
    }

    public GatewayBuilder requestIdField(String field) {
        return put(SettingsTable.REQUEST_ID_FIELD, field);
    }

    /** @param addresses IP addresses and CIDR blocks; none: nobody is believed */
    public GatewayBuilder trustedProxies(String... addresses) {
        add(SettingsTable.TRUSTED_PROXIES, "", ValueType.join(addresses));
        return this;
    }

    public GatewayBuilder cacheHeapEntries(int entries) {
        return put(SettingsTable.CACHE_HEAP_ENTRIES, entries);
    }

    public GatewayBuilder cacheOffHeapSize(long bytes) {
        return put(SettingsTable.CACHE_OFF_HEAP_SIZE, bytes);
    }

    public GatewayBuilder cacheDiskSize(long bytes) {
        return put(SettingsTable.CACHE_DISK_SIZE, bytes);
    }

    public GatewayBuilder cacheDiskPath(String directory) {
        return put(SettingsTable.CACHE_DISK_PATH, directory);
    }

    public GatewayBuilder cachePurgeRoles(String... roles) {
        add(SettingsTable.CACHE_PURGE_ROLES, "", ValueType.join(roles));
        return this;
    }

    public GatewayBuilder cachePurgeAddresses(String... addresses) {
        add(SettingsTable.CACHE_PURGE_ADDRESSES, "", ValueType.join(addresses));
        return this;
    }

    public GatewayBuilder hostThreads(int threads) {
        return put(SettingsTable.HOST_THREADS, threads);
    }

    public GatewayBuilder limitsStore(String address) {
        return put(SettingsTable.LIMITS_STORE, address);
    }

    public GatewayBuilder limitsStoreTimeout(Duration timeout) {
        return put(SettingsTable.LIMITS_STORE_TIMEOUT, timeout);
    }

    public GatewayBuilder limitsStorePause(Duration pause) {
        return put(SettingsTable.LIMITS_STORE_PAUSE, pause);
    }

    public GatewayBuilder hostThreadsPool(int threads) {
        return put(SettingsTable.HOST_THREADS_POOL, threads);
    }

    public GatewayBuilder reloadInterval(Duration interval) {
        return put(SettingsTable.RELOAD_INTERVAL, interval);
    }

    public GatewayBuilder closeGrace(Duration grace) {
        return put(SettingsTable.CLOSE_GRACE, grace);
    }

    public GatewayBuilder jmx(boolean on) {
        return put(SettingsTable.JMX, on);
    }

    public GatewayBuilder accessLog(OperationConfig.AccessLog form) {
        return put(SettingsTable.ACCESS_LOG, form);
    }

    public GatewayBuilder statusPath(String path) {
        return put(SettingsTable.STATUS_PATH, path);
    }

    public GatewayBuilder statusRoles(String... roles) {
        add(SettingsTable.STATUS_ROLES, "", ValueType.join(roles));
        return this;
    }

    public GatewayBuilder statusAddresses(String... addresses) {
        add(SettingsTable.STATUS_ADDRESSES, "", ValueType.join(addresses));
        return this;
    }

    public GatewayBuilder startCheck(boolean on) {
        return put(SettingsTable.START_CHECK, on);
    }

    /**
     * Adds to a route.
     *
     * @param name letters, digits, {@code -} and {@code _}; {@code *} gives defaults for every route
     */
    public GatewayBuilder route(String name, Consumer<RouteBuilder> settings) {
        settings.accept(new RouteBuilder(this, name));
        return this;
    }

    /**
     * Adds to an upstream.
     *
     * @param name letters, digits, {@code -} and {@code _}; the name of a route tunes its own upstream; {@code *} gives
     *     defaults for every upstream
     */
    public GatewayBuilder upstream(String name, Consumer<UpstreamBuilder> settings) {
        settings.accept(new UpstreamBuilder(this, name));
        return this;
    }

    /**
     * Adds to a rate limit.
     *
     * @param name letters, digits, {@code -} and {@code _}; {@code *} gives defaults for every limit
     */
    public GatewayBuilder limit(String name, Consumer<LimitBuilder> settings) {
        settings.accept(new LimitBuilder(this, name));
        return this;
    }

    /** Gives any key its text, as a line of a properties file does. */
    public GatewayBuilder set(String key, String value) {
        Objects.requireNonNull(value, key);
        given.add(new Given(key, value.strip(), Given.Where.BUILDER, "builder"));
        return this;
    }

    /**
     * Makes the configuration of what was said so far and of the system properties {@code headgate.*}, which override it.
     *
     * @throws SettingsException with every mistake that was found
     */
    public GatewayConfig build() {
        return buildIn(Surroundings.of(null));
    }

    /**
     * Makes the configuration of an app whose files settings may name.
     *
     * @param app where {@code /WEB-INF/...} is looked up; null: nowhere
     * @throws SettingsException with every mistake that was found
     */
    public GatewayConfig build(ServletContext app) {
        return buildIn(Surroundings.of(app));
    }

    GatewayConfig buildIn(Surroundings around) {
        return Assembly.of(List.of(given), List.of(), around);
    }

    private <T> GatewayBuilder put(Setting<T> setting, T value) {
        put(setting, "", value);
        return this;
    }

    <T> void put(Setting<T> setting, String name, T value) {
        Objects.requireNonNull(value, setting.documentedKey());
        add(setting, name, setting.type().writer().apply(value));
    }

    void add(Setting<?> setting, String name, String text) {
        set(setting.scope().fullKey(name, setting.key()), text);
    }
}
