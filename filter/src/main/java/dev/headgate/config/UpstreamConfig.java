package dev.headgate.config;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A named group of origins that answer alike.
 *
 * @param origins at least one, none twice
 * @param pool how connections to each origin are kept
 * @param tls how {@code https} origins are trusted; never null
 * @param head how much head a response may have
 * @param balance how an origin is chosen
 * @param health when an origin counts as unhealthy
 * @param retryBudget how many retries there may be
 * @param concurrency of all exchanges with it
 */
public record UpstreamConfig(
        String name,
        List<OriginConfig> origins,
        PoolConfig pool,
        TlsConfig tls,
        HeadLimits head,
        BalanceConfig balance,
        HealthConfig health,
        RetryConfig.Budget retryBudget,
        ConcurrencyConfig concurrency) {

    public UpstreamConfig {
        Checks.notBlank(name, "name");
        origins = List.copyOf(origins);
        if (origins.isEmpty()) {
            throw new IllegalArgumentException("upstream " + name + " needs at least one origin");
        }
        Set<String> addresses = new HashSet<>();
        for (OriginConfig origin : origins) {
            if (!addresses.add(origin.toString())) {
                throw new IllegalArgumentException(origin + " is there twice; ;weight=N gives it a larger share");
            }
        }
        if (pool == null
                || tls == null
                || head == null
                || balance == null
                || health == null
                || retryBudget == null
                || concurrency == null) {
            throw new IllegalArgumentException("a part of upstream " + name + " is missing");
        }
    }

    /**
     * What a response head may measure before the response is refused with {@code http_response_header_section_size}
     * or {@code http_response_header_size} (RFC 9209 §2.3).
     *
     * @param maxBytes all lines of one head or trailer section together, also the longest line; at least 1024
     * @param maxFields how many field lines; at least 1
     */
    public record HeadLimits(int maxBytes, int maxFields) {
        public HeadLimits {
            Checks.atLeast(1024, maxBytes, "head.max-size");
            Checks.atLeast(1, maxFields, "head.max-fields");
        }
    }
}
