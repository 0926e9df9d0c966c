package dev.headgate.setup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.config.BalanceConfig;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.ConcurrencyConfig.Order;
import dev.headgate.config.ErrorConfig;
import dev.headgate.config.GatewayConfig;
import dev.headgate.config.HealthConfig;
import dev.headgate.config.OperationConfig;
import dev.headgate.config.RouteConfig.ForwardedStyle;
import dev.headgate.config.RouteLimits.Priority;
import dev.headgate.config.TargetConfig.AmbiguousPath;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every setting of the table, with the example that the table gives, through every spelling. */
class SpellingsTest {

    /** The examples once more, by hand, as people write them. A setting that is left out makes the records differ. */
    @GatewaySettings(
            name = "shop",
            viaName = "edge-1",
            proxyStatusName = "shop-edge",
            requestIdField = "X-Correlation-Id",
            trustedProxies = {"10.0.0.0/8", "::1"},
            cacheHeapEntries = "5000",
            cacheOffHeapSize = "512MB",
            cacheDiskSize = "10GB",
            cacheDiskPath = "/var/cache/shop",
            cachePurgeRoles = "cache-admin",
            cachePurgeAddresses = "10.1.0.0/16",
            hostThreads = "50",
            hostThreadsPool = "500",
            limitsStore = "redis://limits.internal:6379/0",
            limitsStoreTimeout = "20ms",
            limitsStorePause = "10s",
            reloadInterval = "10s",
            closeGrace = "30s",
            jmx = "false",
            accessLog = "json",
            statusPath = "/headgate/status",
            statusRoles = "operator",
            statusAddresses = "10.2.0.0/16",
            startCheck = "false")
    @Limit(
            name = "shared",
            rate = "100/s burst 200, 5000/h",
            rateFor = "partner=1000/s",
            key = {"principal", "field:X-Tenant"},
            cost = {"POST=5", "HEAD=0"},
            status = "503",
            shadow = "true",
            maxWait = "500ms",
            maxKeys = "20000",
            countStored = "false",
            announce = "false")
    @Route(
            name = "orders",
            path = "/api/orders/*",
            to = {"http://orders-1:8080", "http://orders-2:8080/base"},
            methods = {"GET", "HEAD"},
            hosts = {"shop.example.com", "*.example.org"},
            fields = {"X-Api-Version=2", "X-Beta"},
            order = "-10",
            targetPath = "/v1",
            ambiguousPaths = "encoded-slash",
            host = "client",
            forwarded = "forwarded",
            requestSet = "X-User=${principal}",
            requestAdd = "X-Via-App=shop",
            requestRemove = {"X-Debug", "X-Internal"},
            responseSet = "X-Frame-Options=DENY",
            responseAdd = "X-Served-For=${header.User-Agent}",
            responseRemove = "X-Powered-By",
            cookiesSendSession = "true",
            cookiesRewrite = "false",
            redirectsRewrite = "false",
            limits = "shared",
            rate = "20/s burst 40",
            concurrencyMax = "50",
            concurrencyAdaptive = "true",
            concurrencyMin = "8",
            queueLength = "100",
            queueTime = "300ms",
            queueOrder = "newest-first",
            priority = "low",
            priorityHighRoles = "premium",
            requestMaxTarget = "2000",
            requestMaxHead = "16KB",
            requestMaxFields = "50",
            requestMaxSize = "10MB",
            requestMinRate = "5KB",
            responseMaxSize = "1GB",
            responseMinRate = "5KB",
            timeoutConnect = "500ms",
            timeoutResponse = "10s",
            timeoutIdle = "5m",
            timeoutTotal = "2m",
            fallback = "static:/offline.html",
            errorDetail = "full",
            errorDetailRoles = {"operator", "admin"},
            errorProxyStatus = "details",
            errorPage = "502=/WEB-INF/error.mustache",
            retryAttempts = "2",
            retryAnyMethod = "true",
            retryStatuses = "503",
            retryBuffer = "1MB",
            retryBackoff = "100ms",
            retryBackoffMax = "1s",
            cache = "true",
            cacheHeuristic = "false",
            cacheMaxObjectSize = "1GB",
            cacheStaleOnError = "24h",
            cacheNegativeTtl = "10s",
            cacheShare = {"role.staff", "field.X-Tenant"},
            cacheKeyIgnoreParameters = {"utm_*", "fbclid"},
            cacheKeySortParameters = "true",
            cacheSetCookie = "strip",
            cacheCollapseWait = "1s")
    @Upstream(
            name = "shared",
            origins = {"http://a:8080", "http://b:8080/base"},
            concurrencyMax = "50",
            concurrencyAdaptive = "true",
            concurrencyMin = "8",
            queueLength = "100",
            queueTime = "300ms",
            queueOrder = "newest-first",
            connectionsMax = "50",
            connectionsLeaseTimeout = "500ms",
            connectionsIdleTimeout = "10s",
            connectionsTimeToLive = "1m",
            tlsTrust = "/WEB-INF/ca.pem",
            tlsTrustPassword = "${env.TRUST_PASSWORD:-changeit}",
            tlsKey = "/WEB-INF/client.p12",
            tlsKeyPassword = "${env.KEY_PASSWORD:-changeit}",
            headMaxSize = "128KB",
            headMaxFields = "500",
            balance = "round-robin",
            balanceKey = "field:X-Tenant",
            balanceSecret = "${env.BALANCE_SECRET:-s3cret}",
            balanceZone = "fra1",
            balanceSpill = "30",
            balanceSlowStart = "1m",
            resolve = "each",
            resolveInterval = "5s",
            healthPassive = "false",
            healthFailures = "3",
            healthFailureRate = "20",
            healthEjection = "30s",
            healthEjectionMax = "10m",
            healthMaxEjected = "30",
            healthPanic = "0",
            healthSilence = "10s",
            healthProbe = "http",
            healthPath = "/health",
            healthMethod = "HEAD",
            healthHost = "orders.example.com",
            healthFields = "X-Probe=headgate",
            healthStatus = "200",
            healthText = "UP",
            healthInterval = "5s",
            healthTimeout = "500ms",
            healthRise = "3",
            healthFall = "2",
            retryBudget = "10",
            retryBudgetLeast = "10")
    abstract static class Annotated extends StubApp.Plain {}

