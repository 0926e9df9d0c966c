package dev.headgate.observe;

import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells several listeners what happens, in their order; what one of them throws harms nobody. That it did is written once
 * with its stack, and then counted: a listener that fails at each exchange must not flood the log. Thread-safe.
 */
final class Observers implements ExchangeListener, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Observers.class);

    private static final Duration QUIET = Duration.ofMinutes(1);

    private final ExchangeListener[] listeners;
    private final FailureLog.Later later;

    /** What was said of late, with how often it happened again; guarded by itself. */
    private final Map<Complaint, Long> complaints = new HashMap<>();

    /** A class of listeners may have many instances, and may throw in many ways: as many as its code has. */
    private record Complaint(Class<?> listener, Class<?> thrown) {}

    Observers(List<ExchangeListener> listeners, FailureLog.Later later) {
        this.listeners = listeners.toArray(new ExchangeListener[0]);
        this.later = later;
    }

    @Override
    public void began(Exchange exchange) {
        for (ExchangeListener listener : listeners) {
            try {
                listener.began(exchange);
            } catch (RuntimeException e) {
                complain(listener, e);
            }
        }
    }

    @Override
    public void attemptBegan(Exchange exchange, Attempt attempt) {
        for (ExchangeListener listener : listeners) {
            try {
                listener.attemptBegan(exchange, attempt);
            } catch (RuntimeException e) {
                complain(listener, e);
            }
        }
    }

    @Override
    public void attemptEnded(Exchange exchange, Attempt attempt) {
        for (ExchangeListener listener : listeners) {
            try {
                listener.attemptEnded(exchange, attempt);
            } catch (RuntimeException e) {
                complain(listener, e);
            }
        }
    }

    @Override
    public void ended(Exchange exchange) {
        for (ExchangeListener listener : listeners) {
            try {
                listener.ended(exchange);
            } catch (RuntimeException e) {
                complain(listener, e);
            }
        }
    }

    private void complain(ExchangeListener listener, RuntimeException e) {
        Complaint complaint = new Complaint(listener.getClass(), e.getClass());
        synchronized (complaints) {
            if (complaints.computeIfPresent(complaint, (same, times) -> times + 1) != null) {
                return;
            }
            complaints.put(complaint, 0L);
        }
        LOG.warn("The exchange listener {} failed", listener.getClass().getName(), e);
        later.run(QUIET, () -> tell(complaint));
    }

    /** As long as it goes on it is counted, a line a minute. */
    private void tell(Complaint complaint) {
        long again;
        synchronized (complaints) {
            again = complaints.get(complaint);
            if (again == 0) {
                complaints.remove(complaint);
            } else {
                complaints.put(complaint, 0L);
            }
        }
        if (again > 0) {
            say(complaint, again);
            later.run(QUIET, () -> tell(complaint));
        }
    }

    private static void say(Complaint complaint, long again) {
        LOG.warn(
                "The exchange listener {} failed {} more times with {} in the last minute",
                complaint.listener().getName(),
                again,
                complaint.thrown().getName());
    }

    /** Writes what has not been counted out yet. */
    @Override
    public void close() {
        Map<Complaint, Long> open;
        synchronized (complaints) {
            open = Map.copyOf(complaints);
            complaints.replaceAll((complaint, times) -> 0L);
        }
        open.forEach((complaint, times) -> {
            if (times > 0) {
                say(complaint, times);
            }
        });
    }
}
