package dev.headgate.limit;

import dev.headgate.config.AddressRange;
import dev.headgate.config.Bandwidth;
import dev.headgate.config.LimitConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.TrustedProxies;
import io.github.bucket4j.BandwidthBuilder;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.VerboseResult;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Principal;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

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

        Local(Bucket bucket) {
            this.bucket = bucket;
        }
    }

    /** What came of a request for tokens: enough to give them back, and to tell the client. */
    record Verdict(
            RateLimit limit, boolean admitted, long cost, Bucket from, Duration delay, String state, String policy) {}

    private final LimitConfig config;
    private final Rates general;
    private final List<Rates> byRole;
    private final TrustedProxies proxies;
    private final TimeMeter meter;
    private final SharedBuckets shared;
    private final RecentlyUsed<Local> buckets;
    private final long staleNanos;
    private final LongAdder admitted = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder shadowed = new LongAdder();

    /** @param shared null where limits are this gateway's own */
    RateLimit(LimitConfig config, TrustedProxies proxies, TimeMeter meter, SharedBuckets shared) {
        this.config = config;
        this.proxies = proxies;
        this.meter = meter;
        this.shared = shared;
        this.buckets = new RecentlyUsed<>(config.maxKeys());
        this.general = rates("", config.rate());
        this.byRole = config.rateByRole().entrySet().stream()
                .map(entry -> rates(entry.getKey(), entry.getValue()))
                .toList();
        this.staleNanos = longest(config.rate(), config.rateByRole());
    }

    private Rates rates(String role, List<Bandwidth> bandwidths) {
        var bucket = BucketConfiguration.builder();
        StringBuilder policy = new StringBuilder();
        String[] names = new String[bandwidths.size()];
        for (int i = 0; i < names.length; i++) {
            Bandwidth bandwidth = bandwidths.get(i);
            bucket.addLimit(
                    bandwidth.burst() == 0
                            ? BandwidthBuilder.builder()
                                    .capacity(bandwidth.requests())
                                    .refillIntervally(bandwidth.requests(), bandwidth.period())
                                    .build()
                            : BandwidthBuilder.builder()
                                    .capacity(bandwidth.burst())
                                    .refillGreedy(bandwidth.requests(), bandwidth.period())
                                    .build());
            long seconds = Math.max(1, bandwidth.period().toSeconds());
            names[i] = '"' + config.name() + (names.length == 1 ? "" : "-" + seconds + "s") + '"';
            policy.append(i == 0 ? "" : ", ")
                    .append(names[i])
                    .append(";q=")
                    .append(bandwidth.requests())
                    .append(";w=")
                    .append(seconds);
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

    /**
     * Asks for what a request costs.
     *
     * @param captures what the route's path pattern captured, by name
     * @return null where the request is free
     */
    Verdict ask(HttpServletRequest request, Function<String, String> captures) {
        long cost = config.cost().getOrDefault(request.getMethod(), 1);
        if (cost == 0) {
            return null;
        }
        Rates rates = ratesOf(request);
        String key = key(request, captures, rates);
        Bucket bucket = null;
        VerboseResult<ConsumptionProbe> result = null;
        if (shared != null && shared.mayTry()) {
            try {
                bucket = shared.bucket(config.name() + ':' + rates.fingerprint() + ':' + key, rates.bucket());
                result = consume(bucket, cost);
                shared.worked();
                mirror(key, rates, result.getValue());
            } catch (RuntimeException e) {
                shared.failed(e);
                result = null;
            }
        }
        if (result == null) {
            bucket = local(key, rates);
            result = consume(bucket, cost);
        }
        ConsumptionProbe probe = result.getValue();
        boolean enough = probe.isConsumed();
        (enough ? admitted : config.shadow() ? shadowed : refused).increment();
        return new Verdict(
                this,
                enough || config.shadow(),
                enough ? cost : 0,
                bucket,
                Duration.ofNanos(probe.getNanosToWaitForRefill()),
                config.announced() ? state(rates, result) : null,
                config.announced() ? rates.policy() : null);
    }

    /**
     * Waits in the line of a bucket, at most as long as the limit's patience.
     *
     * @return whether it was worth it
     */
    boolean await(Verdict refusal, HttpServletRequest request) throws InterruptedException {
        long cost = config.cost().getOrDefault(request.getMethod(), 1);
        boolean gotIt = refusal.from()
                .asBlocking()
                .tryConsume(cost, config.patience().toNanos(), io.github.bucket4j.BlockingStrategy.PARKING);
        if (gotIt) {
            refused.decrement();
            admitted.increment();
        }
        return gotIt;
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
            return new Local(builder.build());
        });
        local.usedNanos = now;
        return local.bucket;
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

    long admitted() {
        return admitted.sum();
    }

    long refused() {
        return refused.sum();
    }

    /** How many a limit in shadow mode would have refused. */
    long shadowed() {
        return shadowed.sum();
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
        StringBuilder key = new StringBuilder(48);
        key.append(rates.role().length()).append('=').append(rates.role());
        for (LimitConfig.Key part : config.keys()) {
            String value = value(part, request, captures, rates);
            key.append('|').append(value.length()).append('=').append(value);
        }
        return key.length() <= 64 ? key.toString() : digest(key.toString());
    }

    private String value(
            LimitConfig.Key part, HttpServletRequest request, Function<String, String> captures, Rates rates) {
        return switch (part.kind()) {
            case ADDRESS -> address(request);
            case PRINCIPAL -> {
                Principal user = request.getUserPrincipal();
                yield user == null ? address(request) : "user " + user.getName();
            }
            case ROLE -> rates.role();
            case SESSION -> {
                HttpSession session = request.getSession(false);
                yield session == null ? address(request) : "session " + session.getId();
            }
            case FIELD -> orEmpty(request.getHeader(part.argument()));
            case COOKIE -> orEmpty(Exchange.cookie(request, part.argument()));
            case PATH -> orEmpty(captures.apply(part.argument()));
            case GLOBAL -> "";
        };
    }

    /** One household or server has 2^64 IPv6 addresses (RFC 6177), so only the first half counts. */
    private String address(HttpServletRequest request) {
        String address = proxies.clientAddress(request);
        if (address.indexOf(':') < 0) {
            return address; // IPv4, by far the most, need not be parsed
        }
        byte[] bytes = AddressRange.bytesOf(address);
        return bytes == null || bytes.length == 4 ? address : HexFormat.of().formatHex(bytes, 0, 8) + "/64";
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
