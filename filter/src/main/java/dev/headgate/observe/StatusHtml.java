package dev.headgate.observe;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import dev.headgate.cache.CacheStatistics;
import dev.headgate.failure.Diagnosis;
import dev.headgate.failure.FailureKind;
import dev.headgate.limit.AdmissionState;
import dev.headgate.observe.RecentFailures.Failure;
import dev.headgate.observe.StatusView.OriginView;
import dev.headgate.observe.StatusView.Problem;
import dev.headgate.observe.StatusView.Severity;
import dev.headgate.observe.StatusView.UpstreamView;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.OriginState;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * The status page for people: a {@link StatusView} in words and pictures, as one HTML page that needs nothing else. Its
 * script is one text that never changes, so that a hash in the policy is all it takes to let it run and nothing besides.
 * Immutable.
 */
final class StatusHtml {

    private static final String STYLE = text("status.css");
    private static final String SCRIPT = text("status.js");

    private static final StatusHtml PAGE = new StatusHtml();

    /** The policy under which the page is sent: only its own style and script count, and it asks nobody but its app. */
    static final String POLICY = "default-src 'none'; img-src data:; style-src '" + hash(STYLE) + "'; script-src '"
            + hash(SCRIPT) + "'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /** How many kinds of failures, each at one place, are shown. */
    private static final int FAILURES = 25;

    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private static final int SPARK_HEIGHT = 28;

    /** Of a bar, with the gap that follows. */
    private static final int SPARK_STEP = 4;

    private final Template template;

    private StatusHtml() {
        template = Mustache.compiler()
                .escapeHTML(true)
                .defaultValue("")
                .emptyStringIsFalse(true)
                .compile(text("status.mustache"));
    }

    /**
     * Fills the page.
     *
     * @param path where its forms go
     * @param token what they carry
     * @param result what became of an action; null for none
     */
    static String fill(StatusView view, String path, String token, StatusActions.Result result) {
        Map<String, Object> facts = new HashMap<>();
        facts.put("style", STYLE);
        facts.put("script", SCRIPT);
        facts.put("path", path);
        facts.put("token", token);
        facts.put("gateway", view.name());
        facts.put("headline", headline(view));
        facts.put("title", headline(view) + " (" + view.name() + ")");
        facts.put("icon", icon(view.worst()));
        facts.put("state", state(view.worst()));
        facts.put("isFine", state(view.worst()).isEmpty());
        facts.put("clock", clock(view.time()));
        facts.put("isoNow", iso(view.time()));
        facts.put("feedback", result == null ? null : feedback(result));
        facts.put("problems", StatusView.each(view.problems(), problem -> problem(problem, view.time())));
        facts.put("hasProblems", !view.problems().isEmpty());
        facts.put("rate", rate(view.requestsPerSecond()));
        facts.put("errors", StatusView.percent(view.errorShare()));
        facts.put("anyErrors", view.errorShare() > 0);
        facts.put("inFlight", view.inFlight());
        facts.put(
                "availableOrigins",
                view.upstreams().stream().mapToLong(UpstreamView::available).sum());
        facts.put(
                "allOrigins",
                view.upstreams().stream()
                        .mapToLong(each -> each.origins().size())
                        .sum());
        facts.put("inline", view.threads().inline());
        facts.put("share", view.threads().share());
        facts.put("uptime", duration(view.uptime()));
        facts.put("threadsText", threads(view.threads()));
        facts.put("routes", view.routes().stream().map(StatusHtml::route).toList());
        facts.put(
                "upstreams", view.upstreams().stream().map(StatusHtml::upstream).toList());
        facts.put("failures", failures(view.failures()));
        facts.put("hasFailures", !view.failures().isEmpty());
        facts.put("cache", view.cache() == null ? null : cache(view.cache()));
        limits(view.limits(), facts);
        return PAGE.template.execute(facts);
    }

