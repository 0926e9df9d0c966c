package dev.headgate.setup;

import static dev.headgate.setup.SettingsTable.*;

import dev.headgate.config.AddressRange;
import dev.headgate.config.BalanceConfig;
import dev.headgate.config.Bandwidth;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.config.ConcurrencyConfig;
import dev.headgate.config.CookieConfig;
import dev.headgate.config.ErrorConfig;
import dev.headgate.config.FieldConfig;
import dev.headgate.config.GatewayConfig;
import dev.headgate.config.HealthConfig;
import dev.headgate.config.LimitConfig;
import dev.headgate.config.LimitStoreConfig;
import dev.headgate.config.MatchConfig;
import dev.headgate.config.OperationConfig;
import dev.headgate.config.OriginConfig;
import dev.headgate.config.PathSyntax;
import dev.headgate.config.PoolConfig;
import dev.headgate.config.RetryConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.config.RouteLimits;
import dev.headgate.config.SettingInForce;
import dev.headgate.config.StatusConfig;
import dev.headgate.config.TargetConfig;
import dev.headgate.config.ThreadConfig;
import dev.headgate.config.TimeoutConfig;
import dev.headgate.config.TlsConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.setup.SettingsException.Mistake;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one configuration of what all spellings gave: merges by key, fills in variables, reads each value as its row of
 * the table says, and builds the records. Goes on after a mistake with a stand-in, so that one run finds them all. Used
 * once, by one thread.
 */
final class Assembly {

    private static final Logger LOG = LoggerFactory.getLogger(Assembly.class);

    private final Surroundings around;

    /** A set, since a bad value for every route is found once for each of them. */
    private final Set<Mistake> mistakes = new LinkedHashSet<>();

    /** What is in force, by canonical key, in the order of first mention. */
    private final Map<String, Value> values = new LinkedHashMap<>();

    private final Set<String> routes = new LinkedHashSet<>();
    private final Set<String> upstreams = new TreeSet<>();
    private final Set<String> limits = new TreeSet<>();

    /**
     * A value in force.
     *
     * @param text what was given, with the variables of the surroundings filled in
     * @param read null where it could not be read, which was reported then
     */
    private record Value(Given given, Key key, String text, Object read) {}

    private Assembly(Surroundings around) {
        this.around = around;
    }

    /**
     * Makes the configuration.
     *
     * @param sources from the weakest to the strongest; system properties come on top by themselves
     * @param found mistakes that were found before
     * @throws SettingsException with every mistake there is
     */
    static GatewayConfig of(List<List<Given>> sources, List<Mistake> found, Surroundings around) {
        Assembly assembly = new Assembly(around);
        assembly.mistakes.addAll(found);
        assembly.merge(sources);
        GatewayConfig config = assembly.build();
        if (!assembly.mistakes.isEmpty()) {
            throw new SettingsException(List.copyOf(assembly.mistakes));
        }
        return config;
    }

    // What was given

    private void merge(List<List<Given>> sources) {
        Map<String, Value> strongest = new LinkedHashMap<>();
        for (List<Given> source : sources) {
            merge(source, strongest);
        }
        merge(overrides(), strongest);
        strongest.forEach((canonical, value) -> values.put(canonical, read(value)));
    }

    private void merge(List<Given> source, Map<String, Value> strongest) {
        Map<String, Given> here = new LinkedHashMap<>();
        for (Given given : source) {
            Key key = Key.parse(given.key());
            if (key == null) {
                unknown(given);
                continue;
            }
            Given twin = here.put(key.canonical(), given);
            if (twin != null && given.where() != Given.Where.BUILDER) {
                mistake(given, key, "it is given twice, also in " + twin.place(), "", "");
                continue;
            }
            if (!key.name().equals(Scope.EVERY)) {
                if (key.setting().scope() == Scope.ROUTE) {
                    routes.add(key.name());
                } else if (key.setting().scope() == Scope.UPSTREAM) {
                    upstreams.add(key.name());
                } else if (key.setting().scope() == Scope.LIMIT) {
                    limits.add(key.name());
                }
            }
            strongest.put(key.canonical(), new Value(given, key, given.text(), null));
        }
    }

    /** The system properties for this gateway. Those of routes and upstreams that it lacks are meant for another app. */
    private List<Given> overrides() {
        List<Given> overrides = new ArrayList<>();
        around.system().forEach((property, text) -> {
            if (!property.startsWith(SettingsReader.SYSTEM_PREFIX)) {
                return;
            }
            String key = property.substring(SettingsReader.SYSTEM_PREFIX.length());
            Scope scope = Key.scopeOf(key);
            String name = Key.nameIn(key, scope);
            boolean known = scope == Scope.GATEWAY
                    || name.equals(Scope.EVERY)
                    || routes.contains(name)
                    || scope == Scope.UPSTREAM && upstreams.contains(name)
                    || scope == Scope.LIMIT && limits.contains(name);
            if (known) {
                overrides.add(new Given(key, text, Given.Where.SYSTEM_PROPERTY, "system property " + property));
            } else {
                LOG.info("System property {} is ignored: this gateway has no {} {}", property, scope.word(), name);
            }
        });
        return overrides;
    }

