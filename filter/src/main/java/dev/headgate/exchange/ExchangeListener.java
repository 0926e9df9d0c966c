package dev.headgate.exchange;

/**
 * Is told what happens to exchanges. Every method does nothing unless it is overridden.
 *
 * <p>Methods are called on the thread that runs the exchange, so they must be quick and must not block. What they throw is
 * logged and changes nothing. One listener is told of many exchanges at once, so it must be thread-safe; the exchange and
 * attempt that it is handed are good until the method returns.
 */
public interface ExchangeListener {

    /** Does nothing. */
    ExchangeListener NONE = new ExchangeListener() {};

    /** A route took a request; nothing was decided about it yet. */
    default void began(Exchange exchange) {}

    /**
     * An origin was chosen and is about to be asked. {@link Attempt#tell} may still add to what it is sent.
     *
     * @param exchange without a client where the cache asks by itself: see {@link Exchange#hasClient()}
     */
    default void attemptBegan(Exchange exchange, Attempt attempt) {}

    /** An attempt is over, well or badly: its content was relayed, or it failed, or another attempt follows. Once for each. */
    default void attemptEnded(Exchange exchange, Attempt attempt) {}

    /**
     * The exchange is over: the client has been sent all it will be sent by the gateway. Once for each that
     * {@link #began}. What the app answers after {@link Exchange#isLeftToApp()} is not waited for.
     */
    default void ended(Exchange exchange) {}
}
