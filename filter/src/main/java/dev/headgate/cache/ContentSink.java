package dev.headgate.cache;

/** Sees content on its way. */
@FunctionalInterface
public interface ContentSink {

    /** Takes nothing. */
    ContentSink NONE = (bytes, offset, length) -> {};

    /** Must be called with all content, in order; copies what it keeps, and never fails. */
    void content(byte[] bytes, int offset, int length);

    /**
     * Asked before each read.
     *
     * @return false when whoever asks must not read on: another one does, or nobody wants the rest
     */
    default boolean mayRead() {
        return true;
    }
}