    private static final GatewayBuilder BUILT = GatewayBuilder.create()
            .name("shop")
            .viaName("edge-1")
            .proxyStatusName("shop-edge")
            .requestIdField("X-Correlation-Id")
            .trustedProxies("10.0.0.0/8", "::1")
            .cacheHeapEntries(5000)
            .cacheOffHeapSize(512L << 20)
            .cacheDiskSize(10L << 30)
            .cacheDiskPath("/var/cache/shop")
            .cachePurgeRoles("cache-admin")
            .cachePurgeAddresses("10.1.0.0/16")
            .hostThreads(50)
            .hostThreadsPool(500)
            .limitsStore("redis://limits.internal:6379/0")
            .limitsStoreTimeout(Duration.ofMillis(20))
            .limitsStorePause(Duration.ofSeconds(10))
            .reloadInterval(Duration.ofSeconds(10))
            .closeGrace(Duration.ofSeconds(30))
            .jmx(false)
            .accessLog(OperationConfig.AccessLog.JSON)
            .statusPath("/headgate/status")
            .statusRoles("operator")
            .statusAddresses("10.2.0.0/16")
            .startCheck(false)
            .limit("shared", l -> l.rate("100/s burst 200, 5000/h")
                    .rateFor("partner", "1000/s")
                    .key("principal", "field:X-Tenant")
                    .cost("POST=5", "HEAD=0")
                    .status(503)
                    .shadow(true)
                    .maxWait(Duration.ofMillis(500))
                    .maxKeys(20_000)
                    .countStored(false)
                    .announce(false))
            .route("orders", r -> r.path("/api/orders/*")
                    .to("http://orders-1:8080", "http://orders-2:8080/base")
                    .methods("GET", "HEAD")
                    .hosts("shop.example.com", "*.example.org")
                    .fields("X-Api-Version=2", "X-Beta")
                    .order(-10)
                    .targetPath("/v1")
                    .ambiguousPaths(AmbiguousPath.ENCODED_SLASH)
                    .host("client")
                    .forwarded(ForwardedStyle.FORWARDED)
                    .requestSet("X-User", "${principal}")
                    .requestAdd("X-Via-App", "shop")
                    .requestRemove("X-Debug", "X-Internal")
                    .responseSet("X-Frame-Options", "DENY")
                    .responseAdd("X-Served-For", "${header.User-Agent}")
                    .responseRemove("X-Powered-By")
                    .cookiesSendSession(true)
                    .cookiesRewrite(false)
                    .redirectsRewrite(false)
                    .limits("shared")
                    .rate("20/s burst 40")
                    .concurrencyMax(50)
                    .concurrencyAdaptive(true)
                    .concurrencyMin(8)
                    .queueLength(100)
                    .queueTime(Duration.ofMillis(300))
                    .queueOrder(Order.NEWEST_FIRST)
                    .priority(Priority.LOW)
                    .priorityHighRoles("premium")
                    .requestMaxTarget(2000)
                    .requestMaxHead(16 * 1024)
                    .requestMaxFields(50)
                    .requestMaxSize(10 * 1024 * 1024)
                    .requestMinRate(5 * 1024)
                    .responseMaxSize(1024 * 1024 * 1024)
                    .responseMinRate(5 * 1024)
                    .timeoutConnect(Duration.ofMillis(500))
                    .timeoutResponse(Duration.ofSeconds(10))
                    .timeoutIdle(Duration.ofMinutes(5))
                    .timeoutTotal(Duration.ofMinutes(2))
                    .fallback("static:/offline.html")
                    .errorDetail(ErrorConfig.Detail.FULL)
                    .errorDetailRoles("operator", "admin")
                    .errorProxyStatus(ErrorConfig.ProxyStatusField.DETAILS)
                    .errorPage("502", "/WEB-INF/error.mustache")
                    .retryAttempts(2)
                    .retryAnyMethod(true)
                    .retryStatuses(503)
                    .retryBuffer(1L << 20)
                    .retryBackoff(Duration.ofMillis(100))
                    .retryBackoffMax(Duration.ofSeconds(1))
                    .cache(true)
                    .cacheHeuristic(false)
                    .cacheMaxObjectSize(1L << 30)
                    .cacheStaleOnError(Duration.ofHours(24))
                    .cacheNegativeTtl(Duration.ofSeconds(10))
                    .cacheShare("role.staff", "field.X-Tenant")
                    .cacheKeyIgnoreParameters("utm_*", "fbclid")
                    .cacheKeySortParameters(true)
                    .cacheSetCookie(CacheConfig.SetCookie.STRIP)
                    .cacheCollapseWait(Duration.ofSeconds(1)))
            .upstream("shared", u -> u.origins("http://a:8080", "http://b:8080/base")
                    .concurrencyMax(50)
                    .concurrencyAdaptive(true)
                    .concurrencyMin(8)
                    .queueLength(100)
                    .queueTime(Duration.ofMillis(300))
                    .queueOrder(Order.NEWEST_FIRST)
                    .connectionsMax(50)
                    .connectionsLeaseTimeout(Duration.ofMillis(500))
                    .connectionsIdleTimeout(Duration.ofSeconds(10))
                    .connectionsTimeToLive(Duration.ofMinutes(1))
                    .tlsTrust("/WEB-INF/ca.pem")
                    .tlsTrustPassword("${env.TRUST_PASSWORD:-changeit}")
                    .tlsKey("/WEB-INF/client.p12")
                    .tlsKeyPassword("${env.KEY_PASSWORD:-changeit}")
                    .headMaxSize(128 * 1024)
                    .headMaxFields(500)
                    .balance(BalanceConfig.Method.ROUND_ROBIN)
                    .balanceKey("field:X-Tenant")
                    .balanceSecret("${env.BALANCE_SECRET:-s3cret}")
                    .balanceZone("fra1")
                    .balanceSpill(30)
                    .balanceSlowStart(Duration.ofMinutes(1))
                    .resolve(BalanceConfig.Resolve.EACH)
                    .resolveInterval(Duration.ofSeconds(5))
                    .healthPassive(false)
                    .healthFailures(3)
                    .healthFailureRate(20)
                    .healthEjection(Duration.ofSeconds(30))
                    .healthEjectionMax(Duration.ofMinutes(10))
                    .healthMaxEjected(30)
                    .healthPanic(0)
                    .healthSilence(Duration.ofSeconds(10))
                    .healthProbe(HealthConfig.Kind.HTTP)
                    .healthPath("/health")
                    .healthMethod("HEAD")
                    .healthHost("orders.example.com")
                    .healthFields("X-Probe=headgate")
                    .healthStatus("200")
                    .healthText("UP")
                    .healthInterval(Duration.ofSeconds(5))
                    .healthTimeout(Duration.ofMillis(500))
                    .healthRise(3)
                    .healthFall(2)
                    .retryBudget(10)
                    .retryBudgetLeast(10));

