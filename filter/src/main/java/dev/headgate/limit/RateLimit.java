package dev.headgate.limit;

import dev.headgate.config.AddressRange;
import dev.headgate.config.Bandwidth;
import dev.headgate.config.LimitConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.TrustedProxies;
import io.github.bucket4j.BandwidthBuilder;
import io.github.bucket4j.BlockingStrategy;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.TokensInheritanceStrategy;
import io.github.bucket4j.VerboseResult;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Principal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * One named rate limit with a bucket for each key, here or in the store that several gateways share. Thread-safe.
 */
final class RateLimit {

    /** What one class of clients may have, as buckets and fields know it. */
    private record Rates(String role, BucketConfiguration bucket, String fingerprint, String policy, String[] names) {}

    /** A bucket of this gateway's own, and when it was last used. */
    private static final class Local {
        private final Bucket bucket;
        private volatile long usedNanos;

        /** That of the limit whose rates the bucket has. */
        private volatile int generation;

        Local(Bucket bucket, int generation) {
            this.bucket = bucket;
            this.generation = generation;
        }
    }

    private static final class Counts {
        private final LongAdder admitted = new LongAdder();
        private final LongAdder refused = new LongAdder();
        private final LongAdder shadowed = new LongAdder();
        private final LongAdder waited = new LongAdder();
    }

    /** What came of a request for tokens: enough to give them back, and to tell the client. */
    record Verdict(
            RateLimit limit,
            boolean admitted,
            long cost,
            Bucket from,
            boolean fromStore,
            Duration delay,
            String state,
            String policy) {}

    private static final String USER = "user ";
    private static final String SESSION = "session ";

    private final LimitConfig config;
    private final Rates general;
    private final List<Rates> byRole;
    private final TrustedProxies proxies;
    private final TimeMeter meter;
    private final SharedBuckets shared;
    private final RecentlyUsed<Local> buckets;
    private final long staleNanos;
    private final Counts counts;

    /** How many limits of this name there were before, with other rates perhaps. */
    private final int generation;

    /**
     * @param shared null where limits are this gateway's own
     * @param before the limit of that name in a configuration that this one replaces, whose counts and buckets go on; null
     *     where there was none
     */
    RateLimit(LimitConfig config, TrustedProxies proxies, TimeMeter meter, SharedBuckets shared, RateLimit before) {
        this.config = config;
        this.proxies = proxies;
        this.meter = meter;
        this.shared = shared;
        this.counts = before == null ? new Counts() : before.counts;
        this.generation = before == null ? 0 : before.generation + 1;
        this.buckets = buckets(config, before);
        this.general = rates("", config.rate());
        this.byRole = config.rateByRole().entrySet().stream()
                .map(entry -> rates(entry.getKey(), entry.getValue()))
                .toList();
        this.staleNanos = longest(config.rate(), config.rateByRole());
    }

    /** Those of before, as long as their keys mean the same. */
    private static RecentlyUsed<Local> buckets(LimitConfig config, RateLimit before) {
        if (before == null || !before.config.keys().equals(config.keys())) {
            return new RecentlyUsed<>(config.maxKeys());
        }
        return before.config.maxKeys() == config.maxKeys()
                ? before.buckets
                : new RecentlyUsed<>(config.maxKeys(), before.buckets);
    }

