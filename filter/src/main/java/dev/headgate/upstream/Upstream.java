package dev.headgate.upstream;

import dev.headgate.config.BalanceConfig;
import dev.headgate.config.HealthConfig;
import dev.headgate.config.OriginConfig;
import dev.headgate.config.TimeoutConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hc.core5.pool.PoolStats;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A named group of origins at run time: chooses one for each attempt, connects to it, and learns from how it went.
 *
 * <p>An origin gets traffic while an operator has it enabled, the traffic has not taken it out, and its probes, if there
 * are any, succeed. Origins stand in tiers: those of the gateway's own zone, then other zones, then backups; a tier is
 * used too when too few of the ones before it are healthy. When hardly any origin is healthy, health is ignored: then the
 * judgement is more likely wrong than all origins are, and trying beats refusing.
 *
 * <p>What asks origins how they are, and names where they are, runs on the executor it is given: probes, lookups of
 * {@code resolve=each}, a question after silence, and the diagnosis of an origin that goes out.
 *
 * <p>Thread-safe.
 */
public final class Upstream implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Upstream.class);

    /** The own zone, other zones, backups. */
    private static final int TIERS = 3;

    /** How long an origin that fell silent may take to answer a ping. */
    private static final Duration PING_PATIENCE = Duration.ofSeconds(1);

    private static final long TRIAL_SILENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final long DIAGNOSIS_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final UpstreamConfig config;
    private final Watchdog watchdog;
    private final UpstreamClient client;
    private final Balancer balancer;
    private final RetryBudget retryBudget;
    private final Object ejection = new Object();
    private final ScheduledExecutorService executor;
    private final Resolver resolver;
    private final Probes probes;

    /** When each origin was last diagnosed for going out. */
    private final Map<Origin, Long> diagnosed = new ConcurrentHashMap<>();

    /** Those that are being asked after a silence. */
    private final Set<Origin> questioned = ConcurrentHashMap.newKeySet();

    /** Replaced as a whole when addresses change. */
    private volatile List<Origin> origins;

    private final Runnable silence = this::breakSilence;

    /** Asks nobody any more. */
    private volatile boolean closed;

    /**
     * @param executor runs what blocks but is no traffic; its owner ends it
     * @param before what went by the same name until now, whose origins keep all that is known of them where they are
     *     named again; null for none. It is to be {@linkplain #retire() retired}
     * @throws IllegalArgumentException when its TLS files cannot be used
     */
    public Upstream(UpstreamConfig config, Watchdog watchdog, ScheduledExecutorService executor, Upstream before) {
        this(config, watchdog, executor, Resolver.SYSTEM, before);
    }

    Upstream(
            UpstreamConfig config,
            Watchdog watchdog,
            ScheduledExecutorService executor,
            Resolver resolver,
            Upstream before) {
        this.config = config;
        this.watchdog = watchdog;
        this.executor = executor;
        this.resolver = resolver;
        this.balancer = Balancer.of(config.balance().method());
        this.retryBudget = new RetryBudget(config.retryBudget());
        this.origins = config.origins().stream()
                .flatMap(origin -> known(origin, before))
                .toList();
        this.client = new UpstreamClient(config, watchdog);
        this.probes = new Probes(config, watchdog);
        if (config.health().passive() && !config.health().silence().isZero()) {
            watchdog.everySecond(silence);
        }
        origins.forEach(this::startProbing);
        if (config.balance().resolve() == BalanceConfig.Resolve.EACH) {
            later(Duration.ZERO, this::lookUpAgainAndAgain);
        }
    }

    /** The origins of one place: those of before, or a new one. */
    private Stream<Origin> known(OriginConfig place, Upstream before) {
        boolean each = config.balance().resolve() == BalanceConfig.Resolve.EACH;
        List<Origin> known = before == null
                ? List.of()
                : before.origins.stream()
                        .filter(origin -> origin.config().toString().equals(place.toString())
                                && (origin.address() != null) == each)
                        .map(origin -> {
                            origin.health()
                                    .configure(config.health(), config.balance().slowStart());
                            return origin.config().equals(place) ? origin : origin.with(place);
                        })
                        .toList();
        return known.isEmpty() ? Stream.of(origin(place, null)) : known.stream();
    }

    private Origin origin(OriginConfig origin, InetAddress address) {
        return new Origin(
                origin,
                address,
                new OriginHealth(config.health(), config.balance().slowStart()));
    }

    public String name() {
        return config.name();
    }

    public UpstreamConfig config() {
        return config;
    }

    public List<Origin> origins() {
        return origins;
    }

    /** Whether it has more than one origin at all, whatever state they are in. */
    public boolean hasSeveral() {
        return origins.size() > 1;
    }

    // ---- choosing ----

    /**
     * Chooses an origin for the next attempt.
     *
     * @param affinity what hashing or stickiness goes by; null for none
     * @param tried those that this exchange has asked already, avoided while there are others
     * @param repeatable whether the request may be tried elsewhere, and so is fit to be an ejected origin's trial
     * @throws GatewayFailure DESTINATION_UNAVAILABLE when an operator has left none
     */
    public Origin choose(String affinity, Collection<Origin> tried, boolean repeatable) throws GatewayFailure {
        List<Origin> all = origins;
        long now = watchdog.now();
        if (tried.isEmpty()) {
            retryBudget.requested(now);
        }
        if (all.size() == 1 && all.get(0).mode() == Origin.Mode.ENABLED) {
            return all.get(0);
        }
        if (tried.isEmpty() && all.size() > 1 && areAllFit(all, now)) {
            return balancer.pick(all, affinity, now); // as nearly always
        }
        List<Origin> enabled = new ArrayList<>(all.size());
        int up = 0;
        for (Origin origin : all) {
            if (origin.mode() != Origin.Mode.ENABLED) {
                continue;
            }
            enabled.add(origin);
            if (origin.health().isUp()) {
                up++;
            } else if (!tried.contains(origin) && origin.health().takeTrial(now, repeatable)) {
                return origin;
            }
        }
        if (enabled.isEmpty()) {
            throw new GatewayFailure(
                    FailureKind.DESTINATION_UNAVAILABLE, "upstream " + name() + " has no origin left: " + whyOut());
        }
        boolean panic = up == 0 || up < enabled.size() && hardlyAnyIsUp(enabled);
        List<Origin> candidates = new ArrayList<>(enabled.size());
        if (panic) {
            candidates.addAll(enabled);
        } else {
            fromTiers(enabled, candidates);
        }
        return pick(candidates, affinity, tried, now);
    }

    /** Whether nothing speaks against any of them: all are healthy, of the first tier, and none is out or at rest. */
    private boolean areAllFit(List<Origin> all, long now) {
        for (Origin origin : all) {
            OriginHealth health = origin.health();
            if (origin.mode() != Origin.Mode.ENABLED
                    || !health.isUp()
                    || health.isResting(now)
                    || tier(origin.config()) != 0) {
                return false;
            }
        }
        return true;
    }

    private Origin pick(List<Origin> candidates, String affinity, Collection<Origin> tried, long now) {
        List<Origin> fresh = candidates;
        if (!tried.isEmpty()) {
            fresh = without(candidates, tried::contains);
        }
        List<Origin> awake = without(fresh, origin -> origin.health().isResting(now));
        List<Origin> left = awake.isEmpty() ? fresh : awake;
        return left.size() == 1 ? left.get(0) : balancer.pick(left, affinity, now);
    }

    /** The same list where nothing would go, or nothing would stay. */
    private static List<Origin> without(List<Origin> origins, java.util.function.Predicate<Origin> unwanted) {
        for (Origin origin : origins) {
            if (unwanted.test(origin)) {
                List<Origin> left = origins.stream().filter(unwanted.negate()).toList();
                return left.isEmpty() ? origins : left;
            }
        }
        return origins;
    }

    /** Adds the healthy origins of the first tiers, as many tiers as it takes. */
    private void fromTiers(List<Origin> enabled, List<Origin> candidates) {
        int members = 0;
        for (int tier = 0; tier < TIERS; tier++) {
            for (Origin origin : enabled) {
                if (tier(origin.config()) == tier) {
                    members++;
                    if (origin.health().isUp()) {
                        candidates.add(origin);
                    }
                }
            }
            if (!candidates.isEmpty()
                    && candidates.size() * 100 >= members * config.balance().spillPercent()) {
                return;
            }
        }
    }

    /** Whether no tier has its share of healthy origins: healthy backups are no reason to go back to dead primaries. */
    private boolean hardlyAnyIsUp(List<Origin> enabled) {
        int[] members = new int[TIERS];
        int[] up = new int[TIERS];
        for (Origin origin : enabled) {
            int tier = tier(origin.config());
            members[tier]++;
            up[tier] += origin.health().isUp() ? 1 : 0;
        }
        for (int tier = 0; tier < TIERS; tier++) {
            if (members[tier] > 0
                    && up[tier] * 100 >= members[tier] * config.health().panicPercent()) {
                return false;
            }
        }
        return true;
    }

    private int tier(OriginConfig origin) {
        if (origin.backup()) {
            return 2;
        }
        String zone = config.balance().zone();
        return zone.isEmpty() || origin.zone().isEmpty() || origin.zone().equals(zone) ? 0 : 1;
    }

    /** Whether another origin than those tried could be asked: an origin that asked for rest could not. */
    public boolean hasOther(Collection<Origin> tried) {
        long now = watchdog.now();
        for (Origin origin : origins) {
            if (origin.mode() == Origin.Mode.ENABLED
                    && origin.health().isUp()
                    && !origin.health().isResting(now)
                    && !tried.contains(origin)) {
                return true;
            }
        }
        return false;
    }

    /** Each origin that is not up, and why. */
    private String whyOut() {
        return origins.stream()
                .map(origin -> origin + " is "
                        + (origin.mode() != Origin.Mode.ENABLED
                                ? origin.mode().name().toLowerCase(Locale.ROOT)
                                : "out: " + origin.health().reason()))
                .collect(Collectors.joining("; "));
    }

    // ---- connecting ----

    /**
     * Opens or reuses a connection for one attempt.
     *
     * @param startNanos when the exchange began, for the limit on the whole of it
     * @param responseNanos how long the response head may take
     * @param certain whether one that the origin has closed must not be used; otherwise {@link
     *     OriginConnection#hadEndedBefore} tells
     * @throws GatewayFailure when none is free in time, or none can be made
     */
    public OriginConnection connect(
            Origin origin,
            TimeoutConfig timeouts,
            long startNanos,
            long responseNanos,
            boolean certain,
            Attempt attempt)
            throws GatewayFailure {
        return client.connect(origin, timeouts, startNanos, responseNanos, certain, attempt);
    }

    // ---- learning ----

    /** Takes one retry out of the budget, if there is one left. */
    public boolean mayRetry() {
        return retryBudget.take(watchdog.now());
    }

    /** The origin answered, and not with a failure of its own. */
    public void succeeded(Origin origin) {
        if (origin.health().succeeded(watchdog.now())) {
            LOG.info("Upstream {}: {} is back", name(), origin);
        }
    }

    /** The origin gives a good response whose end may be far off: enough for a trial. */
    public void answersTrial(Origin origin) {
        if (origin.health().isEjected()) {
            succeeded(origin);
        }
    }

    /** An attempt failed, and it was the origin's fault. */
    public void failed(Origin origin, OriginState.Failure failure) {
        long now = watchdog.now();
        if (origin.health().failed(now, failure)) {
            eject(origin, now, failure.why());
        }
    }

    /** An attempt ended without telling anything about the origin. */
    public void undecided(Origin origin) {
        origin.health().trialUndecided(watchdog.now());
    }

    /** The origin asked to be left alone for so many seconds (Retry-After). */
    public void rest(Origin origin, long seconds) {
        origin.health().rest(watchdog.now(), seconds);
    }

    private boolean eject(Origin origin, long now, String why) {
        HealthConfig health = config.health();
        // One at a time: two threads must not both take the last origin that may go.
        synchronized (ejection) {
            List<Origin> all = origins;
            long out = all.stream().filter(other -> other.health().isEjected()).count();
            boolean last = all.stream()
                    .noneMatch(other -> other != origin
                            && other.mode() == Origin.Mode.ENABLED
                            && other.health().isUp());
            if (last || (out + 1) * 100 > (long) all.size() * health.maxEjectedPercent()) {
                return false;
            }
            origin.health().eject(now, why);
        }
        LOG.info("Upstream {}: {} is out: {}", name(), origin, origin.health().reason());
        diagnoseLater(origin, now);
        return true;
    }

    /**
     * An origin that stopped talking in mid-traffic is left, and what waits for it is tried elsewhere. Slow answers look
     * just like that, so it is asked first; whoever hangs answers not even a ping.
     */
    private void breakSilence() {
        long now = watchdog.now();
        long silence = config.health().silence().toNanos();
        for (Origin origin : origins) {
            // The trial of an origin that is out costs a user's time: its silence is noticed sooner.
            long patience = origin.health().isEjected() ? Math.min(silence, TRIAL_SILENCE_NANOS) : silence;
            if (origin.isSuspect(now, patience) && hasOther(Set.of(origin)) && questioned.add(origin)) {
                later(Duration.ZERO, () -> {
                    try {
                        question(origin);
                    } finally {
                        questioned.remove(origin);
                    }
                });
            }
        }
    }

    private void question(Origin origin) {
        Probes.Verdict verdict = probes.ping(origin, PING_PATIENCE);
        long now = watchdog.now();
        boolean silent = verdict.kind() != null
                && switch (verdict.kind()) {
                    case CONNECTION_TIMEOUT, CONNECTION_READ_TIMEOUT, CONNECTION_WRITE_TIMEOUT, HTTP_RESPONSE_TIMEOUT ->
                        true;
                    default -> false;
                };
        if (!silent) {
            origin.cleared(now);
        } else if (origin.health().isEjected() || eject(origin, now, "it has fallen silent")) {
            origin.waiting().forEach(OriginConnection::giveUp);
        }
    }

    // ---- asking ----

    private void startProbing(Origin origin) {
        HealthConfig.Probe probe = config.health().probe();
        if (probe.kind() != HealthConfig.Kind.NONE) {
            // Not all at once, and not a whole interval after the start.
            long most = Math.min(probe.interval().toNanos(), TimeUnit.SECONDS.toNanos(1));
            later(Duration.ofNanos(ThreadLocalRandom.current().nextLong(most)), () -> probeAgainAndAgain(origin));
        }
    }

    private void probeAgainAndAgain(Origin origin) {
        if (!origins.contains(origin)) {
            return;
        }
        long began = watchdog.now();
        try {
            Probes.Verdict verdict = probes.check(origin);
            if (!closed && verdict.isConclusive()) {
                probed(origin, verdict);
            }
        } finally {
            double jitter = ThreadLocalRandom.current().nextDouble(0.9, 1.1);
            long interval = (long) (config.health().probe().interval().toNanos() * jitter);
            later(Duration.ofNanos(Math.max(0, interval - (watchdog.now() - began))), () -> probeAgainAndAgain(origin));
        }
    }

    private void probed(Origin origin, Probes.Verdict verdict) {
        long now = watchdog.now();
        if (!origin.health().probed(now, verdict.good(), "its probes fail: " + verdict.reason())) {
            return;
        }
        if (verdict.good()) {
            LOG.info("Upstream {}: {} is back, its probes succeed", name(), origin);
        } else {
            LOG.info(
                    "Upstream {}: {} is out: {}",
                    name(),
                    origin,
                    origin.health().reason());
            diagnoseLater(origin, now);
        }
    }

    private void lookUpAgainAndAgain() {
        try {
            lookUp();
        } finally {
            later(config.balance().resolveInterval(), this::lookUpAgainAndAgain);
        }
    }

    /** Origins whose address stays keep all that is known of them; exchanges with those that go may finish. */
    private void lookUp() {
        List<Origin> before = origins;
        List<Origin> after = new ArrayList<>(before.size());
        for (OriginConfig place : config.origins()) {
            List<Origin> known = before.stream()
                    .filter(origin -> origin.config().equals(place))
                    .toList();
            try {
                InetAddress[] addresses = resolver.addressesOf(place.host());
                Arrays.stream(addresses)
                        .distinct()
                        .sorted(Comparator.comparing(InetAddress::getHostAddress))
                        .map(address -> known.stream()
                                .filter(origin -> address.equals(origin.address()))
                                .findFirst()
                                .orElseGet(() -> origin(place, address)))
                        .forEach(after::add);
            } catch (UnknownHostException e) {
                LOG.warn(
                        "Upstream {}: {} does not resolve; what was known of it stays: {}",
                        name(),
                        place.host(),
                        known);
                after.addAll(known);
            }
        }
        if (!after.equals(before)) {
            origins = List.copyOf(after);
            diagnosed.keySet().retainAll(after);
            LOG.info("Upstream {}: its origins are now {}", name(), after);
            after.stream().filter(origin -> !before.contains(origin)).forEach(this::startProbing);
        }
    }

    /**
     * Takes an origin through DNS, TCP, TLS, HTTP and its health check, and tells how far one gets. Blocks for the time of
     * a lookup and up to {@code health.timeout} for each other step. Nothing of it counts as traffic.
     */
    public Diagnosis diagnose(Origin origin) {
        return new Examination(config, origin, resolver, probes, watchdog::reading).run();
    }

    /** Says in the log what is wrong with an origin that just went out. */
    private void diagnoseLater(Origin origin, long now) {
        Long before = diagnosed.get(origin);
        if (before != null && now - before < DIAGNOSIS_EVERY_NANOS) {
            return;
        }
        diagnosed.put(origin, now);
        later(Duration.ZERO, () -> {
            Diagnosis diagnosis = diagnose(origin);
            if (closed) {
                return;
            }
            if (diagnosis.passed()) {
                LOG.info("Upstream {}: {}", name(), diagnosis);
            } else {
                LOG.warn("Upstream {}: {}", name(), diagnosis);
            }
        });
    }

    /** Never throws: after the end nothing more is run. */
    private void later(Duration delay, Runnable task) {
        if (closed) {
            return;
        }
        try {
            executor.schedule(
                    () -> {
                        try {
                            if (!closed) {
                                task.run();
                            }
                        } catch (RuntimeException e) {
                            LOG.warn("Upstream {}: looking after its origins failed", name(), e);
                        }
                    },
                    delay.toNanos(),
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("Upstream {}: the gateway is closing", name());
        }
    }

    // ---- what an operator may see and do ----

    /** How each origin is now. */
    public List<OriginState> states() {
        long now = watchdog.now();
        return origins.stream().map(origin -> state(origin, now)).toList();
    }

    private OriginState state(Origin origin, long now) {
        OriginHealth health = origin.health();
        PoolStats pool = client.stats(origin);
        return new OriginState(
                origin,
                origin.mode(),
                health.state(now),
                health.reason(),
                Duration.ofNanos(Math.max(0, now - health.changedAt())),
                origin.inFlight(),
                Duration.ofNanos(origin.latencyNanos()),
                origin.weight(),
                health.warmth(now),
                health.consecutiveFailures(),
                health.lastFailure(),
                health.ejections(),
                pool.getLeased(),
                pool.getAvailable(),
                pool.getPending(),
                config.pool().maxPerOrigin());
    }

    /** How many attempts after the first were made since this upstream is there. */
    public long retries() {
        return retryBudget.taken();
    }

    /** How many further attempts may be made now. */
    public long retriesLeft() {
        return retryBudget.left(watchdog.now());
    }

    /** Forgets what is known of an origin's health, so that traffic comes again at once, if it is enabled. */
    public void reset(Origin origin) {
        origin.health().reset(watchdog.now());
        LOG.info("Upstream {}: what was known of the health of {} is forgotten", name(), origin);
    }

    /**
     * Sets an origin's share of the traffic, until the configuration says otherwise.
     *
     * @param weight 1 to 1000
     * @throws IllegalArgumentException when it is not
     */
    public void weight(Origin origin, int weight) {
        if (weight < 1 || weight > 1000) {
            throw new IllegalArgumentException("a weight is 1 to 1000, not " + weight);
        }
        origin.weight(weight);
        LOG.info("Upstream {}: {} has weight {}", name(), origin, weight);
    }

    /** Lets traffic come again, and forgets what is known of its health. */
    public void enable(Origin origin) {
        origin.health().reset(watchdog.now());
        origin.mode(Origin.Mode.ENABLED);
        LOG.info("Upstream {}: {} is enabled", name(), origin);
    }

    /** Lets no new traffic come; exchanges under way finish. */
    public void drain(Origin origin) {
        origin.mode(Origin.Mode.DRAINING);
        LOG.info("Upstream {}: {} is draining", name(), origin);
    }

    /** Takes it out of the group until it is enabled again. */
    public void disable(Origin origin) {
        origin.mode(Origin.Mode.DISABLED);
        LOG.info("Upstream {}: {} is disabled", name(), origin);
    }

    /**
     * Looks after its origins no more and keeps no connections. Exchanges that began with it can go on, also those that
     * have not connected yet.
     */
    public void retire() {
        closed = true;
        watchdog.noMore(silence);
        probes.close();
        client.retire();
    }

    /** Closes all connections, those in use included. */
    @Override
    public void close() {
        closed = true;
        watchdog.noMore(silence);
        probes.close();
        client.close();
    }
}