    private Value read(Value unread) {
        Given given = unread.given();
        Setting<?> setting = unread.key().setting();
        String text = given.text();
        try {
            switch (setting.entry()) {
                case FIELD -> changeableField(unread.key().field());
                case FAILURE -> failure(unread.key().field());
                case ROLE, NONE -> {}
            }
        } catch (IllegalArgumentException e) {
            badEntry(given, unread.key(), e);
            return unread;
        }
        try {
            text = Variables.expand(text, setting.type().variables(), around.environment(), around.system())
                    .strip();
            return new Value(given, unread.key(), text, setting.type().read(text));
        } catch (IllegalArgumentException e) {
            // What a variable brought is shown only where it cannot be a token that was kept out of the file.
            boolean filledIn = !text.equals(given.text()) && !setting.open() && !setting.secret();
            mistake(filledIn ? given.withText(given.text() + ", which is " + text) : given, unread.key(), e);
            return unread;
        }
    }

    // What it becomes

    private GatewayConfig build() {
        // With a misspelt key there was perhaps meant to be one.
        if (routes.isEmpty() && mistakes.isEmpty()) {
            mistakes.add(new Mistake(
                    PATH.documentedKey(),
                    "anywhere",
                    "nothing",
                    "there is no route",
                    PATH.type().allowed(),
                    "route.orders.path=" + PATH.example() + " and route.orders.to=http://orders:8080"));
        }
        Settings all = new Settings(Scope.GATEWAY, "");
        Map<String, UpstreamConfig> groups = new TreeMap<>();
        for (String name : routes) {
            Settings route = new Settings(Scope.ROUTE, name);
            if (isOrigins(route.get(TO))) {
                groups.put(name, upstream(name, route));
            }
        }
        for (String name : upstreams) {
            if (!groups.containsKey(name)) {
                groups.put(name, upstream(name, null));
            }
        }
        Map<String, LimitConfig> rateLimits = new TreeMap<>();
        for (String name : limits) {
            LimitConfig limit = limit(name);
            if (limit != null) {
                rateLimits.put(name, limit);
            }
        }
        List<RouteConfig> table = new ArrayList<>();
        for (String name : routes) {
            table.add(route(name, groups, rateLimits));
        }
        rateLimits.values().forEach(limit -> checkKeys(limit, table));
        CacheStoreConfig cacheStore = cacheStore(all);
        StatusConfig status = status(all);
        if (!mistakes.isEmpty()) {
            return null;
        }
        String viaName = all.has(VIA_NAME) ? all.get(VIA_NAME) : randomName();
        return new GatewayConfig(
                all.get(NAME),
                viaName,
                all.has(PROXY_STATUS_NAME) ? all.get(PROXY_STATUS_NAME) : all.get(NAME),
                all.get(REQUEST_ID_FIELD),
                all.get(TRUSTED_PROXIES),
                cacheStore,
                table,
                groups,
                new ThreadConfig(all.has(HOST_THREADS) ? all.get(HOST_THREADS) : 0, all.get(HOST_THREADS_POOL)),
                rateLimits,
                new LimitStoreConfig(all.get(LIMITS_STORE), all.get(LIMITS_STORE_TIMEOUT), all.get(LIMITS_STORE_PAUSE)),
                new OperationConfig(
                        all.get(RELOAD_INTERVAL),
                        all.get(CLOSE_GRACE),
                        all.get(JMX),
                        all.get(ACCESS_LOG),
                        all.get(START_CHECK)),
                status,
                inForce(viaName, groups));
    }

    // How it is told

    private List<SettingInForce> inForce(String viaName, Map<String, UpstreamConfig> groups) {
        List<SettingInForce> told = new ArrayList<>();
        inForce(new Settings(Scope.GATEWAY, ""), Map.of(VIA_NAME, viaName), told);
        routes.forEach(name -> inForce(new Settings(Scope.ROUTE, name), Map.of(), told));
        groups.forEach((name, upstream) -> inForce(
                new Settings(Scope.UPSTREAM, name),
                Map.of(
                        HEALTH_TIMEOUT,
                        HEALTH_TIMEOUT
                                .type()
                                .writer()
                                .apply(upstream.health().probe().timeout()),
                        HEALTH_EJECTION_MAX,
                        HEALTH_EJECTION_MAX
                                .type()
                                .writer()
                                .apply(upstream.health().ejectionMax())),
                told));
        limits.forEach(name -> inForce(new Settings(Scope.LIMIT, name), Map.of(), told));
        return told;
    }

