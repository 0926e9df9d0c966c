package dev.headgate.observe;

import dev.headgate.config.RouteConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.exchange.TrustedProxies;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * A span for each exchange and one for each attempt below it, by the stable semantic conventions for HTTP. Thread-safe.
 *
 * <p>The exchange's span belongs to the span that is current, which an agent or an earlier filter made; there it is
 * internal. Where there is none it belongs to what the request's fields tell, and is the server's. Each origin is told
 * of its own attempt. Nothing is hung on the thread: the exchange may leave it.
 */
final class Spans implements ExchangeListener {

    private static final String SCOPE = "dev.headgate";

    /** Others are {@code _OTHER}, so that nobody can make up as many names as they like. */
    private static final Set<String> METHODS =
            Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY");

    /** No lambda: it has two methods. */
    private static final class RequestFields implements TextMapGetter<HttpServletRequest> {
        @Override
        public Iterable<String> keys(HttpServletRequest request) {
            return Collections.list(request.getHeaderNames());
        }

        @Override
        public String get(HttpServletRequest request, String name) {
            return request == null ? null : request.getHeader(name);
        }
    }

    private final ManagedGateway gateway;
    private final RequestText text;
    private final RequestFields fields = new RequestFields();

    Spans(ManagedGateway gateway, String sessionCookie) {
        this.gateway = gateway;
        this.text = new RequestText(sessionCookie);
    }

    /** Null while nobody has set it. Asking for it in the plain way would set it to nothing for good. */
    private static OpenTelemetry telemetry() {
        try {
            return GlobalOpenTelemetry.isSet() ? GlobalOpenTelemetry.get() : null;
        } catch (NoSuchMethodError e) {
            return GlobalOpenTelemetry.get(); // an API of before, which cannot be asked
        }
    }

    @Override
    public void began(Exchange exchange) {
        OpenTelemetry telemetry = telemetry();
        if (telemetry == null) {
            return;
        }
        HttpServletRequest request = exchange.request();
        Context parent = Context.current();
        boolean inside = Span.fromContext(parent).getSpanContext().isValid();
        if (!inside) {
            parent = telemetry.getPropagators().getTextMapPropagator().extract(parent, request, fields);
        }
        String method = METHODS.contains(request.getMethod()) ? request.getMethod() : "_OTHER";
        String pattern = pattern(exchange.route(), request.getContextPath());
        SpanBuilder builder = telemetry
                .getTracer(SCOPE)
                .spanBuilder((method.equals("_OTHER") ? "HTTP" : method) + (pattern == null ? "" : " " + pattern))
                .setParent(parent)
                .setSpanKind(inside ? SpanKind.INTERNAL : SpanKind.SERVER)
                .setAttribute("http.request.method", method)
                .setAttribute("url.scheme", request.getScheme())
                .setAttribute("url.path", text.path(request))
                .setAttribute("server.address", request.getServerName())
                .setAttribute("server.port", (long) request.getServerPort())
                .setAttribute(
                        "client.address", new TrustedProxies(gateway.config().trustedProxies()).clientAddress(request))
                .setAttribute("network.protocol.version", version(request.getProtocol()))
                .setAttribute("headgate.route", exchange.route())
                .setAttribute("headgate.upstream", exchange.upstream())
                .setAttribute("headgate.request_id", exchange.requestId());
        if (method.equals("_OTHER")) {
            builder.setAttribute("http.request.method_original", request.getMethod());
        }
        if (request.getQueryString() != null) {
            builder.setAttribute(
                    "url.query", text.masked("?" + request.getQueryString()).substring(1));
        }
        if (pattern != null) {
            builder.setAttribute("http.route", pattern);
        }
        if (request.getHeader("User-Agent") != null) {
            builder.setAttribute("user_agent.original", request.getHeader("User-Agent"));
        }
        exchange.keep(this, parent.with(builder.startSpan()));
    }

    /** Where a route has several patterns nobody knows which it was; null then. */
    private String pattern(String route, String contextPath) {
        for (RouteConfig each : gateway.config().routes()) {
            List<String> paths = each.match().paths();
            if (each.name().equals(route) && paths.size() == 1) {
                return contextPath + paths.get(0);
            }
        }
        return null;
    }

