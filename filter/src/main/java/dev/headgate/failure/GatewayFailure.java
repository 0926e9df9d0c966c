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
    private final String publicDetail;

    public GatewayFailure(FailureKind kind, String message) {
        this(kind, message, null);
    }

    /**
     * @param message what happened, for operators
     * @param cause null where there is none
     */
    public GatewayFailure(FailureKind kind, String message, Throwable cause) {
        this(kind, message, cause, null);
    }

    private GatewayFailure(FailureKind kind, String message, Throwable cause, String publicDetail) {
        super(message, cause);
        this.kind = kind;
        this.publicDetail = publicDetail;
    }

    /** The same failure with an explanation that everybody may read: no host, no address, nothing of the request. */
    public GatewayFailure explained(String detail) {
        return new GatewayFailure(kind, getMessage(), getCause(), detail);
    }

    public FailureKind kind() {
        return kind;
    }

    /** What everybody may know beyond the kind; null when there is nothing to add. */
    public String publicDetail() {
        return publicDetail;
    }
}
