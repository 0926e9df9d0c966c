package dev.headgate;

import dev.headgate.failure.FailureKind;
import java.io.IOException;

/**
 * Leaves the filter when a response that the client has part of cannot be finished. The reason is in the log already,
 * so this carries no stack trace.
 */
final class CutResponse extends IOException {

    CutResponse(FailureKind kind) {
        super("Headgate breaks the connection because the response cannot be finished: " + kind.errorType());
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
