package dev.headgate.forward;

import dev.headgate.config.RouteConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.Fields;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.route.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.message.BasicHeader;

/** Decides what an origin is asked: one route's rules for the request line and its fields. Immutable. */
final class RequestRules {

    private final RouteConfig route;
    private final String viaName;
    private final String requestIdField;
    private final ForwardedFields forwarded;
    private final CookieRules cookies;
    private final Map<String, ValueTemplate> set = new LinkedHashMap<>();
    private final Map<String, ValueTemplate> add = new LinkedHashMap<>();

    /** In lower case: what never goes up as the client sent it. */
    private final Set<String> dropped = new HashSet<>();

    /**
     * In lower case: what the gateway itself says to origins. A name that differs only by underscores is dropped too,
     * because CGI-like origins see the same variable.
     */
    private final Set<String> ours = new HashSet<>();

    RequestRules(
            RouteConfig route, String viaName, String requestIdField, ForwardedFields forwarded, CookieRules cookies) {
        this.route = route;
        this.viaName = viaName;
        this.requestIdField = requestIdField;
        this.forwarded = forwarded;
        this.cookies = cookies;
        route.fields().requestSet().forEach((name, value) -> set.put(name, new ValueTemplate(value)));
        route.fields().requestAdd().forEach((name, value) -> add.put(name, new ValueTemplate(value)));
        dropped.addAll(FieldNames.HOP_BY_HOP);
        // Host is made anew; Proxy would become HTTP_PROXY in a CGI origin; these three the gateway answers itself.
        dropped.addAll(Set.of("host", "proxy", "expect", "via", "max-forwards"));
        dropped.add(FieldNames.lower(requestIdField));
        set.keySet().forEach(name -> dropped.add(FieldNames.lower(name)));
        route.fields().requestRemove().forEach(name -> dropped.add(FieldNames.lower(name)));
        ours.addAll(dropped);
        ours.addAll(FieldNames.FORWARDING);
        add.keySet().forEach(name -> ours.add(FieldNames.lower(name)));
    }

    /**
     * Refuses what cannot be forwarded, whatever the origin.
     *
     * @throws GatewayFailure that the client can be answered with
     */
    void check(Exchange exchange) throws GatewayFailure {
        String method = exchange.request().getMethod();
        if (!FieldNames.isToken(method)) {
            throw new GatewayFailure(FailureKind.HTTP_REQUEST_ERROR, "the method is no token (RFC 9110 §9.1)");
        }
        if (method.equals("TRACE") || method.equals("CONNECT")) {
            throw new GatewayFailure(FailureKind.METHOD_NOT_ALLOWED, method + " is never forwarded");
        }
        for (String via : exchange.fields().all("Via")) {
            for (String hop : via.split(",")) {
                // received-protocol RWS received-by [RWS comment] (RFC 9110 §7.6.3)
                String[] words = hop.trim().split("[ \\t]+");
                if (words.length > 1 && words[1].equalsIgnoreCase(viaName)) {
                    throw new GatewayFailure(
                            FailureKind.PROXY_LOOP_DETECTED,
                            "the request has been here before (Via names " + viaName + "): route " + route.name()
                                    + " leads back to this gateway");
                }
            }
        }
        for (String expect : exchange.fields().all("Expect")) {
            for (String expectation : expect.split(",")) {
                if (!expectation.isBlank() && !expectation.trim().equalsIgnoreCase("100-continue")) {
                    throw new GatewayFailure(
                            FailureKind.EXPECTATION_FAILED,
                            "an expectation other than 100-continue (RFC 9110 §10.1.1)");
                }
            }
        }
    }

    /** Whether the client waits to be told that its content is wanted. */
    static boolean expectsContinue(Exchange exchange) {
        return exchange.fields().has("Expect");
    }

    /** Whether this gateway is the last that may answer (RFC 9110 §7.6.2). */
    static boolean isLastHop(Exchange exchange) {
        String maxForwards = exchange.request().getMethod().equals("OPTIONS")
                ? exchange.fields().first("Max-Forwards")
                : null;
        return maxForwards != null && maxForwards.trim().matches("0+");
    }

    /** The {@code Host} field that origins are sent; null for each origin's own. */
    private String host(HttpServletRequest request) {
        String host = route.target().host();
        return switch (host) {
            case "upstream" -> null;
            case "client" -> {
                String sent = request.getHeader("Host");
                yield sent != null ? sent : request.getServerName() + ":" + request.getServerPort();
            }
            default -> host;
        };
    }

    /** What the route tells the origin about this very request, beyond what the client says itself. */
    List<String> personalValues(RouteMatch match, Exchange exchange) {
        List<String> values = new ArrayList<>();
        for (Map<String, ValueTemplate> templates : List.of(set, add)) {
            templates.forEach((name, template) -> {
                if (template.isPersonal()) {
                    values.add(name + "=" + template.render(match, exchange));
                }
            });
        }
        return values;
    }

    /** Whether the peer's own forwarding fields go on to the origin. */
    boolean believesForwarding(HttpServletRequest request) {
        return forwarded.isTrusted(request);
    }

