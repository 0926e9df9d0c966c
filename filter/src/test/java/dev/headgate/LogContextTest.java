package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.Filter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.slf4j.MDC;

/** What lines that are written amid an exchange can say of it, wherever it runs. */
class LogContextTest {

    private static final String NAME = "name=context-test";
    private static final String FAILURES = "dev.headgate.failures.context-test";

    /** An app that uses the MDC, even one of the gateway's keys. */
    private static Filter app(List<Map<String, String>> after) {
        return (request, response, chain) -> {
            MDC.put("tenant", "t1");
            MDC.put("headgate.route", "the app's");
            try {
                chain.doFilter(request, response);
            } finally {
                after.add(MDC.getCopyOfContextMap());
                MDC.clear();
            }
        };
    }

    @OnEachContainer
    void linesNameTheExchangeAndTheAppsContextComesBack(Container container) throws IOException {
        List<Map<String, String>> after = Collections.synchronizedList(new ArrayList<>());
        try (LogLines log = LogLines.of(FAILURES, "info");
                Scene scene = Scene.of(
                        AppServer.on(container).filter(app(after)),
                        RawOrigin.ok(),
                        NAME,
                        "route.r.retry.attempts=1",
                        "route.r.to=u",
                        "upstream.u.origins=http://127.0.0.1:1")) {
            scene.client().get("/api/x", "X-Request-Id: my-id");
            await().untilAsserted(() -> assertThat(after).hasSize(1));
            assertThat(log.events()).hasSize(1);
            assertThat(context(log))
                    .containsEntry("headgate.requestId", "my-id")
                    .containsEntry("headgate.route", "r")
                    .containsEntry("headgate.upstream", "u")
                    .containsEntry("headgate.origin", "http://127.0.0.1:1")
                    .containsEntry("tenant", "t1");
            assertThat(after.get(0)).isEqualTo(Map.of("tenant", "t1", "headgate.route", "the app's"));
        }
    }

    @OnEachContainer
    void soDoLinesOffTheContainersThread(Container container) throws Exception {
        List<Map<String, String>> after = Collections.synchronizedList(new ArrayList<>());
        RawOrigin.Script silent = connection -> {
            connection.readRequest();
            connection.awaitClosedByPeer(20_000);
        };
        try (LogLines log = LogLines.of(FAILURES, "info");
                Scene scene = Scene.of(
                        AppServer.on(container).filter(app(after)),
                        RawOrigin.scripted(silent, connection -> connection.readRequest()),
                        NAME,
                        "host-threads=1",
                        "route.r.retry.attempts=1")) {
            scene.client().send(RawClient.request("GET", "/api/first") + "\r\n");
            await().until(() -> scene.origin().requests() == 1);
            assertThat(scene.connect().get("/api/x", "X-Request-Id: my-id").status())
                    .isEqualTo(502);
            await().untilAsserted(() -> assertThat(log.events()).hasSize(1));
            assertThat(log.events().get(0).getThreadName()).startsWith("headgate");
            assertThat(context(log))
                    .containsEntry("headgate.requestId", "my-id")
                    .containsEntry("headgate.origin", scene.origin().url())
                    .containsEntry("tenant", "t1");
            assertThat(after.get(0)).isEqualTo(Map.of("tenant", "t1", "headgate.route", "the app's"));
        }
    }

    @OnEachContainer
    void soDoLinesOfWhatTheCacheAsksByItself(Container container) throws IOException {
        RawOrigin.Script once = connection -> {
            connection.readRequest();
            connection.send(
                    RawOrigin.ok("a", "Cache-Control: max-age=0, stale-while-revalidate=600", "Connection: close"));
        };
        try (LogLines log = LogLines.of(FAILURES, "info");
                Scene scene = Scene.of(
                        container,
                        RawOrigin.scripted(once, connection -> connection.readRequest()),
                        NAME,
                        "route.r.cache=true",
                        "route.r.retry.attempts=1")) {
            assertThat(scene.client().get("/api/x").text()).isEqualTo("a");
            assertThat(scene.client().get("/api/x", "X-Request-Id: second").text())
                    .isEqualTo("a");
            await().untilAsserted(() -> assertThat(log.events()).hasSize(1));
            ILoggingEvent line = log.events().get(0);
            assertThat(line.getFormattedMessage()).contains(" while the cache asked by itself: ");
            assertThat(context(log))
                    .containsEntry("headgate.requestId", "second")
                    .containsEntry("headgate.route", "r")
                    .containsEntry("headgate.origin", scene.origin().url());
        }
    }

    private static Map<String, String> context(LogLines log) {
        return log.events().get(0).getMDCPropertyMap();
    }
}
