package dev.headgate.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headgate.config.RouteConfig;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.Json;
import dev.headgate.limit.AdmissionState;
import dev.headgate.observe.StatusView.Problem;
import dev.headgate.observe.StatusView.RouteView;
import dev.headgate.observe.StatusView.Severity;
import dev.headgate.setup.GatewayBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The page's words, and that nothing which others wrote gets out of them. */
class StatusHtmlTest {

    private static final String HOSTILE = "</script><script>alert('x')</script>\" onload=\"x {{token}} &amp; \u2028";

    private static final Instant NOW = Instant.parse("2026-11-25T23:39:40Z");

    private static StatusView view(List<RecentFailures.Failure> failures, List<Problem> problems) {
        RouteConfig route = GatewayBuilder.create()
                .set("route.r.path", "/a'b/*")
                .set("route.r.to", "http://a:1")
                .build()
                .routes()
                .get(0);
        Latency none = new Latency(0, 0, 0, 0);
        List<TrafficFigures.Step> history =
                Collections.nCopies(30, new TrafficFigures.Step(Long.MAX_VALUE / 64, Long.MAX_VALUE / 32, 0));
        TrafficFigures figures =
                new TrafficFigures("r", 1, Map.of(), Map.of(), 12345.6, 1, none, none, 0, 0, 0, history);
        return new StatusView(
                HOSTILE,
                NOW,
                Duration.ofMinutes(3),
                List.of(new RouteView(route, figures)),
                List.of(),
                null,
                new AdmissionState(
                        List.of(new AdmissionState.Rate(HOSTILE, 1, 1, 1, 1, 1, true, Duration.ZERO)),
                        List.of(),
                        new AdmissionState.Store(HOSTILE, false, Duration.ofSeconds(9), 1)),
                new ManagedGateway.Threads(10, 1, 0, 0, 200, 0, 0),
                failures,
                problems);
    }

    private static RecentFailures.Failure failure(FailureKind kind, int secondsAgo) {
        return new RecentFailures.Failure(
                NOW.minusSeconds(secondsAgo),
                kind,
                kind.status(),
                HOSTILE,
                HOSTILE,
                HOSTILE,
                "id",
                HOSTILE,
                List.of(HOSTILE));
    }

    @ParameterizedTest
    @EnumSource
    void everythingThatOthersWroteIsEscaped(FailureKind kind) throws Exception {
        StatusView view = view(
                List.of(failure(kind, 0)),
                List.of(new Problem(
                        Severity.BROKEN, HOSTILE, null, kind, HOSTILE, HOSTILE, Duration.ofDays(3), false)));

        String html = StatusHtml.fill(view, "/x", "the-token", new StatusActions.Result(400, HOSTILE, null));

        assertThat(html).doesNotContain("<script>alert", "\" onload", "alert('x')");
        assertThat(html.split("the-token", -1)).as("filled in once only").hasSize(3);
        assertThat(html.split("<script>", -1)).hasSize(2);
        String json = Json.text(view.json());
        assertThat(json).doesNotContain("<", ">", "\u2028");
        JsonNode read = new ObjectMapper().readTree(json);
        assertThat(read.at("/problems/0/why").asText()).isEqualTo(HOSTILE);
        assertThat(read.at("/failures/0/message").asText()).isEqualTo(HOSTILE);
        assertThat(read.at("/routes/0/requestsPerSecond").asDouble()).isEqualTo(12345.6);
        assertThat(read.at("/limits/store/address").asText()).isEqualTo(HOSTILE);
    }

    @Test
    void failuresOfAKindStandOnOneLineThoseOfClientsLast() {
        String html = StatusHtml.fill(
                view(
                        List.of(
                                failure(FailureKind.HTTP_REQUEST_DENIED, 0),
                                failure(FailureKind.CONNECTION_REFUSED, 1),
                                failure(FailureKind.CONNECTION_REFUSED, 5)),
                        List.of()),
                "/x",
                "t",
                null);

        assertThat(html).containsSubsequence("connection_refused", "2 times, since 23:39:35", "http_request_denied");
        assertThat(html.split("<summary>", -1)).hasSize(3);
    }

    @Test
    void headlineNamesWhatIsFailing() {
        assertThat(headline()).isEqualTo("Everything works");
        assertThat(headline(problem(Severity.NOTICE, "a"))).isEqualTo("Everything works");
        assertThat(headline(problem(Severity.ATTENTION, "a"))).isEqualTo("It works, but look at a");
        assertThat(headline(problem(Severity.BROKEN, "a"), problem(Severity.ATTENTION, "b")))
                .isEqualTo("a is failing");
        assertThat(headline(problem(Severity.BROKEN, "b"), problem(Severity.BROKEN, "a")))
                .isEqualTo("a and b are failing");
        assertThat(headline(
                        problem(Severity.BROKEN, "b"), problem(Severity.BROKEN, "a"), problem(Severity.BROKEN, "c")))
                .isEqualTo("3 upstreams are failing");
        assertThat(headline(problem(Severity.BROKEN, ""))).isEqualTo("The gateway itself is failing");
        assertThat(headline(problem(Severity.BROKEN, "a"), problem(Severity.BROKEN, "")))
                .isEqualTo("a and the gateway itself are failing");
    }

    private static Problem problem(Severity severity, String upstream) {
        return new Problem(severity, upstream, null, null, "what", "", null, false);
    }

    private static String headline(Problem... problems) {
        String html = StatusHtml.fill(view(List.of(), List.of(problems)), "/x", "t", null);
        return html.substring(html.indexOf("<h1>") + 4, html.indexOf("</h1>"));
    }

    @ParameterizedTest
    @CsvSource({"0, 0 s", "119, 119 s", "120, 2 min", "7199, 119 min", "7200, 2 h 0 min", "172800, 2 days 0 h"})
    void durationsAreReadable(long seconds, String text) {
        assertThat(StatusHtml.duration(Duration.ofSeconds(seconds))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 %", "0.0004, <0.1 %", "0.001, 0.1 %", "0.0994, 9.9 %", "0.25, 25 %", "1, 100 %"})
    void sharesAreReadable(double share, String text) {
        assertThat(StatusView.percent(share)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0, –", "400000, 0.4 ms", "12000000, 12 ms", "1500000000, 1.5 s"})
    void timesAreReadable(long nanos, String text) {
        assertThat(StatusHtml.millis(nanos)).isEqualTo(text);
    }
}
