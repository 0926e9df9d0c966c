package dev.headgate.upstream;

import dev.headgate.config.OriginConfig;
import dev.headgate.config.PoolConfig;
import dev.headgate.config.TimeoutConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.ConnectionHolder;
import org.apache.hc.client5.http.impl.io.DefaultHttpClientConnectionOperator;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.io.ConnectionEndpoint;
import org.apache.hc.client5.http.io.DetachedSocketFactory;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.HostnameVerificationPolicy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.config.RegistryBuilder;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.pool.PoolReusePolicy;
import org.apache.hc.core5.pool.PoolStats;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * The connection pool of one upstream.
 *
 * <p>Only HttpClient's connection manager is used, not its client: a gateway wants no cookies, redirects,
 * authentication, decoding, retries or protocol upgrades, and it has to know how far an exchange came when it failed.
 *
 * <p>Thread-safe.
 */
final class UpstreamClient implements AutoCloseable {

    /**
     * HttpCore makes three buffers of it for each connection. Response heads and most content pass them by; a small chunk still
     * goes through them whole.
     */
    static final int HTTP_CORE_BUFFER_BYTES = 2048;

    private final PoolConfig pool;
    private final Watchdog watchdog;
    private final PoolingHttpClientConnectionManager connections;
    private final Runnable housekeeping = this::dropIdle;
    private volatile boolean retired;
    private volatile boolean closed;

    UpstreamClient(UpstreamConfig config, Watchdog watchdog) {
        this.pool = config.pool();
        this.watchdog = watchdog;
        int maxBytes = config.head().maxBytes();
        int maxFields = config.head().maxFields();
        Http1Config http1 = Http1Config.custom()
                .setBufferSize(HTTP_CORE_BUFFER_BYTES)
                .setMaxLineLength(maxBytes)
                .setMaxHeaderCount(maxFields)
                .build();
        // Sockets of channels can be asked without waiting whether there is anything to read; plain sockets cannot.
        DetachedSocketFactory sockets = proxy -> SocketChannel.open().socket();
        RegistryBuilder<TlsSocketStrategy> tls = RegistryBuilder.create();
        if (config.origins().stream().anyMatch(OriginConfig::secure)) {
            tls.register(
                    "https",
                    new DefaultClientTlsStrategy(
                            TlsMaterial.contextOf(config.tls()), HostnameVerificationPolicy.BUILTIN, null));
        }
        connections = new PoolingHttpClientConnectionManager(
                new DefaultHttpClientConnectionOperator(sockets, null, null, tls.build()),
                PoolConcurrencyPolicy.LAX,
                PoolReusePolicy.LIFO,
                null,
                socket -> new UpstreamConnection(http1, new ResponseHeadParser(maxBytes, maxFields), watchdog));
        connections.setDefaultMaxPerRoute(pool.maxPerOrigin());
        connections.setMaxTotal(Integer.MAX_VALUE);
        connections.setDefaultSocketConfig(SocketConfig.custom()
                .setTcpNoDelay(true)
                .setSoTimeout(Timeout.DISABLED)
                .build());
        connections.setDefaultConnectionConfig(ConnectionConfig.custom()
                // Whether a connection is fit to be used again is looked at below, for every lease.
                .setValidateAfterInactivity(TimeValue.NEG_ONE_MILLISECOND)
                .setTimeToLive(pool.timeToLive().isZero() ? null : TimeValue.of(pool.timeToLive()))
                .setIdleTimeout(Timeout.of(pool.idleTimeout()))
                .build());
        watchdog.everySecond(housekeeping);
    }

    private void dropIdle() {
        connections.closeExpired();
        connections.closeIdle(TimeValue.of(pool.idleTimeout()));
    }

