package dev.headgate.failure;

import java.util.Locale;

/**
 * Everything that can go wrong with an exchange. Each kind knows whose fault it is, which status the client sees, and
 * whether another origin may be asked.
 *
 * <p>Names and statuses follow the registered proxy error types (RFC 9209 §2.3); kinds which that registry lacks borrow
 * the nearest type.
 */
public enum FailureKind {
    /** The name of the origin does not resolve. */
    DNS_ERROR("dns_error", Side.UPSTREAM, 502, Retry.ALWAYS, Again.LATER),
    /** Nobody resolved the name in time. */
    DNS_TIMEOUT("dns_timeout", Side.UPSTREAM, 504, Retry.ALWAYS, Again.SOON),
    /** There is no route to the address. */
    DESTINATION_IP_UNROUTABLE("destination_ip_unroutable", Side.UPSTREAM, 502, Retry.ALWAYS, Again.SOON),
    /** The host is up, and nothing listens on that port. */
    CONNECTION_REFUSED("connection_refused", Side.UPSTREAM, 502, Retry.ALWAYS, Again.SOON),
    /** No connection within {@code timeout.connect}. */
    CONNECTION_TIMEOUT("connection_timeout", Side.UPSTREAM, 504, Retry.ALWAYS, Again.SOON),
    /** The origin closed or reset the connection before the response head was complete. */
    CONNECTION_TERMINATED("connection_terminated", Side.UPSTREAM, 502, Retry.IF_UNSENT_OR_IDEMPOTENT, Again.SOON),
    /** The origin stopped taking the request's content. */
    CONNECTION_WRITE_TIMEOUT("connection_write_timeout", Side.UPSTREAM, 504, Retry.IF_UNSENT_OR_IDEMPOTENT, Again.SOON),
    /** The origin fell silent before or within the response head. */
    CONNECTION_READ_TIMEOUT("connection_read_timeout", Side.UPSTREAM, 504, Retry.IF_UNSENT_OR_IDEMPOTENT, Again.SOON),
    /** The origin's certificate is not trusted, has expired or is for another host. */
    TLS_CERTIFICATE_ERROR("tls_certificate_error", Side.UPSTREAM, 502, Retry.ALWAYS, Again.LATER),
    /** The handshake failed for another reason than the certificate. */
    TLS_PROTOCOL_ERROR("tls_protocol_error", Side.UPSTREAM, 502, Retry.ALWAYS, Again.LATER),
    /** What came back is not HTTP, or breaks its framing rules. */
    HTTP_PROTOCOL_ERROR("http_protocol_error", Side.UPSTREAM, 502, Retry.NEVER, Again.LATER),
    /** The response head is longer, or has more fields, than the upstream's {@code head.…} allows. */
    HTTP_RESPONSE_HEADER_SECTION_SIZE(
            "http_response_header_section_size", Side.UPSTREAM, 502, Retry.NEVER, Again.LATER),
    /** One field of the response is too long. */
    HTTP_RESPONSE_HEADER_SIZE("http_response_header_size", Side.UPSTREAM, 502, Retry.NEVER, Again.LATER),
    /** The content is longer than the route lets through. */
    HTTP_RESPONSE_BODY_SIZE("http_response_body_size", Side.UPSTREAM, 502, Retry.NEVER, Again.LATER),
    /** The response has another transfer coding than {@code chunked}. */
    HTTP_RESPONSE_TRANSFER_CODING("http_response_transfer_coding", Side.UPSTREAM, 502, Retry.NEVER, Again.LATER),
    /** The content ended, stalled or was reset after the head had been received. */
    HTTP_RESPONSE_INCOMPLETE("http_response_incomplete", Side.UPSTREAM, 502, Retry.NEVER, Again.SOON),
    /** The head did not come within the limit, or the exchange took longer than it may. */
    HTTP_RESPONSE_TIMEOUT("http_response_timeout", Side.UPSTREAM, 504, Retry.IF_UNSENT_OR_IDEMPOTENT, Again.SOON),
    /** No origin of the upstream may be asked. */
    DESTINATION_UNAVAILABLE("destination_unavailable", Side.UPSTREAM, 503, Retry.NEVER, Again.SOON),
    /** All connections, or all threads, that the gateway may use are in use. */
    CONNECTION_LIMIT_REACHED("connection_limit_reached", Side.GATEWAY, 503, Retry.NEVER, Again.SOON),
    /** The client sends more than it may. */
    HTTP_REQUEST_DENIED("http_request_denied", Side.CLIENT, 429, Retry.NEVER, Again.SOON),
    /** A rate limit that protects the service is reached: the client did nothing wrong. */
    HTTP_REQUEST_PUT_OFF("http_request_denied", Side.CLIENT, 503, Retry.NEVER, Again.SOON),
    /** The client sends its content, or takes the response, too slowly (RFC 9110 §15.5.9). */
    CLIENT_TOO_SLOW("http_request_error", Side.CLIENT, 408, Retry.NEVER, Again.SOON),
    /** The request's target, fields or content cannot be sent on safely. */
    HTTP_REQUEST_ERROR("http_request_error", Side.CLIENT, 400, Retry.NEVER, Again.CHANGED),
    /** The request's content is larger than it may be (RFC 9110 §15.5.14). */
    CONTENT_TOO_LARGE("http_request_error", Side.CLIENT, 413, Retry.NEVER, Again.CHANGED),
    /** TRACE or CONNECT (RFC 9110 §15.5.6). */
    METHOD_NOT_ALLOWED("http_request_error", Side.CLIENT, 405, Retry.NEVER, Again.CHANGED),
    /** The request's target is longer than it may be (RFC 9110 §15.5.15). */
    TARGET_TOO_LONG("http_request_error", Side.CLIENT, 414, Retry.NEVER, Again.CHANGED),
    /** The request's fields are larger than they may be (RFC 6585 §5). */
    FIELDS_TOO_LARGE("http_request_error", Side.CLIENT, 431, Retry.NEVER, Again.CHANGED),
    /** The client expects something other than 100-continue (RFC 9110 §15.5.18). */
    EXPECTATION_FAILED("http_request_error", Side.CLIENT, 417, Retry.NEVER, Again.CHANGED),
    /** {@code Via} shows that the request was here before (RFC 9110 §7.6.3). */
    PROXY_LOOP_DETECTED("proxy_loop_detected", Side.GATEWAY, 508, Retry.NEVER, Again.LATER),
    /** The gateway, or the app around it, is not set up for this request. */
    PROXY_CONFIGURATION_ERROR("proxy_configuration_error", Side.GATEWAY, 500, Retry.NEVER, Again.LATER),
    /** A mistake in the gateway. */
    PROXY_INTERNAL_ERROR("proxy_internal_error", Side.GATEWAY, 500, Retry.NEVER, Again.LATER),
    /** The client went away. Nobody is left to answer; logs show 499. */
    CLIENT_LEFT("connection_terminated", Side.CLIENT, 499, Retry.NEVER, Again.SOON);

