package dev.headgate.limit;

/** The places that an exchange holds. Close it once, on any thread, when the exchange is over. */
@FunctionalInterface
public interface Permit extends AutoCloseable {

    @Override
    void close();
}