    /** @param made what is in force in place of a default */
    private static void inForce(Settings of, Map<Setting<?>, String> made, List<SettingInForce> told) {
        for (Setting<?> setting : ALL) {
            if (setting.scope() != of.scope) {
                continue;
            }
            String key = of.scope.fullKey(of.name, setting.key());
            if (setting.open()) {
                // What a variable brought is perhaps a token that was kept out of the file.
                of.entriesInForce(setting)
                        .forEach(value -> told.add(new SettingInForce(
                                key, value.key().field(), value.given().text(), true)));
            } else if (of.has(setting)) {
                String text = of.find(setting).text();
                // What is secret in the store's address is masked where it is shown.
                boolean hidden = setting.secret() && setting != LIMITS_STORE && !text.isEmpty();
                told.add(new SettingInForce(key, "", hidden ? SettingInForce.MASK : text, true));
            } else {
                String text =
                        made.getOrDefault(setting, setting == PROXY_STATUS_NAME ? of.get(NAME) : setting.initially());
                if (text != null) { // else it is in force elsewhere: origins at the route, threads at the container
                    told.add(new SettingInForce(key, "", text, false));
                }
            }
        }
    }

    private StatusConfig status(Settings all) {
        List<String> roles = all.get(STATUS_ROLES);
        List<AddressRange> addresses = all.get(STATUS_ADDRESSES);
        if (!all.get(STATUS_PATH).isEmpty() && roles.isEmpty() && addresses.isEmpty()) {
            // With a bad list of them there was perhaps meant to be somebody.
            if (!all.bad(STATUS_ROLES) && !all.bad(STATUS_ADDRESSES)) {
                Given path = all.find(STATUS_PATH).given();
                mistakes.add(new Mistake(
                        path.key(),
                        path.place(),
                        path.text(),
                        "nobody could see the page: " + STATUS_ROLES.key() + " or " + STATUS_ADDRESSES.key()
                                + " must say who may",
                        "",
                        line(path.where(), new Key(STATUS_ROLES, "", ""), STATUS_ROLES.example())));
            }
            return StatusConfig.NONE;
        }
        return new StatusConfig(all.get(STATUS_PATH), roles, addresses);
    }

    private CacheStoreConfig cacheStore(Settings all) {
        long offHeap = all.get(CACHE_OFF_HEAP_SIZE);
        long disk = all.get(CACHE_DISK_SIZE);
        if (offHeap != 0 && offHeap < CacheStoreConfig.LEAST_OFF_HEAP_BYTES) {
            Value value = all.find(CACHE_OFF_HEAP_SIZE);
            mistake(value.given(), value.key(), "", "0, or 4MB or more", "4MB");
            return null;
        }
        if (disk != 0 && (disk < CacheStoreConfig.LEAST_DISK_BYTES || disk < 2 * offHeap)) {
            Value value = all.find(CACHE_DISK_SIZE);
            mistake(
                    value.given(),
                    value.key(),
                    "",
                    "0, or 8MB or more and at least twice " + CACHE_OFF_HEAP_SIZE.key() + ", which is "
                            + CACHE_OFF_HEAP_SIZE.type().writer().apply(offHeap),
                    "10GB");
            return null;
        }
        String path = all.get(CACHE_DISK_PATH);
        if (!path.isEmpty() && !Path.of(path).isAbsolute()) {
            Value value = all.find(CACHE_DISK_PATH);
            mistake(value.given(), value.key(), "it is not an absolute path", "", "");
            return null;
        }
        return new CacheStoreConfig(
                all.get(CACHE_HEAP_ENTRIES),
                offHeap,
                disk,
                path.isEmpty() ? null : Path.of(path),
                all.get(CACHE_PURGE_ROLES),
                all.get(CACHE_PURGE_ADDRESSES));
    }

