package dev.headgate.route;

import dev.headgate.config.RouteConfig;
import dev.headgate.route.PathTree.Entry;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * All routes of a gateway, and which of them takes a request. Immutable.
 *
 * <p>What decides, in this order: the path, compared segment by segment from the left, literal text before
 * {@code {name}} before {@code *}, then {@code *.ext}, then {@code /*}; more conditions (method, host, fields) before
 * fewer; a lower {@code order} before a higher; configured earlier before later. A request that misses a condition of
 * one route falls to the next.
 */
public final class RouteTable {

    private static final Comparator<Entry> FIRST_TRIED = Comparator.comparing(
                    Entry::pattern, PathPattern.MOST_SPECIFIC_FIRST)
            .thenComparing(entry -> entry.route().conditions(), Comparator.reverseOrder())
            .thenComparing(entry -> entry.route().config().match().order())
            .thenComparing(entry -> entry.route().index());

    private final List<Route> routes;
    private final List<Entry> entries;
    private final PathTree tree;
    private final PathTree.Literals<Entry[]> extensions;

    private RouteTable(List<Route> routes) {
        this.routes = List.copyOf(routes);
        List<Entry> all = new ArrayList<>();
        for (Route route : routes) {
            for (String path : route.config().match().paths()) {
                all.add(new Entry(route, PathPattern.parse(path)));
            }
        }
        all.sort(FIRST_TRIED);
        this.entries = List.copyOf(all);
        this.tree = new PathTree(entries.stream()
                .filter(entry -> entry.pattern().extension() == null)
                .toList());
        Map<String, List<Entry>> byExtension = new HashMap<>();
        for (Entry entry : entries) {
            if (entry.pattern().extension() != null) {
                byExtension
                        .computeIfAbsent(entry.pattern().extension(), extension -> new ArrayList<>())
                        .add(entry);
            }
        }
        Map<String, Entry[]> arrays = new HashMap<>();
        byExtension.forEach((extension, list) -> arrays.put(extension, list.toArray(Entry[]::new)));
        this.extensions = new PathTree.Literals<>(arrays);
    }

    /** Makes the table, whose routes keep the order of their configuration. */
    public static RouteTable of(List<RouteConfig> configs) {
        List<Route> routes = new ArrayList<>();
        for (RouteConfig config : configs) {
            routes.add(new Route(config, routes.size()));
        }
        return new RouteTable(routes);
    }

    /**
     * Finds the route that takes a request. Never throws, and allocates nothing when there is none.
     *
     * <p>The path is the raw one, below the context path. Error pages and includes are the app's own business and are
     * never taken.
     *
     * @return null when no route takes the request
     */
    public RouteMatch match(HttpServletRequest request) {
        DispatcherType dispatch = request.getDispatcherType();
        if (dispatch == DispatcherType.ERROR || dispatch == DispatcherType.INCLUDE) {
            return null;
        }
        String uri = request.getRequestURI();
        String context = request.getContextPath();
        if (uri == null || context == null) {
            return null;
        }
        int start = afterAuthority(uri);
        if (start < 0 || !uri.startsWith(context, start)) {
            return null;
        }
        start += context.length();
        if (start >= uri.length() || uri.charAt(start) != '/') {
            return null;
        }
        Entry found = tree.find(uri, start, request);
        if (found == null) {
            found = findExtension(uri, start, request);
        }
        if (found == null) {
            found = tree.findCatchAll(request);
        }
        return found == null ? null : new RouteMatch(found.route(), found.pattern(), context, uri.substring(start));
    }

    /** Where the path starts, also in the absolute form (RFC 9112 §3.2.2); -1 when there is none. */
    private static int afterAuthority(String uri) {
        if (uri.startsWith("/")) {
            return 0;
        }
        int scheme =
                uri.regionMatches(true, 0, "http://", 0, 7) ? 7 : uri.regionMatches(true, 0, "https://", 0, 8) ? 8 : -1;
        return scheme < 0 ? -1 : uri.indexOf('/', scheme);
    }

    /** The longest extension first: {@code *.tar.gz} before {@code *.gz}. */
    private Entry findExtension(String uri, int start, HttpServletRequest request) {
        int dot = uri.indexOf('.', Math.max(start, uri.lastIndexOf('/')));
        while (dot >= 0) {
            Entry[] candidates = extensions.get(uri, dot + 1, uri.length());
            Entry found = candidates == null ? null : PathTree.first(candidates, request);
            if (found != null) {
                return found;
            }
            dot = uri.indexOf('.', dot + 1);
        }
        return null;
    }

    /** In the order of their configuration: a route's index is its position here. */
    public List<Route> routes() {
        return routes;
    }

    /**
     * Which routes lose requests to others, for the log at start: one sentence for each route that does, in the order
     * of their configuration.
     */
    public List<String> shadows() {
        List<String> sentences = new ArrayList<>();
        for (Route route : routes) {
            String sentence = shadowOf(route);
            if (sentence != null) {
                sentences.add(sentence);
            }
        }
        return sentences;
    }

    private String shadowOf(Route route) {
        List<String> by = new ArrayList<>();
        int patternsLeft = 0;
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            if (entry.route() != route) {
                continue;
            }
            boolean reachable = true;
            for (Entry earlier : entries.subList(0, i)) {
                if (earlier.route() == route
                        || !earlier.pattern().overlaps(entry.pattern())
                        || !earlier.route().canMeet(route)) {
                    continue;
                }
                boolean samePath = earlier.pattern().isSameAs(entry.pattern());
                reachable &= !(samePath && earlier.route().asksNoMoreThan(route));
                by.add("route " + earlier.route().name() + " takes " + earlier.pattern() + " before " + entry.pattern()
                        + " because it " + reason(earlier, entry));
            }
            patternsLeft += reachable ? 1 : 0;
        }
        if (by.isEmpty()) {
            return null;
        }
        String more = by.size() > 3 ? "; and " + (by.size() - 3) + " more" : "";
        return "route " + route.name() + (patternsLeft == 0 ? " is never reached: " : " is partly shadowed: ")
                + String.join("; ", by.subList(0, Math.min(3, by.size()))) + more;
    }

    private static String reason(Entry earlier, Entry later) {
        if (PathPattern.MOST_SPECIFIC_FIRST.compare(earlier.pattern(), later.pattern()) != 0) {
            return "is more specific";
        }
        if (earlier.route().conditions() != later.route().conditions()) {
            return "has more conditions";
        }
        return earlier.route().config().match().order()
                        != later.route().config().match().order()
                ? "has the lower order"
                : "is configured first";
    }
}
