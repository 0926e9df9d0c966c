package dev.headgate.upstream;

import dev.headgate.config.OriginConfig;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.core5.http.HttpHost;

/** One origin at run time. Thread-safe. */
public final class Origin {

    private final OriginConfig config;
    private final String name;
    private final HttpRoute httpRoute;

    Origin(OriginConfig config) {
        this.config = config;
        this.name = config.toString();
        this.httpRoute =
                new HttpRoute(new HttpHost(config.scheme(), config.host(), config.port()), null, config.secure());
    }

    public OriginConfig config() {
        return config;
    }

    /** As configured, such as {@code http://a:8080/base}. */
    public String name() {
        return name;
    }

    /** The pool's key for this origin: scheme, host and port, without the base path. */
    HttpRoute httpRoute() {
        return httpRoute;
    }

    @Override
    public String toString() {
        return name;
    }
}
