package dev.headgate.upstream;

import dev.headgate.config.OriginConfig;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.core5.http.HttpHost;

/**
 * One origin at run time: its load, and what an operator, the probes and the traffic say of its health.
 *
 * <p>Thread-safe. Load is kept in atomics; {@link OriginHealth} guards itself.
 */
public final class Origin {

    /** What an operator has decided. */
    public enum Mode {
        ENABLED,
        /** Exchanges may finish, no new ones come. */
        DRAINING,
        /** As if it were not there; exchanges may finish. */
        DISABLED
    }

    /** The latency average forgets with this time constant. */
    private static final double MEMORY_NANOS = TimeUnit.MILLISECONDS.toNanos(2500);

    /** Averages below this are taken for equal, or the one that is faster by a hair would get all of little traffic. */
    private static final long SAME_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final OriginConfig config;
    private final InetAddress address;
    private final String name;
    private final String id;
    private final HttpRoute httpRoute;
    private final OriginHealth health;

    private final AtomicInteger inFlight = new AtomicInteger();
    private final Set<OriginConnection> waiting = ConcurrentHashMap.newKeySet();
    private volatile long latencyNanos;
    private volatile long heardAt;
    private volatile long answeredAt;
    private volatile long clearedAt;
    private volatile Mode mode = Mode.ENABLED;
    private volatile int weight;

    /** The running value of smooth round robin; guarded by its balancer. */
    double turn;

    /**
     * @param address null for the name as a whole, which is then looked up for each connection
     */
    Origin(OriginConfig config, InetAddress address, OriginHealth health) {
        this.config = config;
        this.address = address;
        this.health = health;
        this.weight = config.weight();
        this.name = address == null ? config.toString() : config + " (" + address.getHostAddress() + ")";
        this.id = idOf(name);
        HttpHost host = address == null
                ? new HttpHost(config.scheme(), config.host(), config.port())
                : new HttpHost(config.scheme(), address, config.host(), config.port());
        this.httpRoute = new HttpRoute(host, null, config.secure());
    }

    /** The same place with other settings: what is known of its health and latency stays, and what an operator decided. */
    Origin with(OriginConfig other) {
        Origin next = new Origin(other, address, health);
        next.latencyNanos = latencyNanos;
        next.heardAt = heardAt;
        next.answeredAt = answeredAt;
        next.mode = mode;
        return next;
    }

    /** String.hashCode would do, did it not give http://c1 and http://ao the same one. */
    private static String idOf(String name) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    public OriginConfig config() {
        return config;
    }

    /** As configured, such as {@code http://a:8080/base}, with the address where a name stands for several. */
    public String name() {
        return name;
    }

    /** A short name that stays the same over restarts and says nothing about the origin to outsiders. */
    public String id() {
        return id;
    }

    /** Null for the name as a whole. */
    InetAddress address() {
        return address;
    }

    /** The same origin with a load of its own, for what must not count as traffic. */
    Origin apartFromTraffic() {
        return new Origin(config, address, health);
    }

    /** The pool's key for this origin: scheme, host and port, without the base path. */
    HttpRoute httpRoute() {
        return httpRoute;
    }

    OriginHealth health() {
        return health;
    }

    public Mode mode() {
        return mode;
    }

    void mode(Mode next) {
        mode = next;
    }

    // ---- load ----

    void began(long now) {
        if (inFlight.getAndIncrement() == 0) {
            heardAt = now; // silence counts from when there is something to say
        }
    }

    void ended() {
        inFlight.decrementAndGet();
    }

    /** Exchanges under way. */
    public int inFlight() {
        return inFlight.get();
    }

    /** Takes in how long a response head took. A lost update between two threads does no harm to an average. */
    void answered(long now, long tookNanos) {
        long before = latencyNanos;
        double keep = before == 0 ? 0 : Math.exp(-(now - answeredAt) / MEMORY_NANOS);
        // The less time between answers, the less each counts; at least a tenth, so that a change shows soon.
        keep = Math.min(keep, 0.9);
        latencyNanos = Math.max(1, (long) (before * keep + tookNanos * (1 - keep)));
        heardAt = now;
        answeredAt = now;
    }

    /** The average time to a response head, in nanoseconds; 0 before the first. */
    public long latencyNanos() {
        return latencyNanos;
    }

    /**
     * What one more exchange would cost here: those under way times what each takes. An origin that has fallen silent
     * grows dearer by the moment, before its first failure; one that was slow and gets no more traffic for it is
     * forgiven by and by, or it would never show that it is fast again.
     */
    double cost(long now) {
        int others = inFlight.get();
        double penalty = health.penalty();
        double each = Math.max(latencyNanos, SAME_NANOS) * penalty;
        if (others > 0) {
            each = Math.max(each, (now - heardAt) * penalty);
        } else if (each > SAME_NANOS) {
            each = Math.max(SAME_NANOS, each * Math.exp(-(now - heardAt) / MEMORY_NANOS));
        }
        return (others + 1.0) * each / weight(now);
    }

    /** Its weight, less while it is warming up after an absence. */
    double weight(long now) {
        return weight * health.warmth(now);
    }

    /** As configured, or as an operator set it. */
    int weight() {
        return weight;
    }

    void weight(int next) {
        weight = next;
    }

    // ---- silence ----

    void waits(OriginConnection connection) {
        waiting.add(connection);
    }

    void waitsNoMore(OriginConnection connection) {
        waiting.remove(connection);
    }

    Set<OriginConnection> waiting() {
        return waiting;
    }

    /**
     * Whether exchanges that could be tried elsewhere wait while nothing comes. Few wait where the balancer has turned to
     * others already; and those that answer slowly by nature are as quiet, so this is a suspicion and no more.
     */
    boolean isSuspect(long now, long silenceNanos) {
        long quiet = now - Math.max(heardAt, clearedAt);
        return !waiting.isEmpty() && quiet > Math.max(silenceNanos, 5 * latencyNanos);
    }

    /** The suspicion was wrong: it answers. */
    void cleared(long now) {
        clearedAt = now;
    }

    @Override
    public String toString() {
        return name;
    }
}
