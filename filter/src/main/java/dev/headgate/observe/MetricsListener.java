package dev.headgate.observe;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import dev.headgate.cache.CacheStatistics;
import dev.headgate.config.GatewayConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.limit.AdmissionState;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.OriginState;
import dev.headgate.upstream.Upstream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts and times everything, and keeps a registry showing what is there: {@code docs/metrics.md} lists it. Routes,
 * upstreams and origins come and go with reloads and name lookups; their metrics come and go with them.
 *
 * <p>Thread-safe. Somebody has to call {@link #everySecond()}, and at once after a reload.
 */
final class MetricsListener implements ExchangeListener, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MetricsListener.class);

    private final ManagedGateway gateway;
    private final MetricRegistry registry;
    private final String prefix;
    private final LongSupplier nanoSource;

    private final Map<String, Traffic> routes = new ConcurrentHashMap<>();
    private final Map<String, Traffic> upstreams = new ConcurrentHashMap<>();

    /** By upstream, then by origin. */
    private final Map<String, Map<String, Traffic>> origins = new ConcurrentHashMap<>();

    /** What is in the registry, by the common beginning of its names; guarded by this. */
    private final Map<String, Group> groups = new LinkedHashMap<>();

    /** What the groups were made for; guarded by this. */
    private List<Object> shown = List.of();

    /** Guarded by this. */
    private long ratesTurned;

    /** Guarded by this. */
    private long slicesTurned;

    /** Guarded by this. */
    private boolean closed;

    private volatile Reading reading;

    /** Null where the app has no registry for them; guarded by this. */
    private final HealthChecks healthChecks;

    /** @param gateway has its configuration already */
    public MetricsListener(ManagedGateway gateway, Registries registries, LongSupplier nanoSource) {
        this.gateway = gateway;
        this.registry = registries.metrics();
        this.nanoSource = nanoSource;
        this.ratesTurned = nanoSource.getAsLong();
        this.slicesTurned = ratesTurned;
        this.prefix = freePrefix(registry, "headgate." + gateway.config().name().replaceAll("[^A-Za-z0-9_-]", "_"));
        // Loading that class asks for a library that only apps with such a registry have.
        this.healthChecks =
                registries.healthChecks() == null ? null : HealthChecks.in(registries.healthChecks(), prefix, gateway);
        reconcile();
    }

    /** An app may have two gateways of one name. */
    private static String freePrefix(MetricRegistry registry, String wanted) {
        String free = wanted;
        for (int i = 2; ; i++) {
            String candidate = free + ".";
            if (registry.getNames().stream().noneMatch(name -> name.startsWith(candidate))) {
                return free;
            }
            free = wanted + "-" + i;
        }
    }

    /** What the names of all metrics of this gateway begin with, without the dot that follows. */
    String prefix() {
        return prefix;
    }

    MetricRegistry registry() {
        return registry;
    }

    // ---- on the way of an exchange ----

    @Override
    public void began(Exchange exchange) {
        route(exchange).began();
        upstream(exchange).began();
    }

    @Override
    public void attemptBegan(Exchange exchange, Attempt attempt) {
        origin(exchange, attempt).began();
    }

    @Override
    public void attemptEnded(Exchange exchange, Attempt attempt) {
        origin(exchange, attempt).ended(attempt);
    }

    @Override
    public void ended(Exchange exchange) {
        route(exchange).ended(exchange);
        upstream(exchange).ended(exchange);
        List<Attempt> attempts = exchange.attempts();
        if (!attempts.isEmpty()) {
            origin(exchange, attempts.get(attempts.size() - 1)).transferred(exchange);
        }
    }

    // What is not known yet, or not any more, is counted for now; reconcile() shows it, or forgets it.

    private Traffic route(Exchange exchange) {
        Traffic known = routes.get(exchange.route());
        return known != null ? known : routes.computeIfAbsent(exchange.route(), Traffic::ofExchanges);
    }

    private Traffic upstream(Exchange exchange) {
        Traffic known = upstreams.get(exchange.upstream());
        return known != null ? known : upstreams.computeIfAbsent(exchange.upstream(), Traffic::ofExchanges);
    }

    private Traffic origin(Exchange exchange, Attempt attempt) {
        Map<String, Traffic> group = origins.get(exchange.upstream());
        Traffic known = group == null ? null : group.get(attempt.origin());
        return known != null
                ? known
                : origins.computeIfAbsent(exchange.upstream(), unknown -> new ConcurrentHashMap<>())
                        .computeIfAbsent(attempt.origin(), Traffic::ofAttempts);
    }

    // ---- what there is ----

    /** In the order of the configuration. */
    List<TrafficFigures> routes() {
        return gateway.config().routes().stream()
                .map(route -> routes.get(route.name()))
                .filter(traffic -> traffic != null)
                .map(Traffic::figures)
                .toList();
    }

    /** By name. */
    List<TrafficFigures> upstreams() {
        return gateway.upstreams().stream()
                .map(upstream -> upstreams.get(upstream.name()))
                .filter(traffic -> traffic != null)
                .map(Traffic::figures)
                .toList();
    }

    /** Those of an upstream, in its order; empty where it is unknown. Their names are those of {@link Origin#name()}. */
    List<TrafficFigures> origins(String upstream) {
        Map<String, Traffic> known = origins.getOrDefault(upstream, Map.of());
        return gateway.upstreams().stream()
                .filter(each -> each.name().equals(upstream))
                .flatMap(each -> each.origins().stream())
                .map(origin -> known.get(origin.name()))
                .filter(traffic -> traffic != null)
                .map(Traffic::figures)
                .toList();
    }

    // ---- keeping up ----

    /** Works out rates and slices of time, and keeps up with origins that come and go. */
    public synchronized void everySecond() {
        if (closed) {
            return;
        }
        long now = nanoSource.getAsLong();
        if (now - ratesTurned >= Rates.STEP.toNanos()) {
            ratesTurned = now;
            everyTraffic(Traffic::turnRates);
        }
        if (now - slicesTurned >= RecentTimes.SLICE.toNanos()) {
            slicesTurned = now;
            everyTraffic(Traffic::turnSlice);
            shown = List.of(); // what a reload took away may be idle by now
        }
        reconcileIfChanged();
    }

    private void everyTraffic(Consumer<Traffic> action) {
        routes.values().forEach(action);
        upstreams.values().forEach(action);
        origins.values().forEach(group -> group.values().forEach(action));
    }

    private void reconcileIfChanged() {
        List<Object> now = live();
        boolean same = now.size() == shown.size();
        for (int i = 0; same && i < now.size(); i++) {
            same = now.get(i) == shown.get(i);
        }
        if (!same) {
            reconcile();
        }
    }

    /** What is compared by identity. */
    private List<Object> live() {
        List<Object> live = new ArrayList<>();
        live.add(gateway.config());
        gateway.upstreams().forEach(upstream -> live.add(upstream.origins()));
        return live;
    }

    /** Takes away what is there no more, and shows what is new. */
    private void reconcile() {
        reading = null;
        shown = live();
        Set<String> wanted = new HashSet<>();
        GatewayConfig config = gateway.config();
        Collection<Upstream> upstreamsNow = gateway.upstreams();
        for (RouteConfig route : config.routes()) {
            Traffic traffic = routes.computeIfAbsent(route.name(), Traffic::ofExchanges);
            show(wanted, "route." + route.name(), traffic::publish);
        }
        for (Upstream upstream : upstreamsNow) {
            String name = "upstream." + upstream.name();
            Traffic traffic = upstreams.computeIfAbsent(upstream.name(), Traffic::ofExchanges);
            show(wanted, name, to -> {
                traffic.publish(to);
                showRetries(upstream.name(), to);
            });
            Map<String, Traffic> group = origins.computeIfAbsent(upstream.name(), unknown -> new ConcurrentHashMap<>());
            for (Origin origin : upstream.origins()) {
                Traffic attempts = group.computeIfAbsent(origin.name(), Traffic::ofAttempts);
                show(wanted, name + ".origin." + segment(origin.name(), name + ".origin.", wanted), to -> {
                    attempts.publish(to);
                    showState(upstream.name(), origin.name(), to);
                });
            }
        }
        Reading now = reading();
        for (AdmissionState.Places places : now.admission().places()) {
            boolean ofRoute = places.owner() == AdmissionState.Owner.ROUTE;
            show(
                    wanted,
                    (ofRoute ? "route." : "upstream.") + places.name() + ".places",
                    to -> showPlaces(places.owner(), places.name(), to));
        }
        for (AdmissionState.Rate rate : now.admission().rates()) {
            show(wanted, "limit." + rate.name(), to -> showRate(rate.name(), to));
        }
        if (now.admission().store() != null) {
            show(wanted, "limit-store", this::showLimitStore);
        }
        if (now.cache() != null) {
            show(wanted, "cache", to -> showCache(now.cache(), to));
        }
        show(wanted, "threads", this::showThreads);
        forget(config, upstreamsNow); // before their groups, to which nothing may be added behind our back
        groups.entrySet()
                .removeIf(group ->
                        !wanted.contains(group.getKey()) && group.getValue().remove());
        if (healthChecks != null) {
            healthChecks.reconcile();
        }
    }

    /** Exchanges under way still count for what is gone, so that it is right if it comes back before their end. */
    private void forget(GatewayConfig config, Collection<Upstream> live) {
        Set<String> names = new HashSet<>();
        config.routes().forEach(route -> names.add(route.name()));
        routes.entrySet().removeIf(route -> isGone(route, names));
        names.clear();
        live.forEach(upstream -> names.add(upstream.name()));
        upstreams.entrySet().removeIf(upstream -> isGone(upstream, names));
        for (String upstream : origins.keySet()) {
            Set<String> left = new HashSet<>();
            live.stream().filter(each -> each.name().equals(upstream)).forEach(each -> each.origins()
                    .forEach(origin -> left.add(origin.name())));
            origins.get(upstream).entrySet().removeIf(origin -> isGone(origin, left));
        }
        origins.entrySet().removeIf(group -> group.getValue().isEmpty() && !names.contains(group.getKey()));
    }

    private static boolean isGone(Map.Entry<String, Traffic> traffic, Set<String> left) {
        if (left.contains(traffic.getKey())) {
            return false;
        }
        traffic.getValue().publishNoMore();
        return traffic.getValue().isIdle();
    }

    private void show(Set<String> wanted, String name, Consumer<BiConsumer<String, Metric>> content) {
        wanted.add(name);
        if (!groups.containsKey(name)) {
            Group group = new Group(prefix + "." + name + ".");
            groups.put(name, group);
            content.accept(group);
        }
    }

    /** An origin as part of a metric's name: what reporters take for a separator or cannot stand is replaced. */
    private static String segment(String origin, String before, Set<String> taken) {
        String plain = origin.replaceAll("[^A-Za-z0-9-]+", "_").replaceAll("_$", "");
        String free = plain;
        for (int i = 2; taken.contains(before + free); i++) {
            free = plain + "_" + i;
        }
        return free;
    }

    /** Metrics that come and go together. */
    private final class Group implements BiConsumer<String, Metric> {

        private final String before;
        private final Set<String> names = ConcurrentHashMap.newKeySet();

        Group(String before) {
            this.before = before;
        }

        @Override
        public void accept(String name, Metric metric) {
            try {
                registry.register(before + name, metric);
                names.add(before + name);
            } catch (IllegalArgumentException e) {
                LOG.warn("There is a metric {} of the app's already", before + name);
            }
        }

        boolean remove() {
            names.forEach(registry::remove);
            return true;
        }
    }

    // ---- what others count ----

    /** All of it at one moment; asking once for each gauge would be dear where there are many origins. */
    private record Reading(
            long nanos,
            Map<String, Upstream> upstreams,
            Map<String, Map<String, OriginState>> origins,
            AdmissionState admission,
            CacheStatistics cache,
            ManagedGateway.Threads threads) {}

    private Reading reading() {
        Reading last = reading;
        long now = nanoSource.getAsLong();
        if (last != null && now - last.nanos() < 500_000_000) {
            return last;
        }
        Map<String, Upstream> byName = new LinkedHashMap<>();
        Map<String, Map<String, OriginState>> states = new LinkedHashMap<>();
        for (Upstream upstream : gateway.upstreams()) {
            byName.put(upstream.name(), upstream);
            Map<String, OriginState> group = new LinkedHashMap<>();
            upstream.states().forEach(state -> group.put(state.origin().name(), state));
            states.put(upstream.name(), group);
        }
        Reading next = new Reading(
                now,
                byName,
                states,
                gateway.admission().state(),
                gateway.cache() == null ? null : gateway.cache().statistics(),
                gateway.threads());
        reading = next;
        return next;
    }

    private void showRetries(String upstream, BiConsumer<String, Metric> to) {
        gauge(to, "retries", read -> read.upstreams().get(upstream), Upstream::retries);
        gauge(to, "retries-left", read -> read.upstreams().get(upstream), Upstream::retriesLeft);
    }

    private void showState(String upstream, String origin, BiConsumer<String, Metric> to) {
        Function<Reading, OriginState> state =
                read -> read.origins().getOrDefault(upstream, Map.of()).get(origin);
        gauge(to, "available", state, each -> each.isAvailable() ? 1 : 0);
        gauge(to, "mode", state, each -> each.mode().ordinal());
        gauge(to, "health", state, each -> each.health().ordinal());
        gauge(to, "weight", state, OriginState::weight);
        gauge(to, "failures-in-a-row", state, OriginState::failures);
        gauge(to, "ejections", state, OriginState::ejections);
        gauge(to, "connections.leased", state, OriginState::leased);
        gauge(to, "connections.idle", state, OriginState::idle);
        gauge(to, "connections.pending", state, OriginState::pending);
        gauge(to, "connections.max", state, OriginState::mostConnections);
    }

    private void showPlaces(AdmissionState.Owner owner, String name, BiConsumer<String, Metric> to) {
        Function<Reading, AdmissionState.Places> places = read -> read.admission().places().stream()
                .filter(each -> each.owner() == owner && each.name().equals(name))
                .findFirst()
                .orElse(null);
        gauge(to, "max", places, AdmissionState.Places::places);
        gauge(to, "taken", places, AdmissionState.Places::taken);
        gauge(to, "waiting", places, AdmissionState.Places::waiting);
        gauge(to, "admitted", places, AdmissionState.Places::admitted);
        gauge(to, "queued", places, AdmissionState.Places::queued);
        gauge(to, "refused", places, AdmissionState.Places::refused);
    }

    private void showRate(String name, BiConsumer<String, Metric> to) {
        Function<Reading, AdmissionState.Rate> rate = read -> read.admission().rates().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElse(null);
        gauge(to, "admitted", rate, AdmissionState.Rate::admitted);
        gauge(to, "refused", rate, AdmissionState.Rate::refused);
        gauge(to, "shadowed", rate, AdmissionState.Rate::shadowed);
        gauge(to, "queued", rate, AdmissionState.Rate::waited);
        gauge(to, "keys", rate, AdmissionState.Rate::keys);
    }

    private void showLimitStore(BiConsumer<String, Metric> to) {
        Function<Reading, AdmissionState.Store> store = read -> read.admission().store();
        gauge(to, "connected", store, each -> each.connected() ? 1 : 0);
        gauge(to, "failures", store, AdmissionState.Store::failures);
    }

    private void showCache(CacheStatistics shape, BiConsumer<String, Metric> to) {
        Function<Reading, CacheStatistics> cache = Reading::cache;
        gauge(to, "hits", cache, CacheStatistics::hits);
        gauge(to, "stale-hits", cache, CacheStatistics::staleHits);
        for (String reason : shape.forwarded().keySet()) {
            gauge(to, "forwarded." + reason, cache, each -> each.forwarded().get(reason));
        }
        gauge(to, "validated", cache, CacheStatistics::validated);
        gauge(to, "collapsed", cache, CacheStatistics::collapsed);
        gauge(to, "stale-on-error", cache, CacheStatistics::staleOnError);
        gauge(to, "background-fetches", cache, CacheStatistics::backgroundFetches);
        gauge(to, "stored", cache, CacheStatistics::stored);
        gauge(to, "evictions", cache, CacheStatistics::evictions);
        for (CacheStatistics.Tier shapeOfTier : shape.tiers()) {
            String name = shapeOfTier.name();
            Function<Reading, CacheStatistics.Tier> tier = read -> read.cache().tiers().stream()
                    .filter(each -> each.name().equals(name))
                    .findFirst()
                    .orElse(null);
            gauge(to, "tier." + name + ".heads", tier, CacheStatistics.Tier::heads);
            gauge(to, "tier." + name + ".pieces", tier, CacheStatistics.Tier::pieces);
            gauge(to, "tier." + name + ".bytes", tier, CacheStatistics.Tier::bytes);
        }
    }

    private void showThreads(BiConsumer<String, Metric> to) {
        Function<Reading, ManagedGateway.Threads> threads = Reading::threads;
        gauge(to, "share", threads, ManagedGateway.Threads::share);
        gauge(to, "inline", threads, ManagedGateway.Threads::inline);
        gauge(to, "off", threads, ManagedGateway.Threads::off);
        gauge(to, "parked", threads, ManagedGateway.Threads::parked);
        gauge(to, "pool", threads, ManagedGateway.Threads::pool);
        gauge(to, "left", threads, ManagedGateway.Threads::left);
        gauge(to, "refused", threads, ManagedGateway.Threads::refused);
    }

    /** What is gone by the time it is read is 0. */
    private <T> void gauge(
            BiConsumer<String, Metric> to, String name, Function<Reading, T> part, ToLongFunction<T> value) {
        to.accept(name, (Gauge<Long>) () -> {
            T now = part.apply(reading());
            return now == null ? 0 : value.applyAsLong(now);
        });
    }

    /** Takes every metric and health check of this gateway out of the registries. */
    @Override
    public synchronized void close() {
        closed = true;
        everyTraffic(Traffic::publishNoMore);
        groups.values().forEach(Group::remove);
        groups.clear();
        if (healthChecks != null) {
            healthChecks.close();
        }
    }
}