    private RouteConfig route(String name, Map<String, UpstreamConfig> groups, Map<String, LimitConfig> rateLimits) {
        Settings of = new Settings(Scope.ROUTE, name);
        of.require(PATH);
        of.require(TO);
        MatchConfig match = of.checked(
                PATH,
                () -> new MatchConfig(of.get(PATH), of.get(METHODS), of.get(HOSTS), of.get(FIELDS), of.get(ORDER)));
        TargetConfig target = of.checked(
                TARGET_PATH,
                () -> new TargetConfig(of.get(TARGET_PATH), Set.copyOf(of.get(AMBIGUOUS_PATHS)), of.get(HOST)));
        TimeoutConfig timeouts = new TimeoutConfig(
                of.get(TIMEOUT_CONNECT), of.get(TIMEOUT_RESPONSE), of.get(TIMEOUT_IDLE), of.get(TIMEOUT_TOTAL));
        RetryConfig retry = new RetryConfig(
                of.get(RETRY_ATTEMPTS),
                of.get(RETRY_ANY_METHOD),
                Set.copyOf(of.get(RETRY_STATUSES)),
                Math.toIntExact(of.get(RETRY_BUFFER)),
                of.get(RETRY_BACKOFF),
                of.get(RETRY_BACKOFF_MAX));
        FieldConfig fields = new FieldConfig(
                of.entries(REQUEST_SET),
                of.entries(REQUEST_ADD),
                of.get(REQUEST_REMOVE),
                of.entries(RESPONSE_SET),
                of.entries(RESPONSE_ADD),
                of.get(RESPONSE_REMOVE));
        CookieConfig cookies = new CookieConfig(of.get(COOKIES_SEND_SESSION), of.get(COOKIES_REWRITE));
        CacheConfig cache = new CacheConfig(
                of.get(CACHE),
                of.get(CACHE_HEURISTIC),
                of.get(CACHE_MAX_OBJECT_SIZE),
                of.get(CACHE_STALE_ON_ERROR),
                of.get(CACHE_NEGATIVE_TTL),
                of.get(CACHE_SHARE),
                of.get(CACHE_KEY_IGNORE_PARAMETERS),
                of.get(CACHE_KEY_SORT_PARAMETERS),
                of.get(CACHE_SET_COOKIE),
                of.get(CACHE_COLLAPSE_WAIT));
        String upstream = of.checked(TO, () -> upstreamOf(of.get(TO), name, groups));
        if (of.has(TIMEOUT_TOTAL)) {
            checkTotal(of, timeouts);
        }
        RouteLimits routeLimits = routeLimits(of, rateLimits);
        if (match == null || target == null || upstream == null || routeLimits == null) {
            return null;
        }
        checkLease(of, upstream);
        for (Setting<String> values : List.of(REQUEST_SET, REQUEST_ADD, RESPONSE_SET, RESPONSE_ADD)) {
            checkCaptures(of, values, match);
        }
        return of.checked(
                of.has(TARGET_PATH) ? TARGET_PATH : PATH,
                () -> new RouteConfig(
                        name,
                        upstream,
                        match,
                        target,
                        timeouts,
                        retry,
                        fields,
                        cookies,
                        cache,
                        of.get(REDIRECTS_REWRITE),
                        of.get(FORWARDED),
                        routeLimits,
                        errors(of)));
    }

    private RouteLimits routeLimits(Settings of, Map<String, LimitConfig> rateLimits) {
        List<String> names = new ArrayList<>();
        of.checked(LIMITS, () -> {
            for (String limit : of.get(LIMITS)) {
                if (!limits.contains(limit)) {
                    throw new BadValue("there is no limit " + limit, Nearest.to(limit, limits));
                }
                names.add(limit);
            }
            return names;
        });
        if (!of.get(RATE).isEmpty()) {
            // A dot keeps it apart from limits with names of their own.
            String own = Scope.ROUTE.prefix() + of.name;
            Settings plain = new Settings(Scope.LIMIT, own);
            rateLimits.put(own, limit(own, Bandwidth.parseAll(of.get(RATE)), plain));
            names.add(own);
        }
        ConcurrencyConfig concurrency = of.checked(
                ROUTE_CONCURRENCY_MIN,
                () -> new ConcurrencyConfig(
                        of.get(ROUTE_CONCURRENCY_MAX),
                        of.get(ROUTE_CONCURRENCY_ADAPTIVE),
                        of.get(ROUTE_CONCURRENCY_MIN),
                        of.get(ROUTE_QUEUE_LENGTH),
                        of.get(ROUTE_QUEUE_TIME),
                        of.get(ROUTE_QUEUE_ORDER)));
        if (concurrency == null) {
            return null;
        }
        return new RouteLimits(
                names,
                concurrency,
                of.get(PRIORITY),
                Set.copyOf(of.get(PRIORITY_HIGH_ROLES)),
                new RouteLimits.Size(
                        of.get(REQUEST_MAX_TARGET),
                        Math.toIntExact(of.get(REQUEST_MAX_HEAD)),
                        of.get(REQUEST_MAX_FIELDS),
                        of.get(REQUEST_MAX_SIZE),
                        of.get(RESPONSE_MAX_SIZE)),
                of.get(REQUEST_MIN_RATE),
                of.get(RESPONSE_MIN_RATE));
    }

    private LimitConfig limit(String name) {
        Settings of = new Settings(Scope.LIMIT, name);
        of.require(LIMIT_RATE);
        return of.checked(LIMIT_RATE, () -> limit(name, Bandwidth.parseAll(of.get(LIMIT_RATE)), of));
    }

