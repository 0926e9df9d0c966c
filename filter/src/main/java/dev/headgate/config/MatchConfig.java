package dev.headgate.config;

import java.util.List;
import java.util.Map;

/**
 * Which requests a route takes. All conditions must hold; an empty one always does.
 *
 * @param paths at least one pattern: {@code /api/*}, {@code /exact}, {@code *.pdf}, {@code /users/{id}/orders}, compared
 *     with the path as it stands on the wire, below the context path
 * @param methods method tokens, case-sensitive (RFC 9110 §9.1); empty: every method
 * @param hosts host names without port, compared without case; {@code *.example.com} takes every subdomain; empty: all
 * @param fields field name to the value it must have; an empty value asks only for presence
 * @param order settles ties between equally specific routes: the lower one wins, then the one configured first
 */
public record MatchConfig(
        List<String> paths, List<String> methods, List<String> hosts, Map<String, String> fields, int order) {

    public MatchConfig {
        paths = List.copyOf(paths);
        methods = List.copyOf(methods);
        hosts = List.copyOf(hosts);
        fields = Ordered.copyOf(fields);
        if (paths.isEmpty()) {
            throw new IllegalArgumentException("a route needs at least one path");
        }
        paths.forEach(PathSyntax::captures);
    }
}
