package dev.headgate.failure;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What a client gets instead of a response: one plain line that says what went wrong. Stateless. */
public final class ErrorPage {

    /**
     * Answers for a failure. The response must not be committed.
     *
     * @param requestId for the client to quote
     */
    public void send(GatewayFailure failure, String requestId, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        FailureKind kind = failure.kind();
        response.setStatus(kind == FailureKind.CLIENT_LEFT ? 400 : kind.status());
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("Content-Type", "text/plain;charset=utf-8");
        if (failure.retryAfter() != null) {
            // Rounded up: whoever comes back then is let in.
            response.setHeader(
                    "Retry-After", Long.toString((failure.retryAfter().toMillis() + 999) / 1000));
        }
        if (kind == FailureKind.METHOD_NOT_ALLOWED) {
            response.setHeader("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
        }
        String detail = failure.publicDetail() == null ? sentence(kind) : failure.publicDetail();
        byte[] line = (response.getStatus() + " " + detail + " [" + kind.errorType() + "] Request id: " + requestId
                        + "\n")
                .getBytes(StandardCharsets.UTF_8);
        response.setContentLength(line.length);
        if (!"HEAD".equals(request.getMethod())) {
            response.getOutputStream().write(line);
        }
    }

    private static String sentence(FailureKind kind) {
        return switch (kind) {
            case DNS_ERROR, DNS_TIMEOUT -> "The service behind this address cannot be found.";
            case CONNECTION_REFUSED, DESTINATION_IP_UNROUTABLE -> "The service behind this address is not running.";
            case CONNECTION_TIMEOUT -> "The service behind this address cannot be reached.";
            case CONNECTION_TERMINATED -> "The service behind this address broke the connection before it answered.";
            case CONNECTION_READ_TIMEOUT, CONNECTION_WRITE_TIMEOUT, HTTP_RESPONSE_TIMEOUT ->
                "The service behind this address took too long to answer.";
            case TLS_CERTIFICATE_ERROR, TLS_PROTOCOL_ERROR ->
                "A secure connection to the service behind this address could not be made.";
            case HTTP_PROTOCOL_ERROR,
                    HTTP_RESPONSE_HEADER_SECTION_SIZE,
                    HTTP_RESPONSE_HEADER_SIZE,
                    HTTP_RESPONSE_BODY_SIZE,
                    HTTP_RESPONSE_TRANSFER_CODING,
                    HTTP_RESPONSE_INCOMPLETE -> "The service behind this address sent an answer that cannot be used.";
            case DESTINATION_UNAVAILABLE -> "No service is available at this address.";
            case CONNECTION_LIMIT_REACHED -> "Too many requests are in progress.";
            case HTTP_REQUEST_PUT_OFF, HTTP_REQUEST_DENIED -> "Too many requests in a short time.";
            case HTTP_REQUEST_ERROR -> "The request cannot be forwarded.";
            case CONTENT_TOO_LARGE -> "The request is too large.";
            case URI_TOO_LONG -> "The address is too long.";
            case REQUEST_FIELDS_TOO_LARGE -> "The fields of the request are too large.";
            case CLIENT_TOO_SLOW -> "The request came too slowly.";
            case METHOD_NOT_ALLOWED -> "This method is not allowed.";
            case EXPECTATION_FAILED -> "The expectation cannot be met.";
            case PROXY_LOOP_DETECTED -> "The request goes round in circles.";
            case PROXY_CONFIGURATION_ERROR -> "The gateway is not set up correctly.";
            case PROXY_INTERNAL_ERROR -> "Something went wrong in the gateway.";
            case CLIENT_LEFT -> "The request did not arrive whole.";
        };
    }
}
