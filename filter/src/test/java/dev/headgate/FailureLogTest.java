package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.IOException;
import java.util.List;

/** What the log says of exchanges that fail, and of those that nearly did. */
class FailureLogTest {

    private static final String NAME = "name=failures-test";
    private static final String LOGGER = "dev.headgate.failures.failures-test";

    @OnEachContainer
    void oneLineSaysAllOfAFailure(Container container) throws IOException {
        try (LogLines log = LogLines.of(LOGGER, "debug");
                Scene scene = Scene.of(
                        container,
                        RawOrigin.ok(),
                        NAME,
                        "route.r.retry.attempts=1",
                        "route.r.ambiguous-paths=parameters")) {
            scene.origin().refuse();
            scene.client().get("/api/x;jsessionid=SECRET?q=SECRET", "X-Request-Id: my-id");
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
            String origin = scene.origin().url();
            assertThat(log.lines().get(0))
                    .startsWith("WARN 502 connection_refused (upstream) at " + origin + ": ")
                    .contains("GET /api/x;jsessionid=***, route r, upstream r, request my-id; ")
                    .containsPattern("\\d ms in all, .* queued; attempt 1: " + origin
                            + " connection_refused at stage connect after .* ms \\(lease .* ms, connect .* ms\\)$")
                    .doesNotContain("SECRET");
        }
    }

    @OnEachContainer
    void attemptThatFailedUnnoticedIsToldQuietly(Container container) throws IOException {
        RawOrigin dead = RawOrigin.ok();
        dead.refuse();
        try (dead;
                LogLines log = LogLines.of(LOGGER, "debug");
                Scene scene = Scene.of(container, RawOrigin.ok(), NAME)) {
            // Whichever is first, one of two requests begins at the dead one.
            try (Scene two = Scene.of(
                    container,
                    RawOrigin.ok(),
                    NAME,
                    "route.r.to=" + dead.url() + ", " + scene.origin().url(),
                    "upstream.r.balance=round-robin")) {
                assertThat(two.client().get("/api/x").status()).isEqualTo(200);
                assertThat(two.client().get("/api/x").status()).isEqualTo(200);
            }
            // At DEBUG there may be a client of an earlier test that left.
            List<String> told = log.lines().stream()
                    .filter(line -> !line.startsWith("DEBUG"))
                    .toList();
            assertThat(told).hasSize(1);
            assertThat(told.get(0))
                    .startsWith("INFO connection_refused at " + dead.url() + " was made good, the client got 200: GET")
                    .contains("; attempt 2: " + scene.origin().url() + " ")
                    .doesNotContain("did not end");
        }
    }

    /** The gateway did its part, and users see errors all the same. */
    @OnEachContainer
    void originsOwnErrorIsToldToo(Container container) throws IOException {
        String broken = "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n";
        String missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        try (LogLines log = LogLines.of(LOGGER, "info");
                Scene scene = Scene.of(container, RawOrigin.answering(missing, broken), NAME)) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(404);
            assertThat(scene.client()
                            .get("/api/x?q=SECRET", "X-Request-Id: my-id")
                            .status())
                    .isEqualTo(500);
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
            String origin = scene.origin().url();
            assertThat(log.lines().get(0))
                    .startsWith("WARN 500 at " + origin + " is what the client got: GET /api/x, route r, upstream r,"
                            + " request my-id; ")
                    .contains("; attempt 1: " + origin + " answered 500 after ")
                    .doesNotContain("SECRET");
        }
    }

    @OnEachContainer
    void errorThatAnotherOriginMadeGoodIsToldQuietly(Container container) throws IOException {
        String broken = "HTTP/1.1 503 Broken\r\nContent-Length: 0\r\n\r\n";
        try (LogLines log = LogLines.of(LOGGER, "info");
                RawOrigin bad = RawOrigin.answering(broken);
                RawOrigin well = RawOrigin.ok();
                Scene scene = Scene.of(
                        container,
                        well,
                        NAME,
                        "route.r.to=" + bad.url() + " " + well.url(),
                        "upstream.r.balance=round-robin",
                        "route.r.retry.backoff=0s")) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
            assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
            assertThat(log.lines().get(0))
                    .startsWith(
                            "INFO 503 at " + bad.url() + " was made good, the client got 200: GET /api/x, route r, ")
                    .contains("; attempt 1: " + bad.url() + " answered 503 after ", "; attempt 2: " + well.url());
        }
    }

    @OnEachContainer
    void clientsFaultsAreForThoseWhoDebug(Container container) throws IOException {
        try (LogLines log = LogLines.of(LOGGER, "debug");
                Scene scene = Scene.of(container, RawOrigin.ok(), NAME)) {
            scene.client().get("/api/x;a=b");
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(1));
            assertThat(log.lines().get(0)).startsWith("DEBUG 400 http_request_error (client) at route r: ");
        }
    }

    @OnEachContainer
    void floodLeavesFiveLinesAndACount(Container container) throws IOException {
        try (LogLines log = LogLines.of(LOGGER, "debug")) {
            String origin;
            try (Scene scene = Scene.of(
                    container, RawOrigin.ok(), NAME, "route.r.retry.attempts=1", "upstream.r.health.failures=1000")) {
                scene.origin().refuse();
                origin = scene.origin().url();
                for (int i = 0; i < 9; i++) {
                    assertThat(scene.client().get("/api/x").status()).isEqualTo(502);
                }
                await().untilAsserted(() -> assertThat(log.lines()).hasSize(5));
            }
            assertThat(log.lines())
                    .hasSize(6)
                    .last()
                    .isEqualTo("WARN 4 more of connection_refused at " + origin + " in the last 10 s");
        }
    }
}
