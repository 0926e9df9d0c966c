package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.security.Principal;
import java.util.List;

/** The fields that the origin sees: the client's own, and never one that belongs to somebody else. */
class RequestFieldsTest {

    @OnEachContainer
    void onlyTheGatewaysOwnFieldsAreAdded(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
            assertThat(scene.origin().request().fieldLines())
                    .extracting(line -> line.substring(0, line.indexOf(':')))
                    .containsExactlyInAnyOrder(
                            "Host",
                            "Via",
                            "Forwarded",
                            "X-Forwarded-For",
                            "X-Forwarded-Host",
                            "X-Forwarded-Port",
                            "X-Forwarded-Proto",
                            "X-Request-Id");
        }
    }

    @OnEachContainer
    void valuesPassUnchangedAndInOrder(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            RawMessage response = scene.client()
                    .get(
                            "/api/x",
                            "X-A: 1",
                            "X-B: \"q, r\"; s=t",
                            "x-a: 2, 3",
                            "X-Empty:",
                            "User-Agent: Probe/1 (x; y)",
                            "Accept: */*;q=0.1",
                            "Authorization: Basic Zm9vOmJhcg==",
                            "If-None-Match: W/\"a\", \"b\"",
                            "Range: bytes=0-1",
                            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "Accept-Encoding: zstd, br;q=0");
            assertThat(response.status()).isEqualTo(200);
            RawMessage sent = scene.origin().request();
            assertThat(sent.fields("X-A")).containsExactly("1", "2, 3");
            assertThat(sent.field("X-B")).isEqualTo("\"q, r\"; s=t");
            assertThat(sent.field("X-Empty")).isEmpty();
            assertThat(sent.field("User-Agent")).isEqualTo("Probe/1 (x; y)");
            assertThat(sent.field("Accept")).isEqualTo("*/*;q=0.1");
            assertThat(sent.field("Authorization")).isEqualTo("Basic Zm9vOmJhcg==");
            assertThat(sent.field("If-None-Match")).isEqualTo("W/\"a\", \"b\"");
            assertThat(sent.field("Range")).isEqualTo("bytes=0-1");
            assertThat(sent.field("traceparent")).isEqualTo("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
            assertThat(sent.field("Accept-Encoding")).isEqualTo("zstd, br;q=0");
        }
    }

    /** RFC 9110 §5.5: a recipient SHOULD treat obs-text as opaque data. */
    @OnEachContainer
    void bytesBeyondAsciiSurvive(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            String value = "Jos\u00e9 \u0080\u0085\u009f\u00a0x\u00ff \u00c3\u00a9.";
            assertThat(scene.client().get("/api/x", "X-Name: " + value).status())
                    .isEqualTo(200);
            assertThat(scene.origin().request().field("X-Name")).isEqualTo(value);
        }
    }

    /** RFC 9110 §7.6.1: intermediaries MUST remove Connection and every field it names. */
    @OnEachContainer
    void hopByHopFieldsStayOnTheirConnection(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            RawMessage response = scene.client()
                    .get(
                            "/api/x",
                            "Connection: keep-alive, X-Private, Upgrade",
                            "Connection: x-other,, TE",
                            "Keep-Alive: timeout=5",
                            "Proxy-Connection: keep-alive",
                            "Proxy-Authorization: Basic c2VjcmV0",
                            "TE: trailers, deflate",
                            "Trailer: X-T",
                            "Upgrade: websocket",
                            "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
                            "X-Private: 1",
                            "X-Other: 2",
                            "X-Kept: 3");
            assertThat(response.status()).isEqualTo(200);
            RawMessage sent = scene.origin().request();
            for (String name : List.of(
                    "Keep-Alive",
                    "Proxy-Connection",
                    "Proxy-Authorization",
                    "Trailer",
                    "Upgrade",
                    "HTTP2-Settings",
                    "X-Private",
                    "X-Other")) {
                assertThat(sent.fields(name)).as(name).isEmpty();
            }
            assertThat(sent.fields("TE")).isSubsetOf("trailers");
            assertThat(sent.fields("Connection")).isSubsetOf("keep-alive", "Keep-Alive", "TE");
            assertThat(sent.field("X-Kept")).isEqualTo("3");
        }
    }

    @OnEachContainer
    void clientCannotRemoveWhatTheGatewayAdds(Container container) throws IOException {
        try (Scene scene = Scene.of(
                AppServer.on(container).filter(loggedInAs("alice")),
                RawOrigin.ok(),
                "route.r.request.set.X-User=${principal}")) {
            RawMessage response = scene.client()
                    .post(
                            "/api/x",
                            "content",
                            "Connection: Host, Content-Length, Transfer-Encoding, X-Forwarded-For, Forwarded, Via,"
                                    + " X-Request-Id, X-User, X-Forwarded-Proto");
            assertThat(response.status()).isEqualTo(200);
            RawMessage sent = scene.origin().request();
            assertThat(sent.field("Host")).isEqualTo(scene.origin().authority());
            assertThat(sent.text()).isEqualTo("content");
            assertThat(sent.field("X-Forwarded-For")).isEqualTo("127.0.0.1");
            assertThat(sent.field("X-Forwarded-Proto")).isEqualTo("http");
            assertThat(sent.field("Forwarded")).contains("for=127.0.0.1");
            assertThat(sent.has("Via")).isTrue();
            assertThat(sent.has("X-Request-Id")).isTrue();
            assertThat(sent.field("X-User")).isEqualTo("alice");
        }
    }

    @OnEachContainer
    void hostIsTheOriginsTheClientsOrFixed(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().get("/api/x");
            assertThat(scene.origin().request().field("Host"))
                    .isEqualTo(scene.origin().authority());
        }
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.host=client")) {
            scene.client().exchange("GET /api/x HTTP/1.1\r\nHost: shop.test:8080\r\n\r\n");
            assertThat(scene.origin().request().field("Host")).isEqualTo("shop.test:8080");
        }
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.host=fixed.test:81")) {
            scene.client().get("/api/x");
            assertThat(scene.origin().request().field("Host")).isEqualTo("fixed.test:81");
        }
    }

    @OnEachContainer
    void fieldsOfTheClientNeverSelectTheOrigin(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            RawMessage response = scene.client()
                    .get(
                            "/api/x",
                            "X-Forwarded-Host: 127.0.0.1:1",
                            "X-Original-Host: 127.0.0.1:1",
                            "X-Original-URL: /admin",
                            "X-Rewrite-URL: /admin",
                            "X-Host: 127.0.0.1:1");
            assertThat(response.status()).isEqualTo(200);
            assertThat(scene.origin().request().target()).isEqualTo("/api/x");
            assertThat(scene.origin().request().head()).doesNotContain("/admin");
        }
    }

    /** RFC 9110 §7.6.3: a gateway MUST send Via in each request that it forwards. */
    @OnEachContainer
    void viaIsAppended(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "via.name=edge")) {
            scene.client().get("/api/x");
            assertThat(scene.origin().request(0).field("Via")).isEqualTo("1.1 edge");
            scene.client().get("/api/x", "Via: 1.0 fred, 1.1 wilma (edge)", "Via: 2 edge-2");
            assertThat(String.join(", ", scene.origin().request(1).fields("Via")))
                    .isEqualTo("1.0 fred, 1.1 wilma (edge), 2 edge-2, 1.1 edge");
        }
    }

    /** RFC 9110 §7.6.3: Via serves to avoid request loops. */
    @OnEachContainer
    void requestThatCameThroughThisGatewayBeforeIsALoop(Container container) throws IOException {
        for (String via : List.of("1.1 edge", "1.0 a, HTTP/1.1 edge (x), 1.1 b", "2 edge", "1.1\tedge")) {
            try (Scene scene = Scene.of(container, RawOrigin.ok(), "via.name=edge")) {
                assertThat(scene.client()
                                .get("/api/x", "Via: 1.1 other", "Via: " + via)
                                .status())
                        .as(via)
                        .isEqualTo(508);
                assertThat(scene.origin().requests()).isZero();
            }
        }
    }

    @OnEachContainer
    void requestIdIsMadeOnceAndShownToBothSides(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage first = scene.client().get("/api/x");
            RawMessage second = scene.client().get("/api/x");
            assertThat(first.field("X-Request-Id"))
                    .isNotBlank()
                    .isEqualTo(origin.request(0).field("X-Request-Id"))
                    .isNotEqualTo(second.field("X-Request-Id"));
        }
    }

    @OnEachContainer
    void requestIdOfTheClientIsPassedOn(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok("ok", "X-Correlation-Id: of-the-origin"));
        try (Scene scene = Scene.of(container, origin, "request-id.field=X-Correlation-Id")) {
            RawMessage response = scene.client().get("/api/x", "X-Correlation-Id: abc-123");
            assertThat(origin.request().field("X-Correlation-Id")).isEqualTo("abc-123");
            assertThat(response.field("X-Correlation-Id")).isEqualTo("abc-123");
        }
    }

    @OnEachContainer
    void sessionCookieOfTheAppNeverGoesUp(Container container) throws IOException {
        String[][] cases = {
            {"JSESSIONID=secret; a=b=c; d=\"e f\"", "a=b=c; d=\"e f\""},
            {"a=b=c; JSESSIONID=secret; d=e", "a=b=c; d=e"},
            {"a=b; JSESSIONID=\"secret\"", "a=b"},
            {"a=b;JSESSIONID=secret", "a=b"},
            {"JSESSIONID=secret; a=b; JSESSIONID=secret2", "a=b"},
            {"JSESSIONID = secret; a=b", "a=b"},
            {"a=b; jsessionid=secret", "a=b"},
            {"a=b;  JSESSIONID=secret ;c=d", "a=b;c=d"},
            {"XJSESSIONID=x; JSESSIONIDX=y; z=JSESSIONID", "XJSESSIONID=x; JSESSIONIDX=y; z=JSESSIONID"},
            {"a; =b; JSESSIONID=secret; c", "a; =b; c"},
        };
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            for (int i = 0; i < cases.length; i++) {
                scene.client().get("/api/x", "Cookie: " + cases[i][0]);
                RawMessage sent = scene.origin().request(i);
                assertThat(sent.field("Cookie").replace("; ", ";"))
                        .as(cases[i][0])
                        .isEqualTo(cases[i][1].replace("; ", ";"));
                assertThat(sent.head()).doesNotContain("secret");
            }
            scene.client().get("/api/x", "Cookie: JSESSIONID=secret");
            assertThat(scene.origin().request(cases.length).has("Cookie")).isFalse();
            scene.client().get("/api/x", "Cookie: JSESSIONID=secret", "Cookie: a=b", "Cookie: JSESSIONID=secret; c=d");
            RawMessage sent = scene.origin().request(cases.length + 1);
            assertThat(String.join("; ", sent.fields("Cookie"))).isEqualTo("a=b; c=d");
        }
    }

    @OnEachContainer
    void sessionCookieOfAnotherNameNeverGoesUpEither(Container container) throws IOException {
        AppServer.Builder app = AppServer.on(container).servlet("/login", new jakarta.servlet.http.HttpServlet() {
            @Override
            protected void service(HttpServletRequest request, jakarta.servlet.http.HttpServletResponse response)
                    throws IOException {
                response.getWriter().write(request.getSession().getId());
            }
        });
        try (Scene scene = Scene.of(app.sessionCookie("SID"), RawOrigin.ok())) {
            String id = scene.client().get("/login").text();
            scene.client().get("/api/x", "Cookie: SID=" + id + "; a=b");
            assertThat(scene.origin().request(0).field("Cookie")).isEqualTo("a=b");
            scene.client().get("/api/x", "Cookie: SID=expired; a=b");
            assertThat(scene.origin().request(1).field("Cookie")).isEqualTo("a=b");
        }
    }

    @OnEachContainer
    void sessionCookieGoesUpWhereTheRouteSaysSo(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.cookies.send-session=true")) {
            scene.client().get("/api/x", "Cookie: JSESSIONID=shared; a=b");
            assertThat(scene.origin().request().field("Cookie")).isEqualTo("JSESSIONID=shared; a=b");
        }
    }

    @OnEachContainer
    void principalReachesTheOriginAndCannotBeInjected(Container container) throws IOException {
        try (Scene scene = Scene.of(
                AppServer.on(container).filter(loggedInAs("alice")),
                RawOrigin.ok(),
                "route.r.request.set.X-User=${principal}",
                "route.r.request.set.X-Admin=${role.admin}",
                "route.r.request.set.X-Root=${role.root}")) {
            scene.client()
                    .get(
                            "/api/x",
                            "X-User: mallory",
                            "x-user: mallory",
                            "X_User: mallory",
                            "x_USER: mallory",
                            "X-Root: mallory",
                            "Connection: X-User");
            RawMessage sent = scene.origin().request();
            assertThat(sent.field("X-User")).isEqualTo("alice");
            assertThat(sent.field("X-Admin")).isEqualTo("true");
            assertThat(sent.field("X-Root")).isEqualTo("false");
            assertThat(sent.head()).doesNotContain("mallory");
        }
    }

    @OnEachContainer
    void withoutLoginNobodyCanPassForAPrincipal(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.request.set.X-User=${principal}")) {
            scene.client().get("/api/x", "X-User: mallory", "X_User: mallory");
            assertThat(scene.origin().request(0).head()).doesNotContain("mallory");
            scene.client()
                    .exchange("POST /api/x HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n"
                            + "Trailer: X-User\r\n\r\n1\r\nx\r\n0\r\nX-User: mallory\r\n\r\n");
            scene.origin().request(1).awaitEnd();
            assertThat(scene.origin().request(1).toString()).doesNotContain("mallory");
        }
    }

    /** Tomcat lets only named trailers through, so this takes one of those. */
    @OnEachContainer
    void trailerCannotInjectAFieldThatTheRouteSets(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.request.set.X-Checksum=${principal}")) {
            scene.client()
                    .exchange("POST /api/x HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + "1\r\nx\r\n0\r\nX-Checksum: mallory\r\n\r\n");
            scene.origin().request(0).awaitEnd();
            assertThat(scene.origin().request(0).toString()).doesNotContain("mallory");
        }
    }

    @OnEachContainer
    void valueCannotBreakOutOfItsField(Container container) throws IOException {
        try (Scene scene = Scene.of(
                AppServer.on(container).filter(loggedInAs("a\r\nX-Admin: true\u0000\nJos\u00e9 \u20ac")),
                RawOrigin.ok(),
                "route.r.request.set.X-User=${principal}")) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
            RawMessage sent = scene.origin().request();
            assertThat(sent.has("X-Admin")).isFalse();
            assertThat(sent.field("X-User")).startsWith("a ").endsWith("Jos\u00c3\u00a9 \u00e2\u0082\u00ac");
        }
    }

    @OnEachContainer
    void fieldsAreSetAddedAndRemoved(Container container) throws IOException {
        try (Scene scene = Scene.of(
                container,
                RawOrigin.ok(),
                "route.r.path=/users/{id}/*",
                "route.r.request.set.X-Id=user-${path.id}",
                "route.r.request.set.X-Agent=${header.User-Agent}",
                "route.r.request.set.X-Trace=${request-id}",
                "route.r.request.add.X-App=shop",
                "route.r.request.remove=X-Debug Cookie")) {
            scene.client()
                    .get("/users/7/x", "X-Id: 8", "User-Agent: probe", "X-App: other", "X-Debug: 1", "Cookie: a=b");
            RawMessage sent = scene.origin().request();
            assertThat(sent.field("X-Id")).isEqualTo("user-7");
            assertThat(sent.field("X-Agent")).isEqualTo("probe");
            assertThat(sent.field("X-Trace")).isEqualTo(sent.field("X-Request-Id"));
            assertThat(sent.fields("X-App")).containsExactly("other", "shop");
            assertThat(sent.has("X-Debug")).isFalse();
            assertThat(sent.has("Cookie")).isFalse();
        }
    }

    @OnEachContainer
    void sessionAttributeReachesTheOriginWithoutMakingASession(Container container) throws IOException {
        Filter withAttribute = (request, response, chain) -> {
            if (((HttpServletRequest) request).getHeader("X-Login") != null) {
                ((HttpServletRequest) request).getSession().setAttribute("tenant", "t1");
            }
            chain.doFilter(request, response);
        };
        try (Scene scene = Scene.of(
                AppServer.on(container).filter(withAttribute),
                RawOrigin.ok(),
                "route.r.request.set.X-Tenant=${session.tenant}")) {
            RawMessage response = scene.client().get("/api/x", "X-Tenant: other");
            assertThat(response.has("Set-Cookie")).isFalse();
            assertThat(scene.origin().request(0).head()).doesNotContain("other");
            scene.client().get("/api/x", "X-Login: 1");
            assertThat(scene.origin().request(1).field("X-Tenant")).isEqualTo("t1");
        }
    }

    /** Puts a login in front of the gateway, as a security filter of the app does. */
    static Filter loggedInAs(String name) {
        return (request, response, chain) -> chain.doFilter(
                new HttpServletRequestWrapper((HttpServletRequest) request) {
                    @Override
                    public Principal getUserPrincipal() {
                        return () -> name;
                    }

                    @Override
                    public boolean isUserInRole(String role) {
                        return role.equals("admin");
                    }
                },
                response);
    }
}
