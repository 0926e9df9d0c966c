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
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** The fields that the client sees: the origin's own, made to fit the gateway where they name a place. */
class ResponseFieldsTest {

    @OnEachContainer
    void everyFinalStatusPasses(Container container) throws IOException {
        List<Integer> statuses =
                List.of(200, 201, 202, 206, 226, 299, 400, 404, 418, 429, 451, 500, 502, 503, 504, 599);
        String[] responses = statuses.stream()
                .map(status -> "HTTP/1.1 " + status + " Whatever\r\nContent-Length: 4\r\nX-A: b\r\n\r\nbody")
                .toArray(String[]::new);
        try (Scene scene = Scene.of(container, RawOrigin.answering(responses))) {
            for (int status : statuses) {
                // Tomcat ends the connection after some of them.
                RawMessage response = scene.connect().get("/api/x");
                assertThat(response.status()).isEqualTo(status);
                assertThat(response.text()).as("%d", status).isEqualTo("body");
                assertThat(response.field("X-A")).isEqualTo("b");
            }
        }
    }

    @OnEachContainer
    void valuesPassUnchangedAndInOrder(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok(
                "ok",
                "X-A: 1",
                "X-B: \"q, r\"; s=t",
                "X-A: 2, 3",
                "x-a: 4",
                "WWW-Authenticate: Basic realm=\"a, b\"",
                "WWW-Authenticate: Bearer",
                "ETag: W/\"x\"",
                "Last-Modified: Wed, 21 Oct 2026 07:28:00 GMT",
                "Expires: 0",
                "Cache-Control: no-cache=\"Set-Cookie\", max-age=0",
                "Vary: Accept, *",
                "Link: </a>; rel=preload",
                "Link: </b>; rel=next",
                "Content-Language: de, en",
                "Content-Disposition: attachment; filename*=UTF-8''%e2%82%ac.txt",
                "Accept-Ranges: bytes",
                "X-Empty:",
                "Age: 7"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.fields("X-A")).containsExactly("1", "2, 3", "4");
            assertThat(response.field("X-B")).isEqualTo("\"q, r\"; s=t");
            assertThat(response.fields("WWW-Authenticate")).containsExactly("Basic realm=\"a, b\"", "Bearer");
            assertThat(response.field("ETag")).isEqualTo("W/\"x\"");
            assertThat(response.field("Last-Modified")).isEqualTo("Wed, 21 Oct 2026 07:28:00 GMT");
            assertThat(response.field("Expires")).isEqualTo("0");
            assertThat(response.field("Cache-Control")).isEqualTo("no-cache=\"Set-Cookie\", max-age=0");
            assertThat(response.field("Vary")).isEqualTo("Accept, *");
            assertThat(response.fields("Link")).containsExactly("</a>; rel=preload", "</b>; rel=next");
            assertThat(response.field("Content-Language")).isEqualTo("de, en");
            assertThat(response.field("Content-Disposition")).isEqualTo("attachment; filename*=UTF-8''%e2%82%ac.txt");
            assertThat(response.field("Accept-Ranges")).isEqualTo("bytes");
            assertThat(response.field("Age")).isEqualTo("7");
        }
    }

    /** RFC 9110 §5.5: a recipient SHOULD treat obs-text as opaque data. */
    @OnEachContainer
    void bytesBeyondAsciiSurvive(Container container) throws IOException {
        String value = "Jos\u00e9 \u0080\u0085\u009f\u00a0x\u00ff \u00c3\u00a9.";
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok("ok", "X-Name: " + value));
        try (Scene scene = Scene.of(container, origin)) {
            assertThat(scene.client().get("/api/x").field("X-Name")).isEqualTo(value);
        }
    }

    /** RFC 9112 §5.2: a gateway MUST replace an obsolete line fold with spaces or refuse the response. */
    @OnEachContainer
    void foldedLineBecomesOne(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok("ok", "X-Folded: a", "  b"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.field("X-Folded").replaceAll(" +", " ")).isEqualTo("a b");
            assertThat(response.text()).isEqualTo("ok");
        }
    }

    /** RFC 9110 §7.6.1: intermediaries MUST remove Connection and every field it names. */
    @OnEachContainer
    void hopByHopFieldsStayOnTheirConnection(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok(
                "ok",
                "Connection: keep-alive, X-Private",
                "Connection: x-other",
                "Keep-Alive: timeout=5",
                "Proxy-Connection: keep-alive",
                "Proxy-Authenticate: Basic",
                "Upgrade: h2c",
                "TE: trailers",
                "X-Private: 1",
                "X-Other: 2",
                "X-Kept: 3"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            for (String name :
                    List.of("Proxy-Connection", "Proxy-Authenticate", "Upgrade", "TE", "X-Private", "X-Other")) {
                assertThat(response.fields(name)).as(name).isEmpty();
            }
            assertThat(String.join(",", response.fields("Keep-Alive"))).doesNotContain("timeout=5");
            assertThat(response.field("X-Kept")).isEqualTo("3");
            assertThat(scene.client().get("/api/y").text()).isEqualTo("ok");
        }
    }

    /** RFC 9110 §6.6.1: a recipient that forwards a response does not replace its Date. */
    @OnEachContainer
    void dateAndServerAreTheOriginsAndComeOnce(Container container) throws IOException {
        RawOrigin origin =
                RawOrigin.answering(RawOrigin.ok("ok", "Date: Tue, 15 Nov 1994 08:12:31 GMT", "Server: origin/1"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.field("Date")).isEqualTo("Tue, 15 Nov 1994 08:12:31 GMT");
            assertThat(response.field("Server")).isEqualTo("origin/1");
        }
    }

    @OnEachContainer
    void contentTypeIsNeitherInventedNorExtended(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                RawOrigin.ok("ok"),
                RawOrigin.ok("ok", "Content-Type: text/html"),
                RawOrigin.ok("ok", "Content-Type: text/html;charset=iso-8859-1"),
                RawOrigin.ok("ok", "Content-Type: text/html; Charset=\"UTF-8\"; x=\"y; z\""),
                RawOrigin.ok("ok", "Content-Type: application/json"),
                RawOrigin.ok("ok", "Content-Type: nonsense"));
        try (Scene scene = Scene.of(container, origin)) {
            assertThat(scene.client().get("/api/x").has("Content-Type")).isFalse();
            assertThat(scene.client().get("/api/x").field("Content-Type")).isEqualTo("text/html");
            assertThat(scene.client().get("/api/x").field("Content-Type")).isEqualTo("text/html;charset=iso-8859-1");
            // Containers write the parameters again in their own way.
            assertThat(scene.client()
                            .get("/api/x")
                            .field("Content-Type")
                            .toLowerCase(Locale.ROOT)
                            .replaceAll("[ \"]", "")
                            .split(";"))
                    .startsWith("text/html")
                    .containsExactlyInAnyOrder("text/html", "charset=utf-8", "x=y", "z");
            assertThat(scene.client().get("/api/x").field("Content-Type")).isEqualTo("application/json");
            assertThat(scene.client().get("/api/x").field("Content-Type")).isEqualTo("nonsense");
        }
    }

    @OnEachContainer
    void fieldsAreSetAddedAndRemoved(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                RawOrigin.ok("ok", "X-Frame-Options: ALLOW", "X-Powered-By: magic", "X-List: a", "Server: origin"));
        try (Scene scene = Scene.of(
                AppServer.on(container).filter(RequestFieldsTest.loggedInAs("alice")),
                origin,
                "route.r.response.set.X-Frame-Options=DENY",
                "route.r.response.set.X-For=${principal}",
                "route.r.response.set.X-Attempts=${attempts}",
                "route.r.response.add.X-List=b",
                "route.r.response.remove=X-Powered-By Server")) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.field("X-Frame-Options")).isEqualTo("DENY");
            assertThat(response.field("X-For")).isEqualTo("alice");
            assertThat(response.field("X-Attempts")).isEqualTo("1");
            assertThat(response.fields("X-List")).containsExactly("a", "b");
            assertThat(response.has("X-Powered-By")).isFalse();
            assertThat(response.fields("Server")).doesNotContain("origin");
        }
    }

    @OnEachContainer
    void fieldsOfEarlierFiltersStay(Container container) throws IOException {
        Filter earlier = (request, response, chain) -> {
            ((HttpServletResponse) response).setHeader("Strict-Transport-Security", "max-age=1");
            ((HttpServletResponse) response).addHeader("Vary", "Origin");
            chain.doFilter(request, response);
        };
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok("ok", "Vary: Accept"));
        try (Scene scene = Scene.of(AppServer.on(container).filter(earlier), origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.field("Strict-Transport-Security")).isEqualTo("max-age=1");
            assertThat(response.fields("Vary")).containsExactlyInAnyOrder("Origin", "Accept");
        }
    }

    @OnEachContainer
    void afterAFailureThoseOfEarlierFiltersStayOnceAndTheOriginsAreGone(Container container) throws IOException {
        Filter earlier = (request, response, chain) -> {
            HttpServletResponse http = (HttpServletResponse) response;
            http.addHeader("Set-Cookie", "session=1");
            http.addHeader("Set-Cookie", "seen=2");
            http.addHeader("Vary", "Origin");
            http.setHeader("X-Frame-Options", "DENY");
            chain.doFilter(request, response);
        };
        // Its first chunk is garbage, so that nothing has gone to the client yet.
        RawOrigin origin = RawOrigin.answering("HTTP/1.1 201 Created\r\nSet-Cookie: origin=3\r\nVary: X-Origin\r\n"
                + "x-frame-options: SAMEORIGIN\r\nX-Origin: 4\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
        try (Scene scene = Scene.of(AppServer.on(container).filter(earlier), origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.status()).isEqualTo(502);
            assertThat(response.fields("Set-Cookie")).containsExactly("session=1", "seen=2");
            assertThat(response.fields("Vary")).containsOnlyOnce("Origin").doesNotContain("X-Origin");
            assertThat(response.fields("X-Frame-Options")).containsExactly("DENY");
            assertThat(response.has("X-Origin")).isFalse();
        }
    }

    @OnEachContainer
    void cookiesStaySeveralAndKeepEveryAttribute(Container container) throws IOException {
        String odd = "a=\"b c\"=d; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=10; Secure; HttpOnly;"
                + " SameSite=None; Partitioned; Priority=High";
        RawOrigin origin = RawOrigin.answering(
                RawOrigin.ok("ok", "Set-Cookie: " + odd, "Set-Cookie: e=f", "Set-Cookie: g=; Max-Age=0"));
        try (Scene scene = Scene.of(container, origin)) {
            assertThat(scene.client().get("/api/x").fields("Set-Cookie")).containsExactly(odd, "e=f", "g=; Max-Age=0");
        }
    }

    @OnEachContainer
    void cookiePathAndDomainFitTheGateway(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok(
                "ok",
                "Set-Cookie: a=1; Path=/; Domain=origin.test; Secure",
                "Set-Cookie: b=1; path=/sub/x ; domain=.origin.test; HttpOnly",
                "Set-Cookie: c=1; SameSite=Lax",
                "Set-Cookie: __Host-d=1; Path=/; Secure",
                "Set-Cookie: e=Path=/; Domain=x"));
        try (Scene scene = Scene.of(AppServer.on(container).contextPath("/app"), origin, "route.r.target-path=strip")) {
            List<String> cookies = scene.client().get("/app/api/x").fields("Set-Cookie");
            assertThat(cookies).hasSize(5);
            assertThat(cookies.get(0)).isEqualTo("a=1; Path=/app/api; Secure");
            assertThat(cookies.get(1)).startsWith("b=1; path=/app/api/sub/x").endsWith("; HttpOnly");
            assertThat(cookies.get(2)).isEqualTo("c=1; SameSite=Lax");
            assertThat(cookies.get(3)).isEqualTo("__Host-d=1; Path=/; Secure");
            assertThat(cookies.get(4)).isEqualTo("e=Path=/");
        }
    }

    @OnEachContainer
    void cookiesAreLeftAloneWhereTheRouteSaysSo(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok("ok", "Set-Cookie: a=1; Path=/x; Domain=origin.test"));
        try (Scene scene = Scene.of(container, origin, "route.r.target-path=strip", "route.r.cookies.rewrite=false")) {
            assertThat(scene.client().get("/api/x").field("Set-Cookie")).isEqualTo("a=1; Path=/x; Domain=origin.test");
        }
    }

    @OnEachContainer
    void originNeitherSetsNorDeletesTheAppsSession(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                RawOrigin.ok("ok", "Set-Cookie: JSESSIONID=up; Path=/", "Set-Cookie: jsessionid=up2"),
                RawOrigin.ok("ok", "Set-Cookie: JSESSIONID=; Max-Age=0"),
                RawOrigin.ok("ok"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage first = scene.client().get("/api/x");
            assertThat(first.fields("Set-Cookie"))
                    .noneMatch(cookie -> cookie.toUpperCase(Locale.ROOT).startsWith("JSESSIONID"));
            assertThat(scene.client().get("/api/x").fields("Set-Cookie"))
                    .noneMatch(cookie -> cookie.startsWith("JSESSIONID"));
        }
    }

    @OnEachContainer
    void sessionOfTheOriginWorksBesideTheOneOfTheApp(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(
                RawOrigin.ok("ok", "Set-Cookie: JSESSIONID=up; Path=/; HttpOnly"), RawOrigin.ok("ok"));
        try (Scene scene = Scene.of(container, origin)) {
            String cookie = scene.client().get("/api/x").field("Set-Cookie");
            assertThat(cookie).contains("HttpOnly");
            String pair = cookie.split(";")[0];
            scene.client().get("/api/x", "Cookie: JSESSIONID=app; " + pair);
            assertThat(origin.request(1).field("Cookie")).isEqualTo("JSESSIONID=up");
        }
    }

    @OnEachContainer
    void sessionThatTheAppStartsInTheSameRequestReachesTheClient(Container container) throws IOException {
        Filter starts = (request, response, chain) -> {
            ((HttpServletRequest) request).getSession();
            chain.doFilter(request, response);
        };
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok("ok", "Set-Cookie: a=b"));
        try (Scene scene = Scene.of(AppServer.on(container).filter(starts), origin)) {
            assertThat(scene.client().get("/api/x").fields("Set-Cookie"))
                    .anyMatch(cookie -> cookie.startsWith("JSESSIONID="))
                    .contains("a=b");
        }
    }

    @OnEachContainer
    void referencesToTheOriginPointToTheGateway(Container container) throws IOException {
        assertLocation(container, "http://ORIGIN/x?y=http://ORIGIN/#z", "/app/api/x?y=http://ORIGIN/#z");
        assertLocation(container, "HTTP://ORIGIN/x", "/app/api/x");
        assertLocation(container, "http://ORIGIN", "/app/api/");
        assertLocation(container, "//ORIGIN/x", "/app/api/x");
        assertLocation(container, "/x/y", "/app/api/x/y");
        assertLocation(container, "/", "/app/api/");
        assertLocation(container, "/a%2Fb%7C", "/app/api/a%2Fb%7C");
    }

    /** Only the very same scheme, host and port is the origin. */
    @OnEachContainer
    void otherReferencesAreLeftAlone(Container container) throws IOException {
        for (String location : List.of(
                "http://ORIGIN0/x",
                "https://ORIGIN/x",
                "http://127.0.0.1/x",
                "http://127.0.0.1:1/x",
                "http://ORIGIN@evil.test/x",
                "http://ORIGIN.evil.test/x",
                "http://evil.test/?http://ORIGIN/",
                "http://evil.test/x",
                "//evil.test/x",
                "relative/x",
                "../x",
                "?query",
                "#fragment",
                "mailto:a@b")) {
            assertLocation(container, location, location);
        }
    }

    @OnEachContainer
    void referenceNeverBecomesOneToAnotherHost(Container container) throws IOException {
        for (String settings : List.of("route.r.target-path=keep", "route.r.target-path=strip")) {
            for (String path : List.of("//evil.test/x", "/\\evil.test/x", "\\evil.test", "/\t/evil.test")) {
                RawOrigin origin = redirecting("http://ORIGIN" + path);
                try (Scene scene = Scene.of(container, origin, settings, "route.r.path=/*")) {
                    RawMessage response = scene.client().get("/x");
                    if (response.has("Location")) {
                        assertThat(response.field("Location"))
                                .doesNotStartWith("//")
                                .doesNotStartWith("/\\")
                                .doesNotStartWith("/\t");
                    }
                }
            }
        }
    }

    @OnEachContainer
    void hostOfTheClientDoesNotEnterALocation(Container container) throws IOException {
        RawOrigin origin = redirecting("http://ORIGIN/api/y");
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client()
                    .exchange("GET /api/x HTTP/1.1\r\nHost: evil.test\r\nX-Forwarded-Host: evil.test\r\n\r\n");
            assertThat(response.field("Location")).isEqualTo("/api/y");
        }
    }

    @OnEachContainer
    void basePathOfTheOriginIsTakenOffAgain(Container container) throws IOException {
        RawOrigin origin = redirecting("http://ORIGIN/base/y");
        try (Scene scene =
                Scene.of(container, origin, "route.r.target-path=strip", "route.r.to=" + origin.url() + "/base")) {
            assertThat(scene.client().get("/api/x").field("Location")).isEqualTo("/api/y");
        }
    }

    @OnEachContainer
    void contentLocationAndRefreshAreRewrittenToo(Container container) throws IOException {

        RawOrigin origin = RawOrigin.scripted(connection -> {
            while (connection.readRequest() != null) {
                String url = "http://127.0.0.1:" + connection.localPort();
                connection.send(RawOrigin.ok("ok", "Content-Location: " + url + "/x", "Refresh: 5; url=" + url + "/y"));
            }
        });
        try (Scene scene = Scene.of(container, origin, "route.r.target-path=strip")) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.field("Content-Location")).isEqualTo("/api/x");
            assertThat(response.field("Refresh")).isEqualTo("5; url=/api/y");
        }
    }

    @OnEachContainer
    void referencesAreLeftAloneWhereTheRouteSaysSo(Container container) throws IOException {
        RawOrigin origin = redirecting("/x");
        try (Scene scene =
                Scene.of(container, origin, "route.r.target-path=strip", "route.r.redirects.rewrite=false")) {
            assertThat(scene.client().get("/api/x").field("Location")).isEqualTo("/x");
        }
    }

    @OnEachContainer
    void redirectIsPassedOnWithItsContentAndNotFollowed(Container container) throws IOException {
        for (int status : new int[] {301, 302, 303, 307, 308}) {
            RawOrigin origin = RawOrigin.answering(
                    "HTTP/1.1 " + status + " Moved\r\nLocation: /api/y\r\nContent-Length: 4\r\n\r\nbody");
            try (Scene scene = Scene.of(container, origin)) {
                RawMessage response = scene.client().get("/api/x");
                assertThat(response.status()).isEqualTo(status);
                assertThat(response.text()).isEqualTo("body");
                assertThat(origin.requests()).isEqualTo(1);
            }
        }
    }

    private static void assertLocation(Container container, String sent, String expected) throws IOException {
        RawOrigin origin = redirecting(sent);
        try (Scene scene = Scene.of(AppServer.on(container).contextPath("/app"), origin, "route.r.target-path=strip")) {
            assertThat(scene.client().get("/app/api/x").field("Location"))
                    .as(sent)
                    .isEqualTo(expected.replace("ORIGIN", origin.authority()));
        }
    }

    /** ORIGIN in the location stands for the origin's own host and port. */
    private static RawOrigin redirecting(String location) throws IOException {
        return RawOrigin.scripted(connection -> {
            while (connection.readRequest() != null) {
                connection.send("HTTP/1.1 302 Found\r\nLocation: "
                        + location.replace("ORIGIN", "127.0.0.1:" + connection.localPort())
                        + "\r\nContent-Length: 0\r\n\r\n");
            }
        });
    }
}