    private static String headline(StatusView view) {
        Severity worst = view.worst();
        if (worst == Severity.BROKEN || worst == Severity.ATTENTION) {
            TreeSet<String> names = new TreeSet<>();
            for (Problem problem : view.problems()) {
                if (problem.severity() == worst) {
                    names.add(problem.upstream());
                }
            }
            boolean gateway = names.remove("");
            String who = names.isEmpty()
                    ? "the gateway itself"
                    : names.size() <= 2 ? String.join(" and ", names) : names.size() + " upstreams";
            boolean many = names.size() > 1 || !names.isEmpty() && gateway;
            if (!names.isEmpty() && gateway) {
                who += " and the gateway itself";
            }
            String sentence = worst == Severity.BROKEN
                    ? who + (many ? " are failing" : " is failing")
                    : "It works, but look at " + who;
            return names.isEmpty()
                    ? sentence.substring(0, 1).toUpperCase(Locale.ROOT) + sentence.substring(1)
                    : sentence;
        }
        return "Everything works";
    }

    private static String state(Severity severity) {
        return severity == null || severity == Severity.NOTICE ? "" : StatusView.word(severity);
    }

    /** So that a tab in the background shows it too. */
    private static String icon(Severity worst) {
        String colour = worst == Severity.BROKEN ? "a63a16" : worst == Severity.ATTENTION ? "b98200" : "0a6a66";
        return "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E%3Ccircle cx='4' cy='4'"
                + " r='4' fill='%23" + colour + "'/%3E%3C/svg%3E";
    }

    private static Map<String, Object> feedback(StatusActions.Result result) {
        Map<String, Object> facts = new HashMap<>();
        facts.put(
                "good",
                result.good()
                        && (result.diagnosis() == null || result.diagnosis().passed()));
        facts.put("message", result.message());
        List<Map<String, Object>> steps = new ArrayList<>();
        if (result.diagnosis() != null) {
            for (dev.headgate.upstream.Diagnosis.Step step : result.diagnosis().steps()) {
                steps.add(StatusView.object(
                        "stage", step.stage().name(),
                        "passed", step.passed(),
                        "took", millis(step.took().toNanos()),
                        "found", step.found(),
                        "meaning", step.meaning()));
            }
        }
        facts.put("steps", steps);
        facts.put("hasSteps", !steps.isEmpty());
        return facts;
    }

    private static Map<String, Object> problem(Problem problem, Instant time) {
        OriginState origin = problem.origin();
        boolean one = origin != null;
        String what = one
                ? problem.upstream() + ": " + origin.origin().name() + " " + problem.what()
                : problem.upstream().isEmpty() ? problem.what() : problem.upstream() + ": " + problem.what();
        Map<String, Object> facts = new HashMap<>();
        facts.put("severity", StatusView.word(problem.severity()));
        facts.put(
                "key",
                problem.upstream() + " "
                        + (one ? origin.origin().id() : problem.what().replaceAll("[\\d.<]", "")));
        facts.put("subject", what);
        facts.put(
                "badge",
                switch (problem.severity()) {
                    case BROKEN -> "broken";
                    case ATTENTION -> "attention";
                    case NOTICE -> "by an operator";
                });
        facts.put("kind", problem.kind() == null ? null : problem.kind().word());
        facts.put("since", problem.since() == null ? null : since(problem, time));
        facts.put("why", problem.why());
        facts.put(
                "problemMeaning",
                problem.kind() == null ? null : Diagnosis.of(problem.kind(), "").meaning());
        facts.put("act", one);
        facts.put("upstream", problem.upstream());
        facts.put("originId", one ? origin.origin().id() : null);
        facts.put("enabled", one && origin.mode() == Origin.Mode.ENABLED);
        facts.put("out", one && !origin.isAvailable());
        return facts;
    }

    private static String since(Problem problem, Instant time) {
        return problem.sinceAtLeast()
                ? "for more than " + duration(problem.since())
                : "for " + duration(problem.since()) + ", since " + clock(time.minus(problem.since()));
    }