    private static LimitConfig limit(String name, List<Bandwidth> rate, Settings of) {
        Map<String, List<Bandwidth>> byRole = new LinkedHashMap<>();
        of.entries(LIMIT_RATE_FOR).forEach((role, text) -> byRole.put(role, Bandwidth.parseAll(text)));
        return new LimitConfig(
                name,
                rate,
                byRole,
                of.get(LIMIT_KEY),
                of.get(LIMIT_COST),
                of.get(LIMIT_STATUS),
                of.get(LIMIT_SHADOW),
                of.get(LIMIT_MAX_WAIT),
                of.get(LIMIT_MAX_KEYS),
                of.get(LIMIT_COUNT_STORED),
                of.get(LIMIT_ANNOUNCE));
    }

    private static ErrorConfig errors(Settings of) {
        return new ErrorConfig(
                of.get(ERROR_DETAIL),
                of.get(ERROR_DETAIL_ROLES),
                of.get(ERROR_PROXY_STATUS),
                of.entries(ERROR_PAGE),
                of.get(FALLBACK));
    }

    private String upstreamOf(List<String> to, String route, Map<String, UpstreamConfig> groups) {
        if (isOrigins(to)) {
            return route;
        }
        if (to.size() != 1) {
            throw new BadValue(to.isEmpty() ? "it is empty" : "it mixes origins and names, or has several names");
        }
        if (!groups.containsKey(to.get(0))) {
            throw new BadValue(
                    "there is no upstream " + to.get(0)
                            + (groups.isEmpty() ? "" : "; there are " + String.join(", ", groups.keySet())),
                    Nearest.to(to.get(0), groups.keySet()));
        }
        return to.get(0);
    }

    private static boolean isOrigins(List<String> to) {
        return !to.isEmpty() && to.stream().allMatch(item -> item.contains("://"));
    }

    /** @param route the route whose own upstream it is; null for one that stands by itself */
    private UpstreamConfig upstream(String name, Settings route) {
        Settings of = new Settings(Scope.UPSTREAM, name);
        List<OriginConfig> origins;
        if (route == null) {
            of.require(ORIGINS);
            origins = of.get(ORIGINS);
        } else {
            origins = route.get(TO).stream().map(OriginConfig::parse).toList();
            Value twice = values.get(Scope.UPSTREAM.fullKey(name, ORIGINS.key()));
            if (twice != null && route.has(TO)) {
                String other = Scope.ROUTE.fullKey(name, TO.key());
                mistake(twice.given(), twice.key(), other + " gives this upstream its origins already", "", "");
            }
        }
        PoolConfig pool = new PoolConfig(
                of.get(CONNECTIONS_MAX),
                of.get(CONNECTIONS_LEASE_TIMEOUT),
                of.get(CONNECTIONS_IDLE_TIMEOUT),
                of.get(CONNECTIONS_TIME_TO_LIVE));
        TlsConfig tls = new TlsConfig(
                of.file(TLS_TRUST), of.get(TLS_TRUST_PASSWORD), of.file(TLS_KEY), of.get(TLS_KEY_PASSWORD));
        UpstreamConfig.HeadLimits head =
                new UpstreamConfig.HeadLimits(Math.toIntExact(of.get(HEAD_MAX_SIZE)), of.get(HEAD_MAX_FIELDS));
        BalanceConfig balance = of.checked(BALANCE_KEY, () -> balance(of));
        HealthConfig health = health(of);
        ConcurrencyConfig concurrency = of.checked(
                UPSTREAM_CONCURRENCY_MIN,
                () -> new ConcurrencyConfig(
                        of.get(UPSTREAM_CONCURRENCY_MAX),
                        of.get(UPSTREAM_CONCURRENCY_ADAPTIVE),
                        of.get(UPSTREAM_CONCURRENCY_MIN),
                        of.get(UPSTREAM_QUEUE_LENGTH),
                        of.get(UPSTREAM_QUEUE_TIME),
                        of.get(UPSTREAM_QUEUE_ORDER)));
        RetryConfig.Budget budget = new RetryConfig.Budget(of.get(RETRY_BUDGET), of.get(RETRY_BUDGET_LEAST));
        if (balance == null || health == null || concurrency == null) {
            return null;
        }
        UpstreamConfig upstream = (route == null ? of : route)
                .checked(
                        route == null ? ORIGINS : TO,
                        () -> new UpstreamConfig(name, origins, pool, tls, head, balance, health, budget, concurrency));
        return upstream != null
                ? upstream
                : new UpstreamConfig(name, ORIGINS.standIn(), pool, tls, head, balance, health, budget, concurrency);
    }

