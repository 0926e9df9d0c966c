package dev.headgate.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the log says at the start, and of an app that is not made for a gateway. */
class DoctorTest {

    private static List<String> findings(String... settings) {
        GatewayBuilder builder =
                GatewayBuilder.create().set("route.r.path", "/api/*").set("route.r.to", "http://a http://b");
        for (String line : settings) {
            builder.set(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
        }
        return Doctor.findings(builder.build());
    }

    @Test
    void defaultsAreFine() {
        assertThat(findings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    route.r.timeout.connect=10s route.r.timeout.response=4s | write route.r.timeout.connect = 600ms
                    route.r.retry.backoff=40s route.r.retry.backoff-max=50s route.r.timeout.response=30s | write route.r.retry.backoff = 3s
                    route.r.retry.backoff=2s route.r.retry.backoff-max=1s | write route.r.retry.backoff = 1s
                    route.r.timeout.total=5s | write route.r.timeout.response = 5s
                    route.r.error.detail=full | write route.r.error.detail = public
                    trusted-proxies=0.0.0.0/0 | write the addresses of your proxies
                    limit.l.rate=1/s | Limit l is used by no route; write route.NAME.limits = l
                    upstream.u.origins=http://u | Upstream u is used by no route; write route.NAME.to = u
                    upstream.r.balance=hash route.r.to=http://a | its balance has no effect
                    """)
    void whatIsHardlyMeantIsSaidWithWhatToWrite(String settings, String said) {
        assertThat(findings(settings.split(" (?=route|upstream)")))
                .anySatisfy(line -> assertThat(line).contains(said));
    }

    @OnEachContainer
    void routesAreATableAndDeadOriginsAreNamed(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        origin.refuse();
        String before = System.setProperty("headgate.start-check", "true"); // the build says false
        try (LogLines log = LogLines.of("dev.headgate.observe.Observation", "info");
                Scene scene = Scene.of(container, origin, "name=doctor-test", "route.r.methods=GET POST")) {
            await().untilAsserted(() -> assertThat(log.lines()).hasSize(2));
            assertThat(log.lines().get(0).lines().toList())
                    .satisfiesExactly(
                            line -> assertThat(line).isEqualTo("INFO Routes of 'doctor-test':"),
                            line -> assertThat(line)
                                    .matches(
                                            "  route +paths +methods +upstream +origins +target +cache +limits +timeouts"),
                            line -> assertThat(line)
                                    .matches("  r +/api/\\* +GET POST +r +"
                                            + scene.origin().url() + " +keep +no +none +connect=.* response=.*"));
            assertThat(log.lines().get(1)).startsWith("WARN Upstream r: " + origin.url() + " stops at TCP: ");
        } finally {
            if (before == null) {
                System.clearProperty("headgate.start-check");
            } else {
                System.setProperty("headgate.start-check", before);
            }
        }
    }

    @OnEachContainer
    void chainWithoutAsyncIsSaidOnceWithItsFilters(Container container) throws IOException {
        try (LogLines log = LogLines.of("dev.headgate.observe.Doctor", "info");
                Scene scene = Scene.of(
                        AppServer.on(container)
                                .filter((request, response, chain) -> chain.doFilter(request, response), false, "/*"),
                        RawOrigin.ok())) {
            scene.client().get("/api/x");
            scene.client().get("/api/x");
            assertThat(log.lines()).hasSize(1);
            assertThat(log.lines().get(0))
                    .startsWith("WARN Route r: a filter or servlet that its requests pass does not support async")
                    .contains("<async-supported>true</async-supported>", ", which are among ");
        }
    }
}