    /** {@code HTTP/1.1} is 1.1, {@code HTTP/2.0} is 2. */
    private static String version(String protocol) {
        String number = protocol.substring(protocol.indexOf('/') + 1);
        return number.startsWith("1.") ? number : number.replaceFirst("\\.0$", "");
    }

    @Override
    public void attemptBegan(Exchange exchange, Attempt attempt) {
        OpenTelemetry telemetry = telemetry();
        if (telemetry == null) {
            return;
        }
        // What the cache asks by itself is nobody's part.
        Context parent = exchange.kept(this) instanceof Context own ? own : Context.root();
        String method = exchange.hasClient() ? exchange.request().getMethod() : "GET";
        String known = METHODS.contains(method) ? method : "_OTHER";
        SpanBuilder builder = telemetry
                .getTracer(SCOPE)
                .spanBuilder(known.equals("_OTHER") ? "HTTP" : known)
                .setParent(parent)
                .setSpanKind(SpanKind.CLIENT)
                .setAttribute("http.request.method", known)
                .setAttribute("network.protocol.version", "1.1")
                .setAttribute("headgate.route", exchange.route())
                .setAttribute("headgate.upstream", exchange.upstream())
                .setAttribute("headgate.request_id", exchange.requestId());
        if (known.equals("_OTHER")) {
            builder.setAttribute("http.request.method_original", method);
        }
        describe(attempt.origin(), exchange.target(), builder);
        int before = exchange.attempts().size() - 1;
        if (before > 0) {
            builder.setAttribute("http.request.resend_count", (long) before);
        }
        Span span = builder.startSpan();
        exchange.keep(attempt, span);
        telemetry.getPropagators().getTextMapPropagator().inject(parent.with(span), attempt, Attempt::tell);
    }

    /** @param name as in {@link Attempt#origin()}: a URL, and perhaps an address behind it */
    private void describe(String name, String target, SpanBuilder builder) {
        int space = name.indexOf(' ');
        String url = space < 0 ? name : name.substring(0, space);
        try {
            URI origin = URI.create(url);
            builder.setAttribute("server.address", origin.getHost());
            builder.setAttribute(
                    "server.port",
                    origin.getPort() > 0 ? (long) origin.getPort() : "https".equals(origin.getScheme()) ? 443L : 80L);
            builder.setAttribute("url.scheme", origin.getScheme());
        } catch (IllegalArgumentException e) {
            builder.setAttribute("server.address", url);
        }
        builder.setAttribute("url.full", url + text.masked(target));
    }

    @Override
    public void attemptEnded(Exchange exchange, Attempt attempt) {
        if (!(exchange.kept(attempt) instanceof Span span)) {
            return;
        }
        if (attempt.status() != 0) {
            span.setAttribute("http.response.status_code", (long) attempt.status());
        }
        end(span, attempt.failure(), attempt.status(), 400);
    }

    @Override
    public void ended(Exchange exchange) {
        if (!(exchange.kept(this) instanceof Context context)) {
            return;
        }
        Span span = Span.fromContext(context);
        GatewayFailure failure = exchange.failure();
        if (!exchange.isAbandoned() && (failure == null || failure.kind() != FailureKind.CLIENT_LEFT)) {
            span.setAttribute("http.response.status_code", (long) exchange.status());
        }
        // What the client did wrong is no error of a server.
        boolean ours = failure != null && failure.kind().side() != FailureKind.Side.CLIENT;
        end(span, ours ? failure : null, exchange.status(), 500);
    }

    private static void end(Span span, GatewayFailure failure, int status, int firstError) {
        if (failure != null) {
            span.setAttribute("error.type", failure.kind().word());
            span.setStatus(StatusCode.ERROR, failure.kind().word());
        } else if (status >= firstError) {
            span.setAttribute("error.type", Integer.toString(status));
            span.setStatus(StatusCode.ERROR);
        }
        span.end();
    }
}
