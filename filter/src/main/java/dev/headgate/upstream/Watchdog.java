package dev.headgate.upstream;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.apache.hc.core5.io.CloseMode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections that have overstayed a limit, and lets pools drop what has been idle for long. One daemon thread
 * per gateway.
 *
 * <p>Socket timeouts are not used for this: they cost two more system calls a read, there are none for writing, and each
 * byte that drips in starts them anew. Closing the socket ends whatever a thread is blocked in.
 *
 * <p>Thread-safe.
 */
public final class Watchdog implements AutoCloseable {

    /** How late a limit may be noticed. */
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

    private static final long HOUSEKEEPING_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    /** Something else that may overstay a limit. */
    @FunctionalInterface
    public interface Watched {
        /** Called every few milliseconds, on the watchdog's thread: neither waits nor throws. */
        void look();
    }

    private final LongSupplier nanoSource;
    private final long epoch;
    private final Set<UpstreamConnection> connections = ConcurrentHashMap.newKeySet();
    private final Set<Watched> watched = ConcurrentHashMap.newKeySet();
    private final CopyOnWriteArrayList<Runnable> housekeeping = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean closed;

    /** Whether the thread may wait until it is woken, because there is nothing to watch. */
    private volatile boolean asleep;

    public Watchdog(String gatewayName, LongSupplier nanoSource) {
        this.nanoSource = nanoSource;
        this.epoch = nanoSource.getAsLong();
        this.thread = new Thread(null, this::watch, "headgate-" + gatewayName + "-watchdog", 0, false);
        thread.setDaemon(true);
        thread.setContextClassLoader(Watchdog.class.getClassLoader());
        thread.start();
    }

    /** Nanoseconds since this watchdog began; never negative, so it compares without care for overflow. */
    long now() {
        return nanoSource.getAsLong() - epoch;
    }

    /** A plain reading of the nano source. */
    long reading() {
        return nanoSource.getAsLong();
    }

    /** A reading of the nano source, on the scale of {@link #now()}. */
    long since(long nanos) {
        return nanos - epoch;
    }

    void watch(UpstreamConnection connection) {
        connections.add(connection);
        wake();
    }

    void forget(UpstreamConnection connection) {
        connections.remove(connection);
    }

    /** Looks at something until it is to {@link #forget} it. */
    public void watch(Watched other) {
        watched.add(other);
        wake();
    }

    private void wake() {
        if (asleep) {
            LockSupport.unpark(thread);
        }
    }

    public void forget(Watched other) {
        watched.remove(other);
    }

    /** Has a task run about once a second, for as long as there is anything to watch. The same task is not run twice. */
    public void everySecond(Runnable task) {
        housekeeping.addIfAbsent(task);
    }

    /** Ends {@link #everySecond}; the task may be running still. */
    public void noMore(Runnable task) {
        housekeeping.remove(task);
    }

    /** Breaks every connection there is, of whichever pool, in use or not. */
    public void breakAll() {
        for (UpstreamConnection connection : connections) {
            connection.close(CloseMode.IMMEDIATE);
        }
    }

    private void watch() {
        long nextHousekeeping = 0;
        while (!closed) {
            // Said before it is looked whether there is anything: who adds the first thing sees it, or is seen.
            asleep = true;
            if (connections.isEmpty() && watched.isEmpty()) {
                LockSupport.park(this);
                asleep = false;
            } else {
                asleep = false;
                LockSupport.parkNanos(this, TICK_NANOS);
            }
            long now = now();
            for (UpstreamConnection connection : connections) {
                connection.closeIfOverdue(now);
            }
            for (Watched other : watched) {
                runSafely(other::look);
            }
            if (now >= nextHousekeeping) {
                nextHousekeeping = now + HOUSEKEEPING_NANOS;
                housekeeping.forEach(Watchdog::runSafely);
            }
        }
    }

    private static void runSafely(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.warn("Something that the watchdog looks after failed", e);
        }
    }

    /** Ends the thread; waits for it briefly, so that an undeployed app leaves none behind. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        try {
            thread.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
