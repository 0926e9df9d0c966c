package dev.headgate.observe;

import dev.headgate.cache.CacheStatistics;
import dev.headgate.config.RouteConfig;
import dev.headgate.failure.FailureKind;
import dev.headgate.limit.AdmissionState;
import dev.headgate.observe.RecentFailures.Failure;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.OriginState;
import dev.headgate.upstream.OriginState.Health;
import dev.headgate.upstream.Upstream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * All that the status page tells, at one moment. Immutable. {@link #json()} is the form for programs, which stays as it is
 * documented in {@code docs/status-page.md}; {@link StatusHtml} is the one for people.
 *
 * @param cache null where no route ever had one
 * @param failures the newest first
 * @param problems the worst first; empty: all is well
 */
record StatusView(
        String name,
        Instant time,
        Duration uptime,
        List<RouteView> routes,
        List<UpstreamView> upstreams,
        CacheStatistics cache,
        AdmissionState limits,
        ManagedGateway.Threads threads,
        List<Failure> failures,
        List<Problem> problems) {

    /** From this share of errors on a route is a problem, and from {@link #BROKEN_SHARE} on it is broken. */
    private static final double PROBLEM_SHARE = 0.05;

    private static final double BROKEN_SHARE = 0.5;

    /** So many failures in a row of an origin that nobody takes out, because it is the last one, are a problem. */
    private static final int FAILURES_IN_A_ROW = 3;

    /** Of {@link TrafficFigures#history()}. */
    private static final Duration STEP = Duration.ofSeconds(10);

    /** How an origin's reason ends when traffic took it out. */
    private static final Pattern OUT_FOR = Pattern.compile("; out for (\\d{1,12}) ms$");

    private static final Latency NO_TIME = new Latency(0, 0, 0, 0);

    /** How long ago a failure may be to explain what is wrong now. */
    private static final Duration LATELY = Duration.ofMinutes(5);

    /** One route and its traffic. */
    record RouteView(RouteConfig config, TrafficFigures figures) {}

    /**
     * One upstream.
     *
     * @param retriesLeft how many further attempts may be made now
     */
    record UpstreamView(String name, List<OriginView> origins, long retries, long retriesLeft) {

        long available() {
            return origins.stream()
                    .filter(origin -> origin.state().isAvailable())
                    .count();
        }
    }

    /** One origin; its requests are attempts. */
    record OriginView(OriginState state, TrafficFigures figures) {

        /** Whether it gets traffic and fails all the same. */
        boolean isFailing() {
            return state.isAvailable() && state.failures() >= FAILURES_IN_A_ROW;
        }
    }

    /** How bad it is. */
    enum Severity {
        /** Users get errors, or would. */
        BROKEN,
        /** Something is wrong, and something else makes up for it. */
        ATTENTION,
        /** An operator wanted it so. */
        NOTICE
    }

    /**
     * One thing that is not as it should be.
     *
     * @param upstream empty where it is about none
     * @param origin null where it is about no single one
     * @param kind of the failures behind it; null where it is not known
     * @param what it is, in a few words
     * @param why in a sentence; may be empty
     * @param since how long it has been so; null where nobody knows
     * @param sinceAtLeast whether it may have been so for longer
     */
    record Problem(
            Severity severity,
            String upstream,
            OriginState origin,
            FailureKind kind,
            String what,
            String why,
            Duration since,
            boolean sinceAtLeast) {}

    StatusView {
        routes = List.copyOf(routes);
        upstreams = List.copyOf(upstreams);
        failures = List.copyOf(failures);
        problems = List.copyOf(problems);
    }

    /**
     * Reads everything, part by part.
     *
     * @param ofRoutes the traffic of the routes
     * @param ofOrigins the traffic of the origins of an upstream, by its name
     * @param failures the newest first
     */
    static StatusView of(
            ManagedGateway gateway,
            Instant time,
            List<TrafficFigures> ofRoutes,
            Function<String, List<TrafficFigures>> ofOrigins,
            List<Failure> failures) {
        List<RouteView> routes = gateway.config().routes().stream()
                .map(route -> new RouteView(route, named(route.name(), ofRoutes)))
                .toList();
        List<UpstreamView> upstreams = new ArrayList<>();
        for (Upstream upstream : gateway.upstreams()) {
            List<TrafficFigures> figures = ofOrigins.apply(upstream.name());
            List<OriginView> origins = upstream.states().stream()
                    .map(state -> new OriginView(state, named(state.origin().name(), figures)))
                    .toList();
            upstreams.add(new UpstreamView(upstream.name(), origins, upstream.retries(), upstream.retriesLeft()));
        }
        AdmissionState limits = gateway.admission().state();
        ManagedGateway.Threads threads = gateway.threads();
        List<Problem> problems = new ArrayList<>();
        for (UpstreamView upstream : upstreams) {
            problems.addAll(problems(upstream, failures, time));
        }
        for (RouteView route : routes) {
            problems.addAll(problems(route, failures, time));
        }
        problems.addAll(problems(limits, threads));
        problems.sort(Comparator.comparing(Problem::severity)); // stable: upstreams before routes
        return new StatusView(
                gateway.config().name(),
                time,
                gateway.uptime(),
                routes,
                upstreams,
                gateway.cache() == null ? null : gateway.cache().statistics(),
                limits,
                threads,
                failures,
                problems);
    }

    private static TrafficFigures named(String name, List<TrafficFigures> figures) {
        return figures.stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElse(new TrafficFigures(name, 0, Map.of(), Map.of(), 0, 0, NO_TIME, NO_TIME, 0, 0, 0, List.of()));
    }

    // ---- what is wrong ----

    private static List<Problem> problems(UpstreamView upstream, List<Failure> failures, Instant time) {
        List<Problem> found = new ArrayList<>();
        boolean none = upstream.available() == 0;
        if (upstream.origins().isEmpty()) {
            found.add(new Problem(
                    Severity.BROKEN,
                    upstream.name(),
                    null,
                    FailureKind.DNS_ERROR,
                    "there is no origin",
                    "Its names resolve to no address.",
                    null,
                    false));
        }
        for (OriginView view : upstream.origins()) {
            OriginState state = view.state();
            FailureKind kind = kind(upstream, view, failures, time);
            if (state.mode() != Origin.Mode.ENABLED) {
                found.add(new Problem(
                        none ? Severity.BROKEN : Severity.NOTICE,
                        upstream.name(),
                        state,
                        null,
                        state.mode() == Origin.Mode.DRAINING ? "is draining" : "is disabled",
                        none
                                ? "An operator took it out, and no other origin takes traffic."
                                : "An operator took it out.",
                        null,
                        false));
            } else if (!state.isAvailable()) {
                found.add(new Problem(
                        none ? Severity.BROKEN : Severity.ATTENTION,
                        upstream.name(),
                        state,
                        kind,
                        state.health() == Health.PROBES_FAIL ? "fails its health checks" : "is out",
                        why(state),
                        state.since(),
                        false));
            } else if (view.isFailing()) {
                boolean others = upstream.origins().stream()
                        .anyMatch(other -> other.state().isAvailable() && !other.isFailing());
                found.add(new Problem(
                        others ? Severity.ATTENTION : Severity.BROKEN,
                        upstream.name(),
                        state,
                        kind,
                        "fails",
                        state.failures() + " failures in a row" + last(state) + ". It still gets traffic"
                                + (others ? "." : ": there is no better origin."),
                        since(view.figures()),
                        isWhole(view.figures())));
            }
        }
        return found;
    }

    private static List<Problem> problems(RouteView route, List<Failure> failures, Instant time) {
        double share = route.figures().errorShare();
        if (share < PROBLEM_SHARE) {
            return List.of();
        }
        FailureKind kind = kind(
                failures, time, failure -> failure.route().equals(route.config().name()));
        return List.of(new Problem(
                share < BROKEN_SHARE ? Severity.ATTENTION : Severity.BROKEN,
                route.config().upstream(),
                null,
                kind,
                "route " + route.config().name() + " has " + percent(share) + " errors",
                "",
                since(route.figures()),
                isWhole(route.figures())));
    }

    private static List<Problem> problems(AdmissionState limits, ManagedGateway.Threads threads) {
        List<Problem> found = new ArrayList<>();
        if (limits.store() != null && !limits.store().connected()) {
            found.add(new Problem(
                    Severity.ATTENTION,
                    "",
                    null,
                    null,
                    "The store of the rate limits is out of reach",
                    "Each gateway counts for itself until " + limits.store().address() + " answers again.",
                    limits.store().lasting(),
                    false));
        }
        if (threads.inline() >= threads.share() && threads.pool() > 0 && threads.off() >= threads.pool()) {
            found.add(new Problem(
                    Severity.BROKEN,
                    "",
                    null,
                    FailureKind.CONNECTION_LIMIT_REACHED,
                    "Every thread that exchanges may hold is taken",
                    "Further requests get 503 until one is free.",
                    null,
                    false));
        }
        return found;
    }

    /** What the origin's failures are of now: those of an hour ago may have been others. */
    private static FailureKind kind(UpstreamView upstream, OriginView view, List<Failure> failures, Instant time) {
        OriginState state = view.state();
        if (state.lastFailure() != null) {
            return state.lastFailure().kind();
        }
        FailureKind lately = kind(
                failures,
                time,
                failure -> failure.upstream().equals(upstream.name())
                        && failure.origin().equals(state.origin().name()));
        return lately == null ? mostOf(view.figures()) : lately;
    }

    private static String last(OriginState state) {
        return state.lastFailure() == null
                ? ""
                : ", the last: " + withoutName(state, state.lastFailure().why());
    }

    /** The kind that explains most of what happened lately; null where nothing did. */
    private static FailureKind kind(List<Failure> failures, Instant time, Predicate<Failure> which) {
        return failures.stream()
                .filter(failure -> failure.time().isAfter(time.minus(LATELY)))
                .filter(failure -> failure.kind().side() != FailureKind.Side.CLIENT)
                .filter(which)
                .collect(Collectors.groupingBy(Failure::kind, LinkedHashMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    private static FailureKind mostOf(TrafficFigures figures) {
        return figures.byKind().entrySet().stream()
                .filter(entry -> entry.getKey().side() == FailureKind.Side.UPSTREAM)
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    /** How long there have been errors, as far back as the history goes; steps without any request do not end it. */
    private static Duration since(TrafficFigures figures) {
        List<TrafficFigures.Step> steps = figures.history();
        int first = steps.size();
        for (int i = steps.size() - 1;
                i >= 0 && (steps.get(i).requests() == 0 || steps.get(i).errors() > 0);
                i--) {
            first = steps.get(i).errors() > 0 ? i : first;
        }
        return STEP.multipliedBy(Math.max(1, steps.size() - first));
    }

    /** Whether it has been so as far back as the history goes. */
    private static boolean isWhole(TrafficFigures figures) {
        return since(figures).compareTo(STEP.multipliedBy(figures.history().size())) >= 0;
    }

    /** As people read it: {@code 0 %}, {@code 0.3 %}, {@code 12 %}. */
    static String percent(double share) {
        double percent = share * 100;
        return percent == 0 || percent >= 10
                ? Math.round(percent) + " %"
                : percent < 0.1 ? "<0.1 %" : String.format(Locale.ROOT, "%.1f %%", percent);
    }

    /** Why an origin is out, as a sentence: without its name, which stands beside it. */
    static String why(OriginState state) {
        String text = OUT_FOR.matcher(withoutName(state, state.reason()))
                .replaceFirst(match ->
                        "; then out for " + StatusHtml.duration(Duration.ofMillis(Long.parseLong(match.group(1)))));
        return text.isEmpty() ? "" : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + ".";
    }

    private static String withoutName(OriginState state, String text) {
        String name = state.origin().config().toString() + " ";
        return text.startsWith(name) ? text.substring(name.length()) : text;
    }

    /** The worst of the problems; null where there is none. */
    Severity worst() {
        return problems.isEmpty() ? null : problems.get(0).severity();
    }

    /** How bad it is, in a word. */
    String state() {
        return worst() == null ? "fine" : word(worst());
    }

    double requestsPerSecond() {
        return routes.stream().mapToDouble(route -> route.figures().perSecond()).sum();
    }

    long inFlight() {
        return routes.stream().mapToLong(route -> route.figures().inFlight()).sum();
    }

    /** The share of errors of all routes together. */
    double errorShare() {
        double requests = requestsPerSecond();
        double errors = routes.stream()
                .mapToDouble(
                        route -> route.figures().perSecond() * route.figures().errorShare())
                .sum();
        return requests == 0 ? 0 : errors / requests;
    }

    // ---- for programs ----

    /** For {@link dev.headgate.failure.Json}. */
    Map<String, Object> json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("name", name);
        all.put("time", time.toString());
        all.put("uptimeSeconds", uptime.toSeconds());
        all.put("state", state());
        all.put("problems", each(problems, StatusView::json));
        all.put("routes", each(routes, StatusView::json));
        all.put("upstreams", each(upstreams, StatusView::json));
        all.put("failures", each(failures, StatusView::json));
        all.put("cache", cache == null ? null : json(cache));
        all.put("limits", json(limits));
        all.put(
                "threads",
                object(
                        "share", threads.share(),
                        "inline", threads.inline(),
                        "off", threads.off(),
                        "parked", threads.parked(),
                        "pool", threads.pool(),
                        "left", threads.left(),
                        "refused", threads.refused()));
        return all;
    }

    private static Map<String, Object> json(Problem problem) {
        return object(
                "severity",
                word(problem.severity()),
                "upstream",
                problem.upstream(),
                "origin",
                problem.origin() == null ? null : problem.origin().origin().name(),
                "originId",
                problem.origin() == null ? null : problem.origin().origin().id(),
                "kind",
                problem.kind() == null ? null : problem.kind().word(),
                "what",
                problem.what(),
                "why",
                problem.why(),
                "sinceSeconds",
                problem.since() == null ? null : problem.since().toSeconds());
    }

    private static Map<String, Object> json(RouteView route) {
        Map<String, Object> json = object(
                "name", route.config().name(),
                "paths", route.config().match().paths(),
                "upstream", route.config().upstream());
        json.putAll(json(route.figures()));
        return json;
    }

    private static Map<String, Object> json(UpstreamView upstream) {
        return object(
                "name", upstream.name(),
                "available", upstream.available(),
                "retries", upstream.retries(),
                "retriesLeft", upstream.retriesLeft(),
                "origins", each(upstream.origins(), StatusView::json));
    }

    private static Map<String, Object> json(OriginView view) {
        OriginState state = view.state();
        Map<String, Object> json = object(
                "id",
                state.origin().id(),
                "name",
                state.origin().name(),
                "available",
                state.isAvailable(),
                "mode",
                word(state.mode()),
                "health",
                word(state.health()),
                "reason",
                state.reason(),
                "sinceSeconds",
                state.since().toSeconds(),
                "failuresInARow",
                state.failures(),
                "ejections",
                state.ejections(),
                "weight",
                state.weight(),
                "warmth",
                state.warmth(),
                "backup",
                state.origin().config().backup(),
                "zone",
                state.origin().config().zone(),
                "latencyMillis",
                millis(state.latency().toNanos()),
                "connections",
                object(
                        "leased", state.leased(),
                        "idle", state.idle(),
                        "pending", state.pending(),
                        "most", state.mostConnections()));
        json.putAll(json(view.figures()));
        json.put("inFlight", state.inFlight());
        return json;
    }

    private static Map<String, Object> json(TrafficFigures figures) {
        Map<String, Object> kinds = new LinkedHashMap<>();
        figures.byKind().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> kinds.put(entry.getKey().word(), entry.getValue()));
        return object(
                "requests",
                figures.requests(),
                "requestsPerSecond",
                rounded(figures.perSecond()),
                "errorShare",
                rounded(figures.errorShare()),
                "failuresByKind",
                kinds,
                "p50Millis",
                millis(figures.total().median()),
                "p95Millis",
                millis(figures.total().p95()),
                "p99Millis",
                millis(figures.total().p99()),
                "inFlight",
                figures.inFlight(),
                "history",
                each(figures.history(), step -> object("requests", step.requests(), "errors", step.errors())));
    }

    private static Map<String, Object> json(Failure failure) {
        return object(
                "time", failure.time().toString(),
                "kind", failure.kind().word(),
                "side", word(failure.kind().side()),
                "status", failure.status(),
                "route", failure.route(),
                "upstream", failure.upstream(),
                "origin", failure.origin(),
                "message", failure.message(),
                "requestId", failure.requestId());
    }

    private static Map<String, Object> json(CacheStatistics cache) {
        return object(
                "hits",
                cache.hits(),
                "staleHits",
                cache.staleHits(),
                "forwarded",
                new TreeMap<>(cache.forwarded()),
                "validated",
                cache.validated(),
                "collapsed",
                cache.collapsed(),
                "staleOnError",
                cache.staleOnError(),
                "backgroundFetches",
                cache.backgroundFetches(),
                "stored",
                cache.stored(),
                "evictions",
                cache.evictions(),
                "tiers",
                each(
                        cache.tiers(),
                        tier -> object(
                                "name", tier.name(),
                                "heads", tier.heads(),
                                "pieces", tier.pieces(),
                                "bytes", tier.bytes() < 0 ? null : tier.bytes())));
    }

    private static Map<String, Object> json(AdmissionState limits) {
        AdmissionState.Store store = limits.store();
        return object(
                "rates",
                each(
                        limits.rates(),
                        rate -> object(
                                "name", rate.name(),
                                "admitted", rate.admitted(),
                                "refused", rate.refused(),
                                "shadowed", rate.shadowed(),
                                "waited", rate.waited(),
                                "keys", rate.keys(),
                                "shared", rate.shared())),
                "places",
                each(
                        limits.places(),
                        place -> object(
                                "owner", word(place.owner()),
                                "name", place.name(),
                                "places", place.places(),
                                "taken", place.taken(),
                                "waiting", place.waiting(),
                                "adaptive", place.adaptive(),
                                "admitted", place.admitted(),
                                "queued", place.queued(),
                                "refused", place.refused())),
                "store",
                store == null
                        ? null
                        : object(
                                "address", store.address(),
                                "connected", store.connected(),
                                "sinceSeconds", store.lasting().toSeconds(),
                                "failures", store.failures()));
    }

    static <T> List<Map<String, Object>> each(Collection<T> items, Function<T, Map<String, Object>> form) {
        return items.stream().map(form).toList();
    }

    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static double millis(long nanos) {
        return rounded(nanos / 1e6);
    }

    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    /** Names and values in turn; keeps their order. */
    static Map<String, Object> object(Object... namesAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            object.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return object;
    }
}
