package dev.headgate.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 9110 §5.6.7. */
class HttpDateTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Sun, 06 Nov 1994 08:49:37 GMT|1994-11-06T08:49:37Z",
                "Sunday, 06-Nov-94 08:49:37 GMT|1994-11-06T08:49:37Z",
                "Sun Nov  6 08:49:37 1994|1994-11-06T08:49:37Z",
                "THU, 18 Aug 2050 02:01:18 GMT|2050-08-18T02:01:18Z",
                "Thu, 18 AUG 2050 02:01:18 gMT|2050-08-18T02:01:18Z",
                "Thursday, 18-Aug-50 02:01:18 GMT|2050-08-18T02:01:18Z",
                "Friday, 01-Jan-77 00:00:00 GMT|1977-01-01T00:00:00Z",
                "Sat, 31 Dec 2016 23:59:60 GMT|2016-12-31T23:59:59Z"
            })
    void recipientsMustAcceptAllThreeForms(String text, Instant instant) {
        assertThat(HttpDate.parse(text, NOW)).isEqualTo(instant);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0",
                "-1",
                "",
                "foo",
                "Thu, 18 Aug 2050 02:01:18 UTC",
                "Thu, 18 Aug 50 02:01:18 GMT",
                "Thu 18 Aug 2050 02:01:18 GMT",
                "Thu, 18  Aug  2050 02:01:18 GMT",
                "Thu, 18-Aug-2050 02:01:18 GMT",
                "Thu, 18 Aug 2050 02.01.18 GMT",
                "Thu, 18 Aug 2050 2:01:18 GMT",
                "Thu, 31 Feb 2050 02:01:18 GMT",
                "Thu, 18 Foo 2050 02:01:18 GMT",
                "Xyz, 18 Aug 2050 02:01:18 GMT",
                "Thu, +8 Aug 2050 02:01:18 GMT",
                "Thu, 18 Aug 20x0 02:01:18 GMT",
                "Thu, 18 Aug 2050 24:01:18 GMT",
                "2050-08-18T02:01:18Z"
            })
    void anythingElseIsNoDate(String text) {
        assertThat(HttpDate.parse(text, NOW)).isNull();
    }
}