    @Test
    void everySpellingOfEverySettingMakesTheSameRecords() {
        GatewayConfig fromInitParams = read(app(examples()), StubApp.Plain.class);

        StubApp withFile = app(Map.of());
        withFile.file(
                "/WEB-INF/headgate.properties",
                examples().entrySet().stream()
                        .map(example -> example.getKey() + " = " + example.getValue())
                        .toArray(String[]::new));

        assertThat(read(withFile, StubApp.Plain.class)).as("properties file").isEqualTo(fromInitParams);
        assertThat(read(app(Map.of()), Annotated.class)).as("annotations").isEqualTo(fromInitParams);
        assertThat(BUILT.buildIn(app(Map.of()).surroundings())).as("builder").isEqualTo(fromInitParams);
    }

    @ParameterizedTest
    @MethodSource("settings")
    void everyExampleDiffersFromTheDefault(Setting<?> setting) {
        Map<String, String> least = new LinkedHashMap<>(Map.of(
                "via.name", "fixed",
                "route.orders.path", "/*",
                "route.orders.to", "http://localhost:1",
                "upstream.shared.origins", "http://localhost:2",
                "limit.shared.rate", "9/s"));
        if (setting == SettingsTable.TIMEOUT_TOTAL) {
            least.put("route.orders.timeout.response", "10s");
        }
        if (setting == SettingsTable.STATUS_PATH) {
            least.put("status.roles", "operator");
        }
        GatewayConfig before = read(app(least), StubApp.Plain.class);
        least.put(fullKey(setting), value(setting));

        assertThat(withoutText(read(app(least), StubApp.Plain.class))).isNotEqualTo(withoutText(before));
    }

