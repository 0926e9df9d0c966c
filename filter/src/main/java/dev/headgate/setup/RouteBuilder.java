package dev.headgate.setup;

import dev.headgate.config.CacheConfig.SetCookie;
import dev.headgate.config.ConcurrencyConfig.Order;
import dev.headgate.config.ErrorConfig;
import dev.headgate.config.RouteConfig.ForwardedStyle;
import dev.headgate.config.RouteLimits.Priority;
import dev.headgate.config.TargetConfig.AmbiguousPath;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** Says what one route does. Every method is a setting of the same name; {@code docs/settings.md} explains them. */
public final class RouteBuilder {

    private final GatewayBuilder gateway;
    private final String name;

    RouteBuilder(GatewayBuilder gateway, String name) {
        this.gateway = gateway;
        this.name = name;
    }

    public RouteBuilder path(String... patterns) {
        return list(SettingsTable.PATH, patterns);
    }

    /** @param originsOrUpstream origins, or the name of one upstream */
    public RouteBuilder to(String... originsOrUpstream) {
        return list(SettingsTable.TO, originsOrUpstream);
    }

    public RouteBuilder methods(String... methods) {
        return list(SettingsTable.METHODS, methods);
    }

    public RouteBuilder hosts(String... hosts) {
        return list(SettingsTable.HOSTS, hosts);
    }

    /** @param conditions {@code Name} or {@code Name=value} */
    public RouteBuilder fields(String... conditions) {
        return list(SettingsTable.FIELDS, conditions);
    }

    public RouteBuilder order(int order) {
        return put(SettingsTable.ORDER, order);
    }

    public RouteBuilder targetPath(String path) {
        return put(SettingsTable.TARGET_PATH, path);
    }

    public RouteBuilder ambiguousPaths(AmbiguousPath... allowed) {
        return put(SettingsTable.AMBIGUOUS_PATHS, List.of(allowed));
    }

    public RouteBuilder host(String host) {
        return put(SettingsTable.HOST, host);
    }

    public RouteBuilder forwarded(ForwardedStyle style) {
        return put(SettingsTable.FORWARDED, style);
    }

    public RouteBuilder requestSet(String field, String value) {
        return entry(SettingsTable.REQUEST_SET, field, value);
    }

    public RouteBuilder requestAdd(String field, String value) {
        return entry(SettingsTable.REQUEST_ADD, field, value);
    }

    public RouteBuilder requestRemove(String... fields) {
        return list(SettingsTable.REQUEST_REMOVE, fields);
    }

    public RouteBuilder responseSet(String field, String value) {
        return entry(SettingsTable.RESPONSE_SET, field, value);
    }

    public RouteBuilder responseAdd(String field, String value) {
        return entry(SettingsTable.RESPONSE_ADD, field, value);
    }

    public RouteBuilder responseRemove(String... fields) {
        return list(SettingsTable.RESPONSE_REMOVE, fields);
    }

    public RouteBuilder cookiesSendSession(boolean send) {
        return put(SettingsTable.COOKIES_SEND_SESSION, send);
    }

    public RouteBuilder cookiesRewrite(boolean rewrite) {
        return put(SettingsTable.COOKIES_REWRITE, rewrite);
    }

    public RouteBuilder redirectsRewrite(boolean rewrite) {
        return put(SettingsTable.REDIRECTS_REWRITE, rewrite);
    }

    public RouteBuilder timeoutConnect(Duration timeout) {
        return put(SettingsTable.TIMEOUT_CONNECT, timeout);
    }

    public RouteBuilder timeoutResponse(Duration timeout) {
        return put(SettingsTable.TIMEOUT_RESPONSE, timeout);
    }

    public RouteBuilder timeoutIdle(Duration timeout) {
        return put(SettingsTable.TIMEOUT_IDLE, timeout);
    }

    public RouteBuilder timeoutTotal(Duration timeout) {
        return put(SettingsTable.TIMEOUT_TOTAL, timeout);
    }

    public RouteBuilder retryAttempts(int value) {
        return put(SettingsTable.RETRY_ATTEMPTS, value);
    }

    public RouteBuilder retryAnyMethod(boolean on) {
        return put(SettingsTable.RETRY_ANY_METHOD, on);
    }

    public RouteBuilder retryStatuses(int... statuses) {
        gateway.add(
                SettingsTable.RETRY_STATUSES,
                name,
                ValueType.join(IntStream.of(statuses).mapToObj(String::valueOf).toArray(String[]::new)));
        return this;
    }

    public RouteBuilder retryBuffer(long bytes) {
        return put(SettingsTable.RETRY_BUFFER, bytes);
    }

    public RouteBuilder retryBackoff(Duration duration) {
        return put(SettingsTable.RETRY_BACKOFF, duration);
    }

    public RouteBuilder retryBackoffMax(Duration duration) {
        return put(SettingsTable.RETRY_BACKOFF_MAX, duration);
    }

    public RouteBuilder cache(boolean on) {
        return put(SettingsTable.CACHE, on);
    }

    public RouteBuilder cacheHeuristic(boolean on) {
        return put(SettingsTable.CACHE_HEURISTIC, on);
    }

    public RouteBuilder cacheMaxObjectSize(long bytes) {
        return put(SettingsTable.CACHE_MAX_OBJECT_SIZE, bytes);
    }

