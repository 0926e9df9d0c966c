package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * What other servlet proxies promise in their public tests: HTTP-Proxy-Servlet (ProxyServletTest, ChunkedTransferTest,
 * AcceptEncodingTest, CookieSameSiteTest, ParallelConnectionsTest) and Jetty's ee10 proxy module (ProxyServletTest,
 * ReverseProxyTest, ProxyServletFailureTest, AsyncMiddleManServletTest). What the other tests of this package show
 * already is not here again.
 *
 * <p>What does not apply, and why:
 *
 * <ul>
 *   <li>Origins that the client names, by absolute-form targets, CONNECT, or templates over query parameters, with black
 *       and white lists for them: origins come from the configuration only, so there is nothing to list.
 *   <li>Cookies renamed with a prefix of the proxy: path mapping and the name of the app's session keep them apart.
 *   <li>{@code Set-Cookie2}: obsolete since RFC 6265; it passes as any other field.
 *   <li>X-Forwarded-For of any client appended to: only that of trusted proxies is.
 *   <li>{@code {}} in a query escaped: it goes to the origin as it came.
 *   <li>Subclass hooks that rewrite fields, content that the proxy decompresses, and content transformers with their
 *       buffers and files: fields are settings, content is not changed.
 *   <li>The JVM's proxy properties, and redirects followed on behalf of the client: never.
 *   <li>Clients that stall within the request head: the container's own time limit.
 *   <li>A failure hidden behind an error page after the origin's head was received, because a buffer still holds it
 *       back: fields go out before content comes, so the response is cut instead.
 * </ul>
 */
class PeerBehaviourTest {

    private static final String[] BASE = {"route.r.path=/proxied/*", "route.r.target-path=strip"};

    private static Scene based(Container container, RawOrigin origin) throws IOException {
        // Jetty refuses "%25" unless told not to.
        return Scene.of(
                AppServer.on(container).lenient(), origin, BASE[0], BASE[1], "route.r.to=" + origin.url() + "/base");
    }

    @OnEachContainer
    void whateverFollowsThePrefixFollowsTheBasePath(Container container) throws IOException {
        String[] rests = {
            "/pathInfo",
            "/pathInfo/%23%25abc",
            "/p?q=v",
            "/p?query=note:Leitbild",
            "/p?query=note%3ALeitbild",
            "/p?id=p%20i",
            "/p%20i",
            "/p?id=p+i",
            "/q%3F%3F?from=1&to=10",
            "/%5Babc%5D/xyz",
            "/p?fq=%7B!f=field%7D",
            "/p?a=1&b=%E2%82%AC",
            "/p?c=1234%205678&d=hello+world",
        };
        try (Scene scene = based(container, RawOrigin.ok())) {
            int n = 0;
            for (String rest : rests) {
                scene.client().get("/proxied" + rest);
                assertThat(scene.origin().request(n++).target()).isEqualTo("/base" + rest);
                RawMessage answer = scene.client()
                        .post("/proxied" + rest, "abc=ABC", "Content-Type: application/x-www-form-urlencoded");
                assertThat(answer.status()).isEqualTo(200);
                RawMessage posted = scene.origin().request(n++);
                assertThat(posted.target()).isEqualTo("/base" + rest);
                assertThat(posted.text()).isEqualTo("abc=ABC");
            }
        }
    }

    @OnEachContainer
    void prefixItselfIsTheBasePathItself(Container container) throws IOException {
        try (Scene scene = based(container, RawOrigin.ok())) {
            scene.client().get("/proxied");
            scene.client().get("/proxied?q=v");
            scene.client().get("/proxied/");
            scene.client().get("/proxied/?q=v");
            assertThat(scene.origin().request(0).target()).isEqualTo("/base");
            assertThat(scene.origin().request(1).target()).isEqualTo("/base?q=v");
            assertThat(scene.origin().request(2).target()).isEqualTo("/base/");
            assertThat(scene.origin().request(3).target()).isEqualTo("/base/?q=v");
        }
    }