    /** What is in force, without the words that said so. */
    private static GatewayConfig withoutText(GatewayConfig config) {
        return new GatewayConfig(
                config.name(),
                config.viaName(),
                config.proxyStatusName(),
                config.requestIdField(),
                config.trustedProxies(),
                config.cacheStore(),
                config.routes(),
                config.upstreams(),
                config.threads(),
                config.limits(),
                config.limitStore(),
                config.operation(),
                config.status(),
                List.of());
    }

    /** Who takes what JMX shows for a properties file has the same gateway again. */
    @Test
    void whatIsToldAsInForceMakesTheSameRecords() {
        GatewayConfig config = read(app(examples()), StubApp.Plain.class);
        Map<String, String> told = new LinkedHashMap<>();
        config.settings()
                .forEach(each -> told.put(
                        each.entry().isEmpty() ? each.key() : each.key() + "." + each.entry(),
                        each.value().equals("***") ? examples().get(each.key()) : each.value()));

        assertThat(withoutText(read(app(told), StubApp.Plain.class))).isEqualTo(withoutText(config));
    }

    @Test
    void whatIsInForceIsToldOfEachNameWithItsDefaults() {
        GatewayConfig config = read(
                app(Map.of(
                        "route.a.path", "/a/*",
                        "route.a.to", "http://a:1",
                        "route.b.path", "/b/*",
                        "route.b.to", "a",
                        "route.*.timeout.response", "7s",
                        "route.b.timeout.response", "8s",
                        "upstream.a.health.interval", "1s",
                        "route.*.request.set.X-Env", "${env.HOME:-nowhere}")),
                StubApp.Plain.class);
        List<String> told = config.settings().stream()
                .map(each -> each.key() + (each.entry().isEmpty() ? "" : "." + each.entry()) + "=" + each.value()
                        + (each.given() ? "" : " by default"))
                .toList();

        assertThat(told)
                .contains(
                        "name=headgate by default",
                        "via.name=" + config.viaName() + " by default",
                        "proxy-status.name=headgate by default",
                        "route.a.timeout.response=7s",
                        "route.b.timeout.response=8s",
                        "route.a.request.set.X-Env=${env.HOME:-nowhere}",
                        "upstream.a.health.interval=1s",
                        "upstream.a.health.timeout=500ms by default",
                        "upstream.a.balance.secret= by default")
                .doesNotHaveDuplicates()
                .noneMatch(line -> line.startsWith("upstream.a.origins") || line.startsWith("upstream.b"));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void everySettingHasABuilderMethodAndAnAnnotationAttribute(Setting<?> setting) throws Exception {
        Class<?> builder =
                switch (setting.scope()) {
                    case GATEWAY -> GatewayBuilder.class;
                    case ROUTE -> RouteBuilder.class;
                    case UPSTREAM -> UpstreamBuilder.class;
                    case LIMIT -> LimitBuilder.class;
                };
        Class<?> annotation =
                switch (setting.scope()) {
                    case GATEWAY -> GatewaySettings.class;
                    case ROUTE -> Route.class;
                    case UPSTREAM -> Upstream.class;
                    case LIMIT -> Limit.class;
                };

        assertThat(Arrays.stream(builder.getMethods()).map(Method::getName)).contains(setting.javaName());
        assertThat(annotation.getMethod(setting.javaName()).getReturnType())
                .isEqualTo(setting.type().list() || setting.open() ? String[].class : String.class);
    }

    @Test
    void everyAnnotationAttributeIsASetting() {
        for (Class<?> annotation : List.of(GatewaySettings.class, Route.class, Upstream.class, Limit.class)) {
            assertThat(Arrays.stream(annotation.getDeclaredMethods()).map(Method::getName))
                    .isSubsetOf(Stream.concat(
                                    Stream.of("name"),
                                    SettingsTable.ALL.stream().map(Setting::javaName))
                            .toList());
        }
    }

    private static Stream<Setting<?>> settings() {
        return SettingsTable.ALL.stream();
    }

    private static Map<String, String> examples() {
        Map<String, String> examples = new LinkedHashMap<>();
        settings().forEach(setting -> examples.put(fullKey(setting), value(setting)));
        return examples;
    }

    private static String fullKey(Setting<?> setting) {
        String name = setting.scope() == Scope.ROUTE ? "orders" : "shared";
        String key = setting.scope().fullKey(name, setting.key());
        return setting.open() ? key + "." + setting.example().split("=", 2)[0] : key;
    }

    private static String value(Setting<?> setting) {
        return setting.open() ? setting.example().split("=", 2)[1] : setting.example();
    }

    private static StubApp app(Map<String, String> initParams) {
        StubApp app = new StubApp().file("/WEB-INF/ca.pem", "trust").file("/WEB-INF/client.p12", "key");
        app.initParams.putAll(initParams);
        return app;
    }

    private static GatewayConfig read(StubApp app, Class<?> filterClass) {
        return SettingsReader.read(app, filterClass, app.surroundings());
    }
}
