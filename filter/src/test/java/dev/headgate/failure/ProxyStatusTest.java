package dev.headgate.failure;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** RFC 9209, in the syntax of RFC 9651. */
class ProxyStatusTest {

    /** sf-item with parameters: bare items are tokens, strings and integers. */
    private static final String BARE =
            "([A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*|\"([ !#-\\[\\]-~]|\\\\[\"\\\\])*\"|\\d{1,15})";

    private static final String MEMBER = BARE + "(;[a-z*][a-z0-9_.*-]*=" + BARE + ")*";

    @ParameterizedTest
    @EnumSource
    void everyKindMakesAWellFormedMember(FailureKind kind) {
        for (boolean detailed : new boolean[] {false, true}) {
            assertThat(ProxyStatus.of(Reports.of(kind), "headgate", detailed))
                    .matches(MEMBER)
                    .startsWith("headgate;error=" + kind.errorType());
        }
    }

    @ParameterizedTest
    @EnumSource
    void publicIsToldTheErrorAndNothingElse(FailureKind kind) {
        assertThat(ProxyStatus.of(Reports.of(kind), "headgate", false))
                .matches("headgate;error=[a-z_]+(;status-code=\\d+)?");
    }

    @Test
    void entitledAreToldNextHopAndDetails() {
        assertThat(ProxyStatus.of(Reports.of(FailureKind.TLS_CERTIFICATE_ERROR), "edge", true))
                .isEqualTo("edge;error=tls_certificate_error;next-hop=\"inner-7.corp.example\""
                        + ";details=\"<script>alert('x')</script> \\\"quoted\\\" at inner-7.corp.example\"");
    }

    /** RFC 9209 §2.3.21. */
    @Test
    void refusedRequestSaysWithWhichStatus() {
        assertThat(ProxyStatus.of(Reports.of(FailureKind.CONTENT_TOO_LARGE), "edge", false))
                .isEqualTo("edge;error=http_request_error;status-code=413");
    }

    @Test
    void statusOfTheOriginIsToldWhereOneCame() {
        AttemptReport attempt = new AttemptReport(
                "http://a:8080", "content", 5, 200, false, FailureKind.HTTP_RESPONSE_INCOMPLETE, "cut");
        FailureReport report = new FailureReport(
                new GatewayFailure(FailureKind.HTTP_RESPONSE_INCOMPLETE, "cut"),
                "id",
                "r",
                List.of(attempt),
                Duration.ZERO,
                Instant.EPOCH,
                false);
        assertThat(ProxyStatus.of(report, "edge", false))
                .isEqualTo("edge;error=http_response_incomplete;received-status=200");
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {"shop, shop", "a.b-c_d, a.b-c_d", "7up, `\"7up\"`", "-x, `\"-x\"`", "_x, `\"_x\"`"})
    void nameIsATokenWhereItCanBe(String name, String item) {
        assertThat(ProxyStatus.nameItem(name)).isEqualTo(item).matches(BARE);
    }

    @Test
    void lineBreaksAndForeignCharactersCannotLeaveTheString() {
        assertThat(ProxyStatus.string("a\r\nSet-Cookie: x=1\t\"\\ü€\u007f"))
                .isEqualTo("\"a??Set-Cookie: x=1?\\\"\\\\???\"")
                .matches(BARE);
    }
}