    private static BalanceConfig balance(Settings of) {
        return new BalanceConfig(
                of.get(BALANCE),
                of.get(BALANCE_KEY),
                of.get(BALANCE_SECRET),
                of.get(BALANCE_ZONE),
                of.get(BALANCE_SPILL),
                of.get(BALANCE_SLOW_START),
                of.get(RESOLVE),
                of.get(RESOLVE_INTERVAL));
    }

    private static HealthConfig health(Settings of) {
        String[] statuses = of.get(HEALTH_STATUS).split("-");
        // A default gives way to what was said on purpose.
        Duration interval = of.get(HEALTH_INTERVAL);
        Duration timeout = of.get(HEALTH_TIMEOUT);
        if (!of.has(HEALTH_TIMEOUT) && timeout.compareTo(interval) >= 0) {
            timeout = interval.dividedBy(2);
        }
        Duration probeTimeout = timeout;
        Duration longest = of.get(HEALTH_EJECTION_MAX);
        if (!of.has(HEALTH_EJECTION_MAX) && longest.compareTo(of.get(HEALTH_EJECTION)) < 0) {
            longest = of.get(HEALTH_EJECTION);
        }
        Duration ejectionMax = longest;
        HealthConfig.Probe probe = of.checked(
                HEALTH_TIMEOUT,
                () -> new HealthConfig.Probe(
                        of.get(HEALTH_PROBE),
                        of.get(HEALTH_PATH),
                        of.get(HEALTH_METHOD),
                        of.get(HEALTH_HOST),
                        of.get(HEALTH_FIELDS),
                        Integer.parseInt(statuses[0]),
                        Integer.parseInt(statuses[statuses.length - 1]),
                        of.get(HEALTH_TEXT),
                        interval,
                        probeTimeout,
                        of.get(HEALTH_RISE),
                        of.get(HEALTH_FALL)));
        return probe == null
                ? null
                : of.checked(
                        HEALTH_EJECTION_MAX,
                        () -> new HealthConfig(
                                of.get(HEALTH_PASSIVE),
                                of.get(HEALTH_FAILURES),
                                of.get(HEALTH_FAILURE_RATE),
                                of.get(HEALTH_EJECTION),
                                ejectionMax,
                                of.get(HEALTH_MAX_EJECTED),
                                of.get(HEALTH_PANIC),
                                of.get(HEALTH_SILENCE),
                                probe));
    }

    /** A total below what one attempt may take would never let that attempt reach its own limit. */
    private void checkTotal(Settings of, TimeoutConfig timeouts) {
        Duration total = timeouts.total();
        if (total.isZero() || of.bad(TIMEOUT_TOTAL)) {
            return;
        }
        if (total.compareTo(timeouts.connect()) <= 0 && !of.bad(TIMEOUT_CONNECT)) {
            of.unrelated(TIMEOUT_TOTAL, "more than", TIMEOUT_CONNECT, Duration.ofMillis(total.toMillis() / 2));
        }
        if (total.compareTo(timeouts.response()) < 0 && of.has(TIMEOUT_RESPONSE)) {
            of.unrelated(TIMEOUT_TOTAL, "at least", TIMEOUT_RESPONSE, total);
        }
    }

    private void checkLease(Settings of, String upstream) {
        Settings pool = new Settings(Scope.UPSTREAM, upstream);
        Duration total = of.get(TIMEOUT_TOTAL);
        // The default is let be: nobody should have to lower it just because one route is in a hurry.
        if (pool.has(CONNECTIONS_LEASE_TIMEOUT)
                && !total.isZero()
                && pool.get(CONNECTIONS_LEASE_TIMEOUT).compareTo(total) >= 0) {
            Value lease = pool.find(CONNECTIONS_LEASE_TIMEOUT);
            mistake(
                    lease.given(),
                    lease.key(),
                    "it must be less than " + Scope.ROUTE.fullKey(of.name, TIMEOUT_TOTAL.key()) + ", which is "
                            + TIMEOUT_TOTAL.type().writer().apply(total),
                    "",
                    "");
        }
    }

    /** A value that names what no path of its route captures would always be empty. Those for every route may be. */
    private void checkCaptures(Settings of, Setting<String> setting, MatchConfig match) {
        Set<String> captures = captures(match);
        for (Value value : of.entriesOf(setting, of.name).values()) {
            for (String name : Variables.captures((String) value.read())) {
                if (!captures.contains(name)) {
                    String known = captures.isEmpty() ? "nothing" : String.join(", ", captures);
                    String problem = "no path of the route captures " + name + "; captured is " + known;
                    mistake(value.given(), value.key(), problem, "", "");
                }
            }
        }
    }

    private static Set<String> captures(MatchConfig match) {
        Set<String> captures = new TreeSet<>();
        match.paths().forEach(path -> captures.addAll(PathSyntax.captures(path)));
        return captures;
    }

