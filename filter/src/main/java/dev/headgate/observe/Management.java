package dev.headgate.observe;

import static dev.headgate.observe.Bean.parameter;
import static javax.management.openmbean.SimpleType.BOOLEAN;
import static javax.management.openmbean.SimpleType.DATE;
import static javax.management.openmbean.SimpleType.DOUBLE;
import static javax.management.openmbean.SimpleType.INTEGER;
import static javax.management.openmbean.SimpleType.LONG;
import static javax.management.openmbean.SimpleType.STRING;

import com.codahale.metrics.jmx.JmxReporter;
import dev.headgate.cache.CacheStatistics;
import dev.headgate.cache.ResponseCache;
import dev.headgate.config.RouteConfig;
import dev.headgate.limit.AdmissionState;
import dev.headgate.observe.RecentFailures.Failure;
import dev.headgate.upstream.Diagnosis;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.OriginState;
import dev.headgate.upstream.Upstream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.MalformedObjectNameException;
import javax.management.ObjectName;
import javax.management.openmbean.ArrayType;
import javax.management.openmbean.OpenDataException;
import javax.management.openmbean.OpenMBeanParameterInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A gateway in the JVM's management server: what it is, how it does, and what an operator may do; its metrics beside it.
 * {@code docs/operation.md} says how the beans are named. Those of upstreams and origins come and go with them.
 *
 * <p>Thread-safe. Somebody has to call {@link #reconcile()} after every reload, and every second or so.
 */
final class Management implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Management.class);

    private static final String DOMAIN = "dev.headgate";

    /** What has to be quoted in the value of an object name. */
    private static final String SPECIAL = ",=:\"*?\n";

    private final ManagedGateway gateway;
    private final MetricsListener metrics;
    private final RecentFailures failures;
    private final Supplier<StatusView> view;
    private final MBeanServer server;

    /** App and gateway, in every name. */
    private final String place;

    private final JmxReporter reporter;

    /** What is registered; guarded by this. */
    private final Map<ObjectName, Object> registered = new LinkedHashMap<>();

    /** What they were registered for, compared by identity; guarded by this. */
    private List<Object> shown = List.of();

    /** Guarded by this. */
    private boolean closed;

    /**
     * @param app whose gateway it is: host and context path
     * @param gateway has its configuration already
     * @param view what the status page tells, of this moment
     */
    public Management(
            String app,
            ManagedGateway gateway,
            MetricsListener metrics,
            RecentFailures failures,
            Supplier<StatusView> view) {
        this.gateway = gateway;
        this.view = view;
        this.metrics = metrics;
        this.failures = failures;
        this.server = ManagementFactory.getPlatformMBeanServer();
        this.place = freePlace(app, gateway.config().name());
        this.reporter = JmxReporter.forRegistry(metrics.registry())
                .registerWith(server)
                .inDomain(DOMAIN)
                .filter((name, metric) -> name.startsWith(metrics.prefix() + "."))
                .createsObjectNamesWith((type, domain, name) -> metricName(name))
                .convertRatesTo(TimeUnit.SECONDS)
                .convertDurationsTo(TimeUnit.MILLISECONDS)
                .build();
        reconcile();
        reporter.start();
    }

    // ---- names ----

    /** An app may have two gateways of one name: the second is told apart by a number. */
    private String freePlace(String app, String gatewayName) {
        for (int i = 1; ; i++) {
            String free = "app=" + quoted(app) + ",gateway=" + quoted(gatewayName + (i == 1 ? "" : "-" + i));
            if (!server.isRegistered(name("Gateway", free))) {
                if (i > 1) {
                    LOG.warn("There is another gateway called {} in {}; give each its own name", gatewayName, app);
                }
                return free;
            }
        }
    }

    private static String quoted(String value) {
        return value.isEmpty() || value.chars().anyMatch(c -> SPECIAL.indexOf(c) >= 0)
                ? ObjectName.quote(value)
                : value;
    }

    private static ObjectName name(String type, String rest) {
        try {
            return new ObjectName(DOMAIN + ":type=" + type + "," + rest);
        } catch (MalformedObjectNameException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@code headgate.shop.route.orders.total} is {@code type=metrics,...,route=orders,name=total}. */
    private ObjectName metricName(String metric) {
        if (!metric.startsWith(metrics.prefix() + ".")) {
            return name("metrics", "name=" + ObjectName.quote(metric)); // the app's, which nobody shows here
        }
        StringBuilder keys = new StringBuilder(place);
        String rest = metric.substring(metrics.prefix().length() + 1);
        for (String part : List.of("route", "upstream", "origin", "limit")) {
            if (rest.startsWith(part + ".")) {
                int end = rest.indexOf('.', part.length() + 1);
                keys.append(',').append(part).append('=').append(rest, part.length() + 1, end);
                rest = rest.substring(end + 1);
            }
        }
        return name("metrics", keys.append(",name=").append(quoted(rest)).toString());
    }

    // ---- what is there ----

    /** Takes away the beans of what is there no more, and shows those of what is new. */
    public synchronized void reconcile() {
        if (closed) {
            return;
        }
        List<Object> live = new ArrayList<>();
        live.add(gateway.config());
        gateway.upstreams().forEach(upstream -> live.add(upstream.origins()));
        if (live.size() == shown.size() && IntStream.range(0, live.size()).allMatch(i -> live.get(i) == shown.get(i))) {
            return;
        }
        shown = live;
        Map<ObjectName, Object> wanted = new LinkedHashMap<>();
        ObjectName own = name("Gateway", place);
        wanted.put(own, gateway);
        wanted.put(name("Limits", place), gateway);
        if (gateway.cache() != null) {
            wanted.put(name("Cache", place), gateway.cache());
        }
        for (Upstream upstream : gateway.upstreams()) {
            String rest = place + ",upstream=" + quoted(upstream.name());
            wanted.put(name("Upstream", rest), upstream.name());
            for (Origin origin : upstream.origins()) {
                wanted.put(name("Origin", rest + ",origin=" + ObjectName.quote(origin.name())), origin.name());
            }
        }
        for (ObjectName name : List.copyOf(registered.keySet())) {
            if (!registered.get(name).equals(wanted.get(name))) {
                unregister(name);
            }
        }
        wanted.forEach((name, thing) -> {
            if (!registered.containsKey(name)) {
                register(name, thing);
            }
        });
    }

    private void register(ObjectName name, Object thing) {
        String upstream = name.getKeyProperty("upstream");
        Bean bean =
                switch (name.getKeyProperty("type")) {
                    case "Gateway" -> gatewayBean();
                    case "Limits" -> limitsBean();
                    case "Cache" -> cacheBean(gateway.cache());
                    case "Upstream" -> upstreamBean((String) thing);
                    default -> originBean(upstream, (String) thing);
                };
        try {
            server.registerMBean(bean, name);
            registered.put(name, thing);
        } catch (JMException e) {
            LOG.warn("The management bean {} cannot be registered: {}", name, e.getMessage());
        }
    }

    private void unregister(ObjectName name) {
        registered.remove(name);
        try {
            server.unregisterMBean(name);
        } catch (InstanceNotFoundException e) {
            LOG.debug("Somebody else has unregistered {}", name);
        } catch (JMException e) {
            LOG.warn("The management bean {} cannot be unregistered: {}", name, e.getMessage());
        }
    }

    /** Takes away every bean, those of metrics included. */
    @Override
    public synchronized void close() {
        closed = true;
        reporter.close();
        List.copyOf(registered.keySet()).forEach(this::unregister);
    }

    // ---- gateway ----

    private record NumberedFailure(long number, Failure failure) {}

    private static Table<NumberedFailure> failureTable() {
        return new Table<NumberedFailure>("failures", "Exchanges that failed of late", "number")
                .number("number", "0 is the newest", NumberedFailure::number)
                .column(
                        "time",
                        "When it ended",
                        DATE,
                        row -> Date.from(row.failure().time()))
                .text("kind", "What went wrong: see failures.md", row -> row.failure()
                        .kind()
                        .word())
                .text(
                        "side",
                        "Who has to act: client, gateway or upstream",
                        row -> word(row.failure().kind().side()))
                .number("status", "What the client was sent", row ->
                        (long) row.failure().status())
                .text("route", "The route's name", row -> row.failure().route())
                .text("upstream", "The upstream's name", row -> row.failure().upstream())
                .text("origin", "The origin that was asked last; empty: none", row -> row.failure()
                        .origin())
                .text("requestId", "What client, origin and log call it", row -> row.failure()
                        .requestId())
                .text("message", "What happened", row -> row.failure().message())
                .text(
                        "attempts",
                        "What became of each attempt",
                        row -> String.join("; ", row.failure().attempts()));
    }

    private record NumberedProblem(long number, StatusView.Problem problem) {}

    private static Table<NumberedProblem> problemTable() {
        return new Table<NumberedProblem>("problems", "What is not as it should be", "number")
                .number("number", "0 is the worst", NumberedProblem::number)
                .text(
                        "severity",
                        "broken: users get errors; attention: something else makes up for it; notice: an operator wanted"
                                + " it so",
                        row -> word(row.problem().severity()))
                .text("upstream", "The upstream's name; empty: the gateway itself", row -> row.problem()
                        .upstream())
                .text(
                        "origin",
                        "Where it is; empty: it is about no single origin",
                        row -> row.problem().origin() == null
                                ? ""
                                : row.problem().origin().origin().name())
                .text(
                        "kind",
                        "Of the failures behind it: see failures.md; empty: not known",
                        row -> row.problem().kind() == null
                                ? ""
                                : row.problem().kind().word())
                .text("what", "What it is, in a few words", row -> row.problem().what())
                .text("why", "Why, in a sentence; may be empty", row -> row.problem()
                        .why())
                .number(
                        "seconds",
                        "For how long, at least; -1: not known",
                        row -> row.problem().since() == null
                                ? -1
                                : row.problem().since().toSeconds());
    }

    private Bean gatewayBean() {
        Table<NumberedFailure> table = failureTable();
        Table<NumberedProblem> problems = problemTable();
        return new Bean("A gateway: what it was told, and how it does")
                .shows("Name", STRING, "What it is called in logs and management names", () -> gateway.config()
                        .name())
                .shows("UptimeSeconds", LONG, "For how long it has been there", () -> gateway.uptime()
                        .toSeconds())
                .shows(
                        "State",
                        STRING,
                        "How it does: fine, notice, attention or broken, as the worst of its problems is",
                        () -> view.get().state())
                .shows(
                        "Problems",
                        problems.type(),
                        "What is not as it should be: which upstream, which kind, since when; the worst first",
                        () -> {
                            List<NumberedProblem> rows = new ArrayList<>();
                            view.get().problems().forEach(each -> rows.add(new NumberedProblem(rows.size(), each)));
                            return problems.of(rows);
                        })
                .shows(
                        "Configuration",
                        STRING,
                        "The settings in force as a properties file, first what was given, then the defaults; secrets are"
                                + " masked",
                        () -> ConfigText.of(gateway.config()))
                .shows(
                        "Routes",
                        texts(),
                        "The names of its routes, in the order of the configuration",
                        () -> gateway.config().routes().stream()
                                .map(RouteConfig::name)
                                .toArray(String[]::new))
                .shows(
                        "ThreadsShare",
                        INTEGER,
                        "How many of the container's threads exchanges may hold",
                        () -> gateway.threads().share())
                .shows("ThreadsInline", INTEGER, "How many of those they hold now", () -> gateway.threads()
                        .inline())
                .shows("ThreadsOff", INTEGER, "How many exchanges run on other threads now", () -> gateway.threads()
                        .off())
                .shows("ThreadsParked", INTEGER, "How many exchanges wait without a thread now", () -> gateway.threads()
                        .parked())
                .shows(
                        "ThreadsRefused",
                        LONG,
                        "How many exchanges were refused because no thread was to be had",
                        () -> gateway.threads().refused())
                .shows(
                        "RecentFailures",
                        table.type(),
                        "The exchanges that failed last: the newest 100 of the client's doing, and 100 others",
                        () -> {
                            List<NumberedFailure> rows = new ArrayList<>();
                            failures.newestFirst().forEach(each -> rows.add(new NumberedFailure(rows.size(), each)));
                            return table.of(rows);
                        })
                .does(
                        "reload",
                        texts(),
                        "Reads the settings again and puts them in force. A mistake changes nothing. Returns the settings that"
                                + " differ and take effect at the next start only",
                        none -> gateway.reload().toArray(String[]::new));
    }

    private static ArrayType<String[]> texts() {
        try {
            return new ArrayType<>(1, STRING);
        } catch (OpenDataException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    // ---- upstreams and origins ----

    private static Table<OriginState> originTable() {
        return new Table<OriginState>("origins", "The origins of an upstream", "origin")
                .text("origin", "Where it is", state -> state.origin().name())
                .column("available", "Whether traffic goes there", BOOLEAN, OriginState::isAvailable)
                .text("mode", "What an operator decided: enabled, draining or disabled", state -> word(state.mode()))
                .text(
                        "health",
                        "What traffic and probes say: up, resting, ejected or probes-fail",
                        state -> word(state.health()))
                .text("reason", "Why its health is not up", OriginState::reason)
                .number("seconds", "How long its health has been so", state -> state.since()
                        .toSeconds())
                .number("inFlight", "Exchanges under way", state -> (long) state.inFlight())
                .column(
                        "latencyMillis",
                        "The average time to a response head of late",
                        DOUBLE,
                        Management::latencyMillis)
                .number("weight", "Its share beside its siblings'", state -> (long) state.weight())
                .number("failures", "Attempts that failed in a row until now", state -> (long) state.failures())
                .number("ejections", "How often traffic took it out", OriginState::ejections)
                .number("leased", "Connections in use", state -> (long) state.leased())
                .number("idle", "Connections in the pool", state -> (long) state.idle())
                .number("pending", "Exchanges that wait for a connection", state -> (long) state.pending());
    }

    private static double latencyMillis(OriginState state) {
        return state.latency().toNanos() / 1e6;
    }

    private Bean upstreamBean(String name) {
        Table<OriginState> table = originTable();
        return new Bean("An upstream: a group of origins")
                .shows("Name", STRING, "As the settings call it", () -> name)
                .shows(
                        "Origins",
                        table.type(),
                        "Its origins, how each is and why",
                        () -> table.of(upstream(name).states()))
                .shows(
                        "AvailableOrigins",
                        INTEGER,
                        "How many origins traffic goes to",
                        () -> (int) upstream(name).states().stream()
                                .filter(OriginState::isAvailable)
                                .count())
                .shows(
                        "Balance",
                        STRING,
                        "How an origin is chosen",
                        () -> word(upstream(name).config().balance().method()))
                .shows("Retries", LONG, "Attempts after the first, since the upstream is there", () -> upstream(name)
                        .retries())
                .shows("RetriesLeft", LONG, "How many further attempts the budget allows now", () -> upstream(name)
                        .retriesLeft());
    }

    private Bean originBean(String upstream, String name) {
        String group = upstream.startsWith("\"") ? ObjectName.unquote(upstream) : upstream;
        return new Bean("An origin of an upstream")
                .shows("Name", STRING, "Where it is", () -> name)
                .shows("Available", BOOLEAN, "Whether traffic goes there", () -> state(group, name)
                        .isAvailable())
                .shows(
                        "Mode",
                        STRING,
                        "What an operator decided: enabled, draining or disabled",
                        () -> word(state(group, name).mode()))
                .shows(
                        "Health",
                        STRING,
                        "What traffic and probes say: up, resting, ejected or probes-fail",
                        () -> word(state(group, name).health()))
                .shows("Reason", STRING, "Why its health is not up; empty while it is", () -> state(group, name)
                        .reason())
                .shows("SinceSeconds", LONG, "How long its health has been so", () -> state(group, name)
                        .since()
                        .toSeconds())
                .shows("InFlight", INTEGER, "Exchanges under way", () -> state(group, name)
                        .inFlight())
                .shows(
                        "LatencyMillis",
                        DOUBLE,
                        "The average time to a response head of late",
                        () -> latencyMillis(state(group, name)))
                .shows("FailuresInARow", INTEGER, "Attempts that failed in a row until now", () -> state(group, name)
                        .failures())
                .shows(
                        "LastFailure",
                        STRING,
                        "What went wrong the last time; empty: nothing since a good answer",
                        () -> {
                            OriginState.Failure failure = state(group, name).lastFailure();
                            return failure == null ? "" : failure.why();
                        })
                .shows("Ejections", LONG, "How often traffic took it out", () -> state(group, name)
                        .ejections())
                .shows("ConnectionsLeased", INTEGER, "Connections in use", () -> state(group, name)
                        .leased())
                .shows("ConnectionsIdle", INTEGER, "Connections in the pool", () -> state(group, name)
                        .idle())
                .shows("ConnectionsPending", INTEGER, "Exchanges that wait for a connection", () -> state(group, name)
                        .pending())
                .shows("ConnectionsMax", INTEGER, "How many connections there may be", () -> state(group, name)
                        .mostConnections())
                .shows(
                        "Weight",
                        INTEGER,
                        "Its share of the traffic beside its siblings', 1 to 1000; until the configuration says otherwise",
                        () -> state(group, name).weight(),
                        weight -> upstream(group).weight(origin(group, name), (Integer) weight))
                .does("drain", "Lets no new traffic come; exchanges under way finish", () -> upstream(group)
                        .drain(origin(group, name)))
                .does("disable", "Takes it out of its group until it is enabled again", () -> upstream(group)
                        .disable(origin(group, name)))
                .does("enable", "Lets traffic come again, and forgets what is known of its health", () -> upstream(
                                group)
                        .enable(origin(group, name)))
                .does("reset", "Forgets what is known of its health", () -> upstream(group)
                        .reset(origin(group, name)))
                .does(
                        "diagnose",
                        STRING,
                        "Takes it through name, connection, TLS, HTTP and health check, and says where one gets stuck and what"
                                + " that usually means. Takes some seconds at most, and counts as no traffic",
                        none -> lines(upstream(group).diagnose(origin(group, name))));
    }

    private static String lines(Diagnosis diagnosis) {
        return diagnosis.steps().stream()
                .map(step -> step + (step.found().isEmpty() ? "" : ": " + step.found()) + "\n")
                .collect(Collectors.joining("", diagnosis.origin() + "\n", diagnosis.conclusion()));
    }

    private Upstream upstream(String name) {
        return gateway.upstreams().stream()
                .filter(upstream -> upstream.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new NoSuchElementException("the upstream " + name + " is gone"));
    }

    private Origin origin(String upstream, String name) {
        return state(upstream, name).origin();
    }

    private OriginState state(String upstream, String name) {
        return upstream(upstream).states().stream()
                .filter(state -> state.origin().name().equals(name))
                .findFirst()
                .orElseThrow(() -> new NoSuchElementException("the origin " + name + " is gone"));
    }

    // ---- cache ----

    private static Bean cacheBean(ResponseCache cache) {
        Table<Map.Entry<String, Long>> reasons = new Table<Map.Entry<String, Long>>(
                        "reasons", "Why requests were no hits (RFC 9211)", "reason")
                .text("reason", "As Cache-Status has it", Map.Entry::getKey)
                .number("requests", "How many", Map.Entry::getValue);
        Table<CacheStatistics.Tier> tiers = new Table<CacheStatistics.Tier>("tiers", "Where things are kept", "tier")
                .text("tier", "heap, off-heap or disk", CacheStatistics.Tier::name)
                .number("heads", "Response heads", CacheStatistics.Tier::heads)
                .number("pieces", "Pieces of content, 64 KB at most", CacheStatistics.Tier::pieces)
                .number("bytes", "What both take; -1: nobody measures it", CacheStatistics.Tier::bytes);
        OpenMBeanParameterInfo soft =
                parameter("soft", BOOLEAN, "true keeps what is stored, to be validated before it is used again");
        return new Bean("The response cache of a gateway")
                .shows("Responses", LONG, "How many are stored; counts them all", cache::size)
                .shows("Hits", LONG, "Answered without the origin, stale hits included", () -> cache.statistics()
                        .hits())
                .shows("StaleHits", LONG, "Those of the hits that were stale", () -> cache.statistics()
                        .staleHits())
                .shows(
                        "Forwarded",
                        reasons.type(),
                        "Requests that were no hits, by reason",
                        () -> reasons.of(cache.statistics().forwarded().entrySet()))
                .shows(
                        "Validated",
                        LONG,
                        "Forwarded ones where the origin said that what is stored is still good",
                        () -> cache.statistics().validated())
                .shows(
                        "Collapsed",
                        LONG,
                        "Forwarded ones that shared the response of another one's request",
                        () -> cache.statistics().collapsed())
                .shows(
                        "StaleOnError",
                        LONG,
                        "Answered with what was stored because the origin failed",
                        () -> cache.statistics().staleOnError())
                .shows(
                        "BackgroundFetches",
                        LONG,
                        "Requests to the origin that no client waited for",
                        () -> cache.statistics().backgroundFetches())
                .shows("Stored", LONG, "Responses, or parts, that went into the store", () -> cache.statistics()
                        .stored())
                .shows("Evictions", LONG, "Entries given up for want of room", () -> cache.statistics()
                        .evictions())
                .shows(
                        "Tiers",
                        tiers.type(),
                        "What each tier holds",
                        () -> tiers.of(cache.statistics().tiers()))
                .does(
                        "purgeUrl",
                        INTEGER,
                        "Forgets a URL in every variant, for every host. Returns how many responses it was",
                        given -> cache.purge((String) given[0], (Boolean) given[1]),
                        parameter("target", STRING, "Path and query, as clients send them"),
                        soft)
                .does(
                        "purgePrefix",
                        INTEGER,
                        "Forgets every URL that begins like this. Returns how many responses it was",
                        given -> cache.purgePrefix((String) given[0], (Boolean) given[1]),
                        parameter("prefix", STRING, "The beginning of path and query"),
                        soft)
                .does(
                        "purgeTag",
                        INTEGER,
                        "Forgets every response with a tag in Cache-Tag or Surrogate-Key. Returns how many it was",
                        given -> cache.purgeTags(Set.of((String) given[0]), (Boolean) given[1]),
                        parameter("tag", STRING, "One tag"),
                        soft)
                .does(
                        "purgeRoute",
                        INTEGER,
                        "Forgets everything of a route. Returns how many responses it was",
                        given -> cache.purgeRoute((String) given[0], (Boolean) given[1]),
                        parameter("route", STRING, "The route's name"),
                        soft)
                .does(
                        "clear",
                        INTEGER,
                        "Forgets everything. Returns how many responses it was",
                        given -> cache.purgeAll((Boolean) given[0]),
                        soft);
    }

    // ---- limits ----

    private Bean limitsBean() {
        Table<AdmissionState.Rate> rates = new Table<AdmissionState.Rate>("rates", "Rate limits", "limit")
                .text("limit", "Its name", AdmissionState.Rate::name)
                .number("admitted", "Requests it let pass", AdmissionState.Rate::admitted)
                .number("refused", "Requests it refused", AdmissionState.Rate::refused)
                .number(
                        "shadowed",
                        "Requests it would have refused if it were no shadow",
                        AdmissionState.Rate::shadowed)
                .number("queued", "Requests it let pass after they had waited", AdmissionState.Rate::waited)
                .number("keys", "Keys that are remembered in memory", rate -> (long) rate.keys())
                .column("shared", "Whether it counts in the shared store now", BOOLEAN, AdmissionState.Rate::shared);
        Table<AdmissionState.Places> places = new Table<AdmissionState.Places>(
                        "places", "Places at routes and upstreams", "of", "name")
                .text("of", "route or upstream", each -> word(each.owner()))
                .text("name", "Its name", AdmissionState.Places::name)
                .number("max", "How many there are now", each -> (long) each.places())
                .number("taken", "Exchanges that have one", each -> (long) each.taken())
                .number("waiting", "Exchanges that wait for one", each -> (long) each.waiting())
                .column(
                        "adaptive",
                        "Whether their number follows the latency",
                        BOOLEAN,
                        AdmissionState.Places::adaptive)
                .number("admitted", "Exchanges that got one", AdmissionState.Places::admitted)
                .number("queued", "Exchanges that had to wait", AdmissionState.Places::queued)
                .number("refused", "Exchanges that did not get one", AdmissionState.Places::refused);
        return new Bean("The limits of a gateway")
                .shows(
                        "Rates",
                        rates.type(),
                        "Each rate limit and what it did",
                        () -> rates.of(gateway.admission().state().rates()))
                .shows(
                        "Places",
                        places.type(),
                        "Concurrency: each route and upstream with a limit",
                        () -> places.of(gateway.admission().state().places()))
                .shows(
                        "StoreAddress",
                        STRING,
                        "Where limits are shared; empty: they are not",
                        () -> store(AdmissionState.Store::address, ""))
                .shows(
                        "StoreConnected",
                        BOOLEAN,
                        "Whether they are counted there now",
                        () -> store(AdmissionState.Store::connected, false))
                .shows(
                        "StoreFailures",
                        LONG,
                        "How often a request was not answered there in time",
                        () -> store(AdmissionState.Store::failures, 0L))
                .does(
                        "resetKey",
                        BOOLEAN,
                        "Gives a key its whole budget back. Returns whether there was anything to give back",
                        given -> gateway.admission().resetKey((String) given[0], (String) given[1]),
                        parameter("limit", STRING, "The limit's name"),
                        parameter(
                                Bean.KEY, STRING, "Whose budget, as the limit's key has it: an address, a user, ..."));
    }

    private <T> T store(Function<AdmissionState.Store, T> part, T without) {
        AdmissionState.Store store = gateway.admission().state().store();
        return store == null ? without : part.apply(store);
    }
}
