package dev.headgate.limit;

import dev.headgate.config.GatewayConfig;
import dev.headgate.config.LimitConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.config.RouteLimits;
import dev.headgate.config.RouteLimits.Priority;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.TrustedProxies;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import io.github.bucket4j.TimeMeter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Decides who is let in. What comes in is checked in two steps: {@link #check} before anything else, and {@link #enter}
 * once an upstream is really needed, on a thread that may wait.
 *
 * <p>Thread-safe.
 */
public final class Admission implements AutoCloseable {

    private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

    /** What holds for one route. */
    private record Entrance(
            String route,
            RouteLimits limits,
            List<RateLimit> first,
            List<RateLimit> last,
            boolean countsStoredLate,
            Gate routeGate,
            Gate upstreamGate,
            String upstream) {}

    /** In the order of the configuration. */
    private final Entrance[] entrances;

    private final Map<String, RateLimit> rates = new TreeMap<>();
    private final SharedBuckets shared;
    private final LongSupplier nanoSource;

    /** @throws IllegalArgumentException when the store of rate limits cannot be used */
    public Admission(GatewayConfig config, LongSupplier nanoSource) {
        this.nanoSource = nanoSource;
        TrustedProxies proxies = new TrustedProxies(config.trustedProxies());
        TimeMeter meter = new TimeMeter() {
            @Override
            public long currentTimeNanos() {
                return nanoSource.getAsLong();
            }

            @Override
            public boolean isWallClockBased() {
                return false;
            }
        };
        this.shared =
                config.limits().isEmpty() || config.limitStore().uri().isEmpty() ? null : shared(config, nanoSource);
        for (LimitConfig limit : config.limits().values()) {
            rates.put(limit.name(), new RateLimit(limit, proxies, meter, shared));
        }
        Map<String, Gate> upstreamGates = new HashMap<>();
        for (UpstreamConfig upstream : config.upstreams().values()) {
            if (upstream.concurrency().limits()) {
                upstreamGates.put(upstream.name(), new Gate(upstream.concurrency(), nanoSource));
            }
        }
        this.entrances = new Entrance[config.routes().size()];
        for (int i = 0; i < entrances.length; i++) {
            RouteConfig route = config.routes().get(i);
            RouteLimits limits = route.limits();
            List<RateLimit> own = limits.rates().stream().map(rates::get).toList();
            Predicate<RateLimit> late = rate ->
                    !rate.config().countsStored() || !rate.config().patience().isZero();
            List<RateLimit> last = own.stream().filter(late).toList();
            entrances[i] = new Entrance(
                    route.name(),
                    limits,
                    own.stream().filter(late.negate()).toList(),
                    last,
                    last.stream().anyMatch(rate -> rate.config().countsStored()),
                    limits.concurrency().limits() ? new Gate(limits.concurrency(), nanoSource) : null,
                    upstreamGates.get(route.upstream()),
                    route.upstream());
        }
    }

    private static SharedBuckets shared(GatewayConfig config, LongSupplier nanoSource) {
        try {
            return new SharedBuckets(config.limitStore(), nanoSource);
        } catch (NoClassDefFoundError e) {
            throw new IllegalArgumentException(
                    "limits.store needs com.bucket4j:bucket4j_jdk17-lettuce and io.lettuce:lettuce-core in the app", e);
        }
    }

    /**
     * Checks what costs nothing to check, then takes from the rate limits that never wait.
     *
     * @param route its place in the configuration
     * @param captures what its path pattern captured, by name; null for what it did not
     * @throws GatewayFailure when the request is too large (413, 414, 431) or one too many (429, 503)
     */
    public void check(int route, Exchange exchange, Function<String, String> captures) throws GatewayFailure {
        Entrance entrance = entrances[route];
        checkSize(entrance.limits().size(), exchange.request());
        take(entrance.first(), exchange, captures);
    }

    private static void checkSize(RouteLimits.Size size, HttpServletRequest request) throws GatewayFailure {
        String query = request.getQueryString();
        int target = request.getRequestURI().length() + (query == null ? 0 : query.length() + 1);
        if (target > size.target()) {
            throw new GatewayFailure(
                    FailureKind.TARGET_TOO_LONG,
                    "the request target has " + target + " characters of " + size.target() + " (request.max-target)");
        }
        long head = 0;
        int fields = 0;
        Set<String> seen = null;
        for (Enumeration<String> names = request.getHeaderNames(); names.hasMoreElements(); ) {
            String name = names.nextElement();
            if (fields > 0) {
                // Some containers name a field once for every line.
                seen = seen == null ? new HashSet<>() : seen;
                if (!seen.add(name)) {
                    continue;
                }
            }
            for (Enumeration<String> values = request.getHeaders(name); values.hasMoreElements(); ) {
                String value = values.nextElement();
                fields++;
                head += name.length() + value.length() + 4L; // ": " and the line's end
            }
        }
        if (fields > size.fields()) {
            throw new GatewayFailure(
                    FailureKind.FIELDS_TOO_LARGE,
                    "the request has " + fields + " fields of " + size.fields() + " (request.max-fields)");
        }
        if (head > size.head()) {
            throw new GatewayFailure(
                    FailureKind.FIELDS_TOO_LARGE,
                    "the request's fields measure " + head + " bytes of " + size.head() + " (request.max-head)");
        }
        long content = request.getContentLengthLong();
        if (size.requestContent() > 0 && content > size.requestContent()) {
            throw new GatewayFailure(
                    FailureKind.CONTENT_TOO_LARGE,
                    "the content would measure " + content + " bytes of " + size.requestContent()
                            + " (request.max-size)");
        }
    }

    private static void take(List<RateLimit> rates, Exchange exchange, Function<String, String> captures)
            throws GatewayFailure {
        if (rates.isEmpty()) {
            return;
        }
        List<RateLimit.Verdict> verdicts = new ArrayList<>(rates.size());
        for (RateLimit rate : rates) {
            RateLimit.Verdict verdict = rate.ask(exchange.request(), captures);
            if (verdict == null) {
                continue;
            }
            verdicts.add(verdict);
            if (verdict.admitted() || waited(rate, verdict, exchange)) {
                continue;
            }
            // Who is refused has had nothing: the other limits get back what they gave.
            for (RateLimit.Verdict given : verdicts) {
                if (given.cost() > 0) {
                    given.from().addTokens(given.cost());
                }
            }
            announce(verdicts, exchange.response());
            FailureKind kind =
                    rate.config().status() == 503 ? FailureKind.HTTP_REQUEST_PUT_OFF : FailureKind.HTTP_REQUEST_DENIED;
            throw new GatewayFailure(kind, "limit " + rate.config().name() + " is reached").retryAfter(verdict.delay());
        }
        announce(verdicts, exchange.response());
    }

    private static boolean waited(RateLimit rate, RateLimit.Verdict verdict, Exchange exchange) {
        if (rate.config().patience().compareTo(verdict.delay()) < 0) {
            return false;
        }
        try {
            return rate.await(verdict, exchange.request());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void announce(List<RateLimit.Verdict> verdicts, HttpServletResponse response) {
        for (RateLimit.Verdict verdict : verdicts) {
            if (verdict.policy() != null && !verdict.limit().config().shadow()) {
                response.addHeader("RateLimit-Policy", verdict.policy());
                response.addHeader("RateLimit", verdict.state());
            }
        }
    }

    /** Whether a request has to {@link #enter} even if a stored response answers it: because that counts, and may wait. */
    public boolean countsStoredLate(int route) {
        return entrances[route].countsStoredLate();
    }

    /**
     * Takes from the rate limits that may wait or that count only what is forwarded, then a place at the route and at its
     * upstream.
     *
     * @throws GatewayFailure of kind CONNECTION_LIMIT_REACHED when there is no place in time; the client sees 503 with
     *     Retry-After (RFC 9110 §15.6.4, §10.2.3)
     */
    public Permit enter(int route, Exchange exchange, Function<String, String> captures) throws GatewayFailure {
        Entrance entrance = entrances[route];
        take(entrance.last(), exchange, captures);
        Gate routeGate = entrance.routeGate();
        Gate upstreamGate = entrance.upstreamGate();
        if (routeGate == null && upstreamGate == null) {
            return () -> {};
        }
        Priority priority = priority(entrance.limits(), exchange.request());
        if (routeGate != null) {
            enter(routeGate, priority, "route " + entrance.route());
        }
        long enteredRoute = nanoSource.getAsLong();
        if (upstreamGate != null) {
            try {
                enter(upstreamGate, priority, "upstream " + entrance.upstream());
            } catch (GatewayFailure e) {
                if (routeGate != null) {
                    routeGate.leave(enteredRoute, 0, Gate.Outcome.UNKNOWN);
                }
                throw e;
            }
        }
        long entered = nanoSource.getAsLong();
        return () -> {
            Gate.Outcome outcome = outcome(exchange);
            long until = exchange.answeredNanos() != 0 ? exchange.answeredNanos() : nanoSource.getAsLong();
            if (upstreamGate != null) {
                upstreamGate.leave(entered, until - entered, outcome);
            }
            if (routeGate != null) {
                routeGate.leave(entered, until - entered, outcome);
            }
        };
    }

    private static Priority priority(RouteLimits limits, HttpServletRequest request) {
        for (String role : limits.highRoles()) {
            if (request.isUserInRole(role)) {
                return Priority.HIGH;
            }
        }
        return limits.priority();
    }

    private static void enter(Gate gate, Priority priority, String whose) throws GatewayFailure {
        Gate.Refusal refusal = gate.enter(priority);
        if (refusal != null) {
            String reason =
                    switch (refusal) {
                        case FULL -> "all places and the queue are taken";
                        case TOO_LATE -> "no place became free in time (queue.time)";
                        case DISPLACED -> "something more important took the place in the queue";
                        case INTERRUPTED -> "the wait for a place was interrupted";
                    };
            throw new GatewayFailure(
                            FailureKind.CONNECTION_LIMIT_REACHED,
                            whose + ": " + reason + " (" + gate.places() + " places, concurrency.max)")
                    .retryAfter(RETRY_AFTER);
        }
    }

    /** What an exchange says about the upstream's load. */
    private static Gate.Outcome outcome(Exchange exchange) {
        List<Attempt> attempts = exchange.attempts();
        if (attempts.isEmpty()) {
            return Gate.Outcome.UNKNOWN;
        }
        Attempt last = attempts.get(attempts.size() - 1);
        if (last.status() == 503 || last.status() == 429) {
            return Gate.Outcome.OVERLOADED;
        }
        if (last.status() != 0) {
            return Gate.Outcome.ANSWERED;
        }
        return last.failure() != null && last.failure().kind().status() == 504
                ? Gate.Outcome.OVERLOADED
                : Gate.Outcome.UNKNOWN;
    }

    /** Forgets what need not be remembered; to be called now and then. */
    public void sweep() {
        rates.values().forEach(RateLimit::sweep);
    }

    /** For tests. */
    Map<String, RateLimit> rates() {
        return Collections.unmodifiableMap(rates);
    }

    @Override
    public void close() {
        if (shared != null) {
            shared.close();
        }
    }
}
