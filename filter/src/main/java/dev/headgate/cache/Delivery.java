package dev.headgate.cache;

import dev.headgate.exchange.ResponseHead;
import dev.headgate.failure.GatewayFailure;

/** The client's side of one exchange, for what the cache sends itself. All methods throw when the client is gone. */
public interface Delivery {

    /**
     * Puts status and fields on the response; once, before any content.
     *
     * @param length of the content in bytes, which for HEAD is not sent; -1: it is not told
     */
    void head(ResponseHead head, long length) throws GatewayFailure;

    void write(byte[] bytes, int offset, int length) throws GatewayFailure;

    /** Sends what was written, before a wait. */
    void flush() throws GatewayFailure;

    /**
     * There will be no whole response; an exception follows.
     *
     * @param cacheStatus for whatever is sent instead
     */
    default void failed(String cacheStatus) {}

    /** Whether the client is known to be gone, so that there is nothing to wait for. Asked now and then, on any thread. */
    default boolean isGone() {
        return false;
    }
}
