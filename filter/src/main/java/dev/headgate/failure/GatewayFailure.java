package dev.headgate.failure;

import java.io.IOException;

/**
 * The end of an exchange that found no answer, by name.
 *
 * <p>It is an {@link IOException} so that it can pass through streams unwrapped. The message is for operators: it names
 * the origin and the limit that was hit, and is never sent to the public.
 */
public final class GatewayFailure extends IOException {

    private final FailureKind kind;

    public GatewayFailure(FailureKind kind, String message) {
        this(kind, message, null);
    }

    /**
     * @param message what happened, for operators
     * @param cause null where there is none
     */
    public GatewayFailure(FailureKind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public FailureKind kind() {
        return kind;
    }
}
