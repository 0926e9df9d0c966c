package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.Filter;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** What a client gets when no origin answers, over the wire. */
class ErrorPageTest {

    private static final String HTML = "Accept: text/html";

    @OnEachContainer
    void browserGetsThePageWithAStrictPolicy(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container))) {
            RawMessage page = scene.client().get("/api/secret-path?token=abc", HTML, "Accept-Language: de");
            assertThat(page.status()).isEqualTo(502);
            assertThat(page.field("Content-Type")).isEqualToIgnoringCase("text/html;charset=utf-8");
            assertThat(page.field("Content-Language")).isEqualTo("de");
            assertThat(page.field("Cache-Control")).isEqualTo("no-store");
            assertThat(page.field("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(String.join(",", page.fields("Vary"))).contains("Accept", "Accept-Language");
            assertThat(page.field("Content-Security-Policy"))
                    .startsWith("default-src 'none'; img-src data:; style-src 'sha256-")
                    .doesNotContain("unsafe");
            assertThat(page.field("Proxy-Status")).isEqualTo("headgate;error=connection_refused");
            assertThat(utf8(page))
                    .startsWith("<!DOCTYPE html>")
                    .contains("lang=\"de\"", "Dieser Bereich ist gerade nicht erreichbar")
                    .doesNotContain("127.0.0.1", "secret-path", "token", "Exception", "<script");
            assertThat(page.complete()).isTrue();
        }
    }

    @OnEachContainer
    void programGetsAProblem(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container))) {
            RawMessage problem = scene.client().get("/api/x", "Accept: application/json", "X-Request-Id: abc-1");
            assertThat(problem.status()).isEqualTo(502);
            assertThat(problem.field("Content-Type")).isEqualTo("application/problem+json");
            var json = new ObjectMapper().readTree(problem.content());
            assertThat(json.get("kind").asText()).isEqualTo("connection_refused");
            assertThat(json.get("requestId").asText()).isEqualTo("abc-1");
            assertThat(json.has("attempts")).isFalse();
        }
    }

    @OnEachContainer
    void curlGetsALine(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container))) {
            for (String[] fields : new String[][] {{}, {"Accept: */*"}}) {
                RawMessage line = scene.client().get("/api/x", fields);
                assertThat(line.field("Content-Type")).isEqualToIgnoringCase("text/plain;charset=utf-8");
                assertThat(line.text())
                        .startsWith("502 ")
                        .contains("[connection_refused]")
                        .containsOnlyOnce("\n");
            }
        }
    }

    @OnEachContainer
    void headHasTheFieldsOfGetAndNoContent(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container))) {
            for (String accept : new String[] {"text/html", "application/json", "*/*"}) {
                String id = "X-Request-Id: same";
                RawMessage get = scene.client().get("/api/x", "Accept: " + accept, id);
                RawMessage head =
                        scene.client().exchange(RawClient.request("HEAD", "/api/x", "Accept: " + accept, id) + "\r\n");
                assertThat(head.status()).isEqualTo(get.status());
                for (String name :
                        new String[] {"Content-Type", "Content-Length", "Proxy-Status", "Content-Language"}) {
                    assertThat(head.field(name)).as(name).isEqualTo(get.field(name));
                }
            }
            assertThat(scene.client().get("/app").text())
                    .as("the connection is in step")
                    .isEqualTo("app:GET /app");
        }
    }

    @OnEachContainer
    void refusedMethodNamesTheAllowedOnes(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container).lenient())) {
            RawMessage refused = scene.client().exchange(RawClient.request("TRACE", "/api/x") + "\r\n");
            assertThat(refused.status()).isEqualTo(405);
            assertThat(refused.field("Allow")).contains("GET", "POST");
            assertThat(refused.field("Proxy-Status")).isEqualTo("headgate;error=http_request_error;status-code=405");
        }
    }

    @OnEachContainer
    void membersOfTheRoleAreToldTheDiagnosis(Container container) throws IOException {
        Filter login = (request, response, chain) -> chain.doFilter(
                new HttpServletRequestWrapper((HttpServletRequest) request) {
                    @Override
                    public boolean isUserInRole(String role) {
                        return role.equals(getHeader("X-Test-Role"));
                    }
                },
                response);
        try (Scene scene = broken(AppServer.on(container).filter(login), "route.r.error.detail-roles=operator admin")) {
            RawMessage entitled = scene.client().get("/api/x", HTML, "X-Test-Role: admin");
            assertThat(utf8(entitled)).contains("Diagnosis", "127.0.0.1", "ss -ltnp");
            assertThat(entitled.field("Proxy-Status")).contains("next-hop=\"127.0.0.1\"", "details=\"");

            RawMessage other = scene.client().get("/api/x", HTML, "X-Test-Role: customer");
            assertThat(utf8(other)).doesNotContain("Diagnosis", "127.0.0.1");
            assertThat(other.field("Proxy-Status")).isEqualTo("headgate;error=connection_refused");
        }
    }

    @OnEachContainer
    void proxyStatusGoesByItsSettings(Container container) throws IOException {
        try (Scene off = broken(AppServer.on(container), "route.r.error.proxy-status=off")) {
            assertThat(off.client().get("/api/x").has("Proxy-Status")).isFalse();
        }
        try (Scene details =
                broken(AppServer.on(container), "route.r.error.proxy-status=details", "proxy-status.name=7up")) {
            assertThat(details.client().get("/api/x").field("Proxy-Status"))
                    .startsWith("\"7up\";error=connection_refused;next-hop=\"127.0.0.1\";details=\"");
        }
    }

    @OnEachContainer
    void errorOfTheOriginItselfIsPassedOnWithoutAClaim(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering("HTTP/1.1 503 Later\r\nContent-Length: 4\r\nRetry-After: 7\r\n\r\nbusy");
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage answer = scene.client().get("/api/x", HTML);
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.text()).isEqualTo("busy");
            assertThat(answer.field("Retry-After")).isEqualTo("7");
            assertThat(answer.has("Proxy-Status")).isFalse();
        }
    }

    // Pages of the app

    @OnEachContainer
    void templateOfTheAppTakesThePlaceOfThePage(Container container) throws IOException {
        AppServer.Builder app = AppServer.on(container)
                .resource("/WEB-INF/502.mustache", "<p>{{status}} {{kind}} {{requestId}} {{{headline}}}</p>");
        try (Scene scene = broken(app, "route.r.error.page.502=/WEB-INF/502.mustache")) {
            RawMessage page = scene.client().get("/api/x", HTML, "X-Request-Id: a/b=c");
            assertThat(page.status()).isEqualTo(502);
            assertThat(utf8(page))
                    .isEqualTo(
                            "<p>502 connection_refused a/b&#x3D;c This part of the site cannot be reached right now</p>");
            assertThat(page.has("Content-Security-Policy")).isFalse();
            assertThat(page.field("Proxy-Status")).isEqualTo("headgate;error=connection_refused");
            assertThat(scene.client().get("/api/x", "Accept: application/json").field("Content-Type"))
                    .as("programs get their problem all the same")
                    .isEqualTo("application/problem+json");
        }
    }

    @OnEachContainer
    void mostExactPageCounts(Container container) throws IOException {
        AppServer.Builder app = AppServer.on(container)
                .resource("/any.mustache", "any")
                .resource("/status.mustache", "status")
                .resource("/kind.mustache", "kind");
        String any = "route.r.error.page.*=/any.mustache";
        String status = "route.r.error.page.502=/status.mustache";
        String kind = "route.r.error.page.connection_refused=/kind.mustache";
        String builtIn = "route.r.error.page.connection_refused=built-in";
        for (var expected : Map.of("any", new String[] {any}, "status", new String[] {any, status})
                .entrySet()) {
            try (Scene scene = broken(app, expected.getValue())) {
                assertThat(scene.client().get("/api/x", HTML).text()).isEqualTo(expected.getKey());
            }
            app = again(container);
        }
        try (Scene scene = broken(app, any, status, kind)) {
            assertThat(scene.client().get("/api/x", HTML).text()).isEqualTo("kind");
        }
        try (Scene scene = broken(again(container), any, status, builtIn)) {
            assertThat(scene.client().get("/api/x", HTML).text()).startsWith("<!DOCTYPE html>");
        }
    }

    private static AppServer.Builder again(Container container) {
        return AppServer.on(container)
                .resource("/any.mustache", "any")
                .resource("/status.mustache", "status")
                .resource("/kind.mustache", "kind");
    }

    @OnEachContainer
    void brokenTemplatesGiveWayToTheBuiltInPage(Container container) throws IOException {
        AppServer.Builder app = AppServer.on(container)
                .resource("/broken.mustache", "{{#never}}closed")
                .resource("/fails.mustache", "{{#status}}{{> nowhere}}{{/status}}");
        try (Scene scene = broken(
                app,
                "route.r.error.page.*=/missing.mustache",
                "route.r.error.page.502=/broken.mustache",
                "route.r.error.page.connection_refused=/fails.mustache")) {
            assertThat(utf8(scene.client().get("/api/x", HTML))).contains("This part of the site cannot be reached");
        }
    }

    @OnEachContainer
    void appIsDispatchedToWithTheStandardAttributes(Container container) throws IOException {
        HttpServlet page = new HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
                response.setContentType("text/plain;charset=utf-8");
                Map<?, ?> facts = (Map<?, ?>) request.getAttribute("dev.headgate.failure");
                response.getWriter()
                        .print(request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE) + "|"
                                + request.getAttribute(RequestDispatcher.ERROR_MESSAGE) + "|"
                                + request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI) + "|"
                                + request.getAttribute(RequestDispatcher.ERROR_EXCEPTION) + "|"
                                + facts.get("kind") + "|" + facts.get("requestId"));
            }
        };
        try (Scene scene = broken(
                AppServer.on(container).servlet("/oops", page).contextPath("/shop"),
                "route.r.error.page.*=dispatch:/oops")) {
            RawMessage answer = scene.client().get("/shop/api/x", "X-Request-Id: id1");
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.text())
                    .isEqualTo("502|This part of the site cannot be reached right now|/shop/api/x|null"
                            + "|connection_refused|id1");
            assertThat(answer.field("Proxy-Status")).isEqualTo("headgate;error=connection_refused");
            assertThat(answer.field("Cache-Control")).isEqualTo("no-store");
            assertThat(scene.client().get("/shop/other").text()).isEqualTo("app:GET /shop/other");
        }
    }

    @OnEachContainer
    void dispatchedPageThatFailsGivesWayToTheBuiltInPage(Container container) throws IOException {
        HttpServlet refusing = new HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
                response.getOutputStream().print("half a page");
                response.sendError(404);
            }
        };
        HttpServlet throwing = new HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) {
                throw new IllegalStateException("no page today");
            }
        };
        for (HttpServlet page : new HttpServlet[] {refusing, throwing}) {
            try (Scene scene =
                    broken(AppServer.on(container).servlet("/oops", page), "route.r.error.page.*=dispatch:/oops")) {
                RawMessage answer = scene.client().get("/api/x", HTML);
                assertThat(answer.status()).isEqualTo(502);
                assertThat(utf8(answer))
                        .startsWith("<!DOCTYPE html>")
                        .contains("This part of the site cannot be reached")
                        .doesNotContain("half a page", "no page today");
                assertThat(scene.client().get("/other").text()).isEqualTo("app:GET /other");
            }
        }
    }

    @OnEachContainer
    void containersOwnErrorPageKeepsOurFields(Container container) throws IOException {
        HttpServlet page = new HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
                response.setContentType("text/plain");
                response.getWriter().print("app page " + request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE));
            }
        };
        try (Scene scene = broken(
                AppServer.on(container).servlet("/oops", page).errorPage("/oops"), "route.r.error.page.*=container")) {
            RawMessage answer = scene.client().get("/api/x");
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.text()).isEqualTo("app page 502");
            assertThat(answer.field("Proxy-Status")).isEqualTo("headgate;error=connection_refused");
        }
        try (Scene scene = broken(AppServer.on(container), "route.r.error.page.*=container")) {
            RawMessage answer = scene.client().get("/api/x");
            assertThat(answer.status()).isEqualTo(502);
            assertThat(answer.text()).doesNotContain("127.0.0.1", "Exception");
            assertThat(answer.field("Proxy-Status")).isEqualTo("headgate;error=connection_refused");
        }
    }

    @OnEachContainer
    void fieldsOfFiltersAroundTheGatewayStay(Container container) throws IOException {
        Filter around = (request, response, chain) -> {
            ((HttpServletResponse) response).setHeader("Strict-Transport-Security", "max-age=1");
            ((HttpServletResponse) response).addHeader("Vary", "Origin, accept");
            chain.doFilter(request, response);
        };
        try (Scene scene = broken(AppServer.on(container).filter(around))) {
            RawMessage answer = scene.client().get("/api/x");
            assertThat(answer.field("Strict-Transport-Security")).isEqualTo("max-age=1");
            assertThat(answer.fields("Vary")).containsExactly("Origin, accept", "Accept-Language");
        }
    }

    /** Beyond its share of the container's threads the gateway answers from threads of its own. */
    @OnEachContainer
    void everyPageComesFromOtherThreadsToo(Container container) throws Exception {
        HttpServlet page = new HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
                response.setContentType("text/plain");
                response.getWriter().print("app page " + request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE));
            }
        };
        CountDownLatch done = new CountDownLatch(1);
        try (RawOrigin slow = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    done.await(20, TimeUnit.SECONDS);
                });
                Scene scene = broken(
                        AppServer.on(container).servlet("/oops", page).errorPage("/oops"),
                        "host-threads=1",
                        "route.slow.path=/slow",
                        "route.slow.to=" + slow.url(),
                        "route.dispatched.path=/dispatched",
                        "route.dispatched.to=http://origin.invalid",
                        "route.dispatched.error.page.*=dispatch:/oops",
                        "route.container.path=/container",
                        "route.container.to=http://origin.invalid",
                        "route.container.error.page.*=container")) {
            RawClient blocked = scene.connect();
            blocked.send(RawClient.request("GET", "/slow") + "\r\n");
            Awaitility.await().until(() -> slow.requests() == 1);

            RawMessage builtIn = scene.client().get("/api/x", HTML);
            assertThat(builtIn.status()).isEqualTo(502);
            assertThat(builtIn.text()).startsWith("<!DOCTYPE html>");
            assertThat(builtIn.complete()).isTrue();
            for (String path : new String[] {"/dispatched", "/container"}) {
                RawMessage answer = scene.client().get(path);
                assertThat(answer.status()).as(path).isEqualTo(502);
                assertThat(answer.text()).as(path).isEqualTo("app page 502");
                assertThat(answer.field("Proxy-Status")).isEqualTo("headgate;error=dns_error");
            }
            done.countDown();
            assertThat(blocked.readResponse().status()).isEqualTo(502);
        }
    }

    /** A gateway whose origin does not listen. */
    private static Scene broken(AppServer.Builder app, String... settings) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        Scene scene = Scene.of(app, origin, settings);
        origin.refuse();
        return scene;
    }

    private static String utf8(RawMessage message) {
        return new String(message.content(), StandardCharsets.UTF_8);
    }
}
