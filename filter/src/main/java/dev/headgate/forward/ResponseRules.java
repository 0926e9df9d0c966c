package dev.headgate.forward;

import dev.headgate.config.RouteConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.Fields;
import dev.headgate.route.RouteMatch;
import dev.headgate.upstream.Origin;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;

/** Decides what the client sees of an origin's response head: one route's rules. Immutable. */
final class ResponseRules {

    private final RouteConfig route;
    private final CookieRules cookies;
    private final String requestIdField;
    private final Map<String, ValueTemplate> set = new LinkedHashMap<>();
    private final Map<String, ValueTemplate> add = new LinkedHashMap<>();
    private final Set<String> dropped = new HashSet<>();

    ResponseRules(RouteConfig route, CookieRules cookies, String requestIdField) {
        this.route = route;
        this.cookies = cookies;
        this.requestIdField = requestIdField;
        route.fields().responseSet().forEach((name, value) -> set.put(name, new ValueTemplate(value)));
        route.fields().responseAdd().forEach((name, value) -> add.put(name, new ValueTemplate(value)));
        dropped.addAll(FieldNames.HOP_BY_HOP);
        dropped.add(FieldNames.lower(requestIdField));
        set.keySet().forEach(name -> dropped.add(FieldNames.lower(name)));
        route.fields().responseRemove().forEach(name -> dropped.add(FieldNames.lower(name)));
    }

    /**
     * The origin's fields as any client of this route may see them: without those of the connection, and with references
     * to the origin mapped back. The same for whoever asks by the same URL, so this is what a cache may keep.
     */
    Fields fields(OriginResponse from, RouteMatch match) {
        ClassicHttpResponse head = from.head();
        Set<String> named = new HashSet<>();
        for (Header field : head.getHeaders("Connection")) {
            FieldNames.addNamed(field.getValue(), named);
        }
        Fields.Builder kept = new Fields.Builder();
        for (Iterator<Header> fields = head.headerIterator(); fields.hasNext(); ) {
            Header field = fields.next();
            String lower = FieldNames.lower(field.getName());
            if (FieldNames.HOP_BY_HOP.contains(lower) || named.contains(lower)) {
                continue;
            }
            String value = rewritten(lower, field.getValue(), from.origin(), from.sentHost(), match);
            if (value != null) {
                kept.add(field.getName(), value);
            }
        }
        return kept.build();
    }

    /** Puts status and fields on the response's head, with what the route changes; framing is the relay's business. */
    void apply(int status, Fields fields, RouteMatch match, Exchange exchange, ClientHead to) {
        to.status(status);
        Set<String> seen = new HashSet<>();
        for (Fields.Line field : fields) {
            String lower = FieldNames.lower(field.name());
            if (dropped.contains(lower)) {
                continue;
            }
            if (accumulates(lower) || !seen.add(lower)) {
                to.add(field.name(), field.value());
            } else {
                // The first one replaces what the container (Date, Server) or a filter above put there.
                to.set(field.name(), field.value());
            }
        }
        to.set(requestIdField, exchange.requestId());
        set.forEach((name, template) -> {
            String value = template.render(match, exchange);
            if (!value.isEmpty()) {
                to.set(name, value);
            }
        });
        add.forEach((name, template) -> {
            String value = template.render(match, exchange);
            if (!value.isEmpty()) {
                to.add(name, value);
            }
        });
    }

    /** Fields to which filters above add their own: a new session's cookie, the Vary of a CORS filter. */
    private static boolean accumulates(String lower) {
        return switch (lower) {
            case "set-cookie", "vary", "link", "server-timing" -> true;
            default -> false;
        };
    }

    private String rewritten(String lower, String value, Origin origin, String sentHost, RouteMatch match) {
        return switch (lower) {
            case "set-cookie" -> cookies.toClient(value, match, origin.config().basePath());
            case "location", "content-location" ->
                route.rewriteRedirects() ? RedirectRules.rewrite(value, origin.config(), sentHost, match) : value;
            case "refresh" ->
                route.rewriteRedirects()
                        ? RedirectRules.rewriteRefresh(value, origin.config(), sentHost, match)
                        : value;
            default -> value;
        };
    }
}
