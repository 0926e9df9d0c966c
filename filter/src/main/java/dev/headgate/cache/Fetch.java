package dev.headgate.cache;

import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import dev.headgate.failure.GatewayFailure;
import java.util.function.BooleanSupplier;

/** What the cache needs of whoever talks to the origin, for one exchange. */
public interface Fetch {

    /**
     * Asks the origin.
     *
     * @param fields of the request, in place of those that the cache was told of; only {@code If-None-Match} and {@code
     *     If-Modified-Since} differ
     * @throws GatewayFailure when there is no response head
     */
    Response ask(Fields fields) throws GatewayFailure;

    /**
     * The same for use after the exchange, on another thread, without the client.
     *
     * @return null when that is not possible
     */
    Fetch detached();

    /**
     * Takes what the origin can spare for a request that no client waits for.
     *
     * @return to be closed once that request is over; null where there is nothing to spare now
     */
    default Place placeToSpare() {
        return () -> {};
    }

    /** What an origin does for one request. */
    @FunctionalInterface
    interface Place extends AutoCloseable {
        @Override
        void close();
    }

    /** A response whose head has come, and whose content is still to come. */
    interface Response extends AutoCloseable {

        /**
         * Status, and the fields as any client may see them: nothing in them belongs to one connection or one user, but
         * for {@code Set-Cookie}.
         */
        ResponseHead head();

        /**
         * Sends the response to the client. When it returns true, the client has been handed all of it.
         *
         * @param head to send, with the same status as the origin's
         * @param sink is handed all content before it goes to the client
         * @param heir asked once if the client leaves meanwhile: true when {@link #drain} is to be possible then
         * @return false when the sink did not let it read on; the client has been handed all that was read
         * @throws GatewayFailure when the content was cut, or the client is gone; in the latter case {@link #drain} may
         *     go on where this stopped
         */
        boolean relay(ResponseHead head, ContentSink sink, BooleanSupplier heir) throws GatewayFailure;

        /**
         * Reads the content, or what is left of it, without sending it to anyone; on any thread, but one at a time.
         *
         * @return false when the sink did not let it read on
         * @throws GatewayFailure when the content was cut
         */
        boolean drain(ContentSink sink) throws GatewayFailure;

        /** The client is gone, and the response goes on without it: its request and response are left alone from now on. */
        default void leaveClient() {}

        /** Gives the connection back, or closes it where content is left. */
        @Override
        void close();
    }
}