    /** By a key that a route does not capture, all of its requests would share one budget. */
    private void checkKeys(LimitConfig limit, List<RouteConfig> table) {
        for (LimitConfig.Key key : limit.keys()) {
            Set<String> lacking = new LinkedHashSet<>();
            Set<String> known = null; // to all routes that have the limit
            for (RouteConfig route : table) {
                // One that has mistakes of its own is not there.
                if (key.kind() != LimitConfig.Kind.PATH
                        || route == null
                        || !route.limits().rates().contains(limit.name())) {
                    continue;
                }
                Set<String> captures = captures(route.match());
                if (!captures.contains(key.argument())) {
                    lacking.add(route.name());
                }
                if (known == null) {
                    known = captures;
                } else {
                    known.retainAll(captures);
                }
            }
            if (lacking.isEmpty()) {
                continue;
            }
            String nearest = Nearest.to(
                    key.argument(),
                    known.stream()
                            .filter(name -> !name.equals(PathSyntax.REMAINDER))
                            .toList());
            List<String> better = limit.keys().stream()
                    .filter(other -> !other.equals(key) || !nearest.isEmpty())
                    .map(other -> other.equals(key) ? new LimitConfig.Key(key.kind(), nearest) : other)
                    .map(LimitConfig.Key::toString)
                    .toList();
            Value value = new Settings(Scope.LIMIT, limit.name()).find(LIMIT_KEY);
            // A route's own limit has no name that a key could have.
            boolean named = limits.contains(limit.name());
            mistakes.add(new Mistake(
                    value.given().key(),
                    value.given().place(),
                    value.given().text(),
                    "no path of " + (lacking.size() == 1 ? "route " : "the routes ") + String.join(", ", lacking)
                            + " captures " + key.argument() + "; captured is "
                            + (known.isEmpty() ? "nothing" : String.join(", ", known)),
                    LIMIT_KEY.type().allowed(),
                    line(
                            value.given().where(),
                            named ? new Key(LIMIT_KEY, limit.name(), "") : value.key(),
                            better.isEmpty() ? LIMIT_KEY.initially() : String.join(" ", better))));
        }
    }

    private static String randomName() {
        return String.format("headgate-%08x", ThreadLocalRandom.current().nextInt());
    }

    // What went wrong

    private void unknown(Given given) {
        Scope scope = Key.scopeOf(given.key());
        String name = Key.nameIn(given.key(), scope);
        boolean badName = !name.isEmpty()
                && !name.equals(Scope.EVERY)
                && !Scope.NAME.matcher(name).matches();
        String nearest = badName ? "" : Key.nearest(given.key());
        Key meant = nearest.isEmpty() ? null : Key.parse(nearest);
        String problem = badName
                ? "'" + name + "' is no name: letters, digits, - and _ are"
                : "there is no such key" + (nearest.isEmpty() ? "" : "; the nearest is " + nearest);
        // A secret under a misspelt key is a secret all the same.
        boolean shown = meant != null
                && meant.setting().shown(meant.field(), given.text()).equals(given.text());
        mistakes.add(new Mistake(
                given.key(),
                given.place(),
                meant == null || shown ? given(given.text()) : "******",
                problem,
                "",
                shown ? line(given.where(), meant, given.text()) : ""));
    }

    /** What follows the key is bad, so that no value would put it right. */
    private void badEntry(Given given, Key key, IllegalArgumentException problem) {
        boolean host =
                key.field().equalsIgnoreCase("Host") && (key.setting() == REQUEST_SET || key.setting() == REQUEST_ADD);
        String instead = "";
        if (host) {
            String wanted = given.text();
            try {
                HOST.type().read(wanted);
            } catch (IllegalArgumentException e) {
                wanted = HOST.example();
            }
            instead = line(given.where(), new Key(HOST, key.name(), ""), wanted);
        }
        mistakes.add(new Mistake(
                given.key(),
                given.place(),
                given(key.setting().shown(key.field(), given.text())),
                problem.getMessage(),
                "",
                instead));
    }

    private void mistake(Given given, Key key, IllegalArgumentException problem) {
        Setting<?> setting = key.setting();
        String instead;
        if (problem instanceof BadValue bad && !bad.instead().isEmpty()) {
            // It repeats what was given, which may be a secret.
            boolean shown = setting.shown(key.field(), given.text()).equals(given.text());
            instead = shown ? bad.instead() : "";
        } else {
            instead = setting.open() ? setting.example().replaceFirst("^[^=]*=", "") : setting.suggestion();
        }
        mistake(given, key, problem.getMessage(), setting.type().allowed(), instead);
    }

