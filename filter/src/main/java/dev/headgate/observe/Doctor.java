package dev.headgate.observe;

import dev.headgate.config.AddressRange;
import dev.headgate.config.BalanceConfig;
import dev.headgate.config.ConcurrencyConfig;
import dev.headgate.config.ErrorConfig;
import dev.headgate.config.GatewayConfig;
import dev.headgate.config.LimitConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.config.RouteLimits;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says what is allowed and yet hardly meant, with the line to write instead. What cannot be meant stops the start before
 * anybody comes here. Thread-safe.
 *
 * <p>Whether the chain supports async is known only when a request comes through it: no container tells it of the filters
 * that it has. So that is looked at with the first request of a route, and said once.
 */
final class Doctor implements ExchangeListener {

    private static final Logger LOG = LoggerFactory.getLogger(Doctor.class);

    private final ServletContext context;
    private final Predicate<String> isOurs;
    private final AtomicBoolean saidThatAsyncIsMissing = new AtomicBoolean();

    /**
     * @param context of the app, whose other filters are named
     * @param isOurs whether a filter of this class is the gateway's own
     */
    public Doctor(ServletContext context, Predicate<String> isOurs) {
        this.context = context;
        this.isOurs = isOurs;
    }

    @Override
    public void began(Exchange exchange) {
        if (exchange.request().isAsyncSupported() || !saidThatAsyncIsMissing.compareAndSet(false, true)) {
            return;
        }
        Set<String> others = new TreeSet<>();
        for (FilterRegistration filter : context.getFilterRegistrations().values()) {
            if (!isOurs.test(filter.getClassName())) {
                others.add(filter.getName());
            }
        }
        LOG.warn(
                "Route {}: a filter or servlet that its requests pass does not support async, so exchanges beyond"
                        + " host-threads get 503 instead of leaving the container's threads; write"
                        + " <async-supported>true</async-supported> (asyncSupported = true) in the gateway's own filter and"
                        + " those before it{}, and in the servlet behind them. Said once.",
                exchange.route(),
                others.isEmpty() ? "" : ", which are among " + String.join(", ", others));
    }

    /** What is hardly meant in a configuration: a sentence each, with what to write instead. */
    public static List<String> findings(GatewayConfig config) {
        List<String> findings = new ArrayList<>();
        for (RouteConfig route : config.routes()) {
            timeouts(route, config.upstreams().get(route.upstream()), findings);
            if (route.errors().detail() == ErrorConfig.Detail.FULL) {
                findings.add(of(route) + "everybody who sees an error page is told origins and messages; write "
                        + key(route) + "error.detail = public, and error.detail-roles for those who may know");
            }
        }
        Set<String> used = new TreeSet<>();
        Set<String> limits = new TreeSet<>(config.limits().keySet());
        for (RouteConfig route : config.routes()) {
            used.add(route.upstream());
            limits.removeAll(route.limits().rates());
        }
        for (UpstreamConfig upstream : config.upstreams().values()) {
            if (!used.contains(upstream.name())) {
                findings.add("Upstream " + upstream.name() + " is used by no route; write route.NAME.to = "
                        + upstream.name() + ", or take it out");
            } else if (upstream.origins().size() == 1
                    && upstream.balance().resolve() != BalanceConfig.Resolve.EACH
                    && choosesByKey(upstream.balance().method())) {
                findings.add(
                        "Upstream " + upstream.name() + " has one origin, so its balance has no effect; add origins,"
                                + " or take upstream." + upstream.name() + ".balance out");
            }
        }
        for (String limit : limits) {
            findings.add(
                    "Limit " + limit + " is used by no route; write route.NAME.limits = " + limit + ", or take it out");
        }
        withoutEffect(config, findings);
        for (AddressRange trusted : config.trustedProxies()) {
            if (trusted.toString().endsWith("/0")) {
                findings.add(
                        "trusted-proxies = " + trusted + " believes everybody, so any client may choose the address"
                                + " that limits and logs know it by; write the addresses of your proxies");
            }
        }
        if (config.cacheStore().diskBytes() > 0
                && config.routes().stream().noneMatch(route -> route.cache().enabled())) {
            findings.add(
                    "cache.disk-size has no effect, no route has a cache; write route.NAME.cache = true, or take it"
                            + " out");
        }
        return findings;
    }