    public RouteBuilder cacheStaleOnError(Duration duration) {
        return put(SettingsTable.CACHE_STALE_ON_ERROR, duration);
    }

    public RouteBuilder cacheNegativeTtl(Duration duration) {
        return put(SettingsTable.CACHE_NEGATIVE_TTL, duration);
    }

    public RouteBuilder cacheShare(String... what) {
        return list(SettingsTable.CACHE_SHARE, what);
    }

    public RouteBuilder cacheKeyIgnoreParameters(String... names) {
        return list(SettingsTable.CACHE_KEY_IGNORE_PARAMETERS, names);
    }

    public RouteBuilder cacheKeySortParameters(boolean on) {
        return put(SettingsTable.CACHE_KEY_SORT_PARAMETERS, on);
    }

    public RouteBuilder cacheSetCookie(SetCookie what) {
        return put(SettingsTable.CACHE_SET_COOKIE, what);
    }

    public RouteBuilder cacheCollapseWait(Duration duration) {
        return put(SettingsTable.CACHE_COLLAPSE_WAIT, duration);
    }

    /** @param names of limits */
    public RouteBuilder limits(String... names) {
        return list(SettingsTable.LIMITS, names);
    }

    public RouteBuilder rate(String rate) {
        return put(SettingsTable.RATE, rate);
    }

    public RouteBuilder concurrencyMax(int exchanges) {
        return put(SettingsTable.ROUTE_CONCURRENCY_MAX, exchanges);
    }

    public RouteBuilder concurrencyAdaptive(boolean adaptive) {
        return put(SettingsTable.ROUTE_CONCURRENCY_ADAPTIVE, adaptive);
    }

    public RouteBuilder concurrencyMin(int exchanges) {
        return put(SettingsTable.ROUTE_CONCURRENCY_MIN, exchanges);
    }

    public RouteBuilder queueLength(int exchanges) {
        return put(SettingsTable.ROUTE_QUEUE_LENGTH, exchanges);
    }

    public RouteBuilder queueTime(Duration time) {
        return put(SettingsTable.ROUTE_QUEUE_TIME, time);
    }

    public RouteBuilder queueOrder(Order order) {
        return put(SettingsTable.ROUTE_QUEUE_ORDER, order);
    }

    public RouteBuilder priority(Priority priority) {
        return put(SettingsTable.PRIORITY, priority);
    }

    public RouteBuilder priorityHighRoles(String... roles) {
        return list(SettingsTable.PRIORITY_HIGH_ROLES, roles);
    }

    public RouteBuilder requestMaxTarget(int characters) {
        return put(SettingsTable.REQUEST_MAX_TARGET, characters);
    }

    public RouteBuilder requestMaxHead(long bytes) {
        return put(SettingsTable.REQUEST_MAX_HEAD, bytes);
    }

    public RouteBuilder requestMaxFields(int fields) {
        return put(SettingsTable.REQUEST_MAX_FIELDS, fields);
    }

    public RouteBuilder requestMaxSize(long bytes) {
        return put(SettingsTable.REQUEST_MAX_SIZE, bytes);
    }

    public RouteBuilder requestMinRate(long bytesPerSecond) {
        return put(SettingsTable.REQUEST_MIN_RATE, bytesPerSecond);
    }

    public RouteBuilder responseMaxSize(long bytes) {
        return put(SettingsTable.RESPONSE_MAX_SIZE, bytes);
    }

    public RouteBuilder responseMinRate(long bytesPerSecond) {
        return put(SettingsTable.RESPONSE_MIN_RATE, bytesPerSecond);
    }

    /** @param means {@code chain} or {@code static:/path}, in order */
    public RouteBuilder fallback(String... means) {
        return list(SettingsTable.FALLBACK, means);
    }

    public RouteBuilder errorDetail(ErrorConfig.Detail detail) {
        return put(SettingsTable.ERROR_DETAIL, detail);
    }

    public RouteBuilder errorDetailRoles(String... roles) {
        return list(SettingsTable.ERROR_DETAIL_ROLES, roles);
    }

    public RouteBuilder errorProxyStatus(ErrorConfig.ProxyStatusField field) {
        return put(SettingsTable.ERROR_PROXY_STATUS, field);
    }

    /**
     * @param failure a kind such as {@code connection_refused}, a status, or {@code *}
     * @param page a template of the app, {@code dispatch:/path}, {@code container} or {@code built-in}
     */
    public RouteBuilder errorPage(String failure, String page) {
        return entry(SettingsTable.ERROR_PAGE, failure, page);
    }

    /** Gives any key of the route, {@code timeout.connect}, its text, as a line of a properties file does. */
    public RouteBuilder set(String key, String value) {
        gateway.set(Scope.ROUTE.fullKey(name, key), value);
        return this;
    }

    private <T> RouteBuilder put(Setting<T> setting, T value) {
        gateway.put(setting, name, value);
        return this;
    }

    private RouteBuilder list(Setting<?> setting, String... items) {
        gateway.add(setting, name, ValueType.join(items));
        return this;
    }

    private RouteBuilder entry(Setting<String> setting, String field, String value) {
        return set(setting.key() + "." + field, value);
    }
}
