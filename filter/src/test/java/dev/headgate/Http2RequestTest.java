package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.Container;
import dev.headgate.testing.H2Client;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Framing;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Clients that speak HTTP/2 to the container (RFC 9113), while the origin speaks HTTP/1.1. */
class Http2RequestTest {

    @OnEachContainer
    void requestWithoutContentGetsNoFraming(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.answering(RawOrigin.ok("hello", "X-A: b")), "via.name=edge");
                H2Client client = H2Client.connect(scene.app().port())) {
            H2Client.Response response =
                    client.exchange("GET", "/api/a%7Cb?x=%2F", Map.of("x-a", "c", "te", "trailers"), null, Map.of());
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("hello");
            assertThat(response.field("x-a")).isEqualTo("b");
            RawMessage sent = scene.origin().request();
            assertThat(sent.target()).isEqualTo("/api/a%7Cb?x=%2F");
            assertThat(sent.framing()).isEqualTo(Framing.NONE);
            assertThat(sent.field("x-a")).isEqualTo("c");
            assertThat(sent.field("Via")).isIn("2 edge", "2.0 edge");
            assertThat(sent.field("Host")).isEqualTo(scene.origin().authority());
            assertThat(sent.field("X-Forwarded-Host"))
                    .isEqualTo("127.0.0.1:" + scene.app().port());
        }
    }

    /** RFC 9113 §8.1.1: content needs no Content-Length in HTTP/2, and is content all the same. */
    @OnEachContainer
    void contentWithoutALengthIsContent(Container container) throws Exception {
        List<String> methods = List.of("POST", "PUT", "DELETE", "GET");
        try (Scene scene = Scene.of(container, RawOrigin.ok());
                H2Client client = H2Client.connect(scene.app().port())) {
            for (int i = 0; i < methods.size(); i++) {
                H2Client.Response response = client.exchange(methods.get(i), "/api/x", Map.of(), "content", Map.of());
                assertThat(response.status()).isEqualTo(200);
                RawMessage sent = scene.origin().request(i);
                sent.awaitEnd();
                assertThat(sent.text()).as(methods.get(i)).isEqualTo("content");
                assertThat(sent.framing()).isEqualTo(Framing.CHUNKED);
            }
        }
    }

    @OnEachContainer
    void contentWithALengthKeepsIt(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok());
                H2Client client = H2Client.connect(scene.app().port())) {
            client.exchange("POST", "/api/x", Map.of("content-length", "7"), "content", Map.of());
            RawMessage sent = scene.origin().request();
            assertThat(sent.framing()).isEqualTo(Framing.LENGTH);
            assertThat(sent.text()).isEqualTo("content");
        }
    }

    @OnEachContainer
    void emptyPostHasNoChunks(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok());
                H2Client client = H2Client.connect(scene.app().port())) {
            client.exchange("POST", "/api/x", Map.of(), null, Map.of());
            assertThat(scene.origin().request().text()).isEmpty();
            assertThat(scene.origin().request().has("Transfer-Encoding")).isFalse();
        }
    }

    /** RFC 9113 §8.2.3: crumbs MUST be joined with "; " before they go to HTTP/1.1. */
    @OnEachContainer
    void cookieCrumbsAreJoined(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok());
                H2Client client = H2Client.connect(scene.app().port())) {
            Map<String, String> fields = new LinkedHashMap<>();
            fields.put("cookie", "a=b");
            fields.put("Cookie", "JSESSIONID=secret");
            fields.put("COOKIE", "c=d");
            client.exchange("GET", "/api/x", fields, null, Map.of());
            assertThat(scene.origin().request().field("Cookie")).isEqualTo("a=b; c=d");
        }
    }

    @OnEachContainer
    void trailersGoUp(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok());
                H2Client client = H2Client.connect(scene.app().port())) {
            client.exchange("POST", "/api/x", Map.of("trailer", "x-checksum"), "content", Map.of("x-checksum", "1"));
            RawMessage sent = scene.origin().request();
            assertThat(sent.text()).isEqualTo("content");
            assertThat(sent.trailer("x-checksum")).isEqualTo("1");
        }
    }

    @OnEachContainer
    void trailersComeDown(Container container) throws Exception {
        RawOrigin origin = RawOrigin.answering("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Checksum: 1\r\n\r\n");
        try (Scene scene = Scene.of(container, origin);
                H2Client client = H2Client.connect(scene.app().port())) {
            H2Client.Response response = client.exchange("GET", "/api/x", Map.of(), null, Map.of());
            assertThat(response.text()).isEqualTo("abc");
            assertThat(response.trailers()).containsEntry("x-checksum", List.of("1"));
            assertThat(response.field("connection")).isNull();
            assertThat(response.field("keep-alive")).isNull();
            assertThat(response.field("transfer-encoding")).isNull();
            assertThat(response.reset()).isEqualTo(-1);
        }
    }

    /** RFC 9113 §8.1.1: a stream with less than its Content-Length, or cut without one, is malformed and ends in a reset. */
    @OnEachContainer
    void contentThatTheOriginCutsResetsTheStream(Container container) throws Exception {
        for (String start : List.of(
                "Content-Length: 100\r\n\r\nstart",
                "Transfer-Encoding: chunked\r\n\r\n5\r\nstart\r\n",
                "Transfer-Encoding: chunked\r\n\r\n5\r\nstart\r\nnonsense\r\n")) {
            RawOrigin origin = RawOrigin.scripted(connection -> {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\n" + start);
            });
            try (Scene scene = Scene.of(container, origin);
                    H2Client client = H2Client.connect(scene.app().port())) {
                H2Client.Response response = client.exchange("GET", "/api/x", Map.of(), null, Map.of());
                assertThat(response.reset() >= 0 || response.status() == 502)
                        .as(start + " came as " + response)
                        .isTrue();
                // Other streams of the connection go on.
                assertThat(client.exchange("GET", "/other", Map.of(), null, Map.of())
                                .text())
                        .isEqualTo("app:GET /other");
            }
        }
    }

    @OnEachContainer
    void failureHasItsStatus(Container container) throws Exception {
        RawOrigin origin = RawOrigin.ok();
        try (Scene scene = Scene.of(container, origin);
                H2Client client = H2Client.connect(scene.app().port())) {
            origin.refuse();
            assertThat(client.exchange("POST", "/api/x", Map.of(), "content", Map.of())
                            .status())
                    .isEqualTo(502);
        }
    }
}
