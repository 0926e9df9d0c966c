package dev.headgate.setup;

import dev.headgate.config.AddressRange;
import dev.headgate.config.BalanceConfig;
import dev.headgate.config.Bandwidth;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.ConcurrencyConfig.Order;
import dev.headgate.config.ErrorConfig;
import dev.headgate.config.HealthConfig;
import dev.headgate.config.LimitConfig;
import dev.headgate.config.LimitConfig.Key;
import dev.headgate.config.OperationConfig;
import dev.headgate.config.OriginConfig;
import dev.headgate.config.RouteConfig.ForwardedStyle;
import dev.headgate.config.RouteLimits.Priority;
import dev.headgate.config.StatusConfig;
import dev.headgate.config.TargetConfig.AmbiguousPath;
import dev.headgate.failure.FailureKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Every setting there is, in the order of the reference page. The rows drive parsing, checking, messages and that page.
 */
final class SettingsTable {

    /** Filled by the rows below while the class is initialized, and by nothing else. */
    private static final List<Setting<?>> ROWS = new ArrayList<>();

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);

    /** What the gateway writes itself, because framing and the connection are its own (RFC 9110 §7.6.1, §6.6). */
    private static final Set<String> OWN_FIELDS = Set.of(
            "content-length",
            "transfer-encoding",
            "connection",
            "host",
            "te",
            "trailer",
            "upgrade",
            "keep-alive",
            "http2-settings");

    private static final Pattern HOST_NAME = Pattern.compile("(\\*\\.)?[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.?");
    private static final Pattern HOST_LITERAL = Pattern.compile("\\[[0-9A-Fa-f:.]+]");
    private static final Pattern AUTHORITY =
            Pattern.compile("([A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*\\.?|\\[[0-9A-Fa-f:.]+])(:\\d{1,5})?");

    private static final ValueType<List<String>> FIELD_NAMES = ValueType.list("field names", ValueType::token);

    private static final ValueType<String> FILE = ValueType.text(
            "a file of the app such as /WEB-INF/ca.pem, a class path resource such as classpath:ca.p12, or the path of a"
                    + " file; PEM or PKCS12",
            Function.identity());

    private static final ValueType<String> PASSWORD = ValueType.text("any text", Function.identity());

    private static final ValueType<String> RATE_TEXT =
            ValueType.text("rates such as 100/s or 100/s burst 200, 5000/h", SettingsTable::rate);

    private static final ValueType<String> RATE_OR_NONE = ValueType.text(
            "empty, or rates such as 100/s or 100/s burst 200, 5000/h", text -> text.isEmpty() ? text : rate(text));

    // The gateway

    static final Setting<String> NAME = row(
            Scope.GATEWAY,
            "name",
            ValueType.text("letters, digits, - and _", SettingsTable::name),
            "headgate",
            "shop",
            "What the gateway calls itself in logs and management names.",
            "When one app has several gateways, or one JVM several apps.");

    static final Setting<String> VIA_NAME = without(
            "`headgate-` and 8 random hex digits, new at every start",
            Scope.GATEWAY,
            "via.name",
            ValueType.text("a token (RFC 9110 §5.6.2), such as letters, digits, - and _", ValueType::token),
            "edge-1",
            "The gateway's pseudonym in the `Via` field (RFC 9110 §7.6.3), by which it recognises a request that it"
                    + " forwarded before and refuses it as a loop.",
            "To recognise the gateway in upstream logs. Two gateways in one chain need different names.");

    static final Setting<String> PROXY_STATUS_NAME = without(
            "the value of `name`",
            Scope.GATEWAY,
            "proxy-status.name",
            ValueType.text("letters, digits and .-_", SettingsTable::proxyName),
            "shop-edge",
            "What the gateway calls itself in the `Proxy-Status` field of failed responses (RFC 9209).",
            "When clients should tell several gateways of one chain apart.");

    static final Setting<String> REQUEST_ID_FIELD = row(
            Scope.GATEWAY,
            "request-id.field",
            ValueType.text("a field name other than those of framing and connection", SettingsTable::changeableField),
            "X-Request-Id",
            "X-Correlation-Id",
            "The field that carries the request id, to the upstream and to the client. One that comes in is passed on,"
                    + " otherwise one is made.",
            "When the services already agree on another field.");

    static final Setting<List<AddressRange>> TRUSTED_PROXIES = row(
            Scope.GATEWAY,
            "trusted-proxies",
            ValueType.list("IP addresses and blocks such as 10.0.0.0/8, ::1 or 2001:db8::/32", AddressRange::parse),
            "",
            "10.0.0.0/8 ::1",
            "Peers whose `Forwarded` and `X-Forwarded-*` fields are believed and continued. Those of any other peer are"
                    + " replaced.",
            "When a load balancer or another proxy stands before the app; name its addresses, nobody else's.");

    // The gateway's cache storage

    static final Setting<Integer> CACHE_HEAP_ENTRIES = row(
            Scope.GATEWAY,
            "cache.heap-entries",
            ValueType.integer(1, 10_000_000),
            "1000",
            "5000",
            "How many response heads the cache keeps on the heap; with neither memory outside of the heap nor disk, also"
                    + " how many pieces of content, of at most 64 KB each.",
            "Raise it when many small responses are asked for again and again.");

    static final Setting<Long> CACHE_OFF_HEAP_SIZE = row(
            Scope.GATEWAY,
            "cache.off-heap-size",
            ValueType.size(0, 1L << 40),
            "64MB",
            "512MB",
            "Memory outside of the heap for cached responses; 0: none, otherwise 4MB or more.",
            "Give it what the machine can spare; `-XX:MaxDirectMemorySize` has to allow it.");

    static final Setting<Long> CACHE_DISK_SIZE = row(
            Scope.GATEWAY,
            "cache.disk-size",
            ValueType.size(0, 1L << 44),
            "0",
            "10GB",
            "Disk space for cached responses, which then survive an orderly restart; 0: none, otherwise 8MB or more and"
                    + " at least twice `cache.off-heap-size`.",
            "For large responses, or where a restart must not meet the services with an empty cache.");

    static final Setting<String> CACHE_DISK_PATH = row(
            Scope.GATEWAY,
            "cache.disk-path",
            ValueType.text("an absolute path", Function.identity()),
            "",
            "/var/cache/shop",
            "The directory for it, which no other gateway and no other process may use; empty: one in the app's temporary"
                    + " directory.",
            "");

    static final Setting<List<String>> CACHE_PURGE_ROLES = row(
            Scope.GATEWAY,
            "cache.purge-roles",
            ValueType.list("names of roles", Function.identity()),
            "",
            "cache-admin",
            "Whoever has one of these roles of the app may purge a URL with the method `PURGE`.",
            "");

    static final Setting<List<AddressRange>> CACHE_PURGE_ADDRESSES = row(
            Scope.GATEWAY,
            "cache.purge-addresses",
            ValueType.list("IP addresses and blocks such as 10.0.0.0/8, ::1 or 2001:db8::/32", AddressRange::parse),
            "",
            "10.1.0.0/16",
            "Peers that may purge a URL with the method `PURGE`.",
            "For the services behind the gateway, and for deployment scripts.");

    static final Setting<Integer> HOST_THREADS = without(
            "a third of the threads that the container has, 64 where it does not tell",
            Scope.GATEWAY,
            "host-threads",
            ValueType.integer(1, 100_000),
            "50",
            "How many of the container's threads may wait for upstreams at once. Exchanges beyond that leave the"
                    + " container's threads, or get 503 where they cannot.",
            "Lower it when the app itself needs most of the container; see [threads](threads.md).");

    static final Setting<Integer> HOST_THREADS_POOL = row(
            Scope.GATEWAY,
            "host-threads.pool",
            ValueType.integer(0, 100_000),
            "200",
            "500",
            "How many threads of its own the gateway may use on Java 17 to 20 for exchanges beyond `host-threads`; 0:"
                    + " none. Not used on Java 21 and later, whose virtual threads need no pool.",
            "Raise it when slow upstreams are normal and Java cannot be updated.");

    static final Setting<String> LIMITS_STORE = secret(row(
            Scope.GATEWAY,
            "limits.store",
            ValueType.text("empty, or redis://host:port/db with user:password@ where needed", SettingsTable::store),
            "",
            "redis://limits.internal:6379/0",
            "Where rate limits are kept, so that several gateways share them; empty: in this gateway's memory. Needs"
                    + " `com.bucket4j:bucket4j_jdk17-redis-common`, `com.bucket4j:bucket4j_jdk17-lettuce` and"
                    + " `io.lettuce:lettuce-core` in the app.",
            "When several instances of the app must keep one limit together; see [limits](limits.md)."));

    static final Setting<Duration> LIMITS_STORE_TIMEOUT = row(
            Scope.GATEWAY,
            "limits.store-timeout",
            ValueType.duration(false, Duration.ofSeconds(10)),
            "200ms",
            "20ms",
            "How long a request waits for the store before it is counted in this gateway's memory instead.",
            "");

    static final Setting<Duration> LIMITS_STORE_PAUSE = row(
            Scope.GATEWAY,
            "limits.store-pause",
            ValueType.duration(false, HOUR),
            "3s",
            "10s",
            "How long a store that failed is left alone before it is tried again.",
            "");

    // The gateway's operation

    static final Setting<Duration> RELOAD_INTERVAL = row(
            Scope.GATEWAY,
            "reload.interval",
            ValueType.duration(true, HOUR),
            "0s",
            "10s",
            "How often the properties file is looked at; when its content has changed it is loaded while the app runs."
                    + " 0: only when JMX or the status page asks for it. See [reloading](operation.md#reloading).",
            "When settings are changed by replacing a file, as configuration management does.");

    static final Setting<Duration> CLOSE_GRACE = row(
            Scope.GATEWAY,
            "close.grace",
            ValueType.duration(true, HOUR),
            "5s",
            "30s",
            "How long exchanges under way may still take when the app is stopped; new ones get 503 meanwhile. Then they are"
                    + " broken. 0: at once.",
            "Keep it below what the container waits for a stopping app.");

    static final Setting<Boolean> JMX = row(
            Scope.GATEWAY,
            "jmx",
            ValueType.bool(),
            "true",
            "false",
            "Whether the gateway shows itself, its metrics and what can be done with it as management beans of the JVM. See"
                    + " [JMX](operation.md#jmx).",
            "Where nobody looks at them and every megabyte counts.");

    static final Setting<OperationConfig.AccessLog> ACCESS_LOG = row(
            Scope.GATEWAY,
            "access-log",
            ValueType.choice(OperationConfig.AccessLog.class),
            "off",
            "json",
            "What is written of each exchange at INFO to the logger `dev.headgate.access.` and the gateway's name: a line in"
                    + " NCSA's `common` or `combined` format, or a `json` object with times, attempts and cache status too."
                    + " See [logging](logging.md#the-access-log).",
            "Where the container's own access log does not say enough, or cannot be had.");

    static final Setting<Boolean> START_CHECK = row(
            Scope.GATEWAY,
            "start-check",
            ValueType.bool(),
            "true",
            "false",
            "Whether each origin is examined once when the app starts, from the lookup of its name to its health path, and"
                    + " what is wrong with it said in the log. In the background: nothing waits for it, and no origin is"
                    + " taken out because of it.",
            "Set `false` where a service must not be connected to unasked, or is started later by design.");

    // The gateway's status page

    static final Setting<String> STATUS_PATH = row(
            Scope.GATEWAY,
            "status.path",
            ValueType.text(
                    "empty, or a path such as /headgate/status",
                    text -> text.isEmpty() ? text : StatusConfig.checkedPath(text)),
            "",
            "/headgate/status",
            "Where the app shows the gateway's status page, below its context path and before any route; empty: nowhere. Needs"
                    + " `status.roles` or `status.addresses`.",
            "To see in a browser what is wrong, and to act; see [the status page](status-page.md).");

    static final Setting<List<String>> STATUS_ROLES = row(
            Scope.GATEWAY,
            "status.roles",
            ValueType.list("names of roles", Function.identity()),
            "",
            "operator",
            "Whoever has one of these roles of the app may see the status page and act on it.",
            "");

    static final Setting<List<AddressRange>> STATUS_ADDRESSES = row(
            Scope.GATEWAY,
            "status.addresses",
            ValueType.list("IP addresses and blocks such as 10.0.0.0/8, ::1 or 2001:db8::/32", AddressRange::parse),
            "",
            "10.2.0.0/16",
            "Whoever comes from one of these addresses may do so without any role.",
            "Where a proxy stands before the app, name it in `trusted-proxies`, or nobody who comes through it is let in by"
                    + " address.");

    // Routes: which requests

    static final Setting<List<String>> PATH = required(
            Scope.ROUTE,
            "path",
            ValueType.list("path patterns such as /api/*, /exact, *.pdf or /users/{id}/orders", Function.identity()),
            "/api/orders/*",
            "The paths that the route takes, below the app's context path.",
            "");

    static final Setting<List<String>> TO = required(
            Scope.ROUTE,
            "to",
            ValueType.list(
                    "origins such as http://a:8080 or https://b/base, or the name of one configured upstream",
                    SettingsTable::originOrName),
            "http://orders-1:8080 http://orders-2:8080/base",
            "Who answers: origins, which make an upstream of the route's own name, or the name of an upstream.",
            "Name an upstream where several routes share it. `upstream.<route name>.…` tunes a route's own upstream.");

    static final Setting<List<String>> METHODS = row(
            Scope.ROUTE,
            "methods",
            ValueType.list("methods such as GET POST, in upper case", SettingsTable::method),
            "",
            "GET HEAD",
            "The methods that the route takes; none given: every method.",
            "To send reading and writing to different upstreams.");

    static final Setting<List<String>> HOSTS = row(
            Scope.ROUTE,
            "hosts",
            ValueType.list("host names without port, such as shop.example.com or *.example.com", SettingsTable::host),
            "",
            "shop.example.com *.example.org",
            "The hosts that the route takes, as the client names them; `*.` stands for every subdomain; none given:"
                    + " every host.",
            "When one app answers for several host names.");

    static final Setting<Map<String, String>> FIELDS = row(
            Scope.ROUTE,
            "fields",
            ValueType.fieldConditions(),
            "",
            "X-Api-Version=2 X-Beta",
            "Fields that a request must have for the route to take it, with this value where one is given.",
            "For versions and trials beside the general route.");

    static final Setting<Integer> ORDER = row(
            Scope.ROUTE,
            "order",
            ValueType.integer(Integer.MIN_VALUE, Integer.MAX_VALUE),
            "0",
            "-10",
            "Settles ties between equally specific routes: the lower one wins, then the one configured first.",
            "When the log at start says that one route shadows another and the other should win. Init-params have no"
                    + " order of their own and count as sorted by name.");

    // Routes: what the origin sees

    static final Setting<String> TARGET_PATH = row(
            Scope.ROUTE,
            "target-path",
            ValueType.text("keep, strip, a path such as /v1, or a template such as /v1/{id}{*}", Function.identity()),
            "keep",
            "/v1",
            "How the path is mapped: `keep` sends it as it came, `strip` cuts what the pattern matched literally, a path"
                    + " replaces that, a template is filled with what the pattern captured.",
            "When the service does not live under the path that clients use.");

    static final Setting<List<AmbiguousPath>> AMBIGUOUS_PATHS = row(
            Scope.ROUTE,
            "ambiguous-paths",
            ValueType.choices(AmbiguousPath.class),
            "",
            "encoded-slash",
            "Paths that different servers read differently and that the route lets through all the same:"
                    + " `encoded-slash` (%2F) and `parameters` (;name=value). Others get 400.",
            "Only when the service needs such paths and reads them as this gateway does.");

    static final Setting<String> HOST = row(
            Scope.ROUTE,
            "host",
            ValueType.text(
                    "upstream, client, or a host with an optional port such as orders.example.com:8443",
                    SettingsTable::hostChoice),
            "upstream",
            "client",
            "The `Host` field that the origin sees: the origin's own, the client's, or this one.",
            "When the service chooses by host name or builds links from it.");

    static final Setting<ForwardedStyle> FORWARDED = row(
            Scope.ROUTE,
            "forwarded",
            ValueType.choice(ForwardedStyle.class),
            "both",
            "forwarded",
            "Which fields tell the origin about the client: `Forwarded` (RFC 7239), the `X-Forwarded-*` family, both or"
                    + " none.",
            "When the service understands one only, or must not learn the client's address.");

    static final Setting<String> REQUEST_SET = perField(
            "request.set",
            "X-User",
            "${principal}",
            "Sets a request field. Whatever the client sent under that name is dropped, even where the value turns out"
                    + " empty.",
            "To hand the app's login to the service.");

    static final Setting<String> REQUEST_ADD =
            perField("request.add", "X-Via-App", "shop", "Adds a request field beside what the client sent.", "");

    static final Setting<List<String>> REQUEST_REMOVE = row(
            Scope.ROUTE,
            "request.remove",
            FIELD_NAMES,
            "",
            "X-Debug X-Internal",
            "Request fields that the origin never sees.",
            "");

    static final Setting<String> RESPONSE_SET = perField(
            "response.set",
            "X-Frame-Options",
            "DENY",
            "Sets a response field, in place of the origin's.",
            "For security fields that every service forgets.");

    static final Setting<String> RESPONSE_ADD = perField(
            "response.add", "X-Served-For", "${header.User-Agent}", "Adds a response field beside the origin's.", "");

    static final Setting<List<String>> RESPONSE_REMOVE = row(
            Scope.ROUTE,
            "response.remove",
            FIELD_NAMES,
            "",
            "X-Powered-By",
            "Response fields that the client never sees.",
            "To hide what the service is made of.");

    static final Setting<Boolean> COOKIES_SEND_SESSION = row(
            Scope.ROUTE,
            "cookies.send-session",
            ValueType.bool(),
            "false",
            "true",
            "Whether the app's own session cookie goes to the origin.",
            "Only when the service shares the app's session store: whoever has that cookie is that user.");

    static final Setting<Boolean> COOKIES_REWRITE = row(
            Scope.ROUTE,
            "cookies.rewrite",
            ValueType.bool(),
            "true",
            "false",
            "Whether `Path` and `Domain` of `Set-Cookie` are made to fit the gateway.",
            "Turn it off when the service already writes them for the public address.");

    static final Setting<Boolean> REDIRECTS_REWRITE = row(
            Scope.ROUTE,
            "redirects.rewrite",
            ValueType.bool(),
            "true",
            "false",
            "Whether `Location`, `Content-Location` and `Refresh` that point to the origin are made to point to the"
                    + " gateway.",
            "Turn it off when the service already writes public addresses.");

    // Routes: how much

    static final Setting<List<String>> LIMITS = row(
            Scope.ROUTE,
            "limits",
            ValueType.list("names of limits", SettingsTable::name),
            "",
            "shared",
            "The rate limits that apply, each configured under `limit.<name>`; all of them have to agree.",
            "To give several routes one budget, or one route several.");

    static final Setting<String> RATE = row(
            Scope.ROUTE,
            "rate",
            RATE_OR_NONE,
            "",
            "20/s burst 40",
            "A rate limit of this route's own, for each client address; empty: none. For anything more, configure a limit.",
            "");

    static final Setting<Integer> ROUTE_CONCURRENCY_MAX = concurrencyMax(Scope.ROUTE);
    static final Setting<Boolean> ROUTE_CONCURRENCY_ADAPTIVE = concurrencyAdaptive(Scope.ROUTE);
    static final Setting<Integer> ROUTE_CONCURRENCY_MIN = concurrencyMin(Scope.ROUTE);
    static final Setting<Integer> ROUTE_QUEUE_LENGTH = queueLength(Scope.ROUTE);
    static final Setting<Duration> ROUTE_QUEUE_TIME = queueTime(Scope.ROUTE);
    static final Setting<Order> ROUTE_QUEUE_ORDER = queueOrder(Scope.ROUTE);

    static final Setting<Priority> PRIORITY = row(
            Scope.ROUTE,
            "priority",
            ValueType.choice(Priority.class),
            "normal",
            "low",
            "Who is served first and shed last when places are short.",
            "Low for what can be repeated later, high for what earns the money.");

    static final Setting<List<String>> PRIORITY_HIGH_ROLES = row(
            Scope.ROUTE,
            "priority.high-roles",
            ValueType.list("names of roles", Function.identity()),
            "",
            "premium",
            "Roles whose users have high priority, whatever the route's own is.",
            "");

    static final Setting<Integer> REQUEST_MAX_TARGET = row(
            Scope.ROUTE,
            "request.max-target",
            ValueType.integer(1, 1 << 20),
            "8192",
            "2000",
            "How many characters path and query of a request may have; more gets 414.",
            "Containers have limits of their own, often 8 KB for the whole head.");

    static final Setting<Long> REQUEST_MAX_HEAD = row(
            Scope.ROUTE,
            "request.max-head",
            ValueType.size(1, 16 << 20),
            "64KB",
            "16KB",
            "What all fields of a request may measure together; more gets 431.",
            "");

    static final Setting<Integer> REQUEST_MAX_FIELDS = row(
            Scope.ROUTE,
            "request.max-fields",
            ValueType.integer(1, 10_000),
            "200",
            "50",
            "How many fields a request may have; more gets 431.",
            "");

    static final Setting<Long> REQUEST_MAX_SIZE = row(
            Scope.ROUTE,
            "request.max-size",
            ValueType.size(0, 1L << 50),
            "0",
            "10MB",
            "What the content of a request may measure; more gets 413, at once where the client says so beforehand; 0: no"
                    + " limit.",
            "");

    static final Setting<Long> REQUEST_MIN_RATE = row(
            Scope.ROUTE,
            "request.min-rate",
            ValueType.size(0, 1 << 30),
            "500B",
            "5KB",
            "How much content a client has to send in a second, on average over the time that it is waited for, after 20"
                    + " seconds of it; slower ones get 408; 0: any.",
            "0 for clients that send a stream over hours.");

    static final Setting<Long> RESPONSE_MAX_SIZE = row(
            Scope.ROUTE,
            "response.max-size",
            ValueType.size(0, 1L << 50),
            "0",
            "1GB",
            "What the content of a response may measure; more gets 502, or is cut once it has begun; 0: no limit.",
            "");

    static final Setting<Long> RESPONSE_MIN_RATE = row(
            Scope.ROUTE,
            "response.min-rate",
            ValueType.size(0, 1 << 30),
            "500B",
            "5KB",
            "How much of a response a client has to take in a second, on average over the time that it is waited for, after"
                    + " 20 seconds of it; slower ones are cut off; 0: any.",
            "");

    // Routes: how long

    static final Setting<Duration> TIMEOUT_CONNECT = row(
            Scope.ROUTE,
            "timeout.connect",
            ValueType.duration(false, HOUR),
            "3s",
            "500ms",
            "The time for one connection attempt, with its TLS handshake.",
            "Lower it on a local network, where a connection that takes a second never comes.");

    static final Setting<Duration> TIMEOUT_RESPONSE = row(
            Scope.ROUTE,
            "timeout.response",
            ValueType.duration(false, DAY),
            "30s",
            "10s",
            "The time from the request sent to the whole response head received.",
            "Raise it for slow reports, lower it where users will not wait that long.");

    static final Setting<Duration> TIMEOUT_IDLE = row(
            Scope.ROUTE,
            "timeout.idle",
            ValueType.duration(true, DAY),
            "60s",
            "5m",
            "The time between two bytes of content, either way; any progress starts it anew; 0: no limit.",
            "Raise it for event streams that are silent for longer than that.");

    static final Setting<Duration> TIMEOUT_TOTAL = row(
            Scope.ROUTE,
            "timeout.total",
            ValueType.duration(true, DAY),
            "0",
            "2m",
            "The time for the whole exchange to its last byte; 0: no limit. It must be more than `timeout.connect`, given"
                    + " or not, at least `timeout.response` where that is given, and more than the upstream's"
                    + " `connections.lease-timeout` where that is given.",
            "To bound calls that are known to be short; not for downloads and streams.");

    // Routes: trying again

    static final Setting<Integer> RETRY_ATTEMPTS = row(
            Scope.ROUTE,
            "retry.attempts",
            ValueType.integer(1, 10),
            "3",
            "2",
            "How often a request is tried, the first time included, each time at another origin where there is"
                    + " one; 1: no retry.",
            "Lower it where a failure has to show at once.");

    static final Setting<Boolean> RETRY_ANY_METHOD = row(
            Scope.ROUTE,
            "retry.any-method",
            ValueType.bool(),
            "false",
            "true",
            "Whether requests that are not idempotent (POST, PATCH) are retried even where the origin may have received them. Where it cannot have, every method is.",
            "Only for services that recognise a repeated request.");

    static final Setting<List<Integer>> RETRY_STATUSES = row(
            Scope.ROUTE,
            "retry.statuses",
            ValueType.list("statuses from 500 to 599", SettingsTable::retryStatus),
            "500 502 503 504",
            "503",
            "Answers to idempotent requests that count as failed while another origin can be asked. The last answer is passed on as it is.",
            "Narrow it where a service answers 500 for reasons that another origin shares.");

    static final Setting<Long> RETRY_BUFFER = row(
            Scope.ROUTE,
            "retry.buffer",
            ValueType.size(0, 16 << 20),
            "64KB",
            "1MB",
            "How much request content is kept for another attempt; a request with more is sent once only.",
            "Raise it for uploads that should survive the loss of an origin; every such request holds as much memory.");

    static final Setting<Duration> RETRY_BACKOFF = row(
            Scope.ROUTE,
            "retry.backoff",
            ValueType.duration(true, HOUR),
            "25ms",
            "100ms",
            "The pause before the second attempt is random between 0 and this, and doubles with every further one; 0: none.",
            "");

    static final Setting<Duration> RETRY_BACKOFF_MAX = row(
            Scope.ROUTE,
            "retry.backoff-max",
            ValueType.duration(true, HOUR),
            "250ms",
            "1s",
            "The longest pause between two attempts.",
            "");

    // Routes: cache

    static final Setting<Boolean> CACHE = row(
            Scope.ROUTE,
            "cache",
            ValueType.bool(),
            "false",
            "true",
            "Whether responses are cached, as far as they allow it (RFC 9111). Needs `org.ehcache:ehcache` in the app.",
            "For whatever is read more often than it changes.");

    static final Setting<Boolean> CACHE_HEURISTIC = row(
            Scope.ROUTE,
            "cache.heuristic",
            ValueType.bool(),
            "true",
            "false",
            "Whether a response with `Last-Modified` that says nothing about its freshness is reused for a tenth of the"
                    + " time since, at most a day.",
            "Turn it off for services that do not think of caches at all.");

    static final Setting<Long> CACHE_MAX_OBJECT_SIZE = row(
            Scope.ROUTE,
            "cache.max-object-size",
            ValueType.size(1, 1L << 40),
            "64MB",
            "1GB",
            "Larger content passes through and is not stored.",
            "Keep it well below the space that the cache has.");

    static final Setting<Duration> CACHE_STALE_ON_ERROR = row(
            Scope.ROUTE,
            "cache.stale-on-error",
            ValueType.duration(true, Duration.ofDays(365)),
            "10m",
            "24h",
            "For how long after its end of freshness a response is still used when no origin answers, or answers 500, 502,"
                    + " 503 or 504, unless the response forbids that; 0: only as the response itself allows.",
            "Raise it where old news is better than none.");

    static final Setting<Duration> CACHE_NEGATIVE_TTL = row(
            Scope.ROUTE,
            "cache.negative-ttl",
            ValueType.duration(true, DAY),
            "0",
            "10s",
            "For how long 404, 410 and 5xx responses are reused that do not say it themselves; 0: not at all.",
            "To keep a flood of requests for what is not there from the service.");

    static final Setting<List<CacheConfig.Share>> CACHE_SHARE = row(
            Scope.ROUTE,
            "cache.share",
            ValueType.list("all, or any of principal, host, role.NAME and field.NAME", CacheConfig.Share::parse),
            "principal",
            "role.staff field.X-Tenant",
            "What separates entries: `principal` gives each logged-in user entries of their own, `role.NAME` separates"
                    + " those who have the role, `field.NAME` goes by a request field, `host` by the host that the client used"
                    + " and nothing else, `all` separates nobody. The host separates entries in any case.",
            "`all` and `host` only where responses do not depend on who is logged in.");

    static final Setting<List<String>> CACHE_KEY_IGNORE_PARAMETERS = row(
            Scope.ROUTE,
            "cache.key.ignore-parameters",
            ValueType.list("names of query parameters; utm_* for all that begin with utm_", Function.identity()),
            "",
            "utm_* fbclid",
            "Query parameters that do not make a URL another one for the cache. The service still gets them.",
            "For what marketing appends; never for what the service reads.");

    static final Setting<Boolean> CACHE_KEY_SORT_PARAMETERS = row(
            Scope.ROUTE,
            "cache.key.sort-parameters",
            ValueType.bool(),
            "false",
            "true",
            "Whether URLs that differ in the order of their query parameters only are one for the cache.",
            "Where clients build queries in no fixed order, and the service does not mind it.");

    static final Setting<CacheConfig.SetCookie> CACHE_SET_COOKIE = row(
            Scope.ROUTE,
            "cache.set-cookie",
            ValueType.choice(CacheConfig.SetCookie.class),
            "refuse",
            "strip",
            "What to do with a response that sets a cookie: `refuse` to store it, or `strip` the cookie from what is"
                    + " stored.",
            "`strip` for services that set a cookie on everything, whether it matters or not.");

    static final Setting<Duration> CACHE_COLLAPSE_WAIT = row(
            Scope.ROUTE,
            "cache.collapse-wait",
            ValueType.duration(true, HOUR),
            "5s",
            "1s",
            "How long a request waits for the answer to another one for the same thing to begin, first bytes included,"
                    + " before it goes to the service itself; 0: it never waits.",
            "Keep it a little above what the service needs for a slow answer.");

    // Routes: what clients get when there is no response

    static final Setting<List<ErrorConfig.Fallback>> FALLBACK = row(
            Scope.ROUTE,
            "fallback",
            ValueType.list("chain and static:/path of a resource of the app, in order", SettingsTable::fallback),
            "",
            "static:/offline.html",
            "What is tried before the page when the upstream fails: `chain` lets the app itself answer as if there were"
                    + " no route, `static:/path` sends a resource of the app to GET and HEAD, with status 200.",
            "When an older or simpler answer is better than none.");

    static final Setting<ErrorConfig.Detail> ERROR_DETAIL = row(
            Scope.ROUTE,
            "error.detail",
            ValueType.choice(ErrorConfig.Detail.class),
            "public",
            "full",
            "Who is told the diagnosis of a failure: origins, messages, likely causes. `public`: members of"
                    + " `error.detail-roles` only; `full`: everybody.",
            "Set `full` on a developer's machine, never where strangers come.");

    static final Setting<List<String>> ERROR_DETAIL_ROLES = row(
            Scope.ROUTE,
            "error.detail-roles",
            ValueType.list("names of roles of the app", Function.identity()),
            "",
            "operator admin",
            "Roles of the app whose members are told the diagnosis.",
            "So that those who run the app see on the page itself what is wrong and what to check.");

    static final Setting<ErrorConfig.ProxyStatusField> ERROR_PROXY_STATUS = row(
            Scope.ROUTE,
            "error.proxy-status",
            ValueType.choice(ErrorConfig.ProxyStatusField.class),
            "on",
            "details",
            "What the field `Proxy-Status` of a failed response tells (RFC 9209): `on`: the kind of error, and next hop"
                    + " and message to those who may see the diagnosis; `details`: these to everybody; `off`: no field.",
            "Set `details` where all clients are your own programs.");

    static final Setting<String> ERROR_PAGE = add(new Setting<>(
            Scope.ROUTE,
            "error.page",
            ValueType.text(
                    "a template of the app such as /WEB-INF/error.mustache, dispatch:/error.jsp, container or built-in",
                    ErrorConfig::checkedPage),
            Setting.Entry.FAILURE,
            "",
            null,
            "502=/WEB-INF/error.mustache",
            "What is sent instead of the built-in page, by kind (`connection_refused`), status (`502`) or `*`: a Mustache"
                    + " template (for browsers; programs still get JSON or text), a path of the app that the request is"
                    + " forwarded to, or the container's own error page. See docs/error-page.md.",
            "When failures should look like the rest of the app.",
            false));

    // Upstreams

    static final Setting<List<OriginConfig>> ORIGINS = required(
            Scope.UPSTREAM,
            "origins",
            ValueType.list("origins such as http://a:8080 or https://b.example.com/base", OriginConfig::parse),
            "http://a:8080 http://b:8080/base",
            "The origins of the group, which answer alike. Not given for an upstream that a route's `to` makes.",
            "");

    static final Setting<Integer> CONNECTIONS_MAX = row(
            Scope.UPSTREAM,
            "connections.max",
            ValueType.integer(1, 100_000),
            "200",
            "50",
            "Open connections to one origin at once.",
            "Raise it when exchanges wait for a connection while the origin is idle.");

    static final Setting<Duration> CONNECTIONS_LEASE_TIMEOUT = row(
            Scope.UPSTREAM,
            "connections.lease-timeout",
            ValueType.duration(true, HOUR),
            "2s",
            "500ms",
            "How long an exchange waits for a connection when all are in use; 0: not at all.",
            "");

    static final Setting<Duration> CONNECTIONS_IDLE_TIMEOUT = row(
            Scope.UPSTREAM,
            "connections.idle-timeout",
            ValueType.duration(false, DAY),
            "30s",
            "10s",
            "How long an unused connection stays open.",
            "Keep it below the origin's own keep-alive timeout, so that the gateway closes first.");

    static final Setting<Duration> CONNECTIONS_TIME_TO_LIVE = row(
            Scope.UPSTREAM,
            "connections.time-to-live",
            ValueType.duration(true, DAY),
            "5m",
            "1m",
            "How old a connection may get before it is closed instead of reused; 0: no limit.",
            "Lower it where origins come and go behind one host name.");

    static final Setting<String> TLS_TRUST = row(
            Scope.UPSTREAM,
            "tls.trust",
            FILE,
            "",
            "/WEB-INF/ca.pem",
            "The certificates that the upstream's `https` origins are trusted by; empty: those of the JDK. Host names are"
                    + " always verified.",
            "For origins with certificates of a private authority.");

    static final Setting<String> TLS_TRUST_PASSWORD = secret(row(
            Scope.UPSTREAM,
            "tls.trust-password",
            PASSWORD,
            "",
            "${env.TRUST_PASSWORD:-changeit}",
            "The password of the PKCS12 file of `tls.trust`.",
            ""));

    static final Setting<String> TLS_KEY = row(
            Scope.UPSTREAM,
            "tls.key",
            FILE,
            "",
            "/WEB-INF/client.p12",
            "The client certificate and its key; empty: none is shown.",
            "For origins that ask for a client certificate.");

    static final Setting<String> TLS_KEY_PASSWORD = secret(row(
            Scope.UPSTREAM,
            "tls.key-password",
            PASSWORD,
            "",
            "${env.KEY_PASSWORD:-changeit}",
            "The password of the PKCS12 file or of the encrypted PEM key of `tls.key`.",
            ""));

    static final Setting<Long> HEAD_MAX_SIZE = row(
            Scope.UPSTREAM,
            "head.max-size",
            ValueType.size(1024, 16 << 20),
            "64KB",
            "128KB",
            "What one response head or trailer section may measure before the response is refused with 502.",
            "Raise it for services that send very large cookies or policies.");

    static final Setting<Integer> HEAD_MAX_FIELDS = row(
            Scope.UPSTREAM,
            "head.max-fields",
            ValueType.integer(1, 10_000),
            "200",
            "500",
            "How many field lines a response may have before it is refused with 502.",
            "");

    // Upstreams: choosing and health

    static final Setting<BalanceConfig.Method> BALANCE = row(
            Scope.UPSTREAM,
            "balance",
            ValueType.choice(BalanceConfig.Method.class),
            "two-choices",
            "round-robin",
            "How an origin is chosen: `two-choices` takes the better of two random ones by exchanges in flight and average latency; `round-robin` and `random` go by weight; `least-in-flight` takes the least busy; `hash` the same one for the same `balance.key`; `sticky` the one that a signed cookie names; `sticky-session` the one that the app's session remembers.",
            "Where caches or sessions of the origins profit from seeing the same client again.");

    static final Setting<String> BALANCE_KEY = row(
            Scope.UPSTREAM,
            "balance.key",
            ValueType.text("address, principal, field:NAME, cookie:NAME or path:NAME", Function.identity()),
            "address",
            "field:X-Tenant",
            "What `balance=hash` goes by.",
            "");

    static final Setting<String> BALANCE_SECRET = secret(row(
            Scope.UPSTREAM,
            "balance.secret",
            PASSWORD,
            "",
            "${env.BALANCE_SECRET:-s3cret}",
            "Signs the cookie of `balance=sticky`; empty: a new one at every start, after which clients may change origin.",
            "Give it where several nodes of the app share the origins."));

    static final Setting<String> BALANCE_ZONE = row(
            Scope.UPSTREAM,
            "balance.zone",
            ValueType.text("letters, digits, ., - and _", SettingsTable::zone),
            "",
            "fra1",
            "Where this gateway stands. Origins marked `;zone=` with another name are used only when too few here are healthy.",
            "With origins in several data centres.");

    static final Setting<Integer> BALANCE_SPILL = row(
            Scope.UPSTREAM,
            "balance.spill",
            ValueType.integer(1, 100),
            "50",
            "30",
            "The share of healthy origins, in percent, below which other zones and then backups are used too.",
            "");

    static final Setting<Duration> BALANCE_SLOW_START = row(
            Scope.UPSTREAM,
            "balance.slow-start",
            ValueType.duration(true, HOUR),
            "10s",
            "1m",
            "How long an origin that came back takes to get its full share of traffic again; 0: at once.",
            "Raise it for origins that need time to warm up.");

    static final Setting<BalanceConfig.Resolve> RESOLVE = row(
            Scope.UPSTREAM,
            "resolve",
            ValueType.choice(BalanceConfig.Resolve.class),
            "once",
            "each",
            "Whether a host name with several addresses is one origin (`once`, looked up for every new connection) or each address is an origin of its own (`each`).",
            "`each` where one name stands for several machines.");

    static final Setting<Duration> RESOLVE_INTERVAL = row(
            Scope.UPSTREAM,
            "resolve.interval",
            ValueType.duration(false, DAY),
            "30s",
            "5s",
            "How often the names of `resolve=each` are looked up again. A lookup that fails keeps the last answer.",
            "");

    static final Setting<Boolean> HEALTH_PASSIVE = row(
            Scope.UPSTREAM,
            "health.passive",
            ValueType.bool(),
            "true",
            "false",
            "Whether the traffic itself tells when an origin is unhealthy.",
            "");

    static final Setting<Integer> HEALTH_FAILURES = row(
            Scope.UPSTREAM,
            "health.failures",
            ValueType.integer(1, 1000),
            "5",
            "3",
            "How many failures in a row take an origin out: those that are its own fault, and answers of 500, 502, 503 and 504.",
            "");

    static final Setting<Integer> HEALTH_FAILURE_RATE = row(
            Scope.UPSTREAM,
            "health.failure-rate",
            ValueType.integer(1, 100),
            "50",
            "20",
            "The share of failures in the last ten seconds, in percent, that takes an origin out once it has given 20 answers.",
            "");

    static final Setting<Duration> HEALTH_EJECTION = row(
            Scope.UPSTREAM,
            "health.ejection",
            ValueType.duration(false, DAY),
            "5s",
            "30s",
            "How long an origin is out the first time; twice as long each time that follows soon, less again with good behaviour. Then one request tries it.",
            "");

    static final Setting<Duration> HEALTH_EJECTION_MAX = row(
            Scope.UPSTREAM,
            "health.ejection-max",
            ValueType.duration(false, DAY),
            "2m",
            "10m",
            "The longest that an origin is out before it is tried again.",
            "");

    static final Setting<Integer> HEALTH_MAX_EJECTED = row(
            Scope.UPSTREAM,
            "health.max-ejected",
            ValueType.integer(0, 100),
            "50",
            "30",
            "At most this share of the origins, in percent, is taken out by traffic; never the last healthy one.",
            "");

    static final Setting<Integer> HEALTH_PANIC = row(
            Scope.UPSTREAM,
            "health.panic",
            ValueType.integer(0, 100),
            "30",
            "0",
            "When fewer than this share of the origins, in percent, are healthy, all are used.",
            "");

    static final Setting<Duration> HEALTH_SILENCE = row(
            Scope.UPSTREAM,
            "health.silence",
            ValueType.duration(true, HOUR),
            "3s",
            "10s",
            "An origin with requests waiting that has said nothing for so long, and for five times its average latency, is asked `OPTIONS *`; when it does not answer that within a second either, it is taken out, and what waits there and may be repeated is tried elsewhere. 0: off.",
            "");

    static final Setting<HealthConfig.Kind> HEALTH_PROBE = row(
            Scope.UPSTREAM,
            "health.probe",
            ValueType.choice(HealthConfig.Kind.class),
            "none",
            "http",
            "Active health checks: `http` asks for a path, `tcp` connects (with the TLS handshake where there is one), `none` does nothing.",
            "Where an origin should be left before a user meets its failure.");

    static final Setting<String> HEALTH_PATH = row(
            Scope.UPSTREAM,
            "health.path",
            ValueType.text("a path such as /health", SettingsTable::healthPath),
            "/",
            "/health",
            "What `health.probe=http` asks for, below the origin's base path.",
            "");

    static final Setting<String> HEALTH_METHOD = row(
            Scope.UPSTREAM,
            "health.method",
            ValueType.text("a method such as GET or HEAD", SettingsTable::method),
            "GET",
            "HEAD",
            "The method of the probe.",
            "");

    static final Setting<String> HEALTH_HOST = row(
            Scope.UPSTREAM,
            "health.host",
            ValueType.text("a host with an optional port, or nothing", SettingsTable::optionalHost),
            "",
            "orders.example.com",
            "The `Host` of the probe; empty: the origin's own.",
            "");

    static final Setting<Map<String, String>> HEALTH_FIELDS = row(
            Scope.UPSTREAM,
            "health.fields",
            ValueType.fieldConditions(),
            "",
            "X-Probe=headgate",
            "Further fields of the probe, as Name=value.",
            "");

    static final Setting<String> HEALTH_STATUS = row(
            Scope.UPSTREAM,
            "health.status",
            ValueType.text("a status or a range such as 200-399", SettingsTable::statusRange),
            "200-399",
            "200",
            "The statuses that mean health.",
            "");

    static final Setting<String> HEALTH_TEXT = row(
            Scope.UPSTREAM,
            "health.text",
            ValueType.text("any text", Function.identity()),
            "",
            "UP",
            "What the answer's content must hold, within its first 64 KiB; empty: anything.",
            "");

    static final Setting<Duration> HEALTH_INTERVAL = row(
            Scope.UPSTREAM,
            "health.interval",
            ValueType.duration(false, DAY),
            "10s",
            "5s",
            "The time between two probes, give or take a tenth.",
            "");

    static final Setting<Duration> HEALTH_TIMEOUT = row(
            Scope.UPSTREAM,
            "health.timeout",
            ValueType.duration(false, HOUR),
            "2s",
            "500ms",
            "The time for one probe; less than the interval.",
            "");

    static final Setting<Integer> HEALTH_RISE = row(
            Scope.UPSTREAM,
            "health.rise",
            ValueType.integer(1, 100),
            "2",
            "3",
            "How many probes in a row must succeed before an unhealthy origin counts as healthy.",
            "");

    static final Setting<Integer> HEALTH_FALL = row(
            Scope.UPSTREAM,
            "health.fall",
            ValueType.integer(1, 100),
            "3",
            "2",
            "How many probes in a row must fail before a healthy origin counts as unhealthy.",
            "");

    static final Setting<Integer> RETRY_BUDGET = row(
            Scope.UPSTREAM,
            "retry.budget",
            ValueType.integer(0, 100),
            "20",
            "10",
            "How many retries there may be, in percent of the requests of the last ten seconds, so that retries never double an outage.",
            "");

    static final Setting<Integer> RETRY_BUDGET_LEAST = row(
            Scope.UPSTREAM,
            "retry.budget-least",
            ValueType.integer(0, 1000),
            "3",
            "10",
            "How many retries a second there may be whatever the traffic.",
            "");

    static final Setting<Integer> UPSTREAM_CONCURRENCY_MAX = concurrencyMax(Scope.UPSTREAM);
    static final Setting<Boolean> UPSTREAM_CONCURRENCY_ADAPTIVE = concurrencyAdaptive(Scope.UPSTREAM);
    static final Setting<Integer> UPSTREAM_CONCURRENCY_MIN = concurrencyMin(Scope.UPSTREAM);
    static final Setting<Integer> UPSTREAM_QUEUE_LENGTH = queueLength(Scope.UPSTREAM);
    static final Setting<Duration> UPSTREAM_QUEUE_TIME = queueTime(Scope.UPSTREAM);
    static final Setting<Order> UPSTREAM_QUEUE_ORDER = queueOrder(Scope.UPSTREAM);

    // Rate limits

    static final Setting<String> LIMIT_RATE = required(
            Scope.LIMIT,
            "rate",
            RATE_TEXT,
            "100/s burst 200, 5000/h",
            "How much each key may have: requests in a period (`ms`, `s`, `m`, `h`, `d`, also `100/10s`), and how many at once"
                    + " where that is not the same number. All bandwidths hold together.",
            "");

    static final Setting<String> LIMIT_RATE_FOR = add(new Setting<>(
            Scope.LIMIT,
            "rate-for",
            RATE_TEXT,
            Setting.Entry.ROLE,
            "",
            null,
            "partner=1000/s",
            "The rate for users in a role, instead. The first of these roles that the user has counts.",
            "",
            false));

    static final Setting<List<Key>> LIMIT_KEY = row(
            Scope.LIMIT,
            "key",
            ValueType.list(
                    "any of address, principal, role, session, field:<Name>, cookie:<name>, path:<capture>, global",
                    LimitConfig.Key::parse),
            "address",
            "principal field:X-Tenant",
            "What is counted apart. Requests that agree in all of these share one budget. `role` tells those apart that have a"
                    + " rate of their own (`rate-for`).",
            "`principal` behind a login; `global` to protect the service whoever asks.");

    static final Setting<Map<String, Integer>> LIMIT_COST = row(
            Scope.LIMIT,
            "cost",
            ValueType.costs(),
            "",
            "POST=5 HEAD=0",
            "How many requests one request of a method counts for; 1 where it is not named.",
            "");

    static final Setting<Integer> LIMIT_STATUS = row(
            Scope.LIMIT,
            "status",
            ValueType.status(429, 503),
            "429",
            "503",
            "What clients get when the limit is reached.",
            "503 where the limit protects the service rather than being the client's fault.");

    static final Setting<Boolean> LIMIT_SHADOW = row(
            Scope.LIMIT,
            "shadow",
            ValueType.bool(),
            "false",
            "true",
            "Whether the limit only counts what it would have refused.",
            "To try a limit on real traffic.");

    static final Setting<Duration> LIMIT_MAX_WAIT = row(
            Scope.LIMIT,
            "max-wait",
            ValueType.duration(true, Duration.ofMinutes(1)),
            "0",
            "500ms",
            "How long a request may wait for its turn instead of being refused; 0: not at all.",
            "");

    static final Setting<Integer> LIMIT_MAX_KEYS = row(
            Scope.LIMIT,
            "max-keys",
            ValueType.integer(1, 10_000_000),
            "100000",
            "20000",
            "How many keys this gateway remembers; the one that was unused for longest is forgotten first.",
            "A key takes about 500 bytes.");

    static final Setting<Boolean> LIMIT_COUNT_STORED = row(
            Scope.LIMIT,
            "count-stored",
            ValueType.bool(),
            "true",
            "false",
            "Whether requests count that a stored response answers.",
            "");

    static final Setting<Boolean> LIMIT_ANNOUNCE = row(
            Scope.LIMIT,
            "announce",
            ValueType.bool(),
            "true",
            "false",
            "Whether responses carry `RateLimit` and `RateLimit-Policy`.",
            "");

    static final List<Setting<?>> ALL = List.copyOf(ROWS);

    private SettingsTable() {}

    private static Setting<Integer> concurrencyMax(Scope scope) {
        return row(
                scope,
                "concurrency.max",
                ValueType.integer(0, 1_000_000),
                "0",
                "50",
                "How many exchanges may be in progress at once; 0: no limit. With `concurrency.adaptive` the most that may be"
                        + " found, 0: 1000.",
                scope == Scope.UPSTREAM ? "For each origin there is `connections.max`." : "");
    }

    private static Setting<Boolean> concurrencyAdaptive(Scope scope) {
        return row(
                scope,
                "concurrency.adaptive",
                ValueType.bool(),
                "false",
                "true",
                "Whether the limit is found by watching how latency changes with load.",
                "When nobody knows what the service can take, or it changes.");
    }

    private static Setting<Integer> concurrencyMin(Scope scope) {
        return row(
                scope,
                "concurrency.min",
                ValueType.integer(1, 1_000_000),
                "4",
                "8",
                "What an adaptive limit never falls below.",
                "");
    }

    private static Setting<Integer> queueLength(Scope scope) {
        return row(
                scope,
                "queue.length",
                ValueType.integer(0, 1_000_000),
                "0",
                "100",
                "How many exchanges may wait for a place; others get 503; 0: none waits.",
                "");
    }

    private static Setting<Duration> queueTime(Scope scope) {
        return row(
                scope,
                "queue.time",
                ValueType.duration(true, HOUR),
                "1s",
                "300ms",
                "How long an exchange may wait for a place before it gets 503.",
                "");
    }

    private static Setting<Order> queueOrder(Scope scope) {
        return row(
                scope,
                "queue.order",
                ValueType.choice(Order.class),
                "fifo",
                "newest-first",
                "Who of those that wait is next; `newest-first` serves some in time instead of all too late.",
                "");
    }

    private static String rate(String text) {
        Bandwidth.parseAll(text);
        return text;
    }

    private static String store(String text) {
        if (!text.isEmpty() && !text.matches("rediss?://[^\\s/]+(/\\d+)?")) {
            throw new BadValue("");
        }
        return text;
    }

    private static <T> Setting<T> row(
            Scope scope,
            String key,
            ValueType<T> type,
            String initially,
            String example,
            String meaning,
            String touch) {
        return add(
                new Setting<>(scope, key, type, Setting.Entry.NONE, initially, null, example, meaning, touch, false));
    }

    private static <T> Setting<T> required(
            Scope scope, String key, ValueType<T> type, String example, String meaning, String touch) {
        return row(scope, key, type, null, example, meaning, touch);
    }

    private static <T> Setting<T> without(
            String without, Scope scope, String key, ValueType<T> type, String example, String meaning, String touch) {
        return add(new Setting<>(scope, key, type, Setting.Entry.NONE, null, without, example, meaning, touch, false));
    }

    /** The example of such a row is one entry, {@code Name=value}, as annotations have it. */
    private static Setting<String> perField(String key, String field, String value, String meaning, String touch) {
        return add(new Setting<>(
                Scope.ROUTE,
                key,
                ValueType.template(key.startsWith("response.")),
                Setting.Entry.FIELD,
                "",
                null,
                field + "=" + value,
                meaning,
                touch,
                false));
    }

    private static <T> Setting<T> secret(Setting<T> row) {
        ROWS.remove(row);
        return add(new Setting<>(
                row.scope(),
                row.key(),
                row.type(),
                row.entry(),
                row.initially(),
                row.without(),
                row.example(),
                row.meaning(),
                row.touch(),
                true));
    }

    private static <T> Setting<T> add(Setting<T> row) {
        ROWS.add(row);
        return row;
    }

    private static String name(String text) {
        if (!Scope.NAME.matcher(text).matches()) {
            throw new BadValue("");
        }
        return text;
    }

    private static String proxyName(String text) {
        if (!text.matches("[A-Za-z0-9._-]+")) {
            throw new BadValue("");
        }
        return text;
    }

    private static ErrorConfig.Fallback fallback(String text) {
        if (text.startsWith("/")) {
            throw new BadValue("the means is missing", "static:" + text);
        }
        return ErrorConfig.Fallback.parse(text);
    }

    /** Which failures a page is for: a kind, a status that failures have, or all. */
    static String failure(String text) {
        List<String> known = new ArrayList<>(List.of(ErrorConfig.ANY));
        for (FailureKind kind : FailureKind.values()) {
            known.add(kind.word());
            known.add(Integer.toString(kind.status()));
        }
        if (!known.contains(text)) {
            String nearest = Nearest.to(text, known);
            throw new BadValue("no failure is called " + text
                    + (nearest.isEmpty() ? "; docs/failures.md lists them" : "; was " + nearest + " meant?"));
        }
        return text;
    }

    /** A field that settings may set: the gateway's own framing and connection fields are not. */
    static String changeableField(String text) {
        String name = ValueType.token(text).toLowerCase(Locale.ROOT);
        if (OWN_FIELDS.contains(name) || name.startsWith("proxy-")) {
            throw new BadValue("the field " + text + " belongs to the connection and cannot be set"
                    + (name.equals("host") ? "; see route.<name>.host" : ""));
        }
        return text;
    }

    private static String method(String text) {
        ValueType.token(text);
        String upper = text.toUpperCase(Locale.ROOT);
        if (Set.of("TRACE", "CONNECT").contains(upper)) {
            throw new BadValue(upper + " is never forwarded");
        }
        if (!text.equals(upper)
                && Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
                        .contains(upper)) {
            throw new BadValue("methods are case-sensitive: " + upper + ", not " + text, upper);
        }
        return text;
    }

    private static String host(String text) {
        if (!HOST_NAME.matcher(text).matches() && !HOST_LITERAL.matcher(text).matches()) {
            throw new BadValue("'" + text + "' is not a host name");
        }
        return text;
    }

    private static int retryStatus(String text) {
        if (!text.matches("5\\d\\d")) {
            throw new BadValue("");
        }
        return Integer.parseInt(text);
    }

    private static String zone(String text) {
        if (!text.matches("[A-Za-z0-9._-]*")) {
            throw new BadValue("");
        }
        return text;
    }

    private static String healthPath(String text) {
        if (!text.matches("/[!-~]*")) {
            throw new BadValue("");
        }
        return text;
    }

    private static String optionalHost(String text) {
        return text.isEmpty() ? text : hostChoice(text);
    }

    private static String statusRange(String text) {
        if (!text.matches("[1-5]\\d\\d(-[1-5]\\d\\d)?")) {
            throw new BadValue("");
        }
        return text;
    }

    private static String hostChoice(String text) {
        if (!AUTHORITY.matcher(text).matches()) {
            throw new BadValue("");
        }
        return text;
    }

    private static String originOrName(String text) {
        if (text.contains("://")) {
            OriginConfig.parse(text);
        } else if (!Scope.NAME.matcher(text).matches()) {
            throw new BadValue("'" + text + "' is neither an origin nor a name", "http://" + text);
        }
        return text;
    }
}
