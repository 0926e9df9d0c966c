package dev.headgate.upstream;

import dev.headgate.config.HealthConfig;
import dev.headgate.config.OriginConfig;
import dev.headgate.config.TimeoutConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
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
 * <p>Thread-safe.
 */
public final class Upstream implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Upstream.class);

    private final UpstreamConfig config;
    private final Watchdog watchdog;
    private final UpstreamClient client;
    private final Balancer balancer;
    private final RetryBudget retryBudget;
    private final Object ejection = new Object();

    /** Replaced as a whole when addresses change. */
    private volatile List<Origin> origins;

    /** @throws IllegalArgumentException when its TLS files cannot be used */
    public Upstream(UpstreamConfig config, Watchdog watchdog) {
        this.config = config;
        this.watchdog = watchdog;
        this.balancer = Balancer.of(config.balance().method());
        this.retryBudget = new RetryBudget(config.retryBudget());
        this.origins = config.origins().stream().map(this::origin).toList();
        this.client = new UpstreamClient(config, watchdog);
        if (config.health().passive() && !config.health().silence().isZero()) {
            watchdog.everySecond(this::breakSilence);
        }
    }

    private Origin origin(OriginConfig origin) {
        return new Origin(
                origin, null, new OriginHealth(config.health(), config.balance().slowStart()));
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

    public RetryBudget retryBudget() {
        return retryBudget;
    }

    // ---- choosing ----

    /**
     * Chooses an origin for the next attempt.
     *
     * @param affinity what hashing or stickiness goes by; null for none
     * @param tried those that this exchange has asked already, avoided while there are others
     * @param repeatable whether the request may be tried elsewhere, and so may be an ejected origin's trial
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
        List<Origin> enabled = new ArrayList<>(all.size());
        int up = 0;
        for (Origin origin : all) {
            if (origin.mode() != Origin.Mode.ENABLED) {
                continue;
            }
            enabled.add(origin);
            if (origin.health().isUp()) {
                up++;
            } else if (repeatable && !tried.contains(origin) && origin.health().takeTrial(now)) {
                return origin;
            }
        }
        if (enabled.isEmpty()) {
            throw new GatewayFailure(
                    FailureKind.DESTINATION_UNAVAILABLE, "upstream " + name() + " has no origin left: " + whyOut());
        }
        boolean panic = up * 100 < enabled.size() * config.health().panicPercent() || up == 0;
        List<Origin> candidates = new ArrayList<>(enabled.size());
        if (panic) {
            candidates.addAll(enabled);
        } else {
            fromTiers(enabled, candidates);
        }
        return pick(candidates, affinity, tried, now);
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
        for (int tier = 0; tier <= 2; tier++) {
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

    private int tier(OriginConfig origin) {
        if (origin.backup()) {
            return 2;
        }
        String zone = config.balance().zone();
        return zone.isEmpty() || origin.zone().isEmpty() || origin.zone().equals(zone) ? 0 : 1;
    }

    /** Whether another origin than those tried could be asked. */
    public boolean hasOther(Collection<Origin> tried) {
        for (Origin origin : origins) {
            if (origin.mode() == Origin.Mode.ENABLED && origin.health().isUp() && !tried.contains(origin)) {
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
                                ? origin.mode().name().toLowerCase(java.util.Locale.ROOT)
                                : "out: " + origin.health().reason()))
                .collect(Collectors.joining("; "));
    }

    // ---- connecting ----

    /**
     * Opens or reuses a connection for one attempt.
     *
     * @param startNanos when the exchange began, for the limit on the whole of it
     * @param responseNanos how long the response head may take
     * @throws GatewayFailure when none is free in time, or none can be made
     */
    public OriginConnection connect(
            Origin origin, TimeoutConfig timeouts, long startNanos, long responseNanos, Attempt attempt)
            throws GatewayFailure {
        return client.connect(origin, timeouts, startNanos, responseNanos, attempt);
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

    /** An attempt failed, and it was the origin's fault. */
    public void failed(Origin origin, String why) {
        long now = watchdog.now();
        if (origin.health().failed(now)) {
            eject(origin, now, why);
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
        return true;
    }

    /** An origin that stopped talking in mid-traffic is left, and what waits for it is tried elsewhere. */
    private void breakSilence() {
        long now = watchdog.now();
        long silence = config.health().silence().toNanos();
        for (Origin origin : origins) {
            if (origin.isSilent(now, silence)
                    && (origin.health().isEjected() || eject(origin, now, "it has fallen silent"))) {
                origin.waiting().forEach(OriginConnection::giveUp);
            }
        }
    }

    // ---- what an operator may do ----

    /** Lets traffic come again, and forgets what is known of its health. */
    public void enable(Origin origin) {
        origin.health().reset();
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

    /** Closes all connections, those in use included. */
    @Override
    public void close() {
        client.close();
    }
}
