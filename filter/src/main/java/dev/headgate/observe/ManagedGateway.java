package dev.headgate.observe;

import dev.headgate.cache.ResponseCache;
import dev.headgate.config.GatewayConfig;
import dev.headgate.limit.Admission;
import dev.headgate.upstream.Upstream;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

/** A gateway as those who run it see it: all that is in force now. Thread-safe. */
public interface ManagedGateway {

    /** The configuration in force. */
    GatewayConfig config();

    /** How long the gateway has been there. */
    Duration uptime();

    /** By name, those of the configuration in force. */
    Collection<Upstream> upstreams();

    Admission admission();

    /** Null where no route ever had one. */
    ResponseCache cache();

    Threads threads();

    /**
     * Reads the settings again and puts them in force.
     *
     * @return the settings that differ and take effect at the next start only; empty when all of it is in force
     * @throws IllegalArgumentException with every mistake that was found; then nothing has changed
     * @throws IllegalStateException when the app gave the gateway its configuration
     */
    List<String> reload();

    /**
     * What threads exchanges hold.
     *
     * @param share how many of the container's threads they may hold
     * @param inline how many of those they hold now
     * @param off how many exchanges run on virtual threads or on the gateway's own now
     * @param parked how many exchanges wait without a thread now, for a turn, a place or the same response
     * @param pool how many threads of its own the gateway may have; 0 where virtual threads take their place
     * @param left how many exchanges have left the container's threads so far
     * @param refused how many were refused because no thread was to be had
     */
    record Threads(int share, int inline, int off, int parked, int pool, long left, long refused) {}
}
