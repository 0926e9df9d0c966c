package dev.headgate.observe;

import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells several listeners what happens, in their order; what one of them throws harms nobody. Immutable. */
final class Observers implements ExchangeListener {

    private static final Logger LOG = LoggerFactory.getLogger(Observers.class);

    private final ExchangeListener[] listeners;

    Observers(List<ExchangeListener> listeners) {
        this.listeners = listeners.toArray(new ExchangeListener[0]);
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

    private static void complain(ExchangeListener listener, RuntimeException e) {
        LOG.warn("The exchange listener {} failed", listener.getClass().getName(), e);
    }
}