    private static Map<String, Object> route(StatusView.RouteView route) {
        Map<String, Object> facts = figures(route.figures());
        facts.put("name", route.config().name());
        facts.put("paths", String.join(" ", route.config().match().paths()));
        facts.put("upstream", route.config().upstream());
        return facts;
    }

    private static Map<String, Object> upstream(UpstreamView upstream) {
        long available = upstream.available();
        int count = upstream.origins().size();
        long failing = upstream.origins().stream().filter(OriginView::isFailing).count();
        return StatusView.object(
                "name", upstream.name(),
                "available", available,
                "count", count,
                "state", available - failing == count ? "" : available - failing == 0 ? "broken" : "attention",
                "retries", upstream.retries(),
                "retriesLeft", upstream.retriesLeft(),
                "origins", StatusView.each(upstream.origins(), StatusHtml::origin));
    }

    private static Map<String, Object> origin(OriginView view) {
        OriginState state = view.state();
        Map<String, Object> facts = figures(view.figures());
        String badge;
        String colour = "";
        if (state.mode() != Origin.Mode.ENABLED) {
            badge = StatusView.word(state.mode());
            colour = "notice";
        } else if (view.isFailing()) {
            badge = "failing";
            colour = "broken";
        } else {
            badge = switch (state.health()) {
                case UP -> state.warmth() < 1 ? "warming up" : "up";
                case RESTING -> "asked for rest";
                case EJECTED -> "out";
                case PROBES_FAIL -> "checks fail";
            };
            colour = state.isAvailable() ? "" : "broken";
        }
        List<String> extra = new ArrayList<>();
        if (state.origin().config().backup()) {
            extra.add("backup");
        }
        if (!state.origin().config().zone().isEmpty()) {
            extra.add("zone " + state.origin().config().zone());
        }
        if (!state.isAvailable() && state.mode() == Origin.Mode.ENABLED) {
            extra.add("since " + duration(state.since()));
        }
        if (state.ejections() > 0) {
            extra.add("was taken out " + state.ejections() + (state.ejections() == 1 ? " time" : " times"));
        }
        facts.put("id", state.origin().id());
        facts.put("origin", state.origin().name());
        facts.put("badge", badge);
        facts.put("state", colour);
        facts.put("extra", String.join(", ", extra));
        facts.put("reason", StatusView.why(state));
        facts.put("enabled", state.mode() == Origin.Mode.ENABLED);
        facts.put("inFlight", state.inFlight());
        facts.put(
                "connections",
                state.leased() + " busy, " + state.idle() + " idle of " + state.mostConnections()
                        + (state.pending() > 0 ? ", " + state.pending() + " waited for" : ""));
        facts.put(
                "weight",
                state.warmth() < 1
                        ? state.weight() + " (" + Math.round(state.warmth() * 100) + " %)"
                        : Integer.toString(state.weight()));
        facts.put("weightValue", state.weight());
        return facts;
    }

    private static Map<String, Object> figures(TrafficFigures figures) {
        Map<String, Object> facts = new HashMap<>();
        facts.put("rate", rate(figures.perSecond()));
        facts.put("errors", StatusView.percent(figures.errorShare()));
        facts.put("anyErrors", figures.errorShare() > 0);
        facts.put("p50", millis(figures.total().median()));
        facts.put("p95", millis(figures.total().p95()));
        facts.put("p99", millis(figures.total().p99()));
        facts.put("inFlight", figures.inFlight());
        facts.put("spark", spark(figures.history()));
        return facts;
    }