    private Rates rates(String role, List<Bandwidth> bandwidths) {
        var bucket = BucketConfiguration.builder();
        StringBuilder policy = new StringBuilder();
        String[] names = new String[bandwidths.size()];
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < names.length; i++) {
            Bandwidth bandwidth = bandwidths.get(i);
            // By this a bucket whose rates are replaced knows which of them became which.
            String id = bandwidth.period().toString();
            while (!ids.add(id)) {
                id += "'";
            }
            bucket.addLimit(
                    bandwidth.burst() == 0
                            ? BandwidthBuilder.builder()
                                    .capacity(bandwidth.requests())
                                    .refillIntervally(bandwidth.requests(), bandwidth.period())
                                    .id(id)
                                    .build()
                            : BandwidthBuilder.builder()
                                    .capacity(bandwidth.burst())
                                    .refillGreedy(bandwidth.requests(), bandwidth.period())
                                    .id(id)
                                    .build());
            long millis = bandwidth.period().toMillis();
            boolean whole = millis % 1_000 == 0;
            String window = whole ? millis / 1_000 + "s" : millis + "ms";
            long twins = bandwidths.subList(0, i).stream()
                    .filter(other -> other.period().equals(bandwidth.period()))
                    .count();
            names[i] = '"'
                    + config.name()
                    + (names.length == 1 ? "" : "-" + window)
                    + (twins == 0 ? "" : "-" + (twins + 1))
                    + '"';
            policy.append(i == 0 ? "" : ", ").append(names[i]).append(";q=").append(bandwidth.requests());
            // A window is told in whole seconds or not at all: neither 20 a second nor 10 a second is 10 in each half.
            if (whole) {
                policy.append(";w=").append(millis / 1_000);
            }
        }
        String fingerprint = Integer.toHexString(bandwidths.toString().hashCode());
        return new Rates(role, bucket.build(), fingerprint, policy.toString(), names);
    }

    /** After this long without a request, the fullest bucket of any rate is full again: nothing is lost with it. */
    private static long longest(List<Bandwidth> rate, Map<String, List<Bandwidth>> byRole) {
        double most = 0;
        for (Bandwidth bandwidth : rate) {
            most = Math.max(most, refill(bandwidth));
        }
        for (List<Bandwidth> rates : byRole.values()) {
            for (Bandwidth bandwidth : rates) {
                most = Math.max(most, refill(bandwidth));
            }
        }
        return (long) Math.min(most, Long.MAX_VALUE / 4.0);
    }

    private static double refill(Bandwidth bandwidth) {
        return Math.ceil((double) bandwidth.capacity() / bandwidth.requests())
                * bandwidth.period().toNanos();
    }

    LimitConfig config() {
        return config;
    }

    /** Whether a limit with this configuration and this store is the same as this one. */
    boolean is(LimitConfig other, SharedBuckets store) {
        return config.equals(other) && shared == store;
    }

    /**
     * Asks for what a request costs.
     *
     * @param captures what the route's path pattern captured, by name
     * @return null where the request is free
     */
    Verdict ask(Exchange exchange, Function<String, String> captures) {
        HttpServletRequest request = exchange.request();
        long cost = config.cost().getOrDefault(request.getMethod(), 1);
        if (cost == 0) {
            return null;
        }
        Rates rates = ratesOf(request);
        String key = key(request, captures, rates);
        Bucket bucket = null;
        VerboseResult<ConsumptionProbe> result = null;
        boolean fromStore = false;
        if (shared != null && !hasWaitedInVain(exchange) && shared.mayTry()) {
            try {
                bucket = shared.bucket(sharedKey(rates, key), rates.bucket());
                result = consume(bucket, cost);
                fromStore = true;
                shared.worked();
                mirror(key, rates, result.getValue());
            } catch (RuntimeException e) {
                storeFailed(exchange, e);
                result = null;
                fromStore = false;
            }
        }
        if (result == null) {
            bucket = local(key, rates);
            result = consume(bucket, cost);
        }
        ConsumptionProbe probe = result.getValue();
        boolean enough = probe.isConsumed();
        if (enough) {
            counts.admitted.increment();
        } else if (config.shadow()) {
            counts.shadowed.increment();
        }
        // A bucket may have the rates of a newer configuration already, which this one cannot name.
        boolean announced =
                config.announced() && result.getConfiguration().getBandwidths().length == rates.names().length;
        return new Verdict(
                this,
                enough || config.shadow(),
                enough ? cost : 0,
                bucket,
                fromStore,
                Duration.ofNanos(probe.getNanosToWaitForRefill()),
                announced ? state(rates, result) : null,
                announced ? rates.policy() : null);
    }

    /**
     * Waits in the line of a bucket, at most as long as the limit's patience. When the store fails meanwhile, it is asked for
     * here, once.
     *
     * @return what was had in the end; null when it was not worth the wait
     */
    Verdict await(Verdict refusal, Exchange exchange, Function<String, String> captures) throws InterruptedException {
        long cost = config.cost().getOrDefault(exchange.request().getMethod(), 1);
        try {
            if (!refusal.from().asBlocking().tryConsume(cost, config.patience().toNanos(), BlockingStrategy.PARKING)) {
                return null;
            }
        } catch (RuntimeException e) {
            storeFailed(exchange, e); // nothing else fails
            Verdict here = ask(exchange, captures);
            return here != null && here.admitted() ? here : null;
        }
        counts.admitted.increment();
        counts.waited.increment();
        return new Verdict(
                this,
                true,
                cost,
                refusal.from(),
                refusal.fromStore(),
                Duration.ZERO,
                refusal.state(),
                refusal.policy());
    }

    /** Takes back what a request got that something else refuses; from a store that has just failed, it does not. */
    void giveBack(Verdict verdict, Exchange exchange) {
        if (verdict.cost() == 0 || verdict.fromStore() && hasWaitedInVain(exchange)) {
            return;
        }
        try {
            verdict.from().addTokens(verdict.cost());
        } catch (RuntimeException e) {
            storeFailed(exchange, e); // nothing else fails
        }
    }

    /** However many limits a request has, it waits only once for a store that does not answer. */
    private boolean hasWaitedInVain(Exchange exchange) {
        return exchange.kept(shared) != null;
    }

    private void storeFailed(Exchange exchange, RuntimeException e) {
        exchange.keep(shared, Boolean.TRUE);
        shared.failed(e);
    }

    /** Counts a request that it did not let pass. */
    void refused() {
        counts.refused.increment();
    }

    /** Keeps the bucket here no fuller than the shared one, so that losing the store gives nobody a second budget. */
    private void mirror(String key, Rates rates, ConsumptionProbe probe) {
        Bucket local = local(key, rates);
        long surplus = local.getAvailableTokens() - probe.getRemainingTokens();
        if (surplus > 0) {
            local.consumeIgnoringRateLimits(surplus);
        }
    }

    private static VerboseResult<ConsumptionProbe> consume(Bucket bucket, long cost) {
        return bucket.asVerbose().tryConsumeAndReturnRemaining(cost);
    }

    private Bucket local(String key, Rates rates) {
        long now = meter.currentTimeNanos();
        Local local = buckets.get(key, absent -> {
            var builder = Bucket.builder().withCustomTimePrecision(meter);
            for (var bandwidth : rates.bucket().getBandwidths()) {
                builder.addLimit(bandwidth);
            }
            return new Local(builder.build(), generation);
        });
        local.usedNanos = now;
        if (local.generation < generation) {
            // What was used stays used. Here and not for all at once, so that nobody waits for a reload.
            local.bucket.replaceConfiguration(rates.bucket(), TokensInheritanceStrategy.ADDITIVE);
            local.generation = generation;
        }
        return local.bucket;
    }

    private String sharedKey(Rates rates, String key) {
        return config.name() + ':' + rates.fingerprint() + ':' + key;
    }

    /** Fills the buckets of one key again, here and in the store. See {@link Admission#resetKey}. */
    boolean reset(String text) {
        boolean found = false;
        List<Rates> all = new ArrayList<>(byRole);
        all.add(general);
        for (Rates rates : all) {
            for (String key : keysCalled(text, rates)) {
                Local local = buckets.find(key);
                if (local != null) {
                    local.bucket.reset();
                    found = true;
                }
                if (shared != null && shared.mayTry()) {
                    try {
                        found |= shared.reset(sharedKey(rates, key), rates.bucket());
                        shared.worked();
                    } catch (RuntimeException e) {
                        shared.failed(e);
                    }
                }
            }
        }
        return found;
    }

    /** All keys that people may mean: a name, where users who are not logged in go by address, may be an address. */
    private List<String> keysCalled(String text, Rates rates) {
        long named = config.keys().stream().filter(RateLimit::isNamed).count();
        String[] values = named > 1 ? text.split("\\|", -1) : new String[] {text};
        if (named > 0 && values.length != named) {
            throw new IllegalArgumentException("limit " + config.name() + " has keys of " + named + " parts: "
                    + config.keys().stream()
                            .filter(RateLimit::isNamed)
                            .map(part -> part.kind().name().toLowerCase(Locale.ROOT))
                            .collect(Collectors.joining("|")));
        }
        List<List<String>> keys = List.of(List.of());
        int next = 0;
        for (LimitConfig.Key part : config.keys()) {
            List<String> meant = isNamed(part) ? meant(part, values[next++]) : List.of(unnamed(part, rates));
            List<List<String>> longer = new ArrayList<>();
            for (List<String> begun : keys) {
                for (String value : meant) {
                    List<String> both = new ArrayList<>(begun);
                    both.add(value);
                    longer.add(both);
                }
            }
            keys = longer;
        }
        return keys.stream().map(parts -> key(rates, parts)).toList();
    }

    private static boolean isNamed(LimitConfig.Key part) {
        return part.kind() != LimitConfig.Kind.GLOBAL && part.kind() != LimitConfig.Kind.ROLE;
    }

    private static String unnamed(LimitConfig.Key part, Rates rates) {
        return part.kind() == LimitConfig.Kind.ROLE ? rates.role() : "";
    }

    private static List<String> meant(LimitConfig.Key part, String value) {
        String address = network(value.endsWith("/64") ? value.substring(0, value.length() - 3) : value);
        return switch (part.kind()) {
            case ADDRESS -> List.of(address);
            case PRINCIPAL -> List.of(USER + value, address);
            case SESSION -> List.of(SESSION + value, address);
            default -> List.of(value);
        };
    }

    /** Forgets buckets that are full again. */
    void sweep() {
        long now = meter.currentTimeNanos();
        buckets.dropEldest(local -> now - local.usedNanos > staleNanos);
    }

    /** How many keys are remembered here. */
    int keys() {
        return buckets.size();
    }

    AdmissionState.Rate state(Duration lifetime) {
        boolean connected = shared != null && shared.isConnected();
        return new AdmissionState.Rate(
                config.name(),
                counts.admitted.sum(),
                counts.refused.sum(),
                counts.shadowed.sum(),
                counts.waited.sum(),
                buckets.size(),
                connected,
                shared == null ? lifetime : shared.lasting());
    }

    private Rates ratesOf(HttpServletRequest request) {
        for (Rates rates : byRole) {
            if (request.isUserInRole(rates.role())) {
                return rates;
            }
        }
        return general;
    }

    /**
     * What is counted apart, in no more than 64 characters whatever clients send. Parts carry their length, so that no two
     * different lists of parts read the same.
     */
    private String key(HttpServletRequest request, Function<String, String> captures, Rates rates) {
        String key = part(rates.role());
        for (LimitConfig.Key part : config.keys()) {
            key += '|' + part(value(part, request, captures, rates));
        }
        return bounded(key);
    }

    private static String key(Rates rates, List<String> parts) {
        String key = part(rates.role());
        for (String value : parts) {
            key += '|' + part(value);
        }
        return bounded(key);
    }

    private static String part(String value) {
        return value.length() + "=" + value;
    }

    private static String bounded(String key) {
        return key.length() <= 64 ? key : digest(key);
    }

    private String value(
            LimitConfig.Key part, HttpServletRequest request, Function<String, String> captures, Rates rates) {
        return switch (part.kind()) {
            case ADDRESS -> address(request);
            case PRINCIPAL -> {
                Principal user = request.getUserPrincipal();
                yield user == null ? address(request) : USER + user.getName();
            }
            case ROLE -> rates.role();
            case SESSION -> {
                HttpSession session = request.getSession(false);
                yield session == null ? address(request) : SESSION + session.getId();
            }
            case FIELD -> orEmpty(request.getHeader(part.argument()));
            case COOKIE -> orEmpty(Exchange.cookie(request, part.argument()));
            case PATH -> orEmpty(captures.apply(part.argument()));
            case GLOBAL -> "";
        };
    }

    private String address(HttpServletRequest request) {
        String address = proxies.clientAddress(request);
        // The container's own spelling of IPv4, by far the most, need not be parsed; what a proxy wrote is.
        return address.indexOf(':') < 0 && address.equals(request.getRemoteAddr()) ? address : network(address);
    }

    /** One household or server has 2^64 IPv6 addresses (RFC 6177), so only the first half counts. */
    private static String network(String address) {
        byte[] bytes = AddressRange.bytesOf(address);
        if (bytes == null) {
            return address;
        }
        return bytes.length == 4
                ? (bytes[0] & 0xFF) + "." + (bytes[1] & 0xFF) + "." + (bytes[2] & 0xFF) + "." + (bytes[3] & 0xFF)
                : HexFormat.of().formatHex(bytes, 0, 8) + "/64";
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }

    /** Also keeps session ids and API keys out of memory dumps and the store. */
    private static String digest(String key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 20);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The {@code RateLimit} field's items (draft-ietf-httpapi-ratelimit-headers-10 §4). */
    private static String state(Rates rates, VerboseResult<ConsumptionProbe> result) {
        long[] available = result.getDiagnostics().getAvailableTokensPerEachBandwidth();
        long reset = seconds(result.getValue().getNanosToWaitForReset());
        StringBuilder state = new StringBuilder();
        for (int i = 0; i < rates.names().length; i++) {
            state.append(i == 0 ? "" : ", ")
                    .append(rates.names()[i])
                    .append(";r=")
                    .append(Math.max(0, available[i]));
            if (rates.names().length == 1) {
                state.append(";t=").append(reset);
            }
        }
        return state.toString();
    }

    private static long seconds(long nanos) {
        return (nanos + 999_999_999) / 1_000_000_000;
    }
}
