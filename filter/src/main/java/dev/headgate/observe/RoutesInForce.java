package dev.headgate.observe;

import dev.headgate.config.GatewayConfig;
import dev.headgate.config.OriginConfig;
import dev.headgate.config.RouteConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The routes of a configuration as a table for people. */
final class RoutesInForce {

    private static final List<String> HEAD =
            List.of("route", "paths", "methods", "upstream", "origins", "target", "cache", "limits", "timeouts");

    /** A column is as wide as its widest cell, up to this. */
    private static final int WIDEST = 40;

    private RoutesInForce() {}

    /** Lines of equal columns, the first one says what they are; without a line end behind the last. */
    public static String table(GatewayConfig config) {
        List<List<String>> rows = new ArrayList<>();
        rows.add(HEAD);
        for (RouteConfig route : config.routes()) {
            rows.add(List.of(
                    route.name(),
                    String.join(" ", route.match().paths()),
                    route.match().methods().isEmpty()
                            ? "all"
                            : String.join(" ", route.match().methods()),
                    route.upstream(),
                    config.upstreams().get(route.upstream()).origins().stream()
                            .map(OriginConfig::toString)
                            .collect(Collectors.joining(" ")),
                    route.target().path(),
                    route.cache().enabled() ? "yes" : "no",
                    limits(route),
                    timeouts(route)));
        }
        int[] widths = new int[HEAD.size()];
        for (List<String> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.min(WIDEST, Math.max(widths[i], row.get(i).length()));
            }
        }
        StringBuilder table = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder("  ");
            for (int i = 0; i < widths.length; i++) {
                String cell = row.get(i);
                line.append(cell).append(" ".repeat(Math.max(0, widths[i] - cell.length()) + 2));
            }
            table.append(table.isEmpty() ? "" : "\n").append(line.toString().stripTrailing());
        }
        return table.toString();
    }

    private static String limits(RouteConfig route) {
        List<String> parts = new ArrayList<>(route.limits().rates());
        if (route.limits().concurrency().adaptive()) {
            parts.add("concurrency=adaptive");
        } else if (route.limits().concurrency().limits()) {
            parts.add("concurrency=" + route.limits().concurrency().max());
        }
        return parts.isEmpty() ? "none" : String.join(" ", parts);
    }

    private static String timeouts(RouteConfig route) {
        return "connect=" + Doctor.text(route.timeouts().connect())
                + " response=" + Doctor.text(route.timeouts().response())
                + (route.timeouts().idle().isZero()
                        ? ""
                        : " idle=" + Doctor.text(route.timeouts().idle()))
                + (route.timeouts().total().isZero()
                        ? ""
                        : " total=" + Doctor.text(route.timeouts().total()));
    }
}
