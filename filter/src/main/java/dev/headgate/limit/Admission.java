package dev.headgate.limit;

import dev.headgate.config.AddressRange;
import dev.headgate.config.ConcurrencyConfig;
import dev.headgate.config.GatewayConfig;
import dev.headgate.config.LimitConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.config.RouteLimits;
import dev.headgate.config.RouteLimits.Priority;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.TrustedProxies;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import io.github.bucket4j.TimeMeter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Decides who is let in. What comes in is checked in steps: {@link #check} before anything else, {@link #await} on a thread
 * that may wait, and {@link #enter} there once an upstream is really needed.
 *
 * <p>Thread-safe.
 */
public final class Admission implements AutoCloseable {

    /**
     * What holds for one route.
     *
     * @param first rate limits that count every request and never wait
     * @param patient those that count every request and may wait
     * @param forwarded those that count only what is forwarded
     */
    private record Entrance(
            String route,
            RouteLimits limits,
            List<RateLimit> first,
            List<RateLimit> patient,
            List<RateLimit> forwarded,
            Gate routeGate,
            Gate upstreamGate,
            String upstream) {}

    /** In the order of the configuration. */
    private final Entrance[] entrances;

    private final Map<String, RateLimit> rates = new TreeMap<>();
    private final Map<String, Gate> routeGates = new TreeMap<>();
    private final Map<String, Gate> upstreamGates = new TreeMap<>();
    private final List<AddressRange> trustedProxies;

    /** Null where rate limits are this gateway's own. */
    private final SharedBuckets shared;

    private final LongSupplier nanoSource;
    private final long startNanos;

    /** @throws IllegalArgumentException when the store of rate limits cannot be used */
    public Admission(GatewayConfig config, LongSupplier nanoSource) {
        this(config, nanoSource, null);
    }

    /**
     * Takes over from an earlier one what goes by the same name: places whose settings did not change, with the exchanges
     * in them; counts of rate limits, and what their keys have used, even if their rates are others now; the connection to
     * the store, if that is the same. What is taken over serves both until the earlier one is closed, so exchanges that it
     * let in end where they began. Nothing of the earlier one is closed or changed by this, also not if it fails.
     *
     * @param nanoSource the same that the earlier one has
     * @param before not closed yet; null: begins anew
     * @throws IllegalArgumentException when the store of rate limits cannot be used
     */
    public Admission(GatewayConfig config, LongSupplier nanoSource, Admission before) {
        this.nanoSource = nanoSource;
        this.startNanos = before == null ? nanoSource.getAsLong() : before.startNanos;
        this.trustedProxies = config.trustedProxies();
        this.shared = shared(config, nanoSource, before == null ? null : before.shared);
        TrustedProxies proxies = new TrustedProxies(trustedProxies);
        TimeMeter meter = new Meter(nanoSource);
        for (LimitConfig limit : config.limits().values()) {
            RateLimit earlier = before == null ? null : before.rates.get(limit.name());
            boolean same = earlier != null && earlier.is(limit, shared) && before.trustedProxies.equals(trustedProxies);
            rates.put(limit.name(), same ? earlier : new RateLimit(limit, proxies, meter, shared, earlier));
        }
        for (UpstreamConfig upstream : config.upstreams().values()) {
            Gate earlier = before == null ? null : before.upstreamGates.get(upstream.name());
            putGate(upstreamGates, upstream.name(), upstream.concurrency(), earlier);
        }
        this.entrances = new Entrance[config.routes().size()];
        for (int i = 0; i < entrances.length; i++) {
            RouteConfig route = config.routes().get(i);
            RouteLimits limits = route.limits();
            List<RateLimit> own = limits.rates().stream().map(rates::get).toList();
            Predicate<RateLimit> counts = rate -> rate.config().countsStored();
            Predicate<RateLimit> waits = rate -> !rate.config().patience().isZero();
            Gate earlier = before == null ? null : before.routeGates.get(route.name());
            putGate(routeGates, route.name(), limits.concurrency(), earlier);
            entrances[i] = new Entrance(
                    route.name(),
                    limits,
                    own.stream().filter(counts.and(waits.negate())).toList(),
                    own.stream().filter(counts.and(waits)).toList(),
                    own.stream().filter(counts.negate()).toList(),
                    routeGates.get(route.name()),
                    upstreamGates.get(route.upstream()),
                    route.upstream());
        }
    }

    private void putGate(Map<String, Gate> gates, String name, ConcurrencyConfig config, Gate earlier) {
        if (config.limits()) {
            gates.put(
                    name, earlier != null && earlier.config().equals(config) ? earlier : new Gate(config, nanoSource));
        }
    }

    private static SharedBuckets shared(GatewayConfig config, LongSupplier nanoSource, SharedBuckets before) {
        if (config.limits().isEmpty() || config.limitStore().uri().isEmpty()) {
            return null;
        }
        if (before != null && before.isOf(config.limitStore())) {
            return before.shared();
        }
        try {
            return new SharedBuckets(config.limitStore(), nanoSource);
        } catch (NoClassDefFoundError e) {
            throw new IllegalArgumentException(
                    "limits.store needs com.bucket4j:bucket4j_jdk17-lettuce and io.lettuce:lettuce-core in the app", e);
        }
    }

    /** The nano source as Bucket4j wants it. */
    private record Meter(LongSupplier nanoSource) implements TimeMeter {

        @Override
        public long currentTimeNanos() {
            return nanoSource.getAsLong();
        }

        @Override
        public boolean isWallClockBased() {
            return false;
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
        checkSize(entrance.limits().size(), exchange.request(), exchange.fields());
        take(entrance.first(), exchange, captures);
    }

    private static void checkSize(RouteLimits.Size size, HttpServletRequest request, Fields fields)
            throws GatewayFailure {
        String query = request.getQueryString();
        int target = request.getRequestURI().length() + (query == null ? 0 : query.length() + 1);
        if (target > size.target()) {
            throw new GatewayFailure(
                    FailureKind.TARGET_TOO_LONG,
                    "the request target has " + target + " characters of " + size.target() + " (request.max-target)");
        }
        int lines = fields.size();
        long head = 0;
        for (int i = 0; i < lines; i++) {
            head += fields.name(i).length() + fields.value(i).length() + 4L; // ": " and the line's end
        }
        if (lines > size.fields()) {
            throw new GatewayFailure(
                    FailureKind.FIELDS_TOO_LARGE,
                    "the request has " + lines + " fields of " + size.fields() + " (request.max-fields)");
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
            RateLimit.Verdict verdict = rate.ask(exchange, captures);
            if (verdict == null) {
                continue;
            }
            RateLimit.Verdict afterWait = verdict.admitted() ? verdict : waited(rate, verdict, exchange, captures);
            if (afterWait != null) {
                verdicts.add(afterWait);
                continue;
            }
            rate.refused();
            // Who is refused has had nothing: the other limits get back what they gave.
            verdicts.forEach(given -> given.limit().giveBack(given, exchange));
            verdicts.add(verdict);
            announce(verdicts, exchange.response());
            FailureKind kind =
                    rate.config().status() == 503 ? FailureKind.HTTP_REQUEST_PUT_OFF : FailureKind.HTTP_REQUEST_DENIED;
            throw new GatewayFailure(kind, "limit " + rate.config().name() + " is reached").retryAfter(verdict.delay());
        }
        announce(verdicts, exchange.response());
    }

    /** @return null when the wait is not worth it */
    @SuppressWarnings("try") // the wait is only there to be closed
    private static RateLimit.Verdict waited(
            RateLimit rate, RateLimit.Verdict verdict, Exchange exchange, Function<String, String> captures)
            throws GatewayFailure {
        if (rate.config().patience().compareTo(verdict.delay()) < 0) {
            return null;
        }
        RateLimit.Verdict had = null;
        try (Exchange.Wait wait = exchange.interruptible()) {
            had = rate.await(verdict, exchange, captures);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (exchange.isAbandoned()) {
            Thread.interrupted(); // it was meant for that wait
            if (had != null) {
                rate.giveBack(had, exchange);
            }
            throw left();
        }
        return had;
    }

    private static GatewayFailure left() {
        return new GatewayFailure(FailureKind.CLIENT_LEFT, "the client left while it waited for its turn");
    }

    private static void announce(List<RateLimit.Verdict> verdicts, HttpServletResponse response) {
        for (RateLimit.Verdict verdict : verdicts) {
            if (verdict.policy() != null && !verdict.limit().config().shadow()) {
                response.addHeader("RateLimit-Policy", verdict.policy());
                response.addHeader("RateLimit", verdict.state());
            }
        }
    }

    /** Whether a request has to {@link #await} even if a stored response answers it. */
    public boolean countsStoredLate(int route) {
        return !entrances[route].patient().isEmpty();
    }

    /**
     * Takes from the rate limits that may wait and count every request, also one that a stored response will answer.
     *
     * @throws GatewayFailure when it is one too many (429, 503), or the client left meanwhile
     */
    public void await(int route, Exchange exchange, Function<String, String> captures) throws GatewayFailure {
        take(entrances[route].patient(), exchange, captures);
    }

    /**
     * Takes from the rate limits that count only what is forwarded, then a place at the route and at its upstream.
     *
     * @throws GatewayFailure of kind CONNECTION_LIMIT_REACHED when there is no place in time; the client sees 503 with
     *     Retry-After (RFC 9110 §15.6.4, §10.2.3). Of kind CLIENT_LEFT when the exchange was abandoned meanwhile
     */
    public Permit enter(int route, Exchange exchange, Function<String, String> captures) throws GatewayFailure {
        Entrance entrance = entrances[route];
        take(entrance.forwarded(), exchange, captures);
        Gate routeGate = entrance.routeGate();
        Gate upstreamGate = entrance.upstreamGate();
        if (routeGate == null && upstreamGate == null) {
            exchange.admitted(nanoSource.getAsLong());
            return () -> {};
        }
        Priority priority = priority(entrance.limits(), exchange.request());
        if (routeGate != null) {
            enter(routeGate, priority, exchange, "route " + entrance.route());
        }
        if (upstreamGate != null) {
            try {
                enter(upstreamGate, priority, exchange, "upstream " + entrance.upstream());
            } catch (GatewayFailure e) {
                if (routeGate != null) {
                    routeGate.leave(nanoSource.getAsLong(), 0, Gate.Outcome.UNKNOWN);
                }
                throw e;
            }
        }
        long entered = nanoSource.getAsLong();
        exchange.admitted(entered);
        return permit(entrance, exchange, entered);
    }

    /**
     * Takes a place at the route and at its upstream for a request that nobody waits for: only where one is free at once.
     *
     * @param exchange one without a client
     * @return null where there is no place to spare
     */
    public Permit enterIfFree(int route, Exchange exchange) {
        Entrance entrance = entrances[route];
        Gate routeGate = entrance.routeGate();
        Gate upstreamGate = entrance.upstreamGate();
        if (routeGate != null && !routeGate.enterIfFree()) {
            return null;
        }
        if (upstreamGate != null && !upstreamGate.enterIfFree()) {
            if (routeGate != null) {
                routeGate.leave(nanoSource.getAsLong(), 0, Gate.Outcome.UNKNOWN);
            }
            return null;
        }
        return permit(entrance, exchange, nanoSource.getAsLong());
    }

    /** @param entered when the places were taken */
    private Permit permit(Entrance entrance, Exchange exchange, long entered) {
        Gate routeGate = entrance.routeGate();
        Gate upstreamGate = entrance.upstreamGate();
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

    @SuppressWarnings("try") // the wait is only there to be closed
    private static void enter(Gate gate, Priority priority, Exchange exchange, String whose) throws GatewayFailure {
        if (gate.enterIfFree()) {
            return;
        }
        Gate.Refusal refusal;
        try (Exchange.Wait wait = exchange.interruptible()) {
            refusal = gate.enter(priority);
        }
        if (refusal == null && exchange.isAbandoned()) {
            gate.leave(gate.now(), 0, Gate.Outcome.UNKNOWN);
        }
        if (exchange.isAbandoned()) {
            throw left();
        }
        if (refusal != null) {
            String reason =
                    switch (refusal) {
                        case FULL -> "all places and the queue are taken";
                        case TOO_LATE -> "no place became free in time (queue.time)";
                        case DISPLACED -> "something more important took the place in the queue";
                        case INTERRUPTED -> "the wait for a place was interrupted";
                    };
            throw GatewayFailure.busy(whose + ": " + reason + " (" + gate.places() + " places, concurrency.max)", null);
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

    /** What the limits have done and hold. Takes short locks only. */
    public AdmissionState state() {
        Duration lifetime = Duration.ofNanos(nanoSource.getAsLong() - startNanos);
        List<AdmissionState.Rate> rateStates =
                rates.values().stream().map(rate -> rate.state(lifetime)).toList();
        List<AdmissionState.Places> places = new ArrayList<>();
        routeGates.forEach((name, gate) -> places.add(gate.state(AdmissionState.Owner.ROUTE, name)));
        upstreamGates.forEach((name, gate) -> places.add(gate.state(AdmissionState.Owner.UPSTREAM, name)));
        return new AdmissionState(rateStates, places, shared == null ? null : shared.state());
    }

    /**
     * Gives one key all its budget again: in memory and, while that works, in the store, for every gateway that asks
     * there. Waits for the store no longer than a request does.
     *
     * @param limit the limit's name
     * @param key what the limit counts apart, as people know it: an address (any one of an IPv6 network), a user's name, a
     *     session id, the value of a field, cookie or path capture; several of them joined by {@code |} in the order of the
     *     limit's setting. Roles are left out, all are reset; for a global limit it does not matter
     * @return whether that key had been counted; false also where there is no such limit
     * @throws IllegalArgumentException when the limit's keys have another number of parts
     */
    public boolean resetKey(String limit, String key) {
        RateLimit rate = rates.get(limit);
        return rate != null && rate.reset(key);
    }

    /** Ends what no other one has taken over. */
    @Override
    public void close() {
        if (shared != null) {
            shared.close();
        }
    }
}
