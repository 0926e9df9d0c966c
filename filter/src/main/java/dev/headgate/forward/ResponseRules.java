package dev.headgate.forward;

import dev.headgate.config.RouteConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.Fields;
import dev.headgate.route.RouteMatch;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.ResponseField;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;

/** Decides what the client sees of an origin's response head: one route's rules. Immutable. */
final class ResponseRules {

    /** Fields to which filters above add their own: a new session's cookie, the Vary of a CORS filter. */
    private static final List<String> ACCUMULATING = List.of("set-cookie", "vary", "link", "server-timing");

    private final RouteConfig route;
    private final CookieRules cookies;
    private final String requestIdField;
    private final Map<String, ValueTemplate> set = new LinkedHashMap<>();
    private final Map<String, ValueTemplate> add = new LinkedHashMap<>();

    /** What the origin's field of that name gives way to, and framing. */
    private final List<String> dropped = new ArrayList<>();

    ResponseRules(RouteConfig route, CookieRules cookies, String requestIdField) {
        this.route = route;
        this.cookies = cookies;
        this.requestIdField = requestIdField;
        route.fields().responseSet().forEach((name, value) -> set.put(name, new ValueTemplate(value)));
        route.fields().responseAdd().forEach((name, value) -> add.put(name, new ValueTemplate(value)));
        dropped.add("content-length");
        dropped.add(requestIdField);
        dropped.addAll(set.keySet());
        dropped.addAll(route.fields().responseRemove());
    }

    /**
     * The origin's fields as any client of this route may see them: without those of the connection, and with references
     * to the origin mapped back. The same for whoever asks by the same URL, so this is what a cache may keep.
     */
    Fields fields(OriginResponse from, RouteMatch match) {
        ClassicHttpResponse head = from.head();
        Set<String> named = Set.of();
        for (Header field : head.getHeaders("Connection")) {
            named = named.isEmpty() ? new HashSet<>() : named;
            FieldNames.addNamed(field.getValue(), named);
        }
        Fields.Builder kept = new Fields.Builder();
        for (Iterator<Header> fields = head.headerIterator(); fields.hasNext(); ) {
            Header field = fields.next();
            String lower = field instanceof ResponseField read ? read.lowerName() : FieldNames.lower(field.getName());
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
        for (int i = 0; i < fields.size(); i++) {
            String name = fields.name(i);
            if (isAmong(dropped, name)) {
                continue;
            }
            if (!fields.isFirstOfItsName(i) || isAmong(ACCUMULATING, name)) {
                to.add(name, fields.value(i));
            } else {
                // The first one replaces what the container (Date, Server) or a filter above put there.
                to.set(name, fields.value(i));
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

    /** For a few names. */
    private static boolean isAmong(List<String> names, String name) {
        for (int i = 0; i < names.size(); i++) {
            if (names.get(i).equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
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
