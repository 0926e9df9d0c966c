package dev.headgate.forward;

import dev.headgate.config.RouteLimits;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.upstream.Watchdog;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * The content of a response on its way to a client that has to take it at a certain pace. A client that lets single bytes
 * through keeps the container's own time limit from ever being reached, within one write: so the watchdog looks at a write
 * that lasts, and breaks the connection under it. One exchange's, not shared but with the watchdog.
 */
final class ClientOutput implements Watchdog.Watched, AutoCloseable {

    /** What containers have room for: less is never waited for. */
    private static final int ALWAYS_TAKEN_BYTES = 8 * 1024;

    /** Who took no longer for all of a response will take its end too. */
    private static final Duration PROMPT = Duration.ofSeconds(1);

    private final Exchange exchange;
    private final Watchdog watchdog;
    private final long leastPerSecond;
    private final Pace pace;
    private OutputStream stream;
    private boolean watched;

    /** How much the write in progress is to move; -1: there is none. Guarded by this, as is the pace. */
    private int pending = -1;

    /** Whether the watchdog broke the connection. Guarded by this. */
    private boolean broken;

    ClientOutput(Exchange exchange, RouteLimits limits, Watchdog watchdog, LongSupplier nanoSource) {
        this.exchange = exchange;
        this.watchdog = watchdog;
        this.leastPerSecond = limits.minResponseRate();
        this.pace = new Pace(leastPerSecond, nanoSource);
    }

    /**
     * Begins, before anything is written.
     *
     * @param length of all that will be; negative: unknown
     */
    void open(long length) throws GatewayFailure {
        try {
            stream = exchange.response().getOutputStream();
        } catch (IOException e) {
            throw failure(e);
        }
        if (leastPerSecond > 0 && (length < 0 || length > ALWAYS_TAKEN_BYTES)) {
            watched = true;
            watchdog.watch(this);
        }
    }

    boolean isOpen() {
        return stream != null;
    }

    /** @throws GatewayFailure of kind CLIENT_LEFT or CLIENT_TOO_SLOW */
    void write(byte[] bytes, int offset, int count) throws GatewayFailure {
        timed(count, () -> stream.write(bytes, offset, count));
        exchange.sentContent(count);
    }

    /** Sees to it that the client gets what was written so far, and the head. */
    void flush() throws GatewayFailure {
        timed(0, () -> {
            exchange.response().flushBuffer();
            stream.flush();
        });
    }

    @FunctionalInterface
    private interface Step {
        void run() throws IOException;
    }

    /** Takes the client's time, where it is given a limit. */
    private void timed(int count, Step step) throws GatewayFailure {
        if (exchange.isAbandoned()) {
            // The container has taken the response back.
            throw new GatewayFailure(FailureKind.CLIENT_LEFT, "the client left");
        }
        if (watched) {
            begin(count);
        }
        boolean slow;
        try {
            step.run();
        } catch (IOException e) {
            throw failure(e);
        } finally {
            slow = watched && end(count);
        }
        if (slow) {
            throw tooSlow(null);
        }
    }

    /** All is written. What the container still has it would send later, when nobody looks. */
    void finish() throws GatewayFailure {
        boolean prompt;
        synchronized (this) {
            prompt = pace.waited().compareTo(PROMPT) < 0;
        }
        if (!prompt) {
            flush();
        }
    }

    private synchronized void begin(int count) {
        pending = count;
        pace.begin();
    }

    /** @return whether the client is too slow, or was so slow that its connection is broken */
    private synchronized boolean end(int count) {
        pending = -1;
        return !pace.end(count) || broken;
    }

    @Override
    public synchronized void look() {
        // The exchange cannot end meanwhile, and its request and response become somebody else's: end waits for this.
        if (pending < 0 || broken || !pace.isLost(pending)) {
            return;
        }
        broken = true;
        exchange.abandon();
        ClientConnection.breakOff(exchange);
    }

    private GatewayFailure failure(IOException e) {
        synchronized (this) {
            if (!broken) {
                return new GatewayFailure(FailureKind.CLIENT_LEFT, "writing to the client failed", e);
            }
        }
        return tooSlow(e);
    }

    private static GatewayFailure tooSlow(IOException e) {
        return new GatewayFailure(
                FailureKind.CLIENT_TOO_SLOW, "the client took the response too slowly (response.min-rate)", e);
    }

    /** Nothing more will be written. */
    @Override
    public void close() {
        if (watched) {
            watchdog.forget(this);
        }
    }
}
