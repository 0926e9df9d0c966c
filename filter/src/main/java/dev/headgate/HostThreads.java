package dev.headgate;

import dev.headgate.config.ThreadConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.forward.ClientConnection;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.ServletResponseWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Decides on which thread an exchange waits for its upstream, so that the app keeps its own.
 *
 * <p>While fewer exchanges than the gateway's share are at their upstreams, the container's thread does it all: nothing
 * is faster. Beyond the share, and unless one of it is about to come back ({@link ThreadShare}), the exchange leaves that
 * thread through {@code startAsync} and the same code goes on, on a virtual thread where Java has them (21 and later),
 * otherwise on a pool of the gateway's own that never queues. Where neither can be had, because a filter or servlet of
 * the chain does not support async or the pool is full, the client is told so at once. A container whose own threads are
 * virtual has enough of them: there everything runs in place.
 *
 * <p>An exchange that waits for another one needs no thread at all meanwhile ({@link #park}). It goes on on a virtual
 * thread, or on one that the container lends for it.
 *
 * <p><b>Who may touch the request and response of an exchange off its thread.</b> Containers recycle both as soon as the
 * asynchronous context completes, and they complete it by themselves once {@code onError} or {@code onTimeout} has
 * returned. So both break the upstream connection, which makes the worker give up, and do not return before the worker has
 * let go. Nobody else calls {@code complete}, and it is called once.
 *
 * <p>Thread-safe.
 */
final class HostThreads implements AutoCloseable {

    /** What remains of an exchange. It answers failures itself; what it throws breaks the client's connection. */
    @FunctionalInterface
    interface Work {
        void run() throws IOException, ServletException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(HostThreads.class);

    /** Where the container's own size is unknown: a third of what most have, 200. */
    static final int UNKNOWN_CONTAINER_SHARE = 64;

    /** How long an exchange stands in line for a thread; a busy moment is over by then, a slow upstream is not. */
    private static final Duration LINE_PATIENCE = Duration.ofSeconds(3);

    /** How long an exchange waits on its thread for one of the share; what takes so long is slow. */
    private static final Duration SHARE_PATIENCE = Duration.ofMillis(250);

    /** How long the container's thread waits for a worker that has just been told to give up. */
    private static final long LET_GO_SECONDS = 30;

    private final ThreadShare share;
    private final int poolSize;
    private final VirtualThreads virtual;
    private final ThreadPoolExecutor pool;
    private final Semaphore poolSlots;
    private final AtomicInteger off = new AtomicInteger();
    private final AtomicInteger parked = new AtomicInteger();
    private final LongAdder left = new LongAdder();
    private final LongAdder refused = new LongAdder();

    /** Exchanges that have left the container's thread that they came on. */
    private final Map<Exchange, Detached> detached = new ConcurrentHashMap<>();

    /** Those that stand in line for a thread, the first one first. */
    private final Queue<Turn> line = new ConcurrentLinkedQueue<>();

    private final ScheduledExecutorService timer;

    private volatile boolean closed;

    /**
     * @param timer ends the patience of those in line
     * @param own makes threads of the gateway's own, for a Java without virtual ones
     */
    HostThreads(
            ThreadConfig config,
            String gatewayName,
            ServletContext context,
            ScheduledExecutorService timer,
            ThreadFactory own) {
        this.timer = timer;
        this.virtual = VirtualThreads.ofThisJava("headgate-" + gatewayName);
        this.poolSize = config.pool();
        int known = config.share() > 0 ? 0 : ContainerSize.maxThreads(context);
        this.share = new ThreadShare(
                config.share() > 0 ? config.share() : known > 0 ? Math.max(1, known / 3) : UNKNOWN_CONTAINER_SHARE,
                SHARE_PATIENCE,
                System::nanoTime,
                new ProcessorLoad()::areBusy);
        if (virtual != null) {
            pool = null;
            poolSlots = null;
        } else {
            pool = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), own);
            // The slots bound the pool: one must be certain before the container's thread is let go.
            poolSlots = new Semaphore(poolSize);
        }
        LOG.info(
                "Headgate '{}' holds at most {} threads of the container{}; further exchanges run on {}",
                gatewayName,
                share.size(),
                config.share() > 0 ? "" : known > 0 ? ", a third of its " + known : ", whose size is unknown",
                virtual != null ? "virtual threads" : "up to " + poolSize + " threads of its own");
    }

    /**
     * Runs what remains of an exchange, here or elsewhere. When it returns, the work is done or in other hands.
     *
     * @param roles those that anything in the configuration asks for
     * @throws GatewayFailure of kind CONNECTION_LIMIT_REACHED when no thread can be had; the work has not begun
     * @throws IOException what the work threw, to break the client's connection
     * @throws ServletException what the app threw, where it stood in for the upstream
     */
    void run(Exchange exchange, Set<String> roles, Work work) throws IOException, ServletException {
        if (virtual != null && virtual.isCurrent()) {
            if (detached.containsKey(exchange)) {
                work.run(); // counted already
                return;
            }
            off.incrementAndGet();
            try {
                work.run();
            } finally {
                off.decrementAndGet();
            }
            return;
        }
        if (!hasToQueue(exchange) && share.tryTake() || mayWait(exchange) && share.takeSoon()) {
            try {
                work.run();
            } finally {
                share.giveBack();
                callIfFree();
            }
            return;
        }
        runElsewhere(exchange, roles, work);
    }

    /** Whether it would push in front of others: it is new, and could stand in line as they do. */
    private boolean hasToQueue(Exchange exchange) {
        return !line.isEmpty() && exchange.request().isAsyncSupported() && !detached.containsKey(exchange);
    }

    /** Whether it may wait for the share, though others stand in line: the pool serves them meanwhile, if there is one. */
    private boolean mayWait(Exchange exchange) {
        return !detached.containsKey(exchange) && (poolSize > 0 || line.isEmpty());
    }

    /**
     * Lets an exchange for which there was no thread stand in line, without one, until a thread is free or its patience is
     * over.
     *
     * @param roles those that anything in the configuration asks for
     * @param work what to do then; see {@link #park}
     * @return false when it may not wait, or no longer, and nothing has happened
     */
    boolean queue(Exchange exchange, Set<String> roles, Work work) {
        if (virtual != null) {
            return false; // there is no need: a thread is missing only where the exchange cannot leave its own
        }
        Detached present = detached.get(exchange);
        if (present != null && present.patienceLeft() <= 0) {
            return false;
        }
        return park(
                exchange,
                roles,
                wake -> {
                    Detached waiting = detached.get(exchange);
                    if (waiting != null) { // null: its client has left within this very moment
                        new Turn(exchange, wake).begin(waiting.patienceLeft());
                    }
                },
                work);
    }

    /** A thread may be free: the first in line tries. */
    private void callNext() {
        for (Turn next = line.poll(); next != null; next = line.poll()) {
            if (next.comes()) {
                return;
            }
        }
    }

    /** Who was called may not have needed the thread after all. */
    private void callIfFree() {
        if (!line.isEmpty() && (poolSlots.availablePermits() > 0 || share.isFree())) {
            callNext();
        }
    }

    /** A place in line. */
    private final class Turn {

        private final Exchange exchange;
        private final Runnable wake;
        private volatile Future<?> limit;

        Turn(Exchange exchange, Runnable wake) {
            this.exchange = exchange;
            this.wake = wake;
        }

        void begin(long patienceNanos) {
            line.add(this);
            try {
                limit = timer.schedule(this::isOver, patienceNanos, TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                isOver(); // the gateway is closing
                return;
            }
            callIfFree(); // whoever left a moment ago saw nobody in line
        }

        /** @return false when its client is gone, so that it is another one's turn */
        boolean comes() {
            if (limit != null) {
                limit.cancel(false);
            }
            wake.run();
            return !exchange.isAbandoned();
        }

        private void isOver() {
            line.remove(this);
            wake.run();
        }
    }

    private void runElsewhere(Exchange exchange, Set<String> roles, Work work) throws GatewayFailure {
        if (closed) {
            throw refused("the gateway is closing");
        }
        if (!exchange.request().isAsyncSupported()) {
            throw refused(
                    "all " + share.size() + " threads of the gateway's share are in use (host-threads), and a filter or"
                            + " servlet in the chain does not support async");
        }
        if (poolSlots != null && (hasToQueue(exchange) || !poolSlots.tryAcquire())) {
            throw refused("all " + share.size() + " threads of the gateway's share and all " + poolSize
                    + " of its own are in use (host-threads, host-threads.pool)");
        }
        try {
            Detached present = detached.get(exchange);
            if (present != null) {
                present.goesOn(work);
            } else {
                leave(exchange, roles, work).startOff();
            }
        } catch (IllegalStateException e) {
            releaseSlot();
            throw refused(
                    "all " + share.size() + " threads of the gateway's share are in use (host-threads), and the request"
                            + " cannot leave its thread: " + e.getMessage());
        }
    }

    /**
     * Lets an exchange wait without a thread.
     *
     * @param roles those that anything in the configuration asks for
     * @param signal is given what to call when the wait is over, on any thread; calling it again does nothing
     * @param work what to do then; it may park the exchange again, or run something else for it. It has to end an exchange
     *     that is abandoned, without a look at its request and response
     * @return false when it cannot leave its thread, and nothing has happened
     */
    boolean park(Exchange exchange, Set<String> roles, Consumer<Runnable> signal, Work work) {
        if (closed || virtual != null && virtual.isCurrent()) {
            return false; // a virtual thread may as well wait
        }
        Detached present = detached.get(exchange);
        if (present != null) {
            present.parksAgain(signal, work);
            return true;
        }
        if (!exchange.request().isAsyncSupported()) {
            return false;
        }
        try {
            leave(exchange, roles, work).park(signal);
            return true;
        } catch (IllegalStateException e) {
            LOG.debug("{} cannot leave its thread", exchange.requestId(), e);
            return false;
        }
    }

    /** @throws IllegalStateException when the container does not let it */
    private Detached leave(Exchange exchange, Set<String> roles, Work work) {
        AsyncContext async = exchange.request().startAsync(exchange.request(), exchange.response());
        Detached leaving = new Detached(exchange, work, async);
        async.setTimeout(0); // the gateway keeps its own limits
        async.addListener(leaving);
        exchange.continuesWith(new KeptRequest(exchange.request(), roles));
        detached.put(exchange, leaving);
        left.increment();
        return leaving;
    }

    private static GatewayFailure refused(String reason) {
        return GatewayFailure.busy(reason, null);
    }

    /** Counts an exchange that ends because no thread was to be had. */
    void countRefused() {
        refused.increment();
    }

    private void releaseSlot() {
        if (poolSlots != null) {
            poolSlots.release();
            callNext();
        }
    }

    /** How many of the container's threads are at upstreams now. */
    int inline() {
        return share.taken();
    }

    /** How many exchanges run on no platform thread of the container's now. */
    int off() {
        return off.get();
    }

    /** How many exchanges wait without a thread now. */
    int parked() {
        return parked.get();
    }

    /** How many exchanges were refused so far because no thread was to be had. */
    long refused() {
        return refused.sum();
    }

    /** How many of the container's threads may be at upstreams. */
    int share() {
        return share.size();
    }

    /** How many threads of its own the gateway may have besides; 0 where virtual threads take their place. */
    int pool() {
        return virtual != null ? 0 : poolSize;
    }

    /** How many exchanges have left the container's threads so far. */
    long left() {
        return left.sum();
    }

    /** One that goes on after a wait is counted nowhere for a moment, but is still among those that left their thread. */
    private int underWay() {
        return share.taken() + share.waiting() + Math.max(off.get() + parked.get(), detached.size());
    }

    /** Waits until no exchange is under way, at most for the time given. */
    void awaitIdle(Duration most) {
        long until = System.nanoTime() + most.toNanos();
        while (underWay() > 0 && System.nanoTime() < until) {
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(5));
        }
        int still = underWay();
        if (still > 0 && !most.isZero()) {
            LOG.warn("{} exchanges are not over after {} ms (close.grace); they are broken", still, most.toMillis());
        }
    }

    /** Ends the gateway's threads. Whatever they wait for at upstreams must have been closed before. */
    @Override
    public void close() {
        closed = true;
        detached.values().forEach(Detached::wake);
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while ((off.get() > 0 || !detached.isEmpty()) && System.nanoTime() < until) {
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(5));
        }
        if (pool == null) {
            return;
        }
        pool.shutdown();
        try {
            if (off.get() > 0) {
                LOG.warn("{} exchanges have not ended; their threads are interrupted", off.get());
                pool.shutdownNow();
            }
            // The threads themselves end a moment after their work: an undeployed app must leave none behind.
            if (!pool.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("{} threads of the gateway have not ended", pool.getPoolSize());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** One exchange off the container's thread. */
    private final class Detached implements Runnable, AsyncListener {

        private final Exchange exchange;
        private final AsyncContext async;
        private final Map<String, String> mdc = MDC.getCopyOfContextMap();
        private final ClassLoader loader = Thread.currentThread().getContextClassLoader();
        private final CountDownLatch letGo = new CountDownLatch(1);

        /** Passed on from one thread to the next with the exchange. */
        private Work work;

        /** Whether the thread is the gateway's, not one that the container has lent; passed on likewise. */
        private boolean isOff;

        /** What comes when the present work returns, instead of the end; null: the end does. Passed on likewise. */
        private Runnable next;

        /** Until when it may stand in line; 0: it does not yet. Passed on likewise. */
        private long lineUntil;

        /** Guarded by this. */
        private boolean isParked;

        /** Guarded by this. */
        private boolean ended;

        Detached(Exchange exchange, Work work, AsyncContext async) {
            this.exchange = exchange;
            this.work = work;
            this.async = async;
            exchange.onRelease(letGo::countDown);
        }

        /** Runs on a thread of the gateway's; on Java 17 a slot of the pool has been taken for it. */
        private void startOff() {
            off.incrementAndGet();
            isOff = true;
            try {
                if (virtual != null) {
                    virtual.start(this);
                } else {
                    pool.execute(this);
                }
            } catch (RejectedExecutionException | OutOfMemoryError e) {
                // The gateway is closing, or the system has no more threads. The exchange must end all the same: here.
                LOG.debug("{} no thread can be had", exchange.requestId(), e);
                run();
            }
        }

        /** In nanoseconds, counted from when it is asked for the first time after a thread was had. */
        long patienceLeft() {
            long now = System.nanoTime();
            if (lineUntil == 0) {
                lineUntil = now + LINE_PATIENCE.toNanos();
            }
            return lineUntil - now;
        }

        /** What runs now is to be followed by this, on a thread of the gateway's for which a slot has been taken. */
        void goesOn(Work more) {
            lineUntil = 0;
            next = () -> {
                work = more;
                startOff();
            };
        }

        /** What runs now is to be followed by another wait. */
        void parksAgain(Consumer<Runnable> signal, Work more) {
            next = () -> {
                work = more;
                park(signal);
            };
        }

        private void park(Consumer<Runnable> signal) {
            boolean gone;
            synchronized (this) {
                gone = ended;
                isParked = !gone;
            }
            if (gone) {
                leaveOff();
                return;
            }
            parked.incrementAndGet();
            AtomicBoolean once = new AtomicBoolean();
            signal.accept(() -> {
                if (once.compareAndSet(false, true)) {
                    wake();
                }
            });
        }

        /** The client is gone, and nobody works on the exchange: what is left to do sees that it is abandoned. */
        private void leaveOff() {
            detached.remove(exchange);
            try {
                work.run();
            } catch (IOException | ServletException | RuntimeException e) {
                LOG.debug("{} the client is gone", exchange.requestId(), e);
            } finally {
                letGo.countDown();
            }
        }

        /** Goes on if it is parked. */
        void wake() {
            synchronized (this) {
                if (!isParked) {
                    return;
                }
                isParked = false;
                parked.decrementAndGet();
            }
            if (virtual != null) {
                startOff();
                return;
            }
            try {
                async.start(this);
            } catch (RuntimeException e) {
                LOG.debug("{} the container has no thread", exchange.requestId(), e);
                if (exchange.isAbandoned()) {
                    leaveOff(); // takes no thread, and the container waits for it
                    return;
                }
                poolSlots.acquireUninterruptibly(); // for a moment: this thread's whole purpose is to wake
                startOff();
            }
        }

        @Override
        public void run() {
            Thread thread = Thread.currentThread();
            ClassLoader own = thread.getContextClassLoader();
            boolean counted = isOff;
            isOff = false;
            thread.setContextClassLoader(loader);
            if (mdc != null) {
                MDC.setContextMap(mdc);
            }
            IOException cut = null;
            try {
                work.run();
            } catch (IOException e) {
                cut = e;
            } catch (ServletException | RuntimeException | Error e) {
                LOG.error("{} the exchange ended unexpectedly", exchange.requestId(), e);
                cut = new CutResponse(FailureKind.PROXY_INTERNAL_ERROR);
            } finally {
                Runnable then = next;
                next = null;
                if (then == null || cut != null) {
                    end(cut);
                }
                MDC.clear();
                thread.setContextClassLoader(own);
                if (counted) {
                    off.decrementAndGet();
                    releaseSlot();
                }
                if (then != null && cut == null) {
                    then.run();
                }
                callIfFree();
            }
        }

        /** The worker has done its part. Whether it still holds the request is decided here, once. */
        private void end(IOException cut) {
            detached.remove(exchange);
            boolean mine;
            synchronized (this) {
                mine = !ended;
                ended = true;
            }
            try {
                if (mine) {
                    if (cut == null && exchange.isLeftToApp()) {
                        async.dispatch();
                    } else if (cut == null) {
                        async.complete();
                    } else {
                        breakConnection(cut);
                    }
                }
            } catch (IllegalStateException e) {
                // The container ended the context first; then nobody waits for an answer either.
                LOG.debug("{} the asynchronous context is over already", exchange.requestId(), e);
            } finally {
                letGo.countDown();
            }
        }

        /** The client must not take what it has for a whole response, and no servlet method says so in all containers. */
        private void breakConnection(IOException cut) {
            ServletResponse innermost = exchange.response();
            while (innermost instanceof ServletResponseWrapper wrapper) {
                innermost = wrapper.getResponse();
            }
            HttpServletResponse response = (HttpServletResponse) innermost;
            if (response.getClass().getName().startsWith("org.eclipse.jetty.")) {
                try {
                    response.sendError(-1); // Jetty: abort
                } catch (IOException e) {
                    LOG.debug("{} the connection is broken already", exchange.requestId(), e);
                }
                async.complete();
                return;
            }
            if (response.getClass().getName().startsWith("io.undertow.") && ClientConnection.breakOff(exchange)) {
                async.complete();
                return;
            }
            // Tomcat marks a response as failed when a task of the context throws, and closes the connection of a
            // failed response that is committed when the context completes: the mark has to be there before that.
            async.start(() -> {
                throw new BrokenResponse(cut);
            });
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (!isMarked(response)) {
                if (System.nanoTime() > until) {
                    LOG.warn(
                            "{} this container cannot be made to break the connection; it is left to its time limit",
                            exchange.requestId());
                    async.setTimeout(1);
                    return;
                }
                LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(1));
            }
            LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(5));
            async.complete();
        }

        private boolean isMarked(HttpServletResponse response) {
            return response.getStatus() == HttpServletResponse.SC_INTERNAL_SERVER_ERROR
                    && exchange.request().getAttribute(RequestDispatcher.ERROR_EXCEPTION) instanceof BrokenResponse;
        }

        /** The container has lost the client. */
        @Override
        public void onError(AsyncEvent event) {
            if (takeBack()) {
                async.complete();
            }
        }

        /**
         * {@link #breakConnection} has asked for it, or the app has set a limit of its own. What the client gets is the
         * container's to say: 500, or a cut response.
         */
        @Override
        public void onTimeout(AsyncEvent event) {
            LOG.debug("{} the container's time limit ends the exchange", exchange.requestId());
            takeBack();
        }

        /**
         * Ends the exchange for the container: after this, request and response are not ours.
         *
         * @return whether nobody else had ended it
         */
        private boolean takeBack() {
            boolean mine;
            boolean waited;
            synchronized (this) {
                mine = !ended;
                ended = true;
                waited = isParked;
                isParked = false;
            }
            // Not earlier: a worker that is quick to give up would complete the response, and it would pass for a whole
            // one.
            exchange.abandon();
            if (waited) {
                parked.decrementAndGet();
                leaveOff();
            }
            try {
                if (!letGo.await(LET_GO_SECONDS, TimeUnit.SECONDS)) {
                    LOG.error("{} the exchange goes on although its client is gone", exchange.requestId());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return mine;
        }

        @Override
        public void onComplete(AsyncEvent event) {
            // We called complete, or the container did after onError.
        }

        @Override
        public void onStartAsync(AsyncEvent event) {
            // Nobody else has the request.
        }
    }

    /** Thrown into the container to have it break a connection; the reason is in the log already. */
    private static final class BrokenResponse extends RuntimeException {

        BrokenResponse(IOException cut) {
            super(cut.getMessage(), cut, false, false);
        }
    }
}