    /** @param keepAlive how long the connection may stay in the pool; null: not at all */
    void release(ConnectionEndpoint endpoint, TimeValue keepAlive) {
        try {
            connections.release(endpoint, null, retired ? null : keepAlive);
        } catch (IllegalStateException e) {
            // Closed within this very moment, the pool has closed and forgotten what it had lent.
            if (!closed) {
                throw e;
            }
        }
        if (retired && keepAlive != null) {
            // Perhaps retired within the line above: nobody else would close it.
            connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
        }
    }

    /** How the pool stands for one origin. */
    PoolStats stats(Origin origin) {
        return connections.getStats(origin.httpRoute());
    }

    /** Keeps no connection any more; exchanges under way, and those that come late, still get theirs. */
    void retire() {
        retired = true;
        watchdog.noMore(housekeeping);
        connections.closeIdle(TimeValue.ZERO_MILLISECONDS);
    }

    OriginConnection connect(
            Origin origin,
            TimeoutConfig timeouts,
            long startNanos,
            long responseNanos,
            boolean certain,
            Attempt attempt)
            throws GatewayFailure {
        origin.began(watchdog.now());
        ConnectionEndpoint endpoint;
        try {
            endpoint = lease(origin);
            while (endpoint.isConnected() && !connectionOf(endpoint).isReusable(certain)) {
                release(endpoint, null);
                endpoint = lease(origin);
            }
        } catch (GatewayFailure | RuntimeException e) {
            origin.ended();
            throw e;
        }
        UpstreamConnection connection = connectionOf(endpoint);
        try {
            long total = timeouts.total().isZero()
                    ? Long.MAX_VALUE
                    : watchdog.since(startNanos) + timeouts.total().toNanos();
            connection.begin(total, timeouts.idle().toNanos());
            boolean reused = endpoint.isConnected();
            if (!reused) {
                attempt.connects(watchdog.reading());
                connection.arm(
                        Limit.CONNECT, watchdog.now() + timeouts.connect().toNanos());
                connections.connect(endpoint, TimeValue.of(timeouts.connect()), HttpClientContext.create());
                connection.disarm();
            }
            return new OriginConnection(
                    this, endpoint, connection, reused, origin, timeouts, responseNanos, pool, watchdog);
        } catch (IOException | RuntimeException e) {
            connection.close(CloseMode.IMMEDIATE);
            connections.release(endpoint, null, null);
            origin.ended();
            throw Failures.whileConnecting(e instanceof IOException io ? connection.explain(io) : e, origin, timeouts);
        }
    }

    private static UpstreamConnection connectionOf(ConnectionEndpoint endpoint) {
        return (UpstreamConnection) ((ConnectionHolder) endpoint).get();
    }

    private ConnectionEndpoint lease(Origin origin) throws GatewayFailure {
        Duration patience = pool.leaseTimeout();
        try {
            Timeout timeout = Timeout.of(patience);
            return connections.lease(null, origin.httpRoute(), timeout, null).get(timeout);
        } catch (TimeoutException e) {
            throw noConnection(origin, e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TimeoutException) {
                // The pool looks at the time as well, and may be the first to see that it is over.
                throw noConnection(origin, e);
            }
            throw closed
                    ? closing(e)
                    : new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "the connection pool failed", e);
        } catch (IllegalStateException e) {
            if (closed) {
                throw closing(e);
            }
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "interrupted while waiting for a connection", e);
        }
    }

    /** The app stops, and an exchange whose connection was broken for that would try again. */
    private static GatewayFailure closing(Exception e) {
        return GatewayFailure.busy("the gateway is closing", e);
    }

    private GatewayFailure noConnection(Origin origin, Exception e) {
        return GatewayFailure.busy(
                "all " + pool.maxPerOrigin() + " connections to " + origin + " stayed in use for "
                        + pool.leaseTimeout().toMillis() + " ms (connections.max, connections.lease-timeout)",
                e);
    }

    @Override
    public void close() {
        closed = true;
        watchdog.noMore(housekeeping);
        connections.close(CloseMode.IMMEDIATE);
    }
}
