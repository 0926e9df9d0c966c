package dev.headgate.upstream;

import dev.headgate.config.TimeoutConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.failure.GatewayFailure;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A named group of origins at run time: chooses one and connects to it. Thread-safe. */
public final class Upstream implements AutoCloseable {

    private final UpstreamConfig config;
    private final List<Origin> origins;
    private final UpstreamClient client;
    private final AtomicInteger turn = new AtomicInteger();

    /** @throws IllegalArgumentException when its TLS files cannot be used */
    public Upstream(UpstreamConfig config, Watchdog watchdog) {
        this.config = config;
        this.origins = config.origins().stream().map(Origin::new).toList();
        this.client = new UpstreamClient(config, watchdog);
    }

    public String name() {
        return config.name();
    }

    public List<Origin> origins() {
        return origins;
    }

    /** Takes the origins in turn. */
    public Origin choose() {
        return origins.size() == 1
                ? origins.get(0)
                : origins.get(Math.floorMod(turn.getAndIncrement(), origins.size()));
    }

    /**
     * Opens or reuses a connection for one attempt.
     *
     * @param startNanos when the exchange began, for the limit on the whole of it
     * @throws GatewayFailure when none is free in time, or none can be made
     */
    public OriginConnection connect(Origin origin, TimeoutConfig timeouts, long startNanos, Attempt attempt)
            throws GatewayFailure {
        return client.connect(origin, timeouts, startNanos, attempt);
    }

    /** Closes all connections, those in use included. */
    @Override
    public void close() {
        client.close();
    }
}