    /** What limits are told and never do. A setting for every route is said once, with all that it misses. */
    private static void withoutEffect(GatewayConfig config, List<String> findings) {
        Set<String> queueless = new TreeSet<>();
        Set<String> equal = new TreeSet<>();
        for (RouteConfig route : config.routes()) {
            ConcurrencyConfig places = route.limits().concurrency();
            ConcurrencyConfig upstream =
                    config.upstreams().get(route.upstream()).concurrency();
            if (missesPlaces(places)) {
                queueless.add(key(route));
            } else {
                waitsInVain(key(route), places, findings);
            }
            boolean preferred = route.limits().priority() != RouteLimits.Priority.NORMAL
                    || !route.limits().highRoles().isEmpty();
            if (preferred && !queues(places) && !queues(upstream)) {
                equal.add(key(route));
            }
        }
        for (UpstreamConfig upstream : config.upstreams().values()) {
            String key = "upstream." + upstream.name() + ".";
            if (missesPlaces(upstream.concurrency())) {
                queueless.add(key);
            } else {
                waitsInVain(key, upstream.concurrency(), findings);
            }
        }
        if (!queueless.isEmpty()) {
            findings.add("queue.* has no effect where the number of places has no limit; write "
                    + each(queueless, "concurrency.max") + " = NUMBER, or take queue.* out");
        }
        if (!equal.isEmpty()) {
            findings.add("priority has no effect where nobody waits in a queue; write "
                    + each(equal, "queue.length")
                    + " = NUMBER beside a concurrency.max, there or at the upstream, or take priority out");
        }
        for (LimitConfig limit : config.limits().values()) {
            boolean waits = !limit.patience().isZero();
            if (limit.shadow() && (waits || limit.status() != 429)) {
                findings.add("Limit " + limit.name() + " only counts, so nobody "
                        + (waits ? "waits for max-wait" : "gets its status") + "; write limit." + limit.name()
                        + ".shadow = false when it is to refuse");
            }
            if (limit.rateByRole().isEmpty()
                    && limit.keys().stream().anyMatch(key -> key.kind() == LimitConfig.Kind.ROLE)) {
                findings.add("Limit " + limit.name()
                        + " has no role with a rate of its own, so it tells no roles apart;" + " write limit."
                        + limit.name() + ".rate-for.ROLE = RATE, or take role out of its key");
            }
        }
        if (config.limits().isEmpty() && !config.limitStore().uri().isEmpty()) {
            findings.add(
                    "limits.store has no effect, there is no rate limit; write limit.NAME.rate and route.NAME.limits,"
                            + " or take it out");
        }
    }

    private static boolean missesPlaces(ConcurrencyConfig places) {
        return !places.limits() && (places.queueLength() > 0 || describesAQueue(places));
    }

    private static boolean describesAQueue(ConcurrencyConfig places) {
        Duration time = places.queueTime();
        return places.order() != ConcurrencyConfig.Order.FIFO
                || !time.isZero() && !time.equals(ConcurrencyConfig.QUEUE_TIME);
    }

    private static void waitsInVain(String key, ConcurrencyConfig places, List<String> findings) {
        if (!places.limits()) {
            return;
        }
        if (places.queueLength() > 0 && places.queueTime().isZero()) {
            findings.add(key + "queue.length has no effect, nobody may wait; write " + key + "queue.time = "
                    + text(ConcurrencyConfig.QUEUE_TIME) + ", or take it out");
        } else if (places.queueLength() == 0 && describesAQueue(places)) {
            findings.add(key + "queue.time and queue.order have no effect, there is no queue; write " + key
                    + "queue.length = NUMBER, or take them out");
        }
    }