    /** A bar for each step: requests, and from the ground up those that were errors. Only numbers go into it. */
    private static String spark(List<TrafficFigures.Step> history) {
        long most =
                history.stream().mapToLong(TrafficFigures.Step::requests).max().orElse(0);
        long errors = history.stream().mapToLong(TrafficFigures.Step::errors).sum();
        long requests =
                history.stream().mapToLong(TrafficFigures.Step::requests).sum();
        int width = Math.max(1, history.size()) * SPARK_STEP - 1;
        StringBuilder calls = new StringBuilder();
        StringBuilder faults = new StringBuilder();
        for (int i = 0; i < history.size(); i++) {
            bar(calls, i, history.get(i).requests(), most);
            bar(faults, i, history.get(i).errors(), most);
        }
        return "<svg class=\"spark\" viewBox=\"0 0 " + width + " " + SPARK_HEIGHT
                + "\" preserveAspectRatio=\"none\" role=\"img\"><title>" + requests + " requests, " + errors
                + " errors</title><path class=\"base\" d=\"M0 " + (SPARK_HEIGHT - 1) + "h" + width + "v1H0z\"/>"
                + "<path class=\"calls\" d=\"" + calls + "\"/><path class=\"errors\" d=\"" + faults + "\"/></svg>";
    }

    private static void bar(StringBuilder path, int place, long count, long most) {
        if (count > 0) {
            long height = Math.max(2, Math.round((double) SPARK_HEIGHT * Math.min(count, most) / most));
            path.append('M').append(place * SPARK_STEP).append(' ').append(SPARK_HEIGHT);
            path.append('v').append(-height).append("h3v").append(height).append('z');
        }
    }

    /**
     * One line for all failures of a kind at a route and an origin, those that an operator has to look into first, then by
     * the newest of each.
     */
    private static List<Map<String, Object>> failures(List<Failure> failures) {
        Map<List<Object>, List<Failure>> groups = new LinkedHashMap<>();
        for (Failure failure : failures) {
            boolean client = failure.kind().side() == FailureKind.Side.CLIENT;
            groups.computeIfAbsent(
                            List.of(client, failure.kind(), failure.route(), failure.origin()),
                            key -> new ArrayList<>())
                    .add(failure);
        }
        return groups.entrySet().stream()
                .sorted(Comparator.comparing(entry -> (Boolean) entry.getKey().get(0)))
                .limit(FAILURES)
                .map(entry -> failure(entry.getValue()))
                .toList();
    }

    /** @param alike the newest first */
    private static Map<String, Object> failure(List<Failure> alike) {
        Failure failure = alike.get(0);
        Diagnosis diagnosis = Diagnosis.of(failure.kind(), failure.origin().replaceFirst(" \\(.*", ""));
        Map<String, Object> facts = new HashMap<>();
        facts.put("key", failure.kind().word() + " " + failure.route() + " " + failure.origin());
        facts.put("clock", clock(failure.time()));
        facts.put(
                "times",
                alike.size() == 1
                        ? ""
                        : alike.size() + (alike.size() < RecentFailures.KEPT ? " times" : " times or more") + ", since "
                                + clock(alike.get(alike.size() - 1).time()));
        facts.put("isoTime", iso(failure.time()));
        facts.put("kind", failure.kind().word());
        facts.put("side", StatusView.word(failure.kind().side()));
        facts.put("severity", failure.kind().side() == FailureKind.Side.CLIENT ? "notice" : "broken");
        facts.put("status", failure.status());
        facts.put("route", failure.route());
        facts.put("origin", failure.origin());
        facts.put("message", failure.message());
        facts.put("requestId", failure.requestId());
        facts.put("attempts", failure.attempts());
        facts.put("hasAttempts", !failure.attempts().isEmpty());
        facts.put("meaning", diagnosis.meaning());
        facts.put(
                "checks",
                StatusView.each(
                        diagnosis.checks(),
                        check -> StatusView.object("what", check.what(), "command", check.command())));
        facts.put("hasChecks", !diagnosis.checks().isEmpty());
        return facts;
    }

