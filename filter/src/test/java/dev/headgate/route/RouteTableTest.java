package dev.headgate.route;

import static dev.headgate.route.TestRoute.route;
import static dev.headgate.route.TestRoute.table;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import jakarta.servlet.DispatcherType;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RouteTableTest {

    private static String taker(RouteTable table, StubRequest request) {
        RouteMatch match = table.match(request);
        return match == null ? null : match.route().name();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            /api/*              | /api                | true
            /api/*              | /api/               | true
            /api/*              | /api/x/y            | true
            /api/*              | /api//              | true
            /api/*              | /apix               | false
            /api/*              | /ap                 | false
            /api/*              | //api/x             | false
            /api/*              | /API/x              | false
            /api/*              | /%61pi/x            | false
            /api/*              | /api;x=1/foo        | false
            /api/*              | /api%2Ffoo          | false
            /api/*              | /                   | false
            /api/status         | /api/status         | true
            /api/status         | /api/status/        | false
            /api/status         | /api/status/x       | false
            /api/status         | /api                | false
            /api/               | /api/               | true
            /api/               | /api                | false
            /                   | /                   | true
            /                   | /x                  | false
            /*                  | /                   | true
            /*                  | //x                 | true
            /*                  | /a/b                | true
            *.pdf               | /x.pdf              | true
            *.pdf               | /a/b/x.pdf          | true
            *.pdf               | /.pdf               | true
            *.pdf               | /x.PDF              | false
            *.pdf               | /x.pdf/             | false
            *.pdf               | /x.pdf;v=1          | false
            *.pdf               | /xpdf               | false
            *.pdf               | /a.pdf/b            | false
            *.tar.gz            | /x.tar.gz           | true
            *.gz                | /x.tar.gz           | true
            *.tar.gz            | /x.gz               | false
            /users/{id}/orders  | /users/42/orders    | true
            /users/{id}/orders  | /users/a%2Fb/orders | true
            /users/{id}/orders  | /users//orders      | false
            /users/{id}/orders  | /users/orders       | false
            /users/{id}/orders  | /users/1/2/orders   | false
            /users/{id}/*       | /users/42           | true
            /users/{id}/*       | /users/42/          | true
            /users/{id}/*       | /users/             | false
            /users/{id}/*       | /users              | false
            /{a}/{b}            | /x/y                | true
            /{a}/{b}            | /x/y/               | false
            """)
    void patternTakesPath(String pattern, String path, boolean takes) {
        assertThat(table(route("r", pattern)).match(new StubRequest(path)) != null)
                .isEqualTo(takes);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            /api/orders/new     | /api/orders/new
            /api/orders/1       | /api/orders/*
            /api/orders         | /api/orders
            /api/orders/        | /api/orders/*
            /api/x              | /api/{any}
            /api/x/y            | /api/*
            /api                | /api/*
            /api/x.pdf          | /api/{any}
            /api/x/y.pdf        | /api/*
            /a/b/c              | /a/b/*
            /a/x/c              | /a/{x}/c
            /a/x/d              | /*
            /a/x/d.pdf          | *.pdf
            /a/d.tar.pdf        | *.tar.pdf
            /other              | /*
            """)
    void mostSpecificPatternWins(String path, String expected) {
        String[] patterns = {
            "/*",
            "*.pdf",
            "*.tar.pdf",
            "/api/*",
            "/api/{any}",
            "/api/orders",
            "/api/orders/*",
            "/api/orders/new",
            "/a/{x}/c",
            "/a/b/*"
        };
        List<TestRoute> routes = new ArrayList<>();
        for (String pattern : patterns) {
            routes.add(route(pattern, pattern));
        }
        Collections.shuffle(routes, new Random(path.hashCode()));
        assertThat(taker(table(routes.toArray(TestRoute[]::new)), new StubRequest(path)))
                .isEqualTo(expected);
    }

    @Test
    void moreConditionsThenOrderThenPlaceInTheConfigurationSettleTies() {
        RouteTable table = table(
                route("plain", "/a/*"),
                route("late", "/a/*").methods("GET").order(2),
                route("early", "/a/*").methods("GET", "PUT").order(1),
                route("same", "/a/*").methods("GET").order(1),
                route("two", "/a/*").methods("GET").field("X-Beta", ""));
        assertThat(taker(table, new StubRequest("/a/1").by("POST"))).isEqualTo("plain");
        assertThat(taker(table, new StubRequest("/a/1"))).isEqualTo("early");
        assertThat(taker(table, new StubRequest("/a/1").with("x-beta", ""))).isEqualTo("two");
    }

    @Test
    void requestThatMissesAConditionFallsToTheNextSpecificRoute() {
        RouteTable table = table(
                route("all", "/*").methods("PUT"),
                route("api", "/api/*").methods("GET"),
                route("user", "/api/{user}").methods("DELETE"),
                route("me", "/api/me").hosts("me.example"),
                route("pdf", "*.pdf").methods("PATCH"));
        assertThat(taker(table, new StubRequest("/api/me").at("me.example"))).isEqualTo("me");
        assertThat(taker(table, new StubRequest("/api/me").by("DELETE"))).isEqualTo("user");
        assertThat(taker(table, new StubRequest("/api/me"))).isEqualTo("api");
        assertThat(taker(table, new StubRequest("/api/x.pdf").by("PATCH"))).isEqualTo("pdf");
        assertThat(taker(table, new StubRequest("/api/me").by("PUT"))).isEqualTo("all");
        assertThat(taker(table, new StubRequest("/api/me").by("POST"))).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            api.example.com  | api.example.com     | true
            api.example.com  | API.Example.COM     | true
            API.example.com  | api.example.com     | true
            api.example.com  | example.com         | false
            api.example.com  | xapi.example.com    | false
            *.example.com    | api.example.com     | true
            *.example.com    | a.b.EXAMPLE.com     | true
            *.example.com    | example.com         | false
            *.example.com    | .example.com        | false
            *.example.com    | badexample.com      | false
            *.example.com    | example.com.evil    | false
            api.example.com  |                     | false
            """)
    void hostIsComparedWithoutCase(String wanted, String host, boolean takes) {
        RouteTable table = table(route("r", "/*").hosts(wanted));
        assertThat(table.match(new StubRequest("/").at(host)) != null).isEqualTo(takes);
    }

    @Test
    void methodIsComparedWithCase() {
        RouteTable table = table(route("r", "/*").methods("GET"));
        assertThat(taker(table, new StubRequest("/").by("GET"))).isEqualTo("r");
        assertThat(taker(table, new StubRequest("/").by("get"))).isNull();
    }

    @Test
    void fieldConditionLooksAtEveryValueAndAnEmptyOneAsksForPresence() {
        RouteTable table = table(
                route("value", "/v").field("X-Version", "2"),
                route("presence", "/p").field("X-Version", ""));
        StubRequest none = new StubRequest("/v");
        assertThat(taker(table, none)).isNull();
        assertThat(taker(table, new StubRequest("/v").with("X-Version", "1"))).isNull();
        assertThat(taker(table, new StubRequest("/v").with("x-version", "1").with("X-VERSION", "2")))
                .isEqualTo("value");
        assertThat(taker(table, new StubRequest("/p").with("x-version", "any"))).isEqualTo("presence");
        assertThat(taker(table, new StubRequest("/p"))).isNull();
    }

    @ParameterizedTest
    @EnumSource(DispatcherType.class)
    void errorPagesAndIncludesStayWithTheApp(DispatcherType dispatch) {
        boolean taken = table(route("r", "/*")).match(new StubRequest("/x").as(dispatch)) != null;
        assertThat(taken).isEqualTo(dispatch != DispatcherType.ERROR && dispatch != DispatcherType.INCLUDE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            /app/api/x                 | /app | /api/x
            /app/api                   | /app | /api
            /api/x                     | /app |
            /application/api/x         | /app |
            /app                       | /app |
            /%61pp/api/x               | /app |
            /%61pp/api/x               | /%61pp | /api/x
            http://host/app/api/x      | /app | /api/x
            HTTPS://h:1/api/x          | ''   | /api/x
            http://host                | ''   |
            urn:x/api/x                | ''   |
            *                          | ''   |
            ''                         | ''   |
            """)
    void pathIsWhatFollowsTheContextPath(String uri, String context, String path) {
        RouteMatch match = table(route("r", "/*")).match(new StubRequest(uri).inContext(context));
        assertThat(match == null ? null : match.path()).isEqualTo(path);
    }

    @Test
    void containerThatKnowsNoUriGetsNoMatch() {
        RouteTable table = table(route("r", "/*"));
        assertThat(table.match(new StubRequest(null))).isNull();
        assertThat(table.match(new StubRequest("/").inContext(null))).isNull();
    }

    @Test
    void tableWithoutRoutesTakesNothing() {
        assertThat(table().match(new StubRequest("/x.pdf"))).isNull();
        assertThat(table().routes()).isEmpty();
        assertThat(table().shadows()).isEmpty();
    }

    @Test
    void routesKeepTheOrderOfTheirConfiguration() {
        List<Route> routes = table(route("b", "/*"), route("a", "/a/b"), route("c", "*.c", "/c"))
                .routes();
        assertThat(routes).extracting(Route::name).containsExactly("b", "a", "c");
        assertThat(routes).extracting(Route::index).containsExactly(0, 1, 2);
    }

    @Test
    void routeWithSeveralPatternsTellsWhichOneTookTheRequest() {
        RouteTable table = table(route("r", "/a/{x}/*", "/b/{y}"));
        RouteMatch a = table.match(new StubRequest("/a/1%20/2/3"));
        assertThat(a.capture("x")).isEqualTo("1%20");
        assertThat(a.capture("*")).isEqualTo("/2/3");
        assertThat(a.capture("y")).isNull();
        RouteMatch b = table.match(new StubRequest("/b/7"));
        assertThat(b.capture("y")).isEqualTo("7");
        assertThat(b.capture("*")).isNull();
        assertThat(table.match(new StubRequest("/a/1")).capture("*")).isEmpty();
    }

    @Test
    void shadowsNameWhoTakesWhatFromWhomAndWhy() {
        assertThat(table(
                                route("all", "/*"),
                                route("api", "/api/*"),
                                route("pdf", "*.pdf"),
                                route("status", "/api/status"),
                                route("twin", "/api/status"),
                                route("get", "/api/*").methods("GET"),
                                route("other", "/other/{a}").methods("POST"),
                                route("another", "/other/{b}").methods("PUT"))
                        .shadows())
                .containsExactly(
                        "route all is partly shadowed: route status takes /api/status before /* because it is more"
                                + " specific; route twin takes /api/status before /* because it is more specific; route"
                                + " other takes /other/{a} before /* because it is more specific; and 4 more",
                        "route api is partly shadowed: route status takes /api/status before /api/* because it is more"
                                + " specific; route twin takes /api/status before /api/* because it is more specific;"
                                + " route get takes /api/* before /api/* because it has more conditions",
                        "route pdf is partly shadowed: route other takes /other/{a} before *.pdf because it is more"
                                + " specific; route another takes /other/{b} before *.pdf because it is more specific;"
                                + " route get takes /api/* before *.pdf because it is more specific; and 1 more",
                        "route twin is never reached: route status takes /api/status before /api/status because it is"
                                + " configured first",
                        "route get is partly shadowed: route status takes /api/status before /api/* because it is more"
                                + " specific; route twin takes /api/status before /api/* because it is more specific");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            /a/*        | /b/*        | false
            /a/*        | /a          | true
            /a/b        | /a/c        | false
            /a/{x}      | /a/b        | true
            /a/{x}      | /a/         | false
            /a/{x}      | /{y}/b      | true
            /a/{x}/c    | /a/b/*      | true
            /a/{x}/c    | /a          | false
            *.pdf       | /a/b        | false
            *.pdf       | /a/b.pdf    | true
            *.pdf       | /a/{x}      | true
            *.pdf       | /a/*        | true
            *.tar.gz    | *.gz        | true
            *.pdf       | *.xpdf      | false
            """)
    void patternsOverlap(String one, String other, boolean overlap) {
        PathPattern a = PathPattern.parse(one);
        PathPattern b = PathPattern.parse(other);
        assertThat(a.overlaps(b)).isEqualTo(overlap);
        assertThat(b.overlaps(a)).isEqualTo(overlap);
    }

    @Test
    void missAmongAThousandRoutesAllocatesNothing() {
        List<TestRoute> routes = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            routes.add(route("p" + i, "/api/service" + i + "/*"));
            routes.add(route("c" + i, "/tenants/{tenant}/service" + i + "/*"));
            routes.add(route("e" + i, "*.ext" + i));
            routes.add(route("m" + i, "/app/page" + i).methods("REPORT").hosts("*.example.com"));
        }
        RouteTable table = table(routes.toArray(TestRoute[]::new));
        StubRequest[] misses = {
            new StubRequest("/ctx/index.html").inContext("/ctx"),
            new StubRequest("/ctx/api/service/list").inContext("/ctx"),
            new StubRequest("/ctx/tenants/acme/service9x/list.tar.gz").inContext("/ctx"),
            new StubRequest("/ctx/app/page77").inContext("/ctx"),
        };
        int rounds = 50_000;
        miss(table, misses, rounds);

        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        threads.getThreadAllocatedBytes(thread);
        long before = threads.getThreadAllocatedBytes(thread);
        miss(table, misses, rounds);
        long allocated = threads.getThreadAllocatedBytes(thread) - before;

        // One object a miss would be 16 bytes at least; what is left over belongs to the measuring.
        assertThat(allocated).isLessThan((long) rounds * misses.length);
    }

    private static void miss(RouteTable table, StubRequest[] misses, int rounds) {
        for (int i = 0; i < rounds; i++) {
            for (StubRequest request : misses) {
                if (table.match(request) != null) {
                    throw new AssertionError(request.getRequestURI() + " is no miss");
                }
            }
        }
    }
}
