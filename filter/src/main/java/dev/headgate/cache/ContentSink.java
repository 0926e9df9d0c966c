package dev.headgate.cache;

/** Sees content on its way. */
@FunctionalInterface
public interface ContentSink {

    /** Takes nothing. */
    ContentSink NONE = (bytes, offset, length) -> {};

    /** Must be called with all content, in order; copies what it keeps, and never fails. */
    void content(byte[] bytes, int offset, int length);
}
