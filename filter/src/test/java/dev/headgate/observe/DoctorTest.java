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
        assertThat(findings("route.r.concurrency.max=5", "upstream.r.concurrency.max=5"))
                .isEmpty();
    }

    @Test
    void whatHasItsEffectElsewhereIsFine() {
        assertThat(findings(
                        "route.r.priority=low",
                        "upstream.r.concurrency.adaptive=true",
                        "upstream.r.queue.length=5",
                        "upstream.r.queue.order=newest-first",
                        "limits.store=redis://localhost",
                        "route.r.limits=l",
                        "limit.l.rate=1/s",
                        "limit.l.status=503",
                        "limit.l.max-wait=1s",
                        "limit.l.key=role",
                        "limit.l.rate-for.partner=5/s"))
                .isEmpty();
    }

    @Test
    void settingForEveryRouteIsFoundOnce() {
        assertThat(findings("route.q.path=/q", "route.q.to=r", "route.*.queue.length=5"))
                .singleElement()
                .asString()
                .contains("write route.q.concurrency.max, route.r.concurrency.max = NUMBER");
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
                    route.r.queue.length=5 | write route.r.concurrency.max = NUMBER
                    route.r.queue.time=2s | write route.r.concurrency.max = NUMBER
                    route.r.queue.order=newest-first | write route.r.concurrency.max = NUMBER
                    upstream.*.queue.length=5 | write upstream.r.concurrency.max = NUMBER
                    route.r.concurrency.max=5 route.r.queue.time=2s | write route.r.queue.length = NUMBER
                    upstream.r.concurrency.max=5 upstream.r.queue.order=newest-first | write upstream.r.queue.length = NUMBER
                    route.r.concurrency.max=5 route.r.queue.length=5 route.r.queue.time=0 | write route.r.queue.time = 1s
                    route.r.priority=low | write route.r.queue.length = NUMBER
                    route.r.priority.high-roles=premium route.r.concurrency.max=5 | write route.r.queue.length = NUMBER
                    limit.l.rate=1/s route.r.limits=l limit.l.shadow=true limit.l.status=503 | write limit.l.shadow = false
                    limit.l.rate=1/s route.r.limits=l limit.l.shadow=true limit.l.max-wait=2s | write limit.l.shadow = false
                    limit.l.rate=1/s route.r.limits=l limit.l.key=role | write limit.l.rate-for.ROLE = RATE
                    limits.store=redis://localhost | write limit.NAME.rate and route.NAME.limits
                    """)
    void whatIsHardlyMeantIsSaidWithWhatToWrite(String settings, String said) {
        assertThat(findings(settings.split(" (?=route|upstream|limit)")))
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