    private static boolean queues(ConcurrencyConfig places) {
        return places.limits()
                && places.queueLength() > 0
                && !places.queueTime().isZero();
    }

    private static String each(Set<String> owners, String key) {
        return owners.stream().map(owner -> owner + key).collect(Collectors.joining(", "));
    }

    private static boolean choosesByKey(BalanceConfig.Method method) {
        return switch (method) {
            case HASH, STICKY, STICKY_SESSION -> true;
            default -> false;
        };
    }

    private static void timeouts(RouteConfig route, UpstreamConfig upstream, List<String> findings) {
        Duration response = route.timeouts().response();
        Duration total = route.timeouts().total();
        int attempts = route.retry().attempts();
        if (attempts > 1 && route.timeouts().connect().compareTo(response) >= 0) {
            findings.add(
                    of(route) + "a connection may take " + text(route.timeouts().connect())
                            + ", and all attempts together have " + text(response)
                            + ", so an origin that does not answer leaves no time for another; write " + key(route)
                            + "timeout.connect = " + text(rounded(response.dividedBy(2L * attempts))));
        }
        if (attempts > 1 && route.retry().backoff().compareTo(response) >= 0) {
            findings.add(of(route) + "the pause before another attempt may take "
                    + text(route.retry().backoff())
                    + ", and all attempts together have " + text(response) + "; write " + key(route)
                    + "retry.backoff = " + text(response.dividedBy(10)));
        }
        if (route.retry().backoff().compareTo(route.retry().backoffMax()) > 0) {
            findings.add(of(route) + "no pause is ever longer than retry.backoff-max, "
                    + text(route.retry().backoffMax()) + "; write " + key(route) + "retry.backoff = "
                    + text(route.retry().backoffMax()));
        }
        if (!total.isZero() && response.compareTo(total) > 0) {
            findings.add(of(route) + "the exchange ends after " + text(total)
                    + " (timeout.total), so timeout.response, " + text(response) + ", is never reached; write "
                    + key(route) + "timeout.response = " + text(total));
        }
        if (!total.isZero() && route.timeouts().idle().compareTo(total) > 0) {
            findings.add(of(route) + "the exchange ends after " + text(total) + " (timeout.total), so timeout.idle, "
                    + text(route.timeouts().idle()) + ", is never reached; write " + key(route) + "timeout.idle = "
                    + text(total));
        }
        queue(of(route), "its", key(route), route.limits().concurrency(), total, findings);
        queue(
                of(route),
                "its upstream's",
                "upstream." + upstream.name() + ".",
                upstream.concurrency(),
                total,
                findings);
    }

    private static void queue(
            String where, String whose, String key, ConcurrencyConfig places, Duration total, List<String> findings) {
        if (places.limits()
                && places.queueLength() > 0
                && !total.isZero()
                && places.queueTime().compareTo(total) >= 0) {
            findings.add(where + "an exchange may wait " + text(places.queueTime()) + " for one of " + whose
                    + " places, and has " + text(total) + " in all (timeout.total); write " + key + "queue.time = "
                    + text(total.dividedBy(2)));
        }
    }

    private static String of(RouteConfig route) {
        return "Route " + route.name() + ": ";
    }

    private static String key(RouteConfig route) {
        return "route." + route.name() + ".";
    }

    /** As people would choose it. */
    private static Duration rounded(Duration time) {
        long millis = time.toMillis();
        long unit = millis < 100 ? 1 : millis < 1000 ? 100 : 1000;
        return Duration.ofMillis(millis - millis % unit);
    }

    /** As settings write it. */
    static String text(Duration time) {
        long millis = time.toMillis();
        return millis % 60_000 == 0 && millis > 0
                ? millis / 60_000 + "m"
                : millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms";
    }
}
