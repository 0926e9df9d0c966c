package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.IOException;
import java.util.List;

/** What the origin is asked for: the same bytes as the client asked for, and never anything outside its route. */
class RequestTargetTest {

    @OnEachContainer
    void pathAndQueryReachTheOriginByteForByte(Container container) throws IOException {
        List<String> targets = List.of(
                "/api",
                "/api/",
                "/api/a%7Cb",
                "/api/a%7cb",
                "/api/a+b",
                "/api/a%20b",
                "/api/%61bc",
                "/api/%E4%BD%A0",
                "/api/~user/!$&'()*,=:@-._",
                "/api/...",
                "/api/.well-known/x",
                "/api/a?",
                "/api/a??x",
                "/api/a?x=1&x=2&y&&=z",
                "/api/a?q=%2F+%20%7C%00",
                "/api/a?u=http://x/../y;v=1",
                "/api/a?n%5B%5D=1&e=%E9");
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            for (int i = 0; i < targets.size(); i++) {
                RawMessage response = scene.client().get(targets.get(i));
                assertThat(response.status()).as(targets.get(i)).isEqualTo(200);
                assertThat(scene.origin().request(i).target()).isEqualTo(targets.get(i));
            }
        }
    }

    @OnEachContainer
    void whatContainersRefuseByDefaultPassesByteForByteWhereTheyAreToldNotTo(Container container) throws IOException {
        List<String> targets = List.of(
                "/api//double///slash", "/api/100%25", "/api/[a]{b}|c^`d", "/api/a?f[]=x|y&j={\"k\":1}", "/api/a?<>");
        try (Scene scene = Scene.of(AppServer.on(container).lenient(), RawOrigin.ok())) {
            for (int i = 0; i < targets.size(); i++) {
                RawMessage response = scene.client().get(targets.get(i));
                assertThat(response.status()).as(targets.get(i)).isEqualTo(200);
                assertThat(scene.origin().request(i).target()).isEqualTo(targets.get(i));
            }
        }
    }

    /** Not allowed by RFC 3986, sent all the same. Tomcat refuses such bytes itself. */
    @OnEachContainer
    void rawUtf8InTheTargetIsSentOnAsTheSameBytesOrRefused(Container container) throws IOException {
        for (String target : List.of("/api/a?q=\u00c3\u00a9", "/api/\u00c3\u00a9")) {
            try (Scene scene = Scene.of(AppServer.on(container).lenient(), RawOrigin.ok())) {
                RawMessage response = scene.client().get(target);
                if (response.status() == 400) {
                    assertThat(scene.origin().requests()).isZero();
                } else {
                    assertThat(response.status()).as(target).isEqualTo(200);
                    assertThat(scene.origin().request(0).target()).isEqualTo(target);
                }
            }
        }
    }

    @OnEachContainer
    void ambiguousPathsGet400AndNeverReachTheOrigin(Container container) throws IOException {
        List<String> targets = List.of(
                "/api/a%2Fb",
                "/api/a%2fb",
                "/api/..%2fsecret",
                "/api/%2e%2e/secret",
                "/api/x/%2e%2e/secret",
                "/api/.%2e/secret",
                "/api/%2e/x",
                "/api/x/..;/y",
                "/api/x/..;v=1/y",
                "/api/%252e%252e/secret",
                "/api/a;v=1",
                "/api/a%5Cb",
                "/api/..%5Csecret",
                "/api/a\\b",
                "/api/a%00b",
                "/api/a%0Ab",
                "/api/a%0d%0aX:%20y",
                "/api/a%7F",
                "/api/a%zz",
                "/api/a%2");
        for (AppServer.Builder app :
                List.of(AppServer.on(container), AppServer.on(container).lenient())) {
            try (Scene scene = Scene.of(app, RawOrigin.ok())) {
                for (String target : targets) {
                    RawMessage response = scene.connect().get(target);
                    assertThat(response.status()).as(target).isEqualTo(400);
                }
                assertThat(scene.origin().requests()).isZero();
            }
        }
    }

    @OnEachContainer
    void dotSegmentsNeverLeadOutOfOrIntoARoute(Container container) throws IOException {
        List<String> targets = List.of(
                "/api/../secret",
                "/api/x/../../secret",
                "/other/../api/secret",
                "/api/..",
                "/./api/x",
                "/%61pi/../api/x",
                "//api/x",
                "/apix/y",
                "/API/x");
        for (AppServer.Builder app :
                List.of(AppServer.on(container), AppServer.on(container).lenient())) {
            try (Scene scene = Scene.of(app, RawOrigin.ok())) {
                for (String target : targets) {
                    RawMessage response = scene.connect().get(target);
                    assertThat(response.status()).as(target).isLessThan(500);
                }
                assertThat(scene.origin().requests()).isZero();
            }
        }
    }

    @OnEachContainer
    void routeMayAllowEncodedSlashesAndParameters(Container container) throws IOException {
        try (Scene scene = Scene.of(
                AppServer.on(container).lenient(),
                RawOrigin.ok(),
                "route.r.ambiguous-paths=encoded-slash parameters")) {
            List<String> targets = List.of("/api/a%2Fb", "/api/a;v=1/b;w", "/api/a;v=1?x");
            for (int i = 0; i < targets.size(); i++) {
                assertThat(scene.client().get(targets.get(i)).status())
                        .as(targets.get(i))
                        .isEqualTo(200);
                assertThat(scene.origin().request(i).target()).isEqualTo(targets.get(i));
            }
            for (String target : List.of("/api/..%2Fx", "/api/a%2F..%2Fb", "/api/..;a=b/x", "/api/a%5Cb")) {
                assertThat(scene.connect().get(target).status()).as(target).isEqualTo(400);
            }
            assertThat(scene.origin().requests()).isEqualTo(targets.size());
        }
    }

    @OnEachContainer
    void sessionIdInThePathNeverGoesUp(Container container) throws IOException {
        try (Scene scene =
                Scene.of(AppServer.on(container).lenient(), RawOrigin.ok(), "route.r.ambiguous-paths=parameters")) {
            assertThat(scene.client().get("/api/x;jsessionid=SECRET;v=1?y=1").status())
                    .isEqualTo(200);
            assertThat(scene.origin().request().head()).doesNotContain("SECRET").doesNotContain("jsessionid");
            assertThat(scene.origin().request().target()).isEqualTo("/api/x;v=1?y=1");
        }
    }

    @OnEachContainer
    void stripCutsThePrefixAndNothingElse(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.target-path=strip")) {
            assertTarget(scene, 0, "/api/a%7Cb?", "/a%7Cb?");
            assertTarget(scene, 1, "/api", "/");
            assertTarget(scene, 2, "/api?x", "/?x");
            assertTarget(scene, 3, "/api/", "/");
            assertTarget(scene, 4, "/api/api/x", "/api/x");
        }
    }

    /** A path that starts with two slashes is still a path, not the name of a host (RFC 9112 §3.2.1). */
    @OnEachContainer
    void doubleSlashAfterTheStrippedPrefixSelectsNoHost(Container container) throws IOException {
        try (Scene scene = Scene.of(AppServer.on(container).lenient(), RawOrigin.ok(), "route.r.target-path=strip")) {
            assertTarget(scene, 0, "/api//evil.test/x", "//evil.test/x");
            assertThat(scene.origin().request(0).field("Host"))
                    .isEqualTo(scene.origin().authority());
        }
    }

    @OnEachContainer
    void prefixMayBeReplaced(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.target-path=/v1")) {
            assertTarget(scene, 0, "/api/a?b", "/v1/a?b");
            assertTarget(scene, 1, "/api", "/v1");
        }
    }

    @OnEachContainer
    void templateIsFilledWithRawCaptures(Container container) throws IOException {
        try (Scene scene = Scene.of(
                container,
                RawOrigin.ok(),
                "route.r.path=/users/{id}/orders/*",
                "route.r.target-path=/o/{id}/list{*}")) {
            assertTarget(scene, 0, "/users/a%7Cb/orders/7?x=1", "/o/a%7Cb/list/7?x=1");
        }
    }

    @OnEachContainer
    void basePathOfTheOriginComesFirst(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        try (Scene scene = Scene.of(container, origin, "route.r.to=" + origin.url() + "/base")) {
            assertTarget(scene, 0, "/api/a?b", "/base/api/a?b");
        }
    }

    @OnEachContainer
    void contextPathIsNotPartOfTheRoutesPath(Container container) throws IOException {
        try (Scene scene = Scene.of(AppServer.on(container).contextPath("/app"), RawOrigin.ok())) {
            assertTarget(scene, 0, "/app/api/a?b", "/api/a?b");
            assertThat(scene.client().get("/app/other").text()).isEqualTo("app:GET /app/other");
        }
    }

    /** RFC 9112 §3.2.2: a server MUST accept the absolute form. The origin still comes from configuration alone. */
    @OnEachContainer
    void absoluteFormSelectsNoOrigin(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            RawMessage response =
                    scene.client().exchange("GET http://evil.test/api/x?y HTTP/1.1\r\nHost: evil.test\r\n\r\n");
            assertThat(response.status()).isEqualTo(200);
            assertThat(scene.origin().request().target()).isEqualTo("/api/x?y");
            assertThat(scene.origin().request().field("Host"))
                    .isEqualTo(scene.origin().authority());
        }
    }

    @OnEachContainer
    void userInfoInTheTargetSelectsNoOrigin(Container container) throws IOException {
        try (Scene scene = Scene.of(AppServer.on(container).lenient(), RawOrigin.ok(), "route.r.target-path=strip")) {
            assertTarget(scene, 0, "/api/@evil.test/x", "/@evil.test/x");
            assertTarget(scene, 1, "/api/:80@evil.test", "/:80@evil.test");
        }
    }

    @OnEachContainer
    void unmatchedPathsOfTheSameAppStayInTheApp(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok());
                RawClient client = scene.connect()) {
            assertThat(client.get("/").text()).isEqualTo("app:GET /");
            assertThat(client.get("/apix?a=b").text()).isEqualTo("app:GET /apix?a=b");
            assertThat(client.post("/other", "x").text()).isEqualTo("app:POST /other");
            assertThat(scene.origin().connections()).isZero();
        }
    }

    private static void assertTarget(Scene scene, int n, String sent, String expected) throws IOException {
        assertThat(scene.client().get(sent).status()).as(sent).isEqualTo(200);
        assertThat(scene.origin().request(n).target()).isEqualTo(expected);
    }
}
