package dev.headgate.observe;

import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import org.slf4j.MDC;

/**
 * Tells the logging system which exchange a thread is at, so that every line written meanwhile, by whomever, can name it:
 * {@code %X{headgate.requestId}}. What the app has in the MDC stays there, and what these four keys held before comes back
 * with the end. Thread-safe.
 */
public final class LogContext implements ExchangeListener {

    static final String REQUEST_ID = "headgate.requestId";
    static final String ROUTE = "headgate.route";
    static final String UPSTREAM = "headgate.upstream";

    /** The origin of the last attempt, from its beginning on. */
    static final String ORIGIN = "headgate.origin";

    /** What the keys held before; ends on the thread that it began on. */
    public static final class Scope implements AutoCloseable {

        private final String requestId = MDC.get(REQUEST_ID);
        private final String route = MDC.get(ROUTE);
        private final String upstream = MDC.get(UPSTREAM);
        private final String origin = MDC.get(ORIGIN);

        private Scope(Exchange exchange) {
            MDC.put(REQUEST_ID, exchange.requestId());
            MDC.put(ROUTE, exchange.route());
            MDC.put(UPSTREAM, exchange.upstream());
            if (origin != null) {
                MDC.remove(ORIGIN);
            }
        }

        @Override
        public void close() {
            set(REQUEST_ID, requestId);
            set(ROUTE, route);
            set(UPSTREAM, upstream);
            set(ORIGIN, origin);
        }

        private static void set(String key, String value) {
            if (value == null) {
                MDC.remove(key);
            } else {
                MDC.put(key, value);
            }
        }
    }

    /** From now on this thread is at an exchange. */
    public static Scope enter(Exchange exchange) {
        return new Scope(exchange);
    }

    @Override
    public void attemptBegan(Exchange exchange, Attempt attempt) {
        if (!exchange.hasClient()) {
            exchange.keep(this, enter(exchange)); // the cache asks by itself, and nobody else says so to this thread
        }
        MDC.put(ORIGIN, attempt.origin());
    }

    @Override
    public void attemptEnded(Exchange exchange, Attempt attempt) {
        if (!exchange.hasClient() && exchange.kept(this) instanceof Scope scope) {
            scope.close();
        }
    }
}