    /** Who has to act. */
    public enum Side {
        /** The client, with another request. */
        CLIENT,
        /** Whoever runs the gateway. */
        GATEWAY,
        /** Whoever runs the service; only this side counts towards an origin's health. */
        UPSTREAM
    }

    /** When another origin may be asked. */
    public enum Retry {
        /** Another origin would not help, or the request may have been carried out. */
        NEVER,
        /** The request cannot have been received. */
        ALWAYS,
        /** Only where no byte of the request was written, or its method is idempotent (RFC 9110 §9.2.2). */
        IF_UNSENT_OR_IDEMPOTENT
    }

    /** Whether the client does well to repeat its request. */
    public enum Again {
        /** The same request may well succeed in a moment, without anybody doing anything. */
        SOON,
        /** Somebody has to repair something first. */
        LATER,
        /** Only another request can succeed. */
        CHANGED
    }

    private final String errorType;
    private final Side side;
    private final int status;
    private final Retry retry;
    private final Again again;

    FailureKind(String errorType, Side side, int status, Retry retry, Again again) {
        this.errorType = errorType;
        this.side = side;
        this.status = status;
        this.retry = retry;
        this.again = again;
    }

    /** The kind as clients, settings and pages write it: {@code connection_refused}. Stable. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The proxy error type (RFC 9209 §2.3). */
    public String errorType() {
        return errorType;
    }

    /** Who has to act. */
    public Side side() {
        return side;
    }

    /** The status that the client sees when this is the end of the matter: 400 to 599. */
    public int status() {
        return status;
    }

    /** When another origin may be asked. */
    public Retry retry() {
        return retry;
    }

    /** Whether the client does well to repeat its request. */
    public Again again() {
        return again;
    }
}
