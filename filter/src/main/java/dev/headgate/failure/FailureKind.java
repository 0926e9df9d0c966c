package dev.headgate.failure;

/**
 * Everything that can go wrong with an exchange. Each kind knows whose fault it is, which status the client sees, and
 * whether another origin may be asked.
 *
 * <p>Names and statuses follow the registered proxy error types (RFC 9209 §2.3); kinds which that registry lacks borrow
 * the nearest type.
 */
public enum FailureKind {
    DNS_ERROR("dns_error", Side.UPSTREAM, 502, Retry.ALWAYS),
    DNS_TIMEOUT("dns_timeout", Side.UPSTREAM, 504, Retry.ALWAYS),
    DESTINATION_IP_UNROUTABLE("destination_ip_unroutable", Side.UPSTREAM, 502, Retry.ALWAYS),
    CONNECTION_REFUSED("connection_refused", Side.UPSTREAM, 502, Retry.ALWAYS),
    CONNECTION_TIMEOUT("connection_timeout", Side.UPSTREAM, 504, Retry.ALWAYS),
    /** The origin closed or reset the connection before the response head was complete. */
    CONNECTION_TERMINATED("connection_terminated", Side.UPSTREAM, 502, Retry.IF_UNSENT_OR_IDEMPOTENT),
    /** The origin stopped taking the request's content. */
    CONNECTION_WRITE_TIMEOUT("connection_write_timeout", Side.UPSTREAM, 504, Retry.IF_UNSENT_OR_IDEMPOTENT),
    /** The origin fell silent before or within the response head. */
    CONNECTION_READ_TIMEOUT("connection_read_timeout", Side.UPSTREAM, 504, Retry.IF_UNSENT_OR_IDEMPOTENT),
    TLS_CERTIFICATE_ERROR("tls_certificate_error", Side.UPSTREAM, 502, Retry.ALWAYS),
    TLS_PROTOCOL_ERROR("tls_protocol_error", Side.UPSTREAM, 502, Retry.ALWAYS),
    /** What came back is not HTTP, or breaks its framing rules. */
    HTTP_PROTOCOL_ERROR("http_protocol_error", Side.UPSTREAM, 502, Retry.NEVER),
    HTTP_RESPONSE_HEADER_SECTION_SIZE("http_response_header_section_size", Side.UPSTREAM, 502, Retry.NEVER),
    HTTP_RESPONSE_HEADER_SIZE("http_response_header_size", Side.UPSTREAM, 502, Retry.NEVER),
    /** The content is longer than the route lets through. */
    HTTP_RESPONSE_BODY_SIZE("http_response_body_size", Side.UPSTREAM, 502, Retry.NEVER),
    HTTP_RESPONSE_TRANSFER_CODING("http_response_transfer_coding", Side.UPSTREAM, 502, Retry.NEVER),
    /** The content ended, stalled or was reset after the head had been received. */
    HTTP_RESPONSE_INCOMPLETE("http_response_incomplete", Side.UPSTREAM, 502, Retry.NEVER),
    /** The head did not come within the limit, or the exchange took longer than it may. */
    HTTP_RESPONSE_TIMEOUT("http_response_timeout", Side.UPSTREAM, 504, Retry.IF_UNSENT_OR_IDEMPOTENT),
    DESTINATION_UNAVAILABLE("destination_unavailable", Side.UPSTREAM, 503, Retry.NEVER),
    CONNECTION_LIMIT_REACHED("connection_limit_reached", Side.GATEWAY, 503, Retry.NEVER),
    HTTP_REQUEST_DENIED("http_request_denied", Side.CLIENT, 429, Retry.NEVER),
    /** A rate limit that protects the service: the client did nothing wrong. */
    HTTP_REQUEST_PUT_OFF("http_request_denied", Side.CLIENT, 503, Retry.NEVER),
    /** The request's target, fields or content cannot be sent on safely. */
    HTTP_REQUEST_ERROR("http_request_error", Side.CLIENT, 400, Retry.NEVER),
    CONTENT_TOO_LARGE("http_request_error", Side.CLIENT, 413, Retry.NEVER),
    URI_TOO_LONG("http_request_error", Side.CLIENT, 414, Retry.NEVER),
    REQUEST_FIELDS_TOO_LARGE("http_request_error", Side.CLIENT, 431, Retry.NEVER),
    /** The client sends its content, or takes the response, too slowly. */
    CLIENT_TOO_SLOW("http_request_error", Side.CLIENT, 408, Retry.NEVER),
    METHOD_NOT_ALLOWED("http_request_error", Side.CLIENT, 405, Retry.NEVER),
    EXPECTATION_FAILED("http_request_error", Side.CLIENT, 417, Retry.NEVER),
    PROXY_LOOP_DETECTED("proxy_loop_detected", Side.GATEWAY, 508, Retry.NEVER),
    PROXY_CONFIGURATION_ERROR("proxy_configuration_error", Side.GATEWAY, 500, Retry.NEVER),
    PROXY_INTERNAL_ERROR("proxy_internal_error", Side.GATEWAY, 500, Retry.NEVER),
    /** The client went away. Nobody is left to answer; logs show 499. */
    CLIENT_LEFT("connection_terminated", Side.CLIENT, 499, Retry.NEVER);

    /** Who has to act. */
    public enum Side {
        CLIENT,
        GATEWAY,
        UPSTREAM
    }

    /** When another origin may be asked. */
    public enum Retry {
        NEVER,
        /** The request cannot have been received. */
        ALWAYS,
        /** Only where no byte of the request was written, or its method is idempotent (RFC 9110 §9.2.2). */
        IF_UNSENT_OR_IDEMPOTENT
    }

    private final String errorType;
    private final Side side;
    private final int status;
    private final Retry retry;

    FailureKind(String errorType, Side side, int status, Retry retry) {
        this.errorType = errorType;
        this.side = side;
        this.status = status;
        this.retry = retry;
    }

    /** The proxy error type (RFC 9209 §2.3). */
    public String errorType() {
        return errorType;
    }

    public Side side() {
        return side;
    }

    /** The status that the client sees when this is the end of the matter. */
    public int status() {
        return status;
    }

    public Retry retry() {
        return retry;
    }
}
