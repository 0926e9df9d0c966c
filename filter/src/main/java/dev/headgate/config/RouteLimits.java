package dev.headgate.config;

import java.util.List;
import java.util.Set;

/**
 * What a route may cost.
 *
 * @param rates the names of the rate limits that apply, each in the gateway's configuration
 * @param concurrency of this route's exchanges
 * @param priority who is shed last when places are short
 * @param highRoles roles whose users have high priority on this route
 * @param size what messages may measure
 * @param minRequestRate how many bytes of content a second a client has to send, while it is waited for; 0: any
 * @param minResponseRate how many bytes a second a client has to take, while it is waited for; 0: any
 */
public record RouteLimits(
        List<String> rates,
        ConcurrencyConfig concurrency,
        Priority priority,
        Set<String> highRoles,
        Size size,
        long minRequestRate,
        long minResponseRate) {

    public RouteLimits {
        rates = List.copyOf(rates);
        highRoles = Set.copyOf(highRoles);
        if (concurrency == null || priority == null || size == null) {
            throw new IllegalArgumentException("a part of the limits is missing");
        }
    }

    /** Who is shed last. */
    public enum Priority {
        LOW,
        NORMAL,
        HIGH
    }

    /**
     * What the messages of one exchange may measure.
     *
     * @param target path and query, in characters; more gets 414
     * @param head all request fields together, in bytes; more gets 431
     * @param fields how many request fields; more gets 431
     * @param requestContent in bytes; more gets 413; 0: no limit
     * @param responseContent in bytes; more is refused, or cut once it has begun; 0: no limit
     */
    public record Size(int target, int head, int fields, long requestContent, long responseContent) {
        public Size {
            Checks.atLeast(1, target, "request.max-target");
            Checks.atLeast(1, head, "request.max-head");
            Checks.atLeast(1, fields, "request.max-fields");
        }
    }
}
