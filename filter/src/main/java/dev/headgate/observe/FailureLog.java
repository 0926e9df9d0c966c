package dev.headgate.observe;

import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Writes what failed, in a line that says all one needs to act. Its logger is {@code dev.headgate.failures.} and the
 * gateway's name. Thread-safe.
 *
 * <p>At WARN what the gateway or an upstream is to blame for, an origin's own 5xx included; at DEBUG what the client is,
 * because who floods the gateway must not flood the log; at INFO an attempt that failed and did no harm, because another
 * origin or the cache answered. Of the same kind at the same origin {@value #IN_FULL} lines are written in
 * {@value #WINDOW_SECONDS} s; how many more there were is written when that time is over.
 */
final class FailureLog implements ExchangeListener, AutoCloseable {

    /** Runs something later, once; drops it where everything ends. */
    @FunctionalInterface
    public interface Later {
        void run(Duration delay, Runnable task);
    }

    static final int IN_FULL = 5;
    static final int WINDOW_SECONDS = 10;

    /** Names of origins change with what DNS says; more than this at once are counted together. */
    static final int MOST_COUNTED = 1000;

    private static final String OTHERS = "failures of other kinds and origins";

    private static final class Count {
        final Level level;
        int written;
        long leftOut;

        Count(Level level) {
            this.level = level;
        }
    }

    private final Logger log;
    private final RequestText text;
    private final Later later;

    /** By what failed where; guarded by itself. */
    private final Map<String, Count> counts = new HashMap<>();

    /**
     * @param name the gateway's
     * @param sessionCookie the name of the app's session cookie
     */
    public FailureLog(String name, String sessionCookie, Later later) {
        this.log = LoggerFactory.getLogger("dev.headgate.failures." + name);
        this.text = new RequestText(sessionCookie);
        this.later = later;
    }

    /** What the cache asks by itself has no end but this. */
    @Override
    public void attemptEnded(Exchange exchange, Attempt attempt) {
        GatewayFailure failure = attempt.failure();
        if (!exchange.hasClient() && failed(attempt) && !isClients(failure)) {
            String what = what(attempt);
            write(
                    Level.INFO,
                    what + ", in the background",
                    failure,
                    () -> what + " while the cache asked by itself" + message(failure) + "; " + places(exchange) + "; "
                            + story(attempt, failure));
        }
    }

    @Override
    public void ended(Exchange exchange) {
        GatewayFailure failure = exchange.failure();
        if (failure == null) {
            answered(exchange);
        } else if (failure.kind().side() == FailureKind.Side.CLIENT) {
            if (log.isDebugEnabled()) {
                log.debug(RequestText.oneLine(line(exchange, failure)));
            }
        } else {
            write(
                    Level.WARN,
                    failure.kind().word() + " at " + where(exchange, failure),
                    failure,
                    () -> line(exchange, failure));
        }
    }

    /** The client got an answer: an origin's failure, or a good one after one attempt that failed. */
    private void answered(Exchange exchange) {
        List<Attempt> attempts = exchange.attempts();
        if (attempts.isEmpty()) {
            return;
        }
        Attempt last = attempts.get(attempts.size() - 1);
        if (last.status() >= 500 && last.status() == exchange.status()) {
            write(
                    Level.WARN,
                    what(last),
                    null,
                    () -> what(last) + " is what the client got: " + request(exchange) + ", " + places(exchange)
                            + stories(exchange, null));
            return;
        }
        for (Attempt attempt : attempts) {
            if (failed(attempt)) {
                GatewayFailure failure = attempt.failure();
                write(
                        Level.INFO,
                        what(attempt) + ", made good",
                        null,
                        () -> what(attempt) + " was made good, the client got " + exchange.status() + ": "
                                + request(exchange) + ", " + places(exchange) + message(failure)
                                + stories(exchange, failure));
                return;
            }
        }
    }

    private static boolean failed(Attempt attempt) {
        return attempt.failure() != null || attempt.status() >= 500;
    }

    private static boolean isClients(GatewayFailure failure) {
        return failure != null && failure.kind().side() == FailureKind.Side.CLIENT;
    }

    /** Kind, or the status that stands for one, and where. */
    private static String what(Attempt attempt) {
        GatewayFailure failure = attempt.failure();
        return (failure == null ? attempt.status() : failure.kind().word()) + " at " + attempt.origin();
    }

    private static String message(GatewayFailure failure) {
        return failure == null ? "" : ": " + failure.getMessage();
    }

    private String line(Exchange exchange, GatewayFailure failure) {
        FailureKind kind = failure.kind();
        return exchange.status() + " " + kind.word() + " (" + word(kind.side()) + ") at "
                + where(exchange, failure) + ": " + failure.getMessage() + "; " + request(exchange) + ", "
                + places(exchange) + stories(exchange, failure);
    }

    private static String where(Exchange exchange, GatewayFailure failure) {
        int made = exchange.attempts().size();
        if (made > 0 && failure.kind().side() == FailureKind.Side.UPSTREAM) {
            return exchange.attempts().get(made - 1).origin();
        }
        return failure.kind().side() == FailureKind.Side.UPSTREAM
                ? "upstream " + exchange.upstream()
                : "route " + exchange.route();
    }

    private String request(Exchange exchange) {
        // The request of an exchange whose client has left may be another's by now.
        return exchange.isAbandoned()
                ? "its client has left"
                : exchange.request().getMethod() + " " + text.path(exchange.request());
    }

    private static String places(Exchange exchange) {
        return "route " + exchange.route() + ", upstream " + exchange.upstream() + ", request " + exchange.requestId();
    }

    private static String stories(Exchange exchange, GatewayFailure told) {
        StringBuilder text = new StringBuilder("; ").append(millis(exchange.durationNanos()));
        text.append(" in all, ").append(millis(exchange.queueNanos())).append(" of them queued");
        int number = 0;
        for (Attempt attempt : exchange.attempts()) {
            text.append("; attempt ").append(++number).append(": ").append(story(attempt, told));
        }
        return number == 0 ? text.append("; no origin was asked").toString() : text.toString();
    }

    /** @param told whose message need not be repeated; null: none was */
    private static String story(Attempt attempt, GatewayFailure told) {
        StringBuilder text = new StringBuilder(attempt.origin());
        GatewayFailure failure = attempt.failure();
        if (failure == null) {
            text.append(attempt.status() == 0 ? " did not end" : " answered " + attempt.status());
        } else {
            text.append(' ').append(failure.kind().word()).append(" at stage ").append(word(attempt.stage()));
            if (attempt.status() != 0) {
                text.append(" of its ").append(attempt.status());
            }
        }
        text.append(" after ").append(millis(attempt.durationNanos()));
        text.append(" (lease ").append(millis(attempt.leaseNanos()));
        text.append(", connect ").append(millis(attempt.connectNanos()));
        if (attempt.headNanos() != 0) {
            text.append(", head ").append(millis(attempt.headNanos()));
        }
        text.append(')');
        if (failure != null
                && (told == null || !String.valueOf(failure.getMessage()).equals(told.getMessage()))) {
            text.append(' ').append(failure.getMessage());
        }
        return text.toString();
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static String millis(long nanos) {
        return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
    }

    /** @param failure whose cause is written where it is a mistake in the gateway; null: none is */
    private void write(Level level, String what, GatewayFailure failure, Supplier<String> line) {
        if (!log.isEnabledForLevel(level) || !admits(level, what)) {
            return;
        }
        Throwable mistake =
                failure != null && failure.kind() == FailureKind.PROXY_INTERNAL_ERROR ? failure.getCause() : null;
        log.atLevel(level).setCause(mistake).log(RequestText.oneLine(line.get()));
    }

    private boolean admits(Level level, String what) {
        synchronized (counts) {
            String counted = counts.containsKey(what) || counts.size() < MOST_COUNTED ? what : OTHERS;
            Count count = counts.get(counted);
            if (count == null) {
                count = new Count(level);
                counts.put(counted, count);
                later.run(Duration.ofSeconds(WINDOW_SECONDS), () -> tell(counted));
            }
            if (count.written < IN_FULL) {
                count.written++;
                return true;
            }
            count.leftOut++;
            return false;
        }
    }

    private void tell(String what) {
        Count count;
        synchronized (counts) {
            count = counts.remove(what);
        }
        if (count != null && count.leftOut > 0) {
            log.atLevel(count.level)
                    .log("{} more of {} in the last {} s", count.leftOut, RequestText.oneLine(what), WINDOW_SECONDS);
        }
    }

    /** Writes what has not been counted out yet. */
    @Override
    public void close() {
        String[] open;
        synchronized (counts) {
            open = counts.keySet().toArray(new String[0]);
        }
        for (String what : open) {
            tell(what);
        }
    }
}
