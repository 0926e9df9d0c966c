package dev.headgate.route;

import dev.headgate.config.CacheConfig;
import dev.headgate.config.ConcurrencyConfig;
import dev.headgate.config.CookieConfig;
import dev.headgate.config.ErrorConfig;
import dev.headgate.config.FieldConfig;
import dev.headgate.config.MatchConfig;
import dev.headgate.config.RetryConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.config.RouteLimits;
import dev.headgate.config.TargetConfig;
import dev.headgate.config.TargetConfig.AmbiguousPath;
import dev.headgate.config.TimeoutConfig;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Builds route configurations of which only what routing looks at matters. */
final class TestRoute {

    private final String name;
    private final List<String> paths;
    private List<String> methods = List.of();
    private List<String> hosts = List.of();
    private final Map<String, String> fields = new LinkedHashMap<>();
    private int order;
    private String target = "keep";
    private Set<AmbiguousPath> ambiguous = Set.of();

    private TestRoute(String name, List<String> paths) {
        this.name = name;
        this.paths = paths;
    }

    static TestRoute route(String name, String... paths) {
        return new TestRoute(name, List.of(paths));
    }

    static RouteTable table(TestRoute... routes) {
        return RouteTable.of(Arrays.stream(routes).map(TestRoute::config).toList());
    }

    TestRoute methods(String... tokens) {
        methods = List.of(tokens);
        return this;
    }

    TestRoute hosts(String... names) {
        hosts = List.of(names);
        return this;
    }

    TestRoute field(String field, String value) {
        fields.put(field, value);
        return this;
    }

    TestRoute order(int value) {
        order = value;
        return this;
    }

    TestRoute to(String path) {
        target = path;
        return this;
    }

    TestRoute allowing(AmbiguousPath... kinds) {
        ambiguous = Set.of(kinds);
        return this;
    }

    RouteConfig config() {
        Duration second = Duration.ofSeconds(1);
        return new RouteConfig(
                name,
                "upstream",
                new MatchConfig(paths, methods, hosts, fields, order),
                new TargetConfig(target, ambiguous, "upstream"),
                new TimeoutConfig(second, second, second, second),
                new RetryConfig(1, false, Set.of(), 0, Duration.ZERO, Duration.ZERO),
                new FieldConfig(Map.of(), Map.of(), List.of(), Map.of(), Map.of(), List.of()),
                new CookieConfig(false, true),
                CacheConfig.OFF,
                true,
                RouteConfig.ForwardedStyle.BOTH,
                new RouteLimits(
                        List.of(),
                        ConcurrencyConfig.NONE,
                        RouteLimits.Priority.NORMAL,
                        Set.of(),
                        new RouteLimits.Size(8192, 65536, 200, 0, 0),
                        0,
                        0),
                ErrorConfig.DEFAULT);
    }
}
