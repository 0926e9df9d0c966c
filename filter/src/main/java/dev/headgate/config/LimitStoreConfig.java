package dev.headgate.config;

import java.time.Duration;

/**
 * Where rate limits are kept.
 *
 * @param uri {@code redis://host:port/db}, shared by several gateways; empty: in this gateway's memory
 * @param timeout how long a request may wait for the store before it is counted in memory; more than zero
 * @param pause how long a store that failed is left alone
 */
public record LimitStoreConfig(String uri, Duration timeout, Duration pause) {

    public LimitStoreConfig {
        if (uri == null) {
            throw new IllegalArgumentException("what is not given is empty, not null");
        }
        Checks.positive(timeout, "limits.store-timeout");
        Checks.positive(pause, "limits.store-pause");
    }

    /** The address without user and password, which stay out of logs. */
    public String address() {
        return uri.replaceFirst("//.*@", "//");
    }

    @Override
    public String toString() {
        return "LimitStoreConfig[" + address() + "]";
    }
}
