package dev.headgate.exchange;

/**
 * Is told of exchanges. Called on the thread that runs the exchange, so it must be quick and thread-safe; what it throws
 * is logged and goes no further.
 */
public interface ExchangeListener {

    /** A route took a request. Nothing has been read or sent yet. */
    default void started(Exchange exchange) {}

    /** An attempt ended, well or badly. */
    default void attempted(Exchange exchange, Attempt attempt) {}

    /** The last byte was sent, or the exchange failed: see {@link Exchange#failure()}. */
    default void ended(Exchange exchange) {}
}
