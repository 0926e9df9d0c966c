package dev.headgate.upstream;

import dev.headgate.config.TimeoutConfig;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.io.InterruptedIOException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NotImplementedException;

/** Gives what was thrown at some stage of an attempt its name. Decides on the root cause and the stage, never on texts. */
final class Failures {

    private Failures() {}

    /** Until the connection stood. Nothing of the request can have been received. */
    static GatewayFailure whileConnecting(Exception e, Origin origin, TimeoutConfig timeouts) {
        if (e instanceof GatewayFailure failure) {
            return failure;
        }
        if (has(e, LimitExpired.class) && limitOf(e) == Limit.TOTAL) {
            return total(e, origin, timeouts);
        }
        if (has(e, LimitExpired.class) && limitOf(e) == Limit.LOOKUP) {
            return new GatewayFailure(
                    FailureKind.DNS_TIMEOUT,
                    "looking up " + origin.config().host() + " of " + origin + " took longer than "
                            + timeouts.connect().toMillis() + " ms (timeout.connect)",
                    e);
        }
        if (has(e, LimitExpired.class) || has(e, SocketTimeoutException.class)) {
            return new GatewayFailure(
                    FailureKind.CONNECTION_TIMEOUT,
                    "no connection to " + origin + " within "
                            + timeouts.connect().toMillis() + " ms (timeout.connect)",
                    e);
        }
        if (has(e, UnknownHostException.class) || has(e, UnresolvedAddressException.class)) {
            return new GatewayFailure(
                    FailureKind.DNS_ERROR,
                    "the name " + origin.config().host() + " of " + origin + " does not resolve",
                    e);
        }
        if (has(e, CertificateException.class) || has(e, SSLPeerUnverifiedException.class)) {
            return new GatewayFailure(
                    FailureKind.TLS_CERTIFICATE_ERROR,
                    "the certificate of " + origin + " was refused: " + rootMessage(e),
                    e);
        }
        if (has(e, SSLException.class)) {
            return new GatewayFailure(
                    FailureKind.TLS_PROTOCOL_ERROR,
                    "the TLS handshake with " + origin + " failed: " + rootMessage(e),
                    e);
        }
        if (has(e, NoRouteToHostException.class)) {
            return new GatewayFailure(FailureKind.DESTINATION_IP_UNROUTABLE, "there is no route to " + origin, e);
        }
        if (has(e, java.net.ConnectException.class)) {
            return new GatewayFailure(FailureKind.CONNECTION_REFUSED, origin + " refused the connection", e);
        }
        if (has(e, ClosedByInterruptException.class) || has(e, InterruptedIOException.class)) {
            return interrupted(e, origin);
        }
        if (e instanceof java.io.IOException) {
            // A peer that closes or resets within the handshake.
            return new GatewayFailure(
                    FailureKind.CONNECTION_TERMINATED, "the connection to " + origin + " broke while it was made", e);
        }
        return new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "connecting to " + origin + " failed", e);
    }

    /** From the first byte of the request to the last of the response head. */
    static GatewayFailure beforeHead(
            Exception e, Origin origin, TimeoutConfig timeouts, long responseNanos, UpstreamConnection connection) {
        if (e instanceof GatewayFailure failure) {
            return failure;
        }
        if (has(e, LimitExpired.class)) {
            return switch (limitOf(e)) {
                case TOTAL -> total(e, origin, timeouts);
                case CLIENT_IDLE ->
                    new GatewayFailure(
                            FailureKind.CLIENT_LEFT,
                            "the client sent nothing of its content for "
                                    + timeouts.idle().toMillis() + " ms (timeout.idle)",
                            e);
                case WRITE_IDLE ->
                    new GatewayFailure(
                            FailureKind.CONNECTION_WRITE_TIMEOUT,
                            origin + " took nothing of the request for "
                                    + timeouts.idle().toMillis() + " ms (timeout.idle)",
                            e);
                case SILENCE ->
                    new GatewayFailure(
                            FailureKind.CONNECTION_READ_TIMEOUT,
                            origin + " has fallen silent for all its requests (health.silence)",
                            e);
                default ->
                    new GatewayFailure(
                            connection.hasHeadBegun()
                                    ? FailureKind.CONNECTION_READ_TIMEOUT
                                    : FailureKind.HTTP_RESPONSE_TIMEOUT,
                            "the response head of " + origin
                                    + (connection.hasHeadBegun() ? " was not complete" : " did not come") + " within "
                                    + TimeUnit.NANOSECONDS.toMillis(responseNanos) + " ms (timeout.response)",
                            e);
            };
        }
        if (e instanceof NotImplementedException) {
            return new GatewayFailure(
                    FailureKind.HTTP_RESPONSE_TRANSFER_CODING, origin + " sent a bad answer: " + e.getMessage(), e);
        }
        if (has(e, ResponseHeadParser.LineTooLong.class)) {
            return new GatewayFailure(
                    FailureKind.HTTP_RESPONSE_HEADER_SIZE, origin + " sent a bad answer: " + e.getMessage(), e);
        }
        if (has(e, MessageConstraintException.class)) {
            return new GatewayFailure(
                    FailureKind.HTTP_RESPONSE_HEADER_SECTION_SIZE, origin + " sent a bad answer: " + e.getMessage(), e);
        }
        if (e instanceof org.apache.hc.core5.http.HttpException) {
            return new GatewayFailure(
                    FailureKind.HTTP_PROTOCOL_ERROR, origin + " sent a bad answer: " + e.getMessage(), e);
        }
        if (has(e, ClosedByInterruptException.class)) {
            return interrupted(e, origin);
        }
        if (e instanceof java.io.IOException) {
            return new GatewayFailure(
                    FailureKind.CONNECTION_TERMINATED,
                    origin + " ended the connection before the response head was complete",
                    e);
        }
        return new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "the exchange with " + origin + " failed", e);
    }

    /** While the response's content was read. */
    static GatewayFailure inContent(Exception e, Origin origin, TimeoutConfig timeouts, long received, long expected) {
        if (e instanceof GatewayFailure failure) {
            return failure;
        }
        String progress = " after " + received + (expected >= 0 ? " of " + expected : "") + " bytes of content";
        if (has(e, LimitExpired.class)) {
            return new GatewayFailure(
                    FailureKind.HTTP_RESPONSE_INCOMPLETE,
                    limitOf(e) == Limit.TOTAL
                            ? "the exchange with " + origin + " took longer than "
                                    + timeouts.total().toMillis() + " ms (timeout.total)" + progress
                            : origin + " fell silent for " + timeouts.idle().toMillis() + " ms (timeout.idle)"
                                    + progress,
                    e);
        }
        if (has(e, ClosedByInterruptException.class)) {
            return interrupted(e, origin);
        }
        return new GatewayFailure(FailureKind.HTTP_RESPONSE_INCOMPLETE, origin + " cut its response" + progress, e);
    }

    private static GatewayFailure total(Exception e, Origin origin, TimeoutConfig timeouts) {
        return new GatewayFailure(
                FailureKind.HTTP_RESPONSE_TIMEOUT,
                "the exchange with " + origin + " took longer than "
                        + timeouts.total().toMillis() + " ms (timeout.total)",
                e);
    }

    private static GatewayFailure interrupted(Exception e, Origin origin) {
        return new GatewayFailure(
                FailureKind.PROXY_INTERNAL_ERROR, "interrupted during the exchange with " + origin, e);
    }

    private static boolean has(Throwable e, Class<? extends Throwable> type) {
        return find(e, type) != null;
    }

    private static Limit limitOf(Throwable e) {
        return ((LimitExpired) find(e, LimitExpired.class)).limit();
    }

    private static Throwable find(Throwable e, Class<? extends Throwable> type) {
        int depth = 0;
        for (Throwable t = e; t != null && depth++ < 16; t = t.getCause()) {
            if (type.isInstance(t)) {
                return t;
            }
        }
        return null;
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        int depth = 0;
        while (root.getCause() != null && depth++ < 16) {
            root = root.getCause();
        }
        return root.getMessage();
    }
}
