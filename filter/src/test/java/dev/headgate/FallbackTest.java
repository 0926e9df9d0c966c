package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What stands in for a service that does not answer. */
class FallbackTest {

    private static final String FORM = "Content-Type: application/x-www-form-urlencoded";

    @OnEachContainer
    void resourceOfTheAppStandsIn(Container container) throws IOException {
        AppServer.Builder app = AppServer.on(container).resource("/WEB-INF/offline/list.html", "[\"ä\"]");
        try (Scene scene = broken(app, "route.r.fallback=static:/WEB-INF/offline/list.html")) {
            RawMessage answer = scene.client().get("/api/list");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(new String(answer.content(), StandardCharsets.UTF_8)).isEqualTo("[\"ä\"]");
            assertThat(answer.field("Content-Type")).startsWith("text/html");
            assertThat(answer.field("Cache-Control")).isEqualTo("no-store");
            assertThat(answer.field("Proxy-Status")).isEqualTo("headgate;error=connection_refused");

            RawMessage head = scene.client().exchange(RawClient.request("HEAD", "/api/list") + "\r\n");
            assertThat(head.field("Content-Length")).isEqualTo("6");
            assertThat(scene.client().post("/api/list", "x").status())
                    .as("a file cannot do anything")
                    .isEqualTo(502);
        }
    }

    @OnEachContainer
    void missingResourceGivesWayToTheNextInOrder(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container), "route.r.fallback=static:/missing.json chain")) {
            assertThat(scene.client().get("/api/x?y=1").text()).isEqualTo("app:GET /api/x?y=1");
        }
        try (Scene scene = broken(AppServer.on(container), "route.r.fallback=static:/missing.json")) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(502);
        }
    }

    @OnEachContainer
    void appAnswersWithTheContentOfTheRequest(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container).servlet("/api/*", new Echo()), "route.r.fallback=chain")) {
            RawMessage answer = scene.client().post("/api/x", "the content", "Content-Type: text/plain");
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.text()).isEqualTo("POST the content");
            assertThat(answer.field("Proxy-Status")).isEqualTo("headgate;error=connection_refused");
            assertThat(scene.client()
                            .exchange(RawClient.request("POST", "/api/x", "Transfer-Encoding: chunked")
                                    + "\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
                            .text())
                    .isEqualTo("POST abcdef");
        }
    }

    @OnEachContainer
    void appGetsLongContentOfWhichOnlyTheBeginningWasRead(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container).servlet("/api/*", new Echo()), "route.r.fallback=chain")) {
            String content = "0123456789".repeat(50_000);
            assertThat(scene.client()
                            .post("/api/x", content, "Content-Type: text/plain")
                            .text())
                    .isEqualTo("POST " + content);
        }
    }

    @OnEachContainer
    void appMayReadByReaderWhatTurnedOutToHaveNoContent(Container container) throws IOException {
        HttpServlet reading = new HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
                response.getWriter().print("line: " + request.getReader().readLine());
            }
        };
        try (Scene scene = broken(AppServer.on(container).servlet("/api/*", reading), "route.r.fallback=chain")) {
            for (String rest : List.of("\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")) {
                assertThat(scene.client()
                                .exchange(RawClient.request("POST", "/api/x") + rest)
                                .text())
                        .isEqualTo("line: null");
            }
        }
    }

    @OnEachContainer
    void appReadsTheParametersOfAForm(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container).servlet("/api/*", new Form()), "route.r.fallback=chain")) {
            assertThat(new String(
                            scene.client()
                                    .post("/api/x?a=query&b=1", "a=content&c=%C3%A4+b", FORM)
                                    .content(),
                            StandardCharsets.UTF_8))
                    .isEqualTo("a=query,content b=1 c=ä b");
        }
    }

    @OnEachContainer
    void whatAnOriginMayHaveDoneAlreadyIsNotGivenToTheApp(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> connection.readRequest());
        try (Scene scene =
                Scene.of(AppServer.on(container).servlet("/api/*", new Echo()), origin, "route.r.fallback=chain")) {
            assertThat(scene.client().post("/api/pay", "amount=1").status()).isEqualTo(502);
        }
    }

    @OnEachContainer
    void mistakesOfTheClientAreNotMadeGood(Container container) throws IOException {
        try (Scene scene = broken(AppServer.on(container).lenient(), "route.r.fallback=chain")) {
            assertThat(scene.client()
                            .exchange(RawClient.request("TRACE", "/api/x") + "\r\n")
                            .status())
                    .isEqualTo(405);
        }
    }

    private static Scene broken(AppServer.Builder app, String... settings) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        Scene scene = Scene.of(app, origin, settings);
        origin.refuse();
        return scene;
    }

    /** Answers the method and the content. */
    private static final class Echo extends HttpServlet {
        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            byte[] content = request.getInputStream().readAllBytes();
            response.getOutputStream().print(request.getMethod() + " ");
            response.getOutputStream().write(content);
        }
    }

    /** Answers all parameters. */
    private static final class Form extends HttpServlet {
        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.setContentType("text/plain;charset=utf-8");
            response.getWriter()
                    .print(new TreeMap<>(request.getParameterMap())
                            .entrySet().stream()
                                    .map(entry -> entry.getKey() + "="
                                            + Arrays.stream(entry.getValue()).collect(Collectors.joining(",")))
                                    .collect(Collectors.joining(" ")));
        }
    }
}