    private static void limits(AdmissionState limits, Map<String, Object> facts) {
        facts.put(
                "places",
                StatusView.each(
                        limits.places(),
                        place -> StatusView.object(
                                "name", place.name(),
                                "owner", StatusView.word(place.owner()),
                                "adaptive", place.adaptive(),
                                "places", place.places(),
                                "taken", place.taken(),
                                "waiting", place.waiting(),
                                "admitted", count(place.admitted()),
                                "refused", count(place.refused()))));
        facts.put(
                "rates",
                StatusView.each(
                        limits.rates(),
                        rate -> StatusView.object(
                                "name", rate.name(),
                                "admitted", count(rate.admitted()),
                                "refused", count(rate.refused()),
                                "shadowed", count(rate.shadowed()),
                                "waited", count(rate.waited()),
                                "keys", count(rate.keys()),
                                "where", rate.shared() ? "the store" : "memory")));
        facts.put("hasPlaces", !limits.places().isEmpty());
        facts.put("hasRates", !limits.rates().isEmpty());
        facts.put("hasLimits", !limits.places().isEmpty() || !limits.rates().isEmpty());
    }

    private static Map<String, Object> cache(CacheStatistics cache) {
        long forwarded =
                cache.forwarded().values().stream().mapToLong(Long::longValue).sum();
        long all = cache.hits() + forwarded;
        Map<String, Object> facts = new HashMap<>();
        facts.put("hitShare", all == 0 ? "–" : StatusView.percent((double) cache.hits() / all));
        facts.put("hits", count(cache.hits()));
        facts.put("stale", cache.staleHits() == 0 ? "" : count(cache.staleHits()));
        facts.put("forwarded", count(forwarded));
        facts.put("collapsed", count(cache.collapsed()));
        facts.put("staleOnError", count(cache.staleOnError()));
        facts.put("evictions", count(cache.evictions()));
        facts.put(
                "tiers",
                StatusView.each(
                        cache.tiers(),
                        tier -> StatusView.object(
                                "tier", tier.name(),
                                "heads", count(tier.heads()),
                                "tierSize", tier.bytes() < 0 ? "" : size(tier.bytes()))));
        return facts;
    }

    private static String threads(ManagedGateway.Threads threads) {
        return threads.off() + " exchanges run off the container's threads"
                + (threads.pool() > 0 ? ", of " + threads.pool() + " that may" : "") + "; "
                + threads.parked() + " wait without a thread; " + count(threads.refused())
                + " were refused for want of a thread.";
    }

    // ---- figures as people read them ----

    static String rate(double perSecond) {
        return perSecond < 0.05
                ? perSecond == 0 ? "0" : "<0.1"
                : perSecond < 10
                        ? String.format(Locale.ROOT, "%.1f", perSecond)
                        : String.format(Locale.ROOT, "%,d", Math.round(perSecond));
    }

    static String millis(long nanos) {
        double millis = nanos / 1e6;
        return nanos == 0
                ? "–"
                : millis < 10
                        ? String.format(Locale.ROOT, "%.1f ms", millis)
                        : millis < 1000
                                ? Math.round(millis) + " ms"
                                : String.format(Locale.ROOT, "%.1f s", millis / 1000);
    }

    static String duration(Duration time) {
        long seconds = time.toSeconds();
        if (seconds < 120) {
            return seconds + " s";
        }
        long minutes = seconds / 60;
        if (minutes < 120) {
            return minutes + " min";
        }
        long hours = minutes / 60;
        return hours < 48 ? hours + " h " + minutes % 60 + " min" : hours / 24 + " days " + hours % 24 + " h";
    }

    private static String count(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    private static String size(long bytes) {
        return bytes < 10_000
                ? bytes + " B"
                : bytes < 10_000_000
                        ? Math.round(bytes / 1000.0) + " kB"
                        : String.format(Locale.ROOT, "%,d MB", Math.round(bytes / 1e6));
    }

    private static String clock(Instant time) {
        return CLOCK.format(time);
    }

    private static String iso(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static String text(String file) {
        try (InputStream stream = StatusHtml.class.getResourceAsStream(file)) {
            if (stream == null) {
                throw new IllegalStateException(file + " is missing in the jar");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