    /** @param instead the value to write instead; empty: no suggestion */
    private void mistake(Given given, Key key, String problem, String allowed, String instead) {
        mistakes.add(new Mistake(
                given.key(),
                given.place(),
                given(key.setting().shown(key.field(), given.text())),
                problem.isEmpty() && given.text().isBlank() ? "it is empty" : problem,
                allowed,
                instead.isEmpty() ? "" : line(given.where(), key, instead)));
    }

    /** A value as messages have it, where nothing would look like a line left out. */
    private static String given(String text) {
        return text.isBlank() ? "(empty)" : text;
    }

    private static String line(Given.Where where, Key key, String text) {
        try {
            return where.line(key, text);
        } catch (IllegalArgumentException e) {
            // The value itself is no good either, so there is no Java to write for it.
            return key.full() + "=" + text;
        }
    }

    /** The settings of one route, one upstream or the gateway. */
    private final class Settings {

        private final Scope scope;
        private final String name;

        Settings(Scope scope, String name) {
            this.scope = scope;
            this.name = name;
        }

        /** The value in force: the one of this name, or the one for every name; null where neither was given. */
        Value find(Setting<?> setting) {
            Value own = values.get(scope.fullKey(name, setting.key()));
            return own != null ? own : values.get(scope.fullKey(Scope.EVERY, setting.key()));
        }

        /** Tells whether a good value was given. */
        boolean has(Setting<?> setting) {
            Value value = find(setting);
            return value != null && value.read() != null;
        }

        boolean bad(Setting<?> setting) {
            Value value = find(setting);
            return value != null && value.read() == null;
        }

        @SuppressWarnings("unchecked") // The setting's own type read it.
        <T> T get(Setting<T> setting) {
            return has(setting) ? (T) find(setting).read() : setting.standIn();
        }

        /** Field name to value; what is given for this name replaces the same field of every name. */
        Map<String, String> entries(Setting<String> setting) {
            Map<String, String> fields = new LinkedHashMap<>();
            entriesInForce(setting).forEach(value -> fields.put(value.key().field(), (String) value.read()));
            return fields;
        }

        private Collection<Value> entriesInForce(Setting<?> setting) {
            Map<String, Value> entries = entriesOf(setting, Scope.EVERY);
            entries.putAll(entriesOf(setting, name));
            return entries.values();
        }

        /** The good values of an open setting, by field name in lower case. */
        private Map<String, Value> entriesOf(Setting<?> setting, String owner) {
            String prefix = scope.fullKey(owner, setting.key()) + ".";
            Map<String, Value> entries = new LinkedHashMap<>();
            values.forEach((canonical, value) -> {
                if (canonical.startsWith(prefix) && value.read() != null) {
                    entries.put(canonical.substring(prefix.length()), value);
                }
            });
            return entries;
        }

        TlsConfig.Source file(Setting<String> setting) {
            String location = get(setting);
            TlsConfig.Source source =
                    location.isEmpty() ? TlsConfig.Source.NONE : checked(setting, () -> around.read(location));
            return source == null ? TlsConfig.Source.NONE : source;
        }

        void require(Setting<?> setting) {
            if (find(setting) != null) {
                return;
            }
            Key key = new Key(setting, name, "");
            Given neighbour = values.values().stream()
                    .filter(value -> value.key().setting().scope() == scope
                            && value.key().name().equals(name))
                    .findFirst()
                    .map(Value::given)
                    .orElseThrow();
            String typo = scope == Scope.UPSTREAM ? Nearest.to(name, routes) : "";
            mistakes.add(new Mistake(
                    key.full(),
                    neighbour.place(),
                    "nothing",
                    "it is missing, but " + neighbour.key() + " is there"
                            + (typo.isEmpty() ? "" : "; was route " + typo + " meant?"),
                    setting.type().allowed(),
                    line(neighbour.where(), key, setting.example())));
        }

        /** Makes a part, or reports what its constructor says about this setting and returns null. */
        <T> T checked(Setting<?> blamed, Supplier<T> part) {
            try {
                return part.get();
            } catch (IllegalArgumentException e) {
                Value value = find(blamed);
                if (value != null) {
                    mistake(value.given(), value.key(), e);
                } else if (!blamed.required()) {
                    throw new IllegalStateException("the default of " + blamed.documentedKey() + " is bad", e);
                }
                return null;
            }
        }

        /** @param better for the other setting, which would put things right */
        void unrelated(Setting<Duration> setting, String relation, Setting<Duration> other, Duration better) {
            Value value = find(setting);
            mistakes.add(new Mistake(
                    value.given().key(),
                    value.given().place(),
                    value.given().text(),
                    "it must be " + relation + " " + scope.fullKey(name, other.key()) + ", which is "
                            + other.type().writer().apply(get(other)) + (has(other) ? "" : " by default"),
                    "",
                    line(
                            value.given().where(),
                            new Key(other, name, ""),
                            other.type().writer().apply(better))));
        }
    }
}
