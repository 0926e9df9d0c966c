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

/** Methods are tokens, compared with case (RFC 9110 §9.1). */
class MethodTest {

    @OnEachContainer
    void anyTokenPasses(Container container) throws IOException {
        List<String> methods = List.of(
                "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "M-SEARCH", "get", "X!#$%&'*+.^_|~1");
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            for (int i = 0; i < methods.size(); i++) {
                RawMessage response = scene.client().exchange(RawClient.request(methods.get(i), "/api/x") + "\r\n");
                assertThat(response.status()).as(methods.get(i)).isEqualTo(200);
                assertThat(scene.origin().request(i).method()).isEqualTo(methods.get(i));
            }
        }
    }

    @OnEachContainer
    void traceAndConnectAreRefused(Container container) throws IOException {
        try (Scene scene = Scene.of(AppServer.on(container).lenient(), RawOrigin.ok())) {
            for (String line : List.of("TRACE /api/x", "CONNECT /api/x")) {
                try (RawClient client = scene.connect()) {
                    RawMessage response = client.exchange(
                            line + " HTTP/1.1\r\nHost: 127.0.0.1:80\r\nCookie: a=secret\r\nConnection: close\r\n\r\n");
                    assertThat(response.status()).as(line).isBetween(400, 501);
                    assertThat(response.text()).doesNotContain("secret");
                }
            }
            assertThat(scene.origin().requests()).isZero();
        }
    }

    @OnEachContainer
    void traceGets405WhereTheContainerLetsItThrough(Container container) throws IOException {
        try (Scene scene = Scene.of(AppServer.on(container).lenient(), RawOrigin.ok())) {
            assertThat(scene.client()
                            .exchange(RawClient.request("TRACE", "/api/x") + "\r\n")
                            .status())
                    .isEqualTo(405);
        }
    }

    @OnEachContainer
    void methodThatIsNoTokenIsRefused(Container container) throws IOException {
        for (String method : List.of("G(T", "G\u00cbT", "\"GET\"", "G\u0001T")) {
            try (Scene scene = Scene.of(container, RawOrigin.ok())) {
                RawMessage response = scene.client()
                        .exchange(method + " /api/x HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n");
                assertThat(response.status()).as(method).isBetween(400, 501);
                assertThat(scene.origin().requests()).isZero();
            }
        }
    }

    @OnEachContainer
    void methodOverridesAreNotHonoured(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client()
                    .post("/api/x?_method=DELETE", "x", "X-HTTP-Method-Override: DELETE", "X-Method-Override: PUT");
            RawMessage sent = scene.origin().request();
            assertThat(sent.method()).isEqualTo("POST");
            assertThat(sent.field("X-HTTP-Method-Override")).isEqualTo("DELETE");
        }
    }

    /** RFC 9110 §7.6.2: at zero the intermediary MUST NOT forward an OPTIONS but answer it. */
    @OnEachContainer
    void optionsWithNoForwardsLeftIsAnsweredHere(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            RawMessage response =
                    scene.client().exchange(RawClient.request("OPTIONS", "/api/x", "Max-Forwards: 0") + "\r\n");
            assertThat(response.status()).isBetween(200, 204);
            assertThat(scene.origin().requests()).isZero();
        }
    }

    /** RFC 9110 §7.6.2: otherwise it MUST decrement the value; with other methods it MAY ignore the field. */
    @OnEachContainer
    void forwardsAreCountedDown(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().exchange(RawClient.request("OPTIONS", "/api/x", "Max-Forwards: 3") + "\r\n");
            assertThat(scene.origin().request(0).field("Max-Forwards")).isEqualTo("2");
            scene.client().get("/api/x", "Max-Forwards: 0");
            assertThat(scene.origin().request(1).method()).isEqualTo("GET");
        }
    }
}
