package dev.headgate.limit;

import dev.headgate.config.LimitStoreConfig;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.TimeoutException;
import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.optimization.Optimizations;
import io.github.bucket4j.redis.lettuce.Bucket4jLettuce;
import io.github.bucket4j.redis.lettuce.cas.LettuceBasedProxyManager;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Buckets in a Redis that several gateways share. While it is slow or gone nobody waits for it: after a failure it is left
 * alone for a pause, then one request tries it again. An answer that comes too late once, because a collector or the
 * network stopped for a moment, is no failure yet: a pause of several seconds would let every gateway spend a budget of
 * its own.
 *
 * <p>The only class that needs Lettuce, so that an app without shared limits needs neither. Thread-safe.
 */
final class SharedBuckets implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SharedBuckets.class);

    /** How many keys have their proxy kept, by which parallel requests for one key share a round trip. */
    private static final int PROXIES = 10_000;

    private static final String PREFIX = "headgate:";

    private static final long WORKING = Long.MIN_VALUE;

    /** How long the start of the gateway may wait for a store that does not refuse connections, but does not answer either. */
    private static final Duration START_PATIENCE = Duration.ofSeconds(3);

    /** For so many times its timeout the store may answer nobody in time before it is left alone. */
    private static final int HICCUP = 4;

    private final LimitStoreConfig config;
    private final LongSupplier nanoSource;
    private final long hiccupNanos;
    private final ClientResources resources;
    private final RedisClient client;
    private final RecentlyUsed<Bucket> proxies = new RecentlyUsed<>(PROXIES);

    /** When the store may be tried again, on the nano source; WORKING while it does. */
    private final AtomicLong retryNanos = new AtomicLong(WORKING);

    /** Since when the store has answered nobody in time, on the nano source; WORKING while it does. */
    private final AtomicLong lateSinceNanos = new AtomicLong(WORKING);

    private final LongAdder failures = new LongAdder();

    /** Since when things are as they are, on the nano source. */
    private volatile long changedNanos;

    /** How many use it; the last one closes it. */
    private final AtomicInteger users = new AtomicInteger(1);

    private volatile LettuceBasedProxyManager<String> manager;

    SharedBuckets(LimitStoreConfig config, LongSupplier nanoSource) {
        this.config = config;
        this.nanoSource = nanoSource;
        this.changedNanos = nanoSource.getAsLong();
        this.hiccupNanos = HICCUP * config.timeout().toNanos();
        resources = DefaultClientResources.builder()
                // Left to itself Lettuce would wait for up to 30 seconds once the store had been away for a while.
                .reconnectDelay(Delay.exponential(Duration.ZERO, config.pause(), 2, TimeUnit.MILLISECONDS))
                .build();
        client = RedisClient.create(resources);
        client.setOptions(ClientOptions.builder()
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(SocketOptions.builder()
                        .connectTimeout(atLeast(Duration.ofSeconds(1)))
                        .build())
                .timeoutOptions(TimeoutOptions.enabled(config.timeout()))
                .build());
        try {
            // Nobody waits yet, and the first connection loads and starts all of Lettuce: in the time that a request
            // has
            // for it, every restart would begin with seconds in which each gateway counts alone.
            connect(atLeast(START_PATIENCE));
        } catch (RuntimeException e) {
            failed(e); // the app starts without it
        }
    }

    private Duration atLeast(Duration least) {
        return config.timeout().compareTo(least) < 0 ? least : config.timeout();
    }

    private LettuceBasedProxyManager<String> connected() {
        return manager != null ? manager : connect(atLeast(Duration.ofMillis(100)));
    }

    private synchronized LettuceBasedProxyManager<String> connect(Duration patience) {
        if (manager == null) {
            RedisURI uri = RedisURI.create(config.uri());
            uri.setTimeout(patience);
            StatefulRedisConnection<String, byte[]> connection =
                    client.connect(RedisCodec.of(StringCodec.UTF8, ByteArrayCodec.INSTANCE), uri);
            connection.setTimeout(config.timeout());
            manager = Bucket4jLettuce.casBasedBuilder(connection)
                    .requestTimeout(config.timeout())
                    .expirationAfterWrite(
                            ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(Duration.ofSeconds(10)))
                    .build();
        }
        return manager;
    }

    /** Whether a request should ask the store: always while it works, once a pause while it does not. */
    boolean mayTry() {
        long retry = retryNanos.get();
        if (retry == WORKING) {
            return true;
        }
        long now = nanoSource.getAsLong();
        return now - retry >= 0
                && retryNanos.compareAndSet(retry, now + config.pause().toNanos());
    }

    Bucket bucket(String key, BucketConfiguration rates) {
        LettuceBasedProxyManager<String> connected = connected();
        return proxies.get(key, absent -> connected
                .builder()
                .withOptimization(Optimizations.batching())
                .build(PREFIX + key, () -> rates));
    }

    void worked() {
        if (lateSinceNanos.get() != WORKING) {
            lateSinceNanos.set(WORKING);
        }
        if (retryNanos.get() != WORKING && retryNanos.getAndSet(WORKING) != WORKING) {
            changedNanos = nanoSource.getAsLong();
            LOG.info("Rate limits are shared through {} again", config);
        }
    }

    void failed(RuntimeException e) {
        failures.increment();
        long now = nanoSource.getAsLong();
        if (retryNanos.get() == WORKING && isTimeout(e) && manager != null) {
            long since = lateSinceNanos.updateAndGet(late -> late == WORKING ? now : late);
            if (now - since < hiccupNanos) {
                return;
            }
        }
        long before = retryNanos.getAndSet(now + config.pause().toNanos());
        if (before == WORKING) {
            changedNanos = now;
            LOG.warn(
                    "Rate limits are counted by this gateway alone: {} failed and is tried again every {} ms: {}",
                    config,
                    config.pause().toMillis(),
                    e.toString());
        }
    }

    private static boolean isTimeout(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException || cause instanceof RedisCommandTimeoutException) {
                return true;
            }
        }
        return false;
    }

    /**
     * Fills a bucket again, for all gateways.
     *
     * @return whether it was there
     */
    boolean reset(String key, BucketConfiguration rates) {
        LettuceBasedProxyManager<String> connected = connected();
        if (connected.getProxyConfiguration(PREFIX + key).isEmpty()) {
            return false;
        }
        bucket(key, rates).reset();
        return true;
    }

    boolean isConnected() {
        return retryNanos.get() == WORKING;
    }

    Duration lasting() {
        return Duration.ofNanos(nanoSource.getAsLong() - changedNanos);
    }

    AdmissionState.Store state() {
        return new AdmissionState.Store(config.address(), isConnected(), lasting(), failures.sum());
    }

    boolean isOf(LimitStoreConfig other) {
        return config.equals(other);
    }

    /** One more uses it, and closes it too. */
    SharedBuckets shared() {
        users.incrementAndGet();
        return this;
    }

    @Override
    public void close() {
        if (users.decrementAndGet() == 0) {
            client.shutdown(0, 2, TimeUnit.SECONDS);
            resources.shutdown(0, 2, TimeUnit.SECONDS); // its threads
        }
    }
}
