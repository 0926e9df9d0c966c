package dev.headgate.config;

/**
 * How many threads exchanges may hold while they wait for their upstreams.
 *
 * @param share of the container's threads; 0: a third of what the container has, 64 where that is unknown
 * @param pool threads of the gateway's own, for exchanges beyond the share where Java has no virtual threads; 0: none
 */
public record ThreadConfig(int share, int pool) {

    public ThreadConfig {
        Checks.atLeast(0, share, "host-threads");
        Checks.atLeast(0, pool, "host-threads.pool");
    }
}
