package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.IOException;

/** What the origin is told about the client (RFC 7239 and the fields that came before it). */
class ForwardedTest {

    private static final String[] LIES = {
        "Forwarded: for=6.6.6.6;proto=https;host=evil.test",
        "X-Forwarded-For: 6.6.6.6",
        "X-Forwarded-For: 6.6.6.6, 6.6.6.6",
        "X-Forwarded-Proto: evil",
        "X-Forwarded-Host: evil.test",
        "X-Forwarded-Port: 666",
        "X-Forwarded-Prefix: /evil",
        "X-Forwarded-Server: evil",
        "X-Forwarded-Ssl: evil",
        "X-Forwarded-User: evil",
        "X-Real-IP: 6.6.6.6",
        "X-Original-URL: /evil",
        "X-Rewrite-URL: /evil",
        "X_Forwarded_For: 6.6.6.6",
        "X-Forwarded_For: 6.6.6.6",
        "x_real_ip: 6.6.6.6",
    };

    @OnEachContainer
    void whatAnUntrustedClientSaysOfItselfIsReplaced(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "trusted-proxies=10.0.0.0/8")) {
            scene.client()
                    .exchange(
                            "GET /api/x HTTP/1.1\r\nHost: shop.test:8443\r\n" + String.join("\r\n", LIES) + "\r\n\r\n");
            RawMessage sent = scene.origin().request();
            assertThat(sent.head())
                    .doesNotContain("6.6.6.6")
                    .doesNotContain("evil")
                    .doesNotContain("666");
            assertThat(sent.field("X-Forwarded-For")).isEqualTo("127.0.0.1");
            assertThat(sent.field("X-Forwarded-Proto")).isEqualTo("http");
            assertThat(sent.field("X-Forwarded-Host")).isEqualTo("shop.test:8443");
            assertThat(sent.field("X-Forwarded-Port")).isEqualTo("8443");
            assertThat(sent.has("X-Forwarded-Prefix")).isFalse();
            assertThat(sent.field("Forwarded").split(";"))
                    .containsExactlyInAnyOrder("for=127.0.0.1", "proto=http", "host=\"shop.test:8443\"");
        }
    }

    @OnEachContainer
    void whatATrustedProxySaysIsContinued(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "trusted-proxies=10.0.0.0/8 127.0.0.0/8")) {
            scene.client()
                    .get(
                            "/api/x",
                            "Forwarded: for=1.1.1.1;proto=https, for=\"[2001:db8::1]\"",
                            "Forwarded: for=2.2.2.2",
                            "X-Forwarded-For: 1.1.1.1, 3.3.3.3",
                            "X-Forwarded-For: 2.2.2.2",
                            "X-Forwarded-Proto: https",
                            "X-Forwarded-Host: www.test",
                            "X-Forwarded-Port: 443",
                            "X-Forwarded-Prefix: /outer");
            RawMessage sent = scene.origin().request();
            assertThat(sent.field("X-Forwarded-For")).isEqualTo("1.1.1.1, 3.3.3.3, 2.2.2.2, 127.0.0.1");
            assertThat(sent.field("X-Forwarded-Proto")).isEqualTo("https");
            assertThat(sent.field("X-Forwarded-Host")).isEqualTo("www.test");
            assertThat(sent.field("X-Forwarded-Port")).isEqualTo("443");
            assertThat(sent.field("X-Forwarded-Prefix")).isEqualTo("/outer");
            assertThat(sent.field("Forwarded"))
                    .startsWith("for=1.1.1.1;proto=https, for=\"[2001:db8::1]\", for=2.2.2.2, for=127.0.0.1;");
        }
    }

    /** nginx, HAProxy and cloud balancers send the X-Forwarded family only; frameworks prefer Forwarded. */
    @OnEachContainer
    void whatATrustedProxySaysInOneFamilyIsSaidInBoth(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "trusted-proxies=127.0.0.1")) {
            scene.client()
                    .get(
                            "/api/x",
                            "X-Forwarded-For: 1.1.1.1, 2001:db8::1, 2.2.2.2:81, unknown",
                            "X-Forwarded-Proto: https",
                            "X-Forwarded-Host: www.test");
            scene.client().get("/api/x", "X-Forwarded-Proto: https, http", "X-Forwarded-Host: www.test:8443");
            scene.client().get("/api/x", "X-Forwarded-For: 1.1.1.1");
            RawMessage sent = scene.origin().request(0);
            assertThat(sent.field("Forwarded"))
                    .isEqualTo("for=1.1.1.1;proto=https;host=www.test, for=\"[2001:db8::1]\", for=\"2.2.2.2:81\","
                            + " for=unknown, for=127.0.0.1;proto=http;host=app.test");
            assertThat(sent.field("X-Forwarded-Port")).isEqualTo("443");
            sent = scene.origin().request(1);
            assertThat(sent.field("Forwarded"))
                    .isEqualTo("proto=https;host=\"www.test:8443\", for=127.0.0.1;proto=http;host=app.test");
            assertThat(sent.field("X-Forwarded-Port")).isEqualTo("8443");
            assertThat(scene.origin().request(2).field("Forwarded"))
                    .isEqualTo("for=1.1.1.1, for=127.0.0.1;proto=http;host=app.test");
        }
    }

    @OnEachContainer
    void strippedPrefixIsTold(Container container) throws IOException {
        try (Scene scene =
                Scene.of(AppServer.on(container).contextPath("/app"), RawOrigin.ok(), "route.r.target-path=strip")) {
            scene.client().get("/app/api/x");
            assertThat(scene.origin().request().field("X-Forwarded-Prefix")).isEqualTo("/app/api");
        }
    }

    @OnEachContainer
    void routeChoosesTheFamilyAndTheClientNeverFillsTheGap(Container container) throws IOException {
        for (String style : new String[] {"none", "forwarded", "x-forwarded"}) {
            try (Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.forwarded=" + style)) {
                scene.client().get("/api/x", LIES);
                RawMessage sent = scene.origin().request();
                assertThat(sent.has("Forwarded")).as(style).isEqualTo(style.equals("forwarded"));
                assertThat(sent.has("X-Forwarded-For")).as(style).isEqualTo(style.equals("x-forwarded"));
                assertThat(sent.head()).doesNotContain("6.6.6.6").doesNotContain("evil");
            }
        }
    }

    /** RFC 7239 §4: a value is a token or a quoted string, so a Host cannot add parameters of its own. */
    @OnEachContainer
    void hostCannotAddForwardedParameters(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            RawMessage response =
                    scene.client().exchange("GET /api/x HTTP/1.1\r\nHost: a;for=6.6.6.6\r\nConnection: close\r\n\r\n");
            if (response.status() == 200) {
                assertThat(scene.origin().request().field("Forwarded")).contains("host=\"a;for=6.6.6.6\"");
            } else {
                assertThat(response.status()).isEqualTo(400);
            }
        }
    }
}