    @OnEachContainer
    void prefixItselfIsTheRootOfAnOriginWithoutBasePath(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), BASE)) {
            scene.client().get("/proxied");
            scene.client().get("/proxied?q=v");
            assertThat(scene.origin().request(0).target()).isEqualTo("/");
            assertThat(scene.origin().request(1).target()).isEqualTo("/?q=v");
        }
    }

    @OnEachContainer
    void redirectsBelowTheBasePathAreMappedBack(Container container) throws IOException {
        String[] rests = {
            "/dummy?a=b",
            "/sample%20url",
            "/sample%20url?a=b",
            "/sample%20url?a=b#frag",
            "/sample+url",
            "/sample+url?a=b",
            "/sample+url?a=b#frag",
            "/sample+url?a+b=b%20c#frag%23",
            "/test/"
        };
        for (String rest : rests) {
            RawOrigin origin = RawOrigin.scripted(connection -> {
                while (connection.readRequest() != null) {
                    connection.send("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + connection.localPort()
                            + "/base" + rest + "\r\nSet-Cookie: id=1; path=/\r\nContent-Length: 4\r\n\r\nmove");
                }
            });
            try (Scene scene = based(container, origin)) {
                RawMessage response = scene.client().get("/proxied/%64%69%72/");
                assertThat(response.status()).isEqualTo(302);
                assertThat(response.field("Location")).endsWith("/proxied" + rest);
                assertThat(response.field("Content-Length")).isEqualTo("4");
                assertThat(response.text()).isEqualTo("move");
                assertThat(response.field("Set-Cookie")).startsWith("id=1");
            }
        }
    }

    /** An origin that takes the slash off its base path would send the client round in circles. */
    @OnEachContainer
    void redirectToTheBasePathItselfLeadsToThePrefixItself(Container container) throws IOException {
        for (String self : new String[] {"/base", "/base/"}) {
            RawOrigin origin = RawOrigin.answering(
                    "HTTP/1.1 302 Found\r\nLocation: " + self + "\r\nContent-Length: 0\r\n\r\n", RawOrigin.ok("there"));
            try (Scene scene = based(container, origin)) {
                String location = scene.client().get("/proxied/x").field("Location");
                assertThat(location).isEqualTo(self.replace("/base", "/proxied"));
                assertThat(scene.client().get(location).text()).isEqualTo("there");
                assertThat(origin.request(1).target()).isEqualTo(self);
            }
        }
    }

    @OnEachContainer
    void redirectsToOthersPassUnchanged(Container container) throws IOException {
        String elsewhere = "http://blackhole.example/dir/file.ext?a=b#c";
        RawOrigin origin =
                RawOrigin.answering("HTTP/1.1 302 Found\r\nLocation: " + elsewhere + "\r\nContent-Length: 0\r\n\r\n");
        try (Scene scene = based(container, origin)) {
            assertThat(scene.client().get("/proxied/x").field("Location")).isEqualTo(elsewhere);
        }
    }

    @OnEachContainer
    void uploadedFileKeepsItsTypeItsBoundaryAndItsBytes(Container container) throws IOException {
        String form = "--0xKhTmL\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.bin\"\r\n"
                + "Content-Type: text/plain\r\n\r\n\u0000\u00ff\r\n--0xKhTm\r\n--0xKhTmL--\r\n";
        String type = "multipart/form-data; boundary=\"0xKhTmL\"";
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            assertThat(scene.client()
                            .post("/api/upload?a=b", form, "Content-Type: " + type)
                            .status())
                    .isEqualTo(200);
            assertThat(scene.origin().request().field("Content-Type")).isEqualTo(type);
            assertThat(scene.origin().request().text()).isEqualTo(form);
        }
    }

    @OnEachContainer
    void acceptEncodingIsTheClientsOwnOrAbsent(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().get("/api/x", "Accept-Encoding: gzip;q=0.5, br");
            scene.client().get("/api/x");
            assertThat(scene.origin().request(0).field("Accept-Encoding")).isEqualTo("gzip;q=0.5, br");
            assertThat(scene.origin().request(1).has("Accept-Encoding")).isFalse();
        }
    }

    @OnEachContainer
    void fieldsWithoutValueArePassedOnBothWays(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.answering(RawOrigin.ok("ok", "X-Empty:")))) {
            RawMessage response = scene.client().get("/api/x", "X-Empty:");
            assertThat(scene.origin().request().field("X-Empty")).isEmpty();
            assertThat(response.field("X-Empty")).isEmpty();
        }
    }

    @OnEachContainer
    void cookiesOfOneUserNeverReachAnother(Container container) throws IOException {
        AtomicInteger user = new AtomicInteger();
        RawOrigin origin = RawOrigin.scripted(connection -> {
            for (RawMessage request = connection.readRequest(); request != null; request = connection.readRequest()) {
                String set = request.has("Cookie") ? "" : "Set-Cookie: id=user" + user.incrementAndGet() + "\r\n";
                connection.send("HTTP/1.1 200 OK\r\n" + set + "Content-Length: 0\r\n\r\n");
            }
        });
        try (Scene scene = Scene.of(container, origin)) {
            assertThat(scene.client().get("/api/x").field("Set-Cookie")).isEqualTo("id=user1");
            assertThat(scene.connect().get("/api/x").field("Set-Cookie")).isEqualTo("id=user2");
            assertThat(scene.client().get("/api/x", "Cookie: id=user1").has("Set-Cookie"))
                    .isFalse();
            assertThat(origin.request(1).has("Cookie")).isFalse();
            assertThat(origin.request(2).field("Cookie")).isEqualTo("id=user1");
            assertThat(origin.connections()).as("all on one connection").isEqualTo(1);
        }
    }

    @OnEachContainer
    void manyRequestsOfOneRouteAreAtTheOriginAtTheSameTime(Container container) throws IOException {
        int clients = 10;
        CountDownLatch arrived = new CountDownLatch(clients);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            arrived.countDown();
            assertThat(arrived.await(10, TimeUnit.SECONDS)).isTrue();
            connection.send(RawOrigin.ok("together"));
        });
        try (Scene scene = Scene.of(container, origin)) {
            List<RawClient> all = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                RawClient client = scene.connect();
                client.send(RawClient.request("GET", "/api/x") + "\r\n");
                all.add(client);
            }
            for (RawClient client : all) {
                assertThat(client.readResponse().text()).isEqualTo("together");
            }
        }
    }

    @OnEachContainer
    void compressedEventsReachTheClientOneByOne(Container container) throws IOException {
        CountDownLatch seen = new CountDownLatch(1);
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n");
            GZIPOutputStream gzip = new GZIPOutputStream(compressed, true);
            gzip.write("data: 1\n\n".getBytes(StandardCharsets.US_ASCII));
            gzip.flush();
            connection.sendChunk(compressed.toString(StandardCharsets.ISO_8859_1));
            assertThat(seen.await(10, TimeUnit.SECONDS)).isTrue();
            compressed.reset();
            gzip.write("data: 2\n\n".getBytes(StandardCharsets.US_ASCII));
            gzip.close();
            connection.sendChunk(compressed.toString(StandardCharsets.ISO_8859_1));
            connection.sendLastChunk();
        });
        try (Scene scene = Scene.of(container, origin)) {
            RawClient client = scene.client();
            client.send(RawClient.request("GET", "/api/events", "Accept-Encoding: gzip") + "\r\n");
            RawMessage response = client.readResponseHead();
            String first = client.readChunk(response);
            GZIPInputStream unzip =
                    new GZIPInputStream(new ByteArrayInputStream(first.getBytes(StandardCharsets.ISO_8859_1)));
            assertThat(new String(unzip.readNBytes(9), StandardCharsets.US_ASCII))
                    .isEqualTo("data: 1\n\n");
            seen.countDown();
            client.readRest(response);
            byte[] all = new GZIPInputStream(new ByteArrayInputStream(response.content())).readAllBytes();
            assertThat(new String(all, StandardCharsets.US_ASCII)).isEqualTo("data: 1\n\ndata: 2\n\n");
        }
    }

    @OnEachContainer
    void originMayIgnoreTheContentAndAnswer(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequestHead();
            connection.send(RawOrigin.ok("enough"));
            connection.readToEnd();
        });
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().post("/api/x", "x".repeat(128 * 1024));
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("enough");
        }
    }

    @OnEachContainer
    void slowReaderGetsEverything(Container container) throws Exception {
        int length = 6 * 1024 * 1024;
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok("0123456789abcdef".repeat(length / 16)));
        try (Scene scene = Scene.of(container, origin)) {
            RawClient client = scene.client();
            client.send(RawClient.request("GET", "/api/big") + "\r\n");
            RawMessage response = client.readResponseHead();
            TimeUnit.MILLISECONDS.sleep(300); // the pace of the reader: every buffer on the way is full by now
            client.readRest(response);
            assertThat(response.ending()).isEqualTo(Ending.COMPLETE);
            assertThat(response.content()).hasSize(length);
        }
    }

    @OnEachContainer
    void originThatIsAskedToLoginAsksTheClient(Container container) throws IOException {
        String challenge = "Basic realm=\"test\"";
        RawOrigin origin = RawOrigin.answering(
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: " + challenge + "\r\nContent-Length: 0\r\n\r\n",
                RawOrigin.ok("in"));
        try (Scene scene = Scene.of(container, origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.status()).isEqualTo(401);
            assertThat(response.field("WWW-Authenticate")).isEqualTo(challenge);
            assertThat(scene.client().get("/api/x", "Authorization: Basic YTpi").text())
                    .isEqualTo("in");
            assertThat(origin.request(1).field("Authorization")).isEqualTo("Basic YTpi");
        }
    }

    @OnEachContainer
    void expectationsOneAfterTheOtherOnOneConnectionAreAllMet(Container container) throws IOException {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            for (RawMessage request = connection.readRequestHead();
                    request != null;
                    request = connection.readRequestHead()) {
                connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                connection.readRest(request);
                connection.send(RawOrigin.ok(request.text()));
            }
        });
        try (Scene scene = Scene.of(container, origin)) {
            for (int i = 0; i < 8; i++) {
                RawClient client = scene.client();
                client.send(
                        RawClient.request("POST", "/api/" + i, "Expect: 100-continue", "Content-Length: 5") + "\r\n");
                assertThat(client.readInterim().status()).isEqualTo(100);
                client.send("hell" + i);
                assertThat(client.readResponse().text()).isEqualTo("hell" + i);
            }
        }
    }

    /** Jetty ends a connection whose client still waits for 100 (Continue), so each has its own. */
    @OnEachContainer
    void expectationWithoutContentIsAnsweredAtOnce(Container container) throws IOException {
        String[] framings = {"Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"};
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            for (String framing : framings) {
                RawClient client = scene.connect();
                client.send(RawClient.request("POST", "/api/x", "Expect: 100-Continue") + framing);
                assertThat(client.readResponse().text()).isEqualTo("ok");
            }
        }
    }

    @OnEachContainer
    void originIsNotBotheredBeforeContentHasCome(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            RawClient client = scene.client();
            client.send(RawClient.request("POST", "/api/x", "Transfer-Encoding: chunked") + "\r\n");
            assertThat(scene.connect().get("/other").status()).isEqualTo(200);
            assertThat(scene.origin().connections()).isZero();
            client.sendChunk("content");
            assertThat(scene.origin().request(0).method()).isEqualTo("POST");
            client.sendLastChunk();
            assertThat(client.readResponse().text()).isEqualTo("ok");
        }
    }

    @OnEachContainer
    void longPollIsAnsweredWhenTheOriginIsReady(Container container) throws IOException {
        CountDownLatch ready = new CountDownLatch(1);
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequest();
            assertThat(ready.await(10, TimeUnit.SECONDS)).isTrue();
            connection.send("HTTP/1.1 200 OK\r\nX-Late: yes\r\nContent-Length: 0\r\n\r\n");
        });
        try (Scene scene = Scene.of(container, origin)) {
            RawClient client = scene.client();
            client.send(RawClient.request("GET", "/api/poll") + "\r\n");
            origin.request();
            assertThat(client.hasUnread()).isFalse();
            ready.countDown();
            assertThat(client.readResponse().field("X-Late")).isEqualTo("yes");
        }
    }

    @OnEachContainer
    void clientOfAStoppedGatewayIsRefused(Container container) throws IOException {
        try (RawOrigin origin = RawOrigin.ok()) {
            AppServer app =
                    AppServer.on(container).filter(Scene.gateway(origin)).start();
            int port = app.port();
            app.close();
            assertThatThrownBy(() -> RawClient.connect(port)).isInstanceOf(ConnectException.class);
        }
    }
}