    /**
     * Makes the request of an exchange.
     *
     * @param target the mapped path and the query
     * @param content what follows; its length decides on the framing fields
     */
    OutgoingRequest requestFor(String target, RouteMatch match, Exchange exchange, RequestContent content) {
        HttpServletRequest request = exchange.request();
        Fields sent = exchange.fields();
        List<Header> out = new ArrayList<>(24);
        boolean trusted = forwarded.isTrusted(request);
        Set<String> named = FieldNames.namedBy(sent.all("Connection"));
        content.allowTrailers(name -> mayGoUpAsTrailer(name, named));
        String sessionId = route.cookies().sendSession() ? null : request.getRequestedSessionId();
        for (int line = 0; line < sent.size(); line++) {
            String name = sent.name(line);
            String lower = FieldNames.lower(name);
            if (dropped.contains(lower) || named.contains(lower)) {
                continue;
            }
            if (FieldNames.isForwarding(lower) && (!trusted || isRemade(lower))) {
                continue;
            }
            if (lower.indexOf('_') >= 0 && isLookAlike(lower.replace('_', '-'))) {
                continue;
            }
            if (lower.equals("cookie")) {
                if (sent.isFirstOfItsName(line)) {
                    addUnlessEmpty(out, name, asOctets(cookies(sent.all(name), sessionId)));
                }
                continue;
            }
            add(out, name, asOctets(sent.value(line)));
        }

        add(out, "Via", via(request.getProtocol(), sent.all("Via")));
        forwarded.addTo(out, request, route.forwarded(), trusted, match.strippedPrefix());
        add(out, requestIdField, exchange.requestId());
        String maxForwards = sent.first("Max-Forwards");
        if (maxForwards != null) {
            add(out, "Max-Forwards", oneLess(maxForwards, request.getMethod()));
        }
        if (acceptsTrailers(sent)) {
            add(out, "TE", "trailers");
            add(out, "Connection", "TE");
        }
        set.forEach((name, template) -> addUnlessEmpty(out, name, template.render(match, exchange)));
        add.forEach((name, template) -> addUnlessEmpty(out, name, template.render(match, exchange)));

        if (content.length() == RequestContent.CHUNKED) {
            add(out, "Transfer-Encoding", "chunked");
            String trailers = sent.first("Trailer");
            if (trailers != null) {
                add(out, "Trailer", asOctets(trailers));
            }
        } else if (content.length() >= 0) {
            add(out, "Content-Length", Long.toString(content.length()));
        }
        boolean expectsContinue = content.isPresent() && expectsContinue(exchange);
        if (expectsContinue) {
            add(out, "Expect", "100-continue");
        }
        return new OutgoingRequest(request.getMethod(), target, host(request), out, content, expectsContinue);
    }

    /** One field, however many came: HTTP/2 splits cookies, and they are joined again (RFC 9113 §8.2.3). */
    private String cookies(List<String> lines, String sessionId) {
        StringJoiner joined = new StringJoiner("; ");
        for (String line : lines) {
            String kept = cookies.toOrigin(line, sessionId);
            if (kept != null) {
                joined.add(kept);
            }
        }
        return joined.toString();
    }

    /** Whether a client's trailer field may reach the origin: never what it could not have sent in the head. */
    private boolean mayGoUpAsTrailer(String name, Set<String> named) {
        String lower = FieldNames.lower(name);
        return FieldNames.mayBeTrailer(lower)
                && !named.contains(lower)
                && !ours.contains(lower)
                && !isLookAlike(lower.replace('_', '-'));
    }

    private boolean isLookAlike(String dashed) {
        return ours.contains(dashed) || FieldNames.isForwarding(dashed);
    }

    /** What {@link ForwardedFields} writes itself, from what came in and its own part. */
    private boolean isRemade(String lower) {
        return switch (route.forwarded()) {
            case NONE -> false;
            case FORWARDED -> lower.equals("forwarded");
            case X_FORWARDED -> isFamily(lower);
            case BOTH -> lower.equals("forwarded") || isFamily(lower);
        };
    }

    private static boolean isFamily(String lower) {
        return switch (lower) {
            case "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix" ->
                true;
            default -> false;
        };
    }

    private String via(String protocol, List<String> before) {
        String version = protocol.startsWith("HTTP/") ? protocol.substring(5) : protocol;
        String own = (version.equals("2.0") ? "2" : version.equals("3.0") ? "3" : version) + " " + viaName;
        return before.isEmpty() ? own : String.join(", ", before) + ", " + own;
    }

    /** RFC 9110 §7.6.2: only OPTIONS (and TRACE, which never comes this far) counts. */
    private static String oneLess(String maxForwards, String method) {
        String digits = maxForwards.trim();
        return method.equals("OPTIONS") && digits.matches("\\d{1,9}")
                ? Integer.toString(Integer.parseInt(digits) - 1)
                : asOctets(maxForwards);
    }

    private static boolean acceptsTrailers(Fields sent) {
        for (String te : sent.all("TE")) {
            if (te.toLowerCase(Locale.ROOT).contains("trailers")) {
                return true;
            }
        }
        return false;
    }

    /** A value of one byte a character: what a container decoded beyond that is the UTF-8 that it came from again. */
    private static String asOctets(String value) {
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) > 0xFF) {
                return new String(value.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
            }
        }
        return value;
    }

    private static void addUnlessEmpty(List<Header> fields, String name, String value) {
        if (!value.isEmpty()) {
            add(fields, name, value);
        }
    }

    private static void add(List<Header> fields, String name, String value) {
        fields.add(new BasicHeader(name, value));
    }
}
