package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.util.List;

/** One line for each exchange, in the form that was asked for. */
class AccessLogTest {

    private static final String NAME = "name=access-test";
    private static final String LOGGER = "dev.headgate.access.access-test";

    @OnEachContainer
    void nothingIsWrittenUnlessAsked(Container container) throws IOException {
        try (LogLines log = LogLines.of("dev.headgate.access", "info");
                Scene scene = Scene.of(container, RawOrigin.ok(), NAME)) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
            assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
            assertThat(log.lines()).isEmpty();
        }
    }

    @OnEachContainer
    void combinedIsWhatOtherServersWrite(Container container) throws IOException {
        try (LogLines log = LogLines.of(LOGGER, "info");
                Scene scene = Scene.of(
                        container,
                        RawOrigin.answering(RawOrigin.ok("12345")),
                        NAME,
                        "access-log=combined",
                        "trusted-proxies=127.0.0.1",
                        "route.r.ambiguous-paths=parameters")) {
            scene.client()
                    .get(
                            "/api/x;jsessionid=SECRET/y?a=b&access_token=SECRET&c=%22",
                            "X-Forwarded-For: 192.0.2.7",
                            "Referer: http://me/?password=SECRET&x=1",
                            "User-Agent: a\"b\\\tc",
                            "Authorization: Basic SECRET",
                            "Cookie: JSESSIONID=SECRET");
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
            assertThat(log.lines().get(0))
                    .matches("INFO 192\\.0\\.2\\.7 - - \\[\\d\\d/[A-Z][a-z]{2}/\\d{4}(:\\d\\d){3} [+-]\\d{4}] .*")
                    .endsWith("] \"GET /api/x;jsessionid=***/y?a=b&access_token=***&c=%22 HTTP/1.1\" 200 5"
                            + " \"http://me/?password=***&x=1\" \"a\\\"b\\\\\\x09c\"");
        }
    }

    @OnEachContainer
    void commonHasNoMoreThanItsSevenFields(Container container) throws IOException {
        try (LogLines log = LogLines.of(LOGGER, "info");
                Scene scene = Scene.of(container, RawOrigin.ok(), NAME, "access-log=common")) {
            scene.origin().refuse();
            scene.client().get("/api/x", "User-Agent: me");
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
            assertThat(log.lines().get(0)).endsWith("] \"GET /api/x HTTP/1.1\" 502 -");
        }
    }

    @OnEachContainer
    void jsonTellsAttemptsTimesAndCache(Container container) throws Exception {
        try (LogLines log = LogLines.of(LOGGER, "info");
                Scene scene = Scene.of(
                        container,
                        RawOrigin.answering(RawOrigin.ok("12345", "Cache-Control: max-age=60")),
                        NAME,
                        "access-log=json",
                        "route.r.cache=true")) {
            scene.client().post("/api/x", "content", "X-Request-Id: my-id", "User-Agent: \"<me>\"");
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
            JsonNode line = json(log, 0);
            assertThat(line.get("requestId").asText()).isEqualTo("my-id");
            assertThat(line.get("route").asText()).isEqualTo("r");
            assertThat(line.get("method").asText()).isEqualTo("POST");
            assertThat(line.get("status").asInt()).isEqualTo(200);
            assertThat(line.get("bytesReceived").asInt()).isEqualTo(7);
            assertThat(line.get("bytesSent").asInt()).isEqualTo(5);
            assertThat(line.get("client").asText()).isEqualTo("127.0.0.1");
            assertThat(line.get("userAgent").asText()).isEqualTo("\"<me>\"");
            assertThat(line.get("totalMicros").asLong())
                    .isGreaterThanOrEqualTo(line.get("firstByteMicros").asLong());
            assertThat(line.get("attempts")).hasSize(1);
            assertThat(line.get("attempts").get(0).get("origin").asText())
                    .isEqualTo(scene.origin().url());
            assertThat(line.get("cache").asText()).contains("fwd");
            assertThat(line.has("failure")).isFalse();

            scene.client().get("/api/y");
            scene.client().get("/api/y");
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(3));
            assertThat(json(log, 2).get("cache").asText()).contains("hit");
            assertThat(json(log, 2).get("attempts")).isEmpty();
            assertThat(json(log, 2).get("bytesSent").asInt()).isEqualTo(5);
        }
    }

    @OnEachContainer
    void jsonNamesTheFailure(Container container) throws Exception {
        try (LogLines log = LogLines.of(LOGGER, "info");
                Scene scene = Scene.of(
                        container,
                        RawOrigin.ok(),
                        NAME,
                        "access-log=json",
                        "host-threads=1",
                        "route.r.retry.attempts=1")) {
            scene.origin().refuse();
            scene.client().get("/api/x");
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
            JsonNode line = json(log, 0);
            assertThat(line.get("failure").asText()).isEqualTo("connection_refused");
            assertThat(line.get("side").asText()).isEqualTo("upstream");
            assertThat(line.get("attempts").get(0).get("stage").asText()).isEqualTo("connect");
        }
    }

    /** A user's name, which others may have chosen, and fields cannot begin a line or move what follows them. */
    @OnEachContainer
    void nobodyWritesALineOrAFieldOfTheirOwn(Container container) throws Exception {
        String user = "eve \"x\" 200\r\n127.0.0.1 - admin\u2028\u202e\\";
        for (String form : List.of("common", "combined", "json")) {
            try (LogLines log = LogLines.of(LOGGER, "info");
                    Scene scene = Scene.of(
                            AppServer.on(container)
                                    .filter((request, response, chain) -> chain.doFilter(
                                            new HttpServletRequestWrapper((HttpServletRequest) request) {
                                                @Override
                                                public String getRemoteUser() {
                                                    return user;
                                                }
                                            },
                                            response)),
                            RawOrigin.ok(),
                            NAME,
                            "access-log=" + form)) {
                scene.client().get("/api/%20%22x", "User-Agent: a\" 1 \"\tb\u0085\u009b", "Referer: \" \\\" [x] \"");
                await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
                String line = log.lines().get(0);
                assertThat(line).doesNotContainPattern("[\\p{Cntrl}\\x80-\\x9f\\u2028\\u202e]");
                if (form.equals("json")) {
                    assertThat(json(log, 0).get("user").asText()).isEqualTo(user);
                    assertThat(json(log, 0).get("status").asInt()).isEqualTo(200);
                } else {
                    assertThat(line)
                            .contains(" - eve\\x20\\\"x\\\"\\x20200\\x0d\\x0a127.0.0.1\\x20-\\x20admin"
                                    + "\\u2028\\u202e\\\\ [")
                            .contains("] \"GET /api/%20%22x HTTP/1.1\" 200 2");
                }
            }
        }
    }

    private static JsonNode json(LogLines log, int n) throws IOException {
        return new ObjectMapper().readTree(log.events().get(n).getFormattedMessage());
    }
}
