package dev.headgate.forward;

import dev.headgate.exchange.Exchange;
import dev.headgate.route.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A field value with variables such as <code>${principal}</code>, compiled once. Immutable. */
final class ValueTemplate {

    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]*)}");

    /** One piece of the value; never null. */
    private interface Part {
        String text(RouteMatch match, Exchange exchange);
    }

    private final List<Part> parts = new ArrayList<>();

    private final boolean personal;

    ValueTemplate(String template) {
        personal = Pattern.compile("\\$\\{(principal|role\\.|session\\.|header\\.)")
                .matcher(template)
                .find();
        Matcher variable = VARIABLE.matcher(template);
        int end = 0;
        while (variable.find()) {
            literal(template.substring(end, variable.start()));
            parts.add(variable(variable.group(1)));
            end = variable.end();
        }
        literal(template.substring(end));
    }

    private void literal(String text) {
        if (!text.isEmpty()) {
            parts.add((match, exchange) -> text);
        }
    }

    private static Part variable(String name) {
        int dot = name.indexOf('.');
        String kind = dot < 0 ? name : name.substring(0, dot);
        String argument = dot < 0 ? "" : name.substring(dot + 1);
        return switch (kind) {
            case "principal" ->
                (match, exchange) -> {
                    var principal = exchange.request().getUserPrincipal();
                    return principal == null ? "" : orEmpty(principal.getName());
                };
            case "role" ->
                (match, exchange) -> String.valueOf(exchange.request().isUserInRole(argument));
            case "session" -> (match, exchange) -> sessionAttribute(exchange.request(), argument);
            case "header" -> (match, exchange) -> orEmpty(exchange.request().getHeader(argument));
            case "path" -> (match, exchange) -> orEmpty(match.capture(argument));
            case "attempts" ->
                (match, exchange) -> String.valueOf(exchange.attempts().size());
            case "request-id" -> (match, exchange) -> exchange.requestId();
            default -> throw new IllegalArgumentException("unknown variable ${" + name + "}");
        };
    }

    private static String sessionAttribute(HttpServletRequest request, String name) {
        HttpSession session = request.getSession(false);
        Object value = session == null ? null : session.getAttribute(name);
        return value == null ? "" : value.toString();
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }

    /** Whether its value may differ between two requests for one URL, apart from their ids. */
    boolean isPersonal() {
        return personal;
    }

    /** The value for this request, ready for the wire; empty when the variables are. */
    String render(RouteMatch match, Exchange exchange) {
        if (parts.size() == 1) {
            return fieldValue(parts.get(0).text(match, exchange));
        }
        StringBuilder value = new StringBuilder();
        for (Part part : parts) {
            value.append(part.text(match, exchange));
        }
        return fieldValue(value.toString());
    }

    /** Control characters become spaces; what is beyond one byte goes out as UTF-8, one character a byte. */
    private static String fieldValue(String text) {
        boolean plain = true;
        for (int i = 0; i < text.length() && plain; i++) {
            char c = text.charAt(i);
            plain = c >= ' ' && c < 0x7F;
        }
        if (plain) {
            return text.trim();
        }
        String bytes = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        StringBuilder safe = new StringBuilder(bytes);
        for (int i = 0; i < safe.length(); i++) {
            if (safe.charAt(i) < ' ' || safe.charAt(i) == 0x7F) {
                safe.setCharAt(i, ' ');
            }
        }
        return safe.toString().trim();
    }
}
