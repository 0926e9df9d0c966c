package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawMessage.Framing;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Content on its way up: framed as it came, streamed as it comes, and never whole at the origin when it was cut. */
class RequestContentTest {

    private static final Filter READS_PARAMETERS = (request, response, chain) -> {
        request.getParameter("anything");
        chain.doFilter(request, response);
    };

    /** RFC 9112 §6.3: no Content-Length and no Transfer-Encoding means no content. */
    @OnEachContainer
    void requestWithoutContentGetsNoFraming(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            List<String> methods = List.of("GET", "DELETE", "OPTIONS", "PROPFIND");
            for (int i = 0; i < methods.size(); i++) {
                scene.client().exchange(RawClient.request(methods.get(i), "/api/x") + "\r\n");
                RawMessage sent = scene.origin().request(i);
                assertThat(sent.method()).isEqualTo(methods.get(i));
                assertThat(sent.has("Content-Length")).as(methods.get(i)).isFalse();
                assertThat(sent.has("Transfer-Encoding")).as(methods.get(i)).isFalse();
            }
        }
    }

    /** RFC 9110 §8.6: a user agent SHOULD send Content-Length: 0 where the method anticipates content. */
    @OnEachContainer
    void emptyContentStaysEmpty(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().post("/api/x", "");
            assertThat(scene.origin().request(0).field("Content-Length")).isEqualTo("0");
            scene.client().exchange(RawClient.request("GET", "/api/x", "Content-Length: 0") + "\r\n");
            assertThat(scene.origin().request(1).has("Transfer-Encoding")).isFalse();
            scene.client().exchange(RawClient.request("POST", "/api/x") + "\r\n");
            assertThat(scene.origin().request(2).has("Transfer-Encoding")).isFalse();
        }
    }

    @OnEachContainer
    void knownLengthStaysKnown(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            StringBuilder everyByte = new StringBuilder();
            for (char c = 0; c < 256; c++) {
                everyByte.append(c);
            }
            scene.client().post("/api/x", everyByte.toString(), "Content-Type: a/b;c=d", "Content-Encoding: gzip");
            RawMessage sent = scene.origin().request();
            assertThat(sent.framing()).isEqualTo(Framing.LENGTH);
            assertThat(sent.has("Transfer-Encoding")).isFalse();
            assertThat(sent.text()).isEqualTo(everyByte.toString());
            assertThat(sent.field("Content-Type")).isEqualTo("a/b;c=d");
            assertThat(sent.field("Content-Encoding")).isEqualTo("gzip");
        }
    }

    /** RFC 9110 §9.3.1: content in a GET has no defined meaning, which is no reason to lose it. */
    @OnEachContainer
    void anyMethodMayHaveContent(Container container) throws IOException {
        List<String> methods = List.of("GET", "DELETE", "PATCH", "OPTIONS", "REPORT");
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            for (int i = 0; i < methods.size(); i++) {
                scene.client()
                        .exchange(RawClient.request(methods.get(i), "/api/x", "Content-Length: 7") + "\r\ncontent");
                scene.origin().request(i).awaitEnd();
                assertThat(scene.origin().request(i).text()).as(methods.get(i)).isEqualTo("content");
            }
        }
    }

    @OnEachContainer
    void chunkedStaysChunkedAndStreams(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().send(RawClient.request("POST", "/api/x", "Transfer-Encoding: chunked") + "\r\n");
            scene.client().sendChunk("first");
            RawMessage sent = scene.origin().request(0);
            sent.awaitContent(5); // while the client holds back the rest
            scene.client().sendChunk(" second");
            sent.awaitContent(12);
            assertThat(sent.ending()).isEqualTo(Ending.OPEN);
            scene.client().sendLastChunk();
            assertThat(scene.client().readResponse().text()).isEqualTo("ok");
            assertThat(sent.framing()).isEqualTo(Framing.CHUNKED);
            assertThat(sent.has("Content-Length")).isFalse();
            assertThat(sent.awaitEnd()).isEqualTo(Ending.COMPLETE);
            assertThat(sent.text()).isEqualTo("first second");
        }
    }

    @OnEachContainer
    void contentOfKnownLengthStreams(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            String rest = "x".repeat(20_000);
            scene.client().send(RawClient.request("PUT", "/api/x", "Content-Length: 20005") + "\r\nfirst");
            RawMessage sent = scene.origin().request(0);
            sent.awaitContent(5);
            scene.client().send(rest);
            assertThat(scene.client().readResponse().text()).isEqualTo("ok");
            assertThat(sent.text()).isEqualTo("first" + rest);
        }
    }

    @OnEachContainer
    void smallContentComesToTheOriginOnlyWhenItIsWhole(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            RawClient slow = scene.connect();
            slow.send(RawClient.request("PUT", "/api/x", "Content-Length: 16384") + "\r\nfirst");
            for (int i = 0; i < 20; i++) {
                assertThat(scene.client().get("/api/other").text()).isEqualTo("ok");
            }
            assertThat(scene.origin().requests()).isEqualTo(20);
            slow.send("x".repeat(16_379));
            assertThat(slow.readResponse().text()).isEqualTo("ok");
            assertThat(scene.origin().request(20).text()).isEqualTo("first" + "x".repeat(16_379));
        }
    }

    @OnEachContainer
    void clientThatTakesTheWholeTotalTimeoutForSmallContentIsToBlameItself(Container container) throws Exception {
        try (Scene scene = Scene.of(
                container,
                RawOrigin.ok(),
                "route.r.timeout.connect=100ms",
                "upstream.r.connections.lease-timeout=100ms",
                "route.r.timeout.total=500ms")) {
            scene.client().send(RawClient.request("PUT", "/api/x", "Content-Length: 10") + "\r\nfirst");
            Thread.sleep(700); // the pace of the client
            scene.client().send("later");
            RawMessage response = scene.client().readResponse();
            assertThat(response.status()).isEqualTo(408);
            assertThat(response.text()).contains("client_too_slow");
            assertThat(scene.origin().connections()).isZero();
        }
    }

    @OnEachContainer
    void smallContentThatTheClientCutsNeverComesToTheOrigin(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            RawClient client = scene.connect();
            client.send(RawClient.request("PUT", "/api/x", "Content-Length: 10") + "\r\nfirst");
            client.halfClose();
            client.readToEnd();
            assertThat(scene.client().get("/api/other").text()).isEqualTo("ok");
            assertThat(scene.origin().requests()).isEqualTo(1);
        }
    }

    @OnEachContainer
    void emptyChunkedContentIsNotLostNorInvented(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().send(RawClient.request("POST", "/api/x", "Transfer-Encoding: chunked") + "\r\n0\r\n\r\n");
            assertThat(scene.client().readResponse().text()).isEqualTo("ok");
            assertThat(scene.origin().request().text()).isEmpty();
            assertThat(scene.client().get("/api/y").text()).isEqualTo("ok");
        }
    }

    @OnEachContainer
    void largeContentArrivesWhole(Container container) throws Exception {
        byte[] content = new byte[8 << 20];
        new java.util.Random(7).nextBytes(content);
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().send(RawClient.request("PUT", "/api/x", "Content-Length: " + content.length) + "\r\n");
            scene.client().send(content);
            assertThat(scene.client().readResponse().status()).isEqualTo(200);
            assertThat(scene.origin().request().content()).isEqualTo(content);
        }
    }

    /** RFC 9110 §6.5.1: trailers may be forwarded; what changes framing, routing or trust must not be. */
    @OnEachContainer
    void trailersGoUp(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client()
                    .exchange(RawClient.request("POST", "/api/x", "Transfer-Encoding: chunked", "Trailer: X-Checksum")
                            + "\r\n3\r\nabc\r\n0\r\nX-Checksum: 123\r\nContent-Length: 99\r\nHost: evil\r\n\r\n");
            RawMessage sent = scene.origin().request();
            assertThat(sent.text()).isEqualTo("abc");
            assertThat(sent.trailers()).hasSize(1);
            assertThat(sent.trailer("X-Checksum")).isEqualTo("123");
        }
    }

    /** RFC 9110 §10.1.1: a proxy MUST forward 100-continue unless it knows that it cannot be met, and its 100. */
    @OnEachContainer
    void expectationIsMetByTheOrigin(Container container) throws Exception {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            RawMessage request = connection.readRequestHead();
            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
            connection.readRest(request);
            connection.send(RawOrigin.ok("done"));
            connection.readToEnd();
        });
        try (Scene scene = Scene.of(container, origin)) {
            scene.client()
                    .send(RawClient.request("POST", "/api/x", "Expect: 100-continue", "Content-Length: 7") + "\r\n");
            assertThat(scene.client().readInterim().status()).isEqualTo(100);
            scene.client().send("content");
            RawMessage response = scene.client().readResponse();
            assertThat(response.text()).isEqualTo("done");
            assertThat(response.interim()).isEmpty();
            assertThat(origin.request().text()).isEqualTo("content");
            assertThat(origin.request().field("Expect")).isEqualTo("100-continue");
        }
    }

    @OnEachContainer
    void originMayRefuseBeforeAnyContentIsSent(Container container) throws Exception {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.readRequestHead();
            connection.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
            connection.readToEnd();
        });
        try (Scene scene = Scene.of(container, origin)) {
            scene.client()
                    .send(RawClient.request("POST", "/api/x", "Expect: 100-continue", "Content-Length: 7") + "\r\n");
            RawMessage response = scene.client().readResponse();
            assertThat(response.status()).isEqualTo(401);
            assertThat(response.text()).isEqualTo("no");
            assertThat(response.interim()).isEmpty();
            assertThat(origin.request(0).text()).isEmpty();
        }
    }

    /** RFC 9110 §10.1.1: who expects 100 SHOULD NOT wait for an indefinite period. */
    @OnEachContainer
    void originThatKnowsNoExpectationsGetsTheContentAllTheSame(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client()
                    .send(RawClient.request("POST", "/api/x", "Expect: 100-continue", "Content-Length: 7") + "\r\n");
            assertThat(scene.client().readInterim().status()).isEqualTo(100);
            scene.client().send("content");
            assertThat(scene.client().readResponse().text()).isEqualTo("ok");
            assertThat(scene.origin().request().text()).isEqualTo("content");
        }
    }

    /** RFC 9110 §10.1.1: a server MAY answer an expectation it does not know with 417. */
    @OnEachContainer
    void otherExpectationsFail(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            assertThat(scene.client().get("/api/x", "Expect: miracles").status())
                    .isEqualTo(417);
            assertThat(scene.origin().requests()).isZero();
        }
    }

    /** RFC 9112 §8: a message cut short is incomplete, and must be so at the origin too. */
    @OnEachContainer
    void uploadThatTheClientCutsIsCutAtTheOrigin(Container container) throws Exception {
        String[] heads = {"Transfer-Encoding: chunked", "Content-Length: 20000"};
        for (String framing : heads) {
            for (boolean reset : new boolean[] {true, false}) {
                try (Scene scene = Scene.of(container, RawOrigin.ok())) {
                    RawClient client = scene.connect();
                    client.send(RawClient.request("POST", "/api/x", framing) + "\r\n");
                    if (framing.startsWith("Transfer")) {
                        client.sendChunk("start");
                    } else {
                        client.send("start");
                    }
                    RawMessage sent = scene.origin().request(0);
                    sent.awaitContent(5);
                    if (reset) {
                        client.reset();
                    } else {
                        client.close();
                    }
                    assertThat(sent.awaitEnd()).as(framing + " " + reset).isEqualTo(Ending.CUT);
                    assertThat(sent.text()).isEqualTo("start");
                    assertThat(scene.client().get("/other").status()).isEqualTo(200);
                }
            }
        }
    }

    @OnEachContainer
    void uploadThatTheClientHalfClosesIsCutAtTheOrigin(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().send(RawClient.request("POST", "/api/x", "Content-Length: 20000") + "\r\nstart");
            scene.origin().request(0).awaitContent(5);
            scene.client().halfClose();
            assertThat(scene.origin().request(0).awaitEnd()).isEqualTo(Ending.CUT);
        }
    }

    @OnEachContainer
    void uploadWithABrokenChunkIsCutAtTheOrigin(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().send(RawClient.request("POST", "/api/x", "Transfer-Encoding: chunked") + "\r\n");
            scene.client().sendChunk("start");
            scene.origin().request(0).awaitContent(5);
            scene.client().send("not a chunk size\r\n");
            assertThat(scene.origin().request(0).awaitEnd()).isEqualTo(Ending.CUT);
        }
    }

    @OnEachContainer
    void uploadThatStallsIsGivenUpAfterTheIdleTimeout(Container container) throws Exception {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.timeout.idle=500ms")) {
            scene.client().send(RawClient.request("POST", "/api/x", "Content-Length: 20000") + "\r\nstart");
            assertThat(scene.origin().request(0).awaitEnd()).isEqualTo(Ending.CUT);
        }
    }

    /** RFC 9112 §9.5: a client that sees an answer while it still sends should stop; a gateway passes the answer on. */
    @OnEachContainer
    void answerThatComesDuringTheUploadReachesTheClient(Container container) throws Exception {
        RawOrigin origin = RawOrigin.scripted(connection -> {
            RawMessage request = connection.readRequestHead();
            connection.readPart(request, 10);
            connection.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
            connection.readToEnd();
        });
        try (Scene scene = Scene.of(container, origin)) {
            CountDownLatch answered = new CountDownLatch(1);
            RawClient client = scene.client();
            client.send(RawClient.request("POST", "/api/x", "Content-Length: 1000000") + "\r\n");
            Thread sender = new Thread(() -> {
                try {
                    for (int i = 0; i < 1000 && answered.getCount() > 0; i++) {
                        client.send("x".repeat(100));
                        answered.await(10, TimeUnit.MILLISECONDS);
                    }
                } catch (IOException | InterruptedException e) {
                    // The answer is what counts.
                }
            });
            sender.start();
            RawMessage response = client.readResponse();
            answered.countDown();
            sender.join();
            assertThat(response.status()).isEqualTo(413);
            assertThat(response.text()).isEqualTo("big");
        }
    }

    @OnEachContainer
    void formThatNobodyReadPassesByteForByte(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            String form = "a=%7e+b&&c&=d&a=\u00e9";
            scene.client().post("/api/x", form, "Content-Type: application/x-www-form-urlencoded");
            assertThat(scene.origin().request().text()).isEqualTo(form);
        }
    }

    @OnEachContainer
    void formThatAnEarlierFilterReadIsRebuilt(Container container) throws IOException {
        try (Scene scene = Scene.of(AppServer.on(container).filter(READS_PARAMETERS), RawOrigin.ok())) {
            String form = "a=1&b=2&b=%C3%A9+%26%3D%2B%25&empty=&q=form";
            RawMessage response = scene.client()
                    .post("/api/x?q=query&b=0", form, "Content-Type: application/x-www-form-urlencoded;charset=UTF-8");
            assertThat(response.status()).isEqualTo(200);
            RawMessage sent = scene.origin().request();
            assertThat(sent.target()).isEqualTo("/api/x?q=query&b=0");
            assertThat(parameters(sent.text())).isEqualTo(parameters(form));
            assertThat(sent.field("Content-Type")).startsWithIgnoringCase("application/x-www-form-urlencoded");
        }
    }

    @OnEachContainer
    void chunkedFormThatAnEarlierFilterReadIsRebuilt(Container container) throws IOException {
        try (Scene scene = Scene.of(AppServer.on(container).filter(READS_PARAMETERS), RawOrigin.ok())) {
            scene.client()
                    .exchange(RawClient.request(
                                    "POST",
                                    "/api/x",
                                    "Transfer-Encoding: chunked",
                                    "Content-Type: application/x-www-form-urlencoded")
                            + "\r\n7\r\na=1&b=2\r\n0\r\n\r\n");
            assertThat(parameters(scene.origin().request().text())).isEqualTo(parameters("a=1&b=2"));
        }
    }

    /** Of the same value in query and form, the form's own must neither vanish nor come twice. */
    @OnEachContainer
    void rebuiltFormHasWhatQueryAndFormShare(Container container) throws IOException {
        try (Scene scene = Scene.of(AppServer.on(container).filter(READS_PARAMETERS), RawOrigin.ok())) {
            scene.client().post("/api/x?a=1&a=1", "a=1&a=2", "Content-Type: application/x-www-form-urlencoded");
            assertThat(parameters(scene.origin().request().text())).isEqualTo(parameters("a=1&a=2"));
        }
    }

    @OnEachContainer
    void readingParametersOfOtherContentHarmsNothing(Container container) throws IOException {
        try (Scene scene = Scene.of(AppServer.on(container).filter(READS_PARAMETERS), RawOrigin.ok())) {
            scene.client().post("/api/x?a=b", "{\"k\":1}", "Content-Type: application/json");
            assertThat(scene.origin().request().text()).isEqualTo("{\"k\":1}");
        }
    }

    @OnEachContainer
    void multipartThatAnEarlierFilterReadGets500WithTheCause(Container container) throws IOException {
        Filter readsParts = (request, response, chain) -> {
            request.getParameter("anything");
            try {
                ((HttpServletRequest) request).getParts();
            } catch (IllegalStateException e) {
                // No multipart configuration reaches this filter; the stream is read all the same below.
                request.getInputStream().readAllBytes();
            }
            chain.doFilter(request, response);
        };
        try (Scene scene = Scene.of(AppServer.on(container).filter(readsParts), RawOrigin.ok())) {
            String content =
                    "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\ndata\r\n--b--\r\n";
            RawMessage response =
                    scene.client().post("/api/x", content, "Content-Type: multipart/form-data; boundary=b");
            assertThat(response.status()).isEqualTo(500);
            assertThat(response.text()).contains("multipart").contains("filter");
            assertThat(scene.origin().requests()).isZero();
        }
    }

    @OnEachContainer
    void contentThatAnEarlierFilterReadGets500WithTheCause(Container container) throws IOException {
        Filter reads = (request, response, chain) -> {
            request.getInputStream().readAllBytes();
            chain.doFilter(request, response);
        };
        try (Scene scene = Scene.of(AppServer.on(container).filter(reads), RawOrigin.ok())) {
            RawMessage response = scene.client().post("/api/x", "{}", "Content-Type: application/json");
            assertThat(response.status()).isEqualTo(500);
            assertThat(response.text()).contains("filter");
            assertThat(scene.origin().requests()).isZero();
        }
    }

    private static Map<String, List<String>> parameters(String form) {
        Map<String, List<String>> parameters = new TreeMap<>();
        for (String pair : form.split("&")) {
            String[] both = pair.split("=", 2);
            parameters
                    .computeIfAbsent(decoded(both[0]), name -> new ArrayList<>())
                    .add(decoded(both[1]));
        }
        return parameters;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
