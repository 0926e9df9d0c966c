package dev.headgate.failure;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the forms say to whom, for every kind. */
class PublicPageTest {

    private static final Texts ENGLISH = Texts.of("en");

    @ParameterizedTest
    @EnumSource
    void publicNeverSeesHostsMessagesOrExceptions(FailureKind kind) {
        for (String language : Texts.LANGUAGES) {
            for (boolean safe : new boolean[] {true, false}) {
                FailureReport report = Reports.of(kind);
                Texts texts = Texts.of(language);
                String everything = HtmlPage.builtIn().fill(report, texts, safe)
                        + ErrorPage.line(report, texts)
                        + Json.text(ErrorPage.problem(report, texts, safe));
                assertThat(everything)
                        .doesNotContain(Reports.HOST, "8443", "script>", "IllegalState", "quoted", "orders", "null")
                        .contains(Reports.ID);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void entitledSeeTheDiagnosisInEveryForm(FailureKind kind) throws Exception {
        FailureReport report = Reports.of(kind, true);
        Diagnosis diagnosis = Diagnosis.of(report);

        String html = HtmlPage.builtIn().fill(report, ENGLISH, true);
        assertThat(html)
                .contains("https://inner-7.corp.example:8443", "352 ms", kind.word(), "refused the connection")
                .contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &quot;quoted&quot;")
                .doesNotContain("<script");

        assertThat(ErrorPage.line(report, ENGLISH))
                .contains(diagnosis.meaning(), "attempt 2: https://inner-7.corp.example:8443, stage response, 340 ms")
                .contains(diagnosis.causes());

        JsonNode problem = new ObjectMapper().readTree(Json.text(ErrorPage.problem(report, ENGLISH, true)));
        assertThat(problem.get("side").asText())
                .isEqualToIgnoringCase(kind.side().name());
        assertThat(problem.get("attempts")).hasSize(2);
        assertThat(problem.at("/attempts/1/millis").asLong()).isEqualTo(340);
        assertThat(problem.at("/attempts/0/kind").asText()).isEqualTo("connection_refused");
        assertThat(problem.get("message").asText()).isEqualTo(Reports.SECRET);
    }

    @Test
    void problemHasTheMembersOfRfc9457() throws Exception {
        GatewayFailure failure =
                new GatewayFailure(FailureKind.CONNECTION_LIMIT_REACHED, "full").retryAfter(Duration.ofMillis(1500));
        JsonNode problem =
                new ObjectMapper().readTree(Json.text(ErrorPage.problem(Reports.of(failure, false), ENGLISH, true)));
        assertThat(problem.fieldNames())
                .toIterable()
                .containsExactly("type", "title", "status", "detail", "instance", "kind", "requestId", "retryAfter");
        assertThat(problem.get("type").asText()).isEqualTo("about:blank");
        assertThat(problem.get("title").asText()).isEqualTo("Service Unavailable");
        assertThat(problem.get("status").asInt()).isEqualTo(503);
        assertThat(problem.get("instance").asText()).isEqualTo("urn:headgate:request:" + Reports.ID);
        assertThat(problem.get("kind").asText()).isEqualTo("connection_limit_reached");
        assertThat(problem.get("retryAfter").asInt()).as("rounded up").isEqualTo(2);
    }

    @Test
    void plainAnswerIsOneLine() {
        assertThat(ErrorPage.line(Reports.of(FailureKind.CONNECTION_REFUSED), ENGLISH))
                .isEqualTo("502 This part of the site cannot be reached right now. [connection_refused] Request ID: "
                        + Reports.ID + "\n");
    }

    @Test
    void countdownIsForRequestsThatAreSafeToRepeat() {
        FailureReport refused = Reports.of(FailureKind.CONNECTION_REFUSED);
        assertThat(HtmlPage.builtIn().fill(refused, ENGLISH, true))
                .contains("href=\"\"", "Best in about 10 seconds", ":root{--wait:10s}");
        assertThat(HtmlPage.builtIn().fill(refused, ENGLISH, false))
                .doesNotContain("href=\"\"", "Best in about")
                .contains("We cannot tell whether what you sent was processed.");
    }

    @Test
    void countdownLastsAsLongAsRetryAfterSays() {
        GatewayFailure failure =
                new GatewayFailure(FailureKind.HTTP_REQUEST_DENIED, "limit").retryAfter(Duration.ofSeconds(42));
        assertThat(HtmlPage.builtIn().fill(Reports.of(failure, false), ENGLISH, true))
                .contains("Best in about 42 seconds", ":root{--wait:42s}");
        GatewayFailure hour =
                new GatewayFailure(FailureKind.HTTP_REQUEST_DENIED, "limit").retryAfter(Duration.ofHours(1));
        assertThat(HtmlPage.builtIn().fill(Reports.of(hour, false), ENGLISH, true))
                .contains("Best in about 60 minutes", "href=\"\"")
                .doesNotContain("--wait:3600s");
    }

    @ParameterizedTest
    @EnumSource(names = {"TLS_CERTIFICATE_ERROR", "PROXY_CONFIGURATION_ERROR", "PROXY_LOOP_DETECTED"})
    void whatNeedsRepairIsNotCountedDown(FailureKind kind) {
        assertThat(HtmlPage.builtIn().fill(Reports.of(kind), ENGLISH, true))
                .doesNotContain(":root{--wait:", "Best in about")
                .contains("somebody has to repair something first");
    }

    @Test
    void failuresOfTheRequestItselfAreNotBlamedOnAService() {
        assertThat(HtmlPage.builtIn().fill(Reports.of(FailureKind.CONTENT_TOO_LARGE), ENGLISH, false))
                .doesNotContain("class=\"way\"", "There is nothing wrong with your device")
                .contains("smaller file");
    }

    @Test
    void explanationForEverybodyIsEscaped() {
        GatewayFailure failure = new GatewayFailure(FailureKind.PROXY_CONFIGURATION_ERROR, "x").explained("a <b> & c");
        assertThat(HtmlPage.builtIn().fill(Reports.of(failure, false), ENGLISH, true))
                .contains("a &lt;b&gt; &amp; c");
    }
}
