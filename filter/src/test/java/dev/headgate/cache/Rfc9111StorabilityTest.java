package dev.headgate.cache;

import static dev.headgate.cache.Scenario.date;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheConfig.SetCookie;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** RFC 9111 §3: what is stored and reused, and what is not. */
class Rfc9111StorabilityTest {

    /**
     * One line of a table.
     *
     * @param reused whether a second request, made this many seconds later, is answered without the origin
     */
    record Row(String name, boolean reused, long seconds, int status, List<String> request, List<String> response) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Row reused(String name, int status, String... response) {
        return new Row(name, true, 3, status, List.of(), List.of(response));
    }

    private static Row not(String name, int status, String... response) {
        return new Row(name, false, 3, status, List.of(), List.of(response));
    }

    private static Row after(long seconds, Row row) {
        return new Row(row.name, row.reused, seconds, row.status, row.request, row.response);
    }

    private static Row asking(String field, String value, Row row) {
        return new Row(row.name, row.reused, row.seconds, row.status, List.of(field, value), row.response);
    }

    static Stream<Row> rows() {
        String cc = "Cache-Control";
        String cdn = "CDN-Cache-Control";
        String lm = "Last-Modified";
        return Stream.of(
                // §3: directives
                not("§3 MUST NOT no-store", 200, cc, "no-store"),
                not("§3 MUST NOT no-store in any case", 200, cc, "No-StOrE"),
                not("§3 MUST NOT no-store beside freshness", 200, cc, "max-age=10000, no-store", "Expires", date(9999)),
                not("§3 MUST NOT private in a shared cache", 200, cc, "private, max-age=3600"),
                not("§5.2.2.4 MUST NOT no-cache", 200, cc, "max-age=3600, no-cache"),
                not("§5.2.2.4 MUST NOT no-cache in any case", 200, cc, "max-age=3600, No-CaChE"),
                not(
                        "§5.2.2.3 MUST NOT must-understand, unknown status",
                        599,
                        cc,
                        "max-age=3600, no-store, must-understand"),
                reused(
                        "§5.2.2.3 SHOULD must-understand, known status",
                        200,
                        cc,
                        "max-age=3600, no-store, must-understand"),
                reused("§5.2.2.2 MAY must-revalidate while fresh", 200, cc, "max-age=3600, must-revalidate"),
                not("§5.2.2.2 MUST NOT must-revalidate when stale", 200, cc, "max-age=2, must-revalidate"),
                // §3.5
                asking(
                        "Authorization",
                        "x",
                        not("§3.5 MUST NOT Authorization", 200, "Expires", date(9999), "Date", date(0))),
                asking("Authorization", "x", not("§3.5 MUST NOT Authorization, max-age", 200, cc, "max-age=3600")),
                asking("Authorization", "x", reused("§3.5 MAY public", 200, cc, "max-age=3600, public")),
                asking(
                        "Authorization",
                        "x",
                        reused("§3.5 MAY must-revalidate", 200, cc, "max-age=3600, must-revalidate")),
                asking("Authorization", "x", reused("§3.5 MAY s-maxage", 200, cc, "s-maxage=3600")),
                asking(cc, "no-store", not("§5.2.1.5 MUST NOT request no-store", 200, cc, "max-age=3600")),
                // Who else would get it
                not("Set-Cookie is not shared", 200, cc, "max-age=3600", "Set-Cookie", "a=b"),
                // §4.1
                not("§4.1 MUST NOT Vary: *", 200, cc, "max-age=3600", "Vary", "*"),
                not("§4.1 MUST NOT Vary: *, *", 200, cc, "max-age=3600", "Vary", "*, *"),
                not("§4.1 MUST NOT Vary: Foo, *", 200, cc, "max-age=3600", "Vary", "Foo, *"),
                not("§4.1 MUST NOT Vary on two lines", 200, cc, "max-age=3600", "Vary", "", "Vary", "*"),
                // §4.2.1: which lifetime counts
                not("§4.2.1 no freshness, no reuse", 200),
                reused("§4.2.1 max-age", 200, cc, "max-age=3600"),
                not("§4.2.1 MUST NOT max-age is over", 200, cc, "max-age=2"),
                not("§4.2.1 MUST NOT max-age=0", 200, cc, "max-age=0"),
                not(
                        "§4.2.1 MUST NOT max-age=0 before Expires",
                        200,
                        cc,
                        "max-age=0",
                        "Expires",
                        date(9999),
                        "Date",
                        date(0)),
                reused("§4.2.1 max-age=2147483647", 200, cc, "max-age=2147483647"),
                reused("§4.2.1 max-age=2147483648", 200, cc, "max-age=2147483648"),
                reused("§1.2.2 max-age=99999999999", 200, cc, "max-age=99999999999"),
                reused("§1.2.2 a longer number than any", 200, cc, "max-age=" + "9".repeat(99)),
                reused("§5.2 MaX-aGe", 200, cc, "MaX-aGe=3600"),
                reused("§5.2 quoted", 200, cc, "max-age=\"3600\""),
                reused("§5.2 leading zeros", 200, cc, "max-age=003600"),
                reused("§5.2.3 beside an unknown directive", 200, cc, "foobar, max-age=3600"),
                not("§5.2 inside of another argument", 200, cc, "x=\"max-age=3600\", max-age=1"),
                not("§5.2 inside of another argument, after", 200, cc, "max-age=1, x=\"max-age=3600\""),
                not("§5.2 inside of quotes with an escaped quote", 200, cc, "x=\"\\\", max-age=3600, \""),
                not("§4.2.1 SHOULD NOT single quotes", 200, cc, "max-age='3600'"),
                not("§4.2.1 SHOULD NOT negative", 200, cc, "max-age=-3600"),
                not("§4.2.1 SHOULD NOT letters", 200, cc, "max-age=3600a", "Expires", date(9999)),
                not("§4.2.1 SHOULD NOT a fraction", 200, cc, "max-age=3600.0"),
                not("§4.2.1 the first of two counts", 200, cc, "max-age=1", cc, "max-age=3600"),
                reused("§4.2.1 the first of two counts, on one line", 200, cc, "max-age=3600, max-age=1"),
                reused(
                        "§4.2.1 max-age before a past Expires",
                        200,
                        cc,
                        "max-age=3600",
                        "Expires",
                        date(-7200),
                        "Date",
                        date(0)),
                reused(
                        "§4.2.1 max-age before an invalid Expires",
                        200,
                        cc,
                        "max-age=3600",
                        "Expires",
                        "0",
                        "Date",
                        date(0)),
                reused("§4.2.1 s-maxage", 200, cc, "s-maxage=3600"),
                reused("§4.2.1 s-maxage before max-age", 200, cc, "max-age=1, s-maxage=3600"),
                not("§4.2.1 MUST NOT short s-maxage before max-age", 200, cc, "max-age=3600, s-maxage=1"),
                not("§4.2.1 MUST NOT the same, other order", 200, cc, "s-maxage=1, max-age=3600"),
                not("§4.2.1 MUST NOT the same, on two lines", 200, cc, "max-age=3600", cc, "s-maxage=1"),
                reused("§4.2.1 s-maxage before Expires", 200, "Expires", date(-10), cc, "max-age=0, s-maxage=3600"),
                // §5.3
                reused("§5.3 Expires", 200, "Expires", date(9999), "Date", date(0)),
                reused("§5.3 Expires with an invalid Date", 200, "Expires", date(10), "Date", "foo"),
                not("§5.3 MUST NOT past", 200, "Expires", date(-9999), "Date", date(0)),
                not("§5.3 MUST NOT present", 200, "Expires", date(0), "Date", date(0)),
                not("§5.3 MUST NOT before Date", 200, "Expires", date(300), "Date", date(400)),
                not("§5.3 MUST 0 is past", 200, "Expires", "0", "Date", date(0)),
                reused("§5.3 RFC 850 form", 200, "Expires", "Thursday, 18-Aug-50 02:01:18 GMT", "Date", date(0)),
                reused("§5.3 asctime form", 200, "Expires", "Thu Aug 18 02:01:18 2050", "Date", date(0)),
                // §4.2.3
                not("§4.2.3 MUST NOT older than max-age", 200, cc, "max-age=3600", "Age", "7200", "Date", date(0)),
                not("§4.2.3 MUST NOT older by Date", 200, cc, "max-age=3600", "Date", date(-7200)),
                not("§4.2.3 slow Date", 200, "Date", date(-10), "Expires", date(10), "Age", "25"),
                not("§4.2.3 fast Date", 200, "Date", date(10), "Expires", date(20), "Age", "15"),
                reused("§5.1 invalid Age", 200, cc, "max-age=3600", "Age", "abc"),
                reused("§5.1 negative Age", 200, cc, "max-age=3600", "Age", "-7200"),
                not("§5.1 the first Age counts", 200, cc, "max-age=3600", "Age", "7200, 0"),
                reused("§5.1 the first Age counts, on two lines", 200, cc, "max-age=3600", "Age", "0", "Age", "7200"),
                // §4.2.2
                reused("§4.2.2 MAY 200", 200, lm, date(-86400), "Date", date(0)),
                not("§4.2.2 201", 201, lm, date(-86400), "Date", date(0)),
                not("§4.2.2 202", 202, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 203", 203, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 204", 204, lm, date(-86400), "Date", date(0)),
                not("§4.2.2 403", 403, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 300", 300, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 301", 301, lm, date(-86400), "Date", date(0)),
                not("§4.2.2 302", 302, lm, date(-86400), "Date", date(0)),
                not("§4.2.2 307", 307, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 308", 308, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 404", 404, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 405", 405, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 410", 410, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 414", 414, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 501", 501, lm, date(-86400), "Date", date(0)),
                not("§4.2.2 502", 502, lm, date(-86400), "Date", date(0)),
                not("§4.2.2 503", 503, lm, date(-86400), "Date", date(0)),
                not("§4.2.2 504", 504, lm, date(-86400), "Date", date(0)),
                not("§4.2.2 599", 599, lm, date(-86400), "Date", date(0)),
                reused("§4.2.2 MAY 599 public", 599, lm, date(-86400), "Date", date(0), cc, "public"),
                after(
                        86_300,
                        reused("§4.2.2 a tenth of ten days, nearly over", 200, lm, date(-864_000), "Date", date(0))),
                after(86_401, not("§4.2.2 a tenth of ten days, over", 200, lm, date(-864_000), "Date", date(0))),
                after(86_401, not("§4.2.2 SHOULD a day at most", 200, lm, date(-8_640_000), "Date", date(0))),
                // RFC 9213
                reused("9213 max-age", 200, cdn, "max-age=3600"),
                reused("9213 a large number", 200, cdn, "max-age=99999999999"),
                reused("9213 unknown directive", 200, cdn, "foobar, max-age=3600"),
                reused("9213 before Expires", 200, cdn, "max-age=3600", "Expires", date(-9999), "Date", date(0)),
                reused("9213 MUST before Cache-Control", 200, cdn, "max-age=3600", cc, "max-age=1"),
                reused("9213 MUST before no-store", 200, cdn, "max-age=3600", cc, "no-store"),
                not("9213 MUST NOT shorter than Cache-Control", 200, cdn, "max-age=1", cc, "max-age=3600"),
                not("9213 MUST NOT max-age=0", 200, cdn, "max-age=0", "Expires", date(9999), "Date", date(0)),
                not("9213 MUST NOT older", 200, cdn, "max-age=3600", "Age", "7200"),
                not("9213 private", 200, cdn, "private", cc, "max-age=3600"),
                not("9213 no-cache", 200, cdn, "no-cache", cc, "max-age=3600"),
                not("9213 no-store", 200, cdn, "no-store", cc, "max-age=3600", "Expires", date(9999)),
                not("9213 MUST ignore what does not parse", 200, cdn, "max-age=10000, &&&&&", cc, "no-store"),
                not("9213 MUST ignore the wrong type", 200, cdn, "max-age=\"10000\"", cc, "no-store"),
                not("9213 MUST ignore space before =", 200, cdn, "max-age =100", cc, "max-age=1"),
                not("9213 MUST ignore space after =", 200, cdn, "max-age= 100", cc, "max-age=1"),
                not(
                        "9213 the gateway's own before all",
                        200,
                        "Headgate-Cache-Control",
                        "max-age=1",
                        cdn,
                        "max-age=3600"),
                reused("9213 the next one where that is empty", 200, "Headgate-Cache-Control", "", cdn, "max-age=3600"),
                // §3 explicit freshness, any final status
                reused("§3 299", 299, cc, "max-age=3600"),
                reused("§3 301", 301, cc, "max-age=3600"),
                reused("§3 302", 302, cc, "max-age=3600"),
                reused("§3 303", 303, cc, "max-age=3600"),
                reused("§3 307", 307, cc, "max-age=3600"),
                reused("§3 308", 308, cc, "max-age=3600"),
                reused("§3 400", 400, cc, "max-age=3600"),
                reused("§3 499", 499, cc, "max-age=3600"),
                reused("§3 500", 500, cc, "max-age=3600"),
                reused("§3 503", 503, cc, "max-age=3600"),
                reused("§3 599", 599, cc, "max-age=3600"),
                not("§3 stale 302", 302, "Expires", date(-5000), "Date", date(0)),
                not("§3 stale 503", 503, "Expires", date(-5000), "Date", date(0)),
                // §5.4
                asking("Pragma", "no-cache", not("§5.4 Pragma: no-cache in a request", 200, cc, "max-age=3600")),
                asking("Pragma", "foo", reused("§5.4 another Pragma", 200, cc, "max-age=3600")),
                reused("§5.4 Pragma in a response means nothing", 200, cc, "max-age=3600", "Pragma", "no-cache"),
                // §5.2.1
                asking(cc, "max-age=1", not("§5.2.1.1 older than wished", 200, cc, "max-age=3600")),
                asking(cc, "max-age=0", not("§5.2.1.1 max-age=0", 200, cc, "max-age=3600")),
                asking(cc, "min-fresh=4000", not("§5.2.1.3 not fresh for as long", 200, cc, "max-age=3600")),
                asking(cc, "max-stale=1000", reused("§5.2.1.2 staleness is fine", 200, cc, "max-age=1")),
                asking(cc, "max-stale=2", reused("§5.2.1.2 just as stale as is fine", 200, cc, "max-age=1")),
                asking(cc, "max-stale=1", not("§5.2.1.2 staler than is fine", 200, cc, "max-age=1")),
                asking(cc, "max-stale", reused("§5.2.1.2 any staleness is fine", 200, cc, "max-age=1")),
                asking(
                        cc,
                        "max-stale=1000",
                        not("§5.2.1.2 not against must-revalidate", 200, cc, "max-age=1, must-revalidate")),
                asking(cc, "no-cache", not("§5.2.1.4 no-cache", 200, cc, "max-age=3600")),
                asking(cc, "nothing-to-see-here", reused("§5.2 unknown in a request", 200, cc, "max-age=3600")),
                // Streams
                not("an event stream that says nothing", 200, "Content-Type", "text/event-stream", lm, date(-86400)),
                not(
                        "pictures that replace each other",
                        200,
                        "Content-Type",
                        "Multipart/X-Mixed-Replace; boundary=x",
                        lm,
                        date(-86400)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void table(Row row) {
        String[] response = row.response.toArray(String[]::new);
        String[] request = row.request.toArray(String[]::new);
        try (Scenario scenario = new Scenario()) {
            scenario.answers(row.status, row.status == 204 ? "" : "first", response)
                    .answers(row.status, row.status == 204 ? "" : "second", response);
            Scenario.Got first = scenario.get(request);
            assertThat(first.status).isEqualTo(row.status);
            // What the first request says of itself must not matter to whether others may have the response.
            boolean wishes =
                    row.name.startsWith("§5.2.1") && !row.name.startsWith("§5.2.1.5") || row.name.startsWith("§5.4");
            Scenario.Got second = scenario.pass(row.seconds).get(wishes ? request : new String[0]);
            assertThat(scenario.asked).hasSize(row.reused ? 1 : 2);
            assertThat(second.status).isEqualTo(row.status);
            if (row.status != 204) {
                assertThat(second.text()).isEqualTo(row.reused ? "first" : "second");
            }
        }
    }

    @Test
    void section4_2_2PartMayBeReusedHeuristically() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(
                    206, "34", "Content-Range", "bytes 3-4/10", "Last-Modified", date(-86400), "Date", date(0));
            scenario.get("Range", "bytes=3-4");
            Scenario.Got hit = scenario.pass(3).get("Range", "bytes=3-4");
            assertThat(hit.text()).isEqualTo("34");
            assertThat(hit.cacheStatus()).contains("hit");
        }
    }

    @Test
    void nothingIsGuessedWhereTheRouteSaysSo() {
        CacheConfig exact = Scenario.strict(false, Duration.ZERO);
        try (Scenario scenario = new Scenario(exact)) {
            scenario.answers("Last-Modified", date(-86400), "Date", date(0)).answers(304, "");
            scenario.get();
            assertThat(scenario.get().text()).isEqualTo("content");
            assertThat(scenario.asked.get(1).first("If-Modified-Since")).isEqualTo(date(-86400));
        }
        try (Scenario scenario = new Scenario(exact)) {
            scenario.answers("Last-Modified", date(-86400), "Cache-Control", "max-age=60");
            scenario.get();
            assertThat(scenario.get().cacheStatus()).contains("hit");
        }
    }

    // ---- streams that do not call themselves so ----

    @ParameterizedTest(name = "pauses of {0} ms, {1}: {2}")
    @CsvSource({
        "200, text/plain, false",
        "200, application/x-ndjson, false",
        "5000, application/json, false",
        "99, text/plain, true"
    })
    void contentThatTricklesWithoutFreshnessIsNotStored(long pause, String type, boolean stored) {
        try (Scenario scenario = new Scenario()) {
            scenario.trickles(
                    pause, "0123456789", "Content-Type", type, "ETag", "\"1\"", "Last-Modified", date(-86400));
            assertThat(scenario.get().text()).isEqualTo("0123456789");
            assertThat(scenario.cache().size()).isEqualTo(stored ? 1 : 0);
            assertThat(scenario.cache().statistics().tiers().get(0).pieces()).isEqualTo(stored ? 1 : 0);
            assertThat(scenario.get().text()).isEqualTo("0123456789");
            assertThat(scenario.asked).hasSize(stored ? 1 : 2);
        }
    }

    @Test
    void contentThatTricklesIsStoredWhereItIsFreshForSoLong() {
        try (Scenario scenario = new Scenario()) {
            scenario.trickles(5000, "0123456789", "Cache-Control", "max-age=600");
            scenario.get();
            assertThat(scenario.get().cacheStatus()).contains("hit");
        }
    }

    @Test
    void pauseBeforeTheEndIsOneToo() {
        try (Scenario scenario = new Scenario()) {
            scenario.trickles(600, "01", "ETag", "\"1\"");
            scenario.get();
            assertThat(scenario.cache().size()).isZero();
        }
    }

    @Test
    void section3_1MustNotStoreFieldsOfTheConnection() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(
                    "Cache-Control", "max-age=60",
                    "Connection", "a, b",
                    "a", "1",
                    "b", "2",
                    "c", "3",
                    "Proxy-Authentication-Info", "x",
                    "Proxy-Authenticate", "x",
                    "Keep-Alive", "x",
                    "TE", "x",
                    "Upgrade", "x",
                    "Content-Range", "kept");
            scenario.get();
            Scenario.Got stored = scenario.get();
            for (String gone : List.of(
                    "Connection",
                    "a",
                    "b",
                    "Proxy-Authentication-Info",
                    "Proxy-Authenticate",
                    "Keep-Alive",
                    "TE",
                    "Upgrade")) {
                assertThat(stored.fields.has(gone)).as(gone).isFalse();
            }
            assertThat(stored.fields.first("c")).isEqualTo("3");
            assertThat(stored.fields.first("Content-Range")).isEqualTo("kept");
        }
    }

    @Test
    void qualifiedNoCacheAndPrivateKeepTheirFieldsOutOfTheStore() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(
                    "Cache-Control",
                    "no-cache=\"a, b\", private=c, max-age=60",
                    "A",
                    "1",
                    "b",
                    "2",
                    "c",
                    "3",
                    "d",
                    "4");
            scenario.get();
            Scenario.Got stored = scenario.get();
            assertThat(scenario.asked).hasSize(1);
            assertThat(stored.fields.has("a")).isFalse();
            assertThat(stored.fields.has("b")).isFalse();
            assertThat(stored.fields.has("c")).isFalse();
            assertThat(stored.fields.first("d")).isEqualTo("4");
        }
    }

    @Test
    void responseWithACookieIsStoredWithoutItWhereTheRouteSaysSo() {
        CacheConfig off = CacheConfig.OFF;
        CacheConfig strip = new CacheConfig(
                true,
                true,
                1 << 20,
                Duration.ZERO,
                Duration.ZERO,
                off.share(),
                List.of(),
                false,
                SetCookie.STRIP,
                Duration.ZERO);
        try (Scenario scenario = new Scenario(strip)) {
            scenario.answers("Cache-Control", "max-age=60", "Set-Cookie", "a=b");
            assertThat(scenario.get().fields.first("Set-Cookie")).isEqualTo("a=b");
            assertThat(scenario.get().fields.has("Set-Cookie")).isFalse();
            assertThat(scenario.asked).hasSize(1);
        }
    }

    @Test
    void failuresAreRememberedForTheirOwnTimeWhereTheRouteSaysSo() {
        CacheConfig off = CacheConfig.OFF;
        CacheConfig negative = new CacheConfig(
                true,
                true,
                1 << 20,
                Duration.ZERO,
                Duration.ofSeconds(10),
                off.share(),
                List.of(),
                false,
                SetCookie.REFUSE,
                Duration.ZERO);
        for (int status : new int[] {404, 410, 500, 503}) {
            try (Scenario scenario = new Scenario(negative)) {
                scenario.answers(status, "gone");
                scenario.get();
                assertThat(scenario.pass(9).get().status).isEqualTo(status);
                assertThat(scenario.asked).as("%s", status).hasSize(1);
                scenario.pass(2).get();
                assertThat(scenario.asked).as("%s", status).hasSize(2);
            }
        }
    }

    @Test
    void postWithFreshnessAndItsOwnContentLocationAnswersGet() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(
                    "Expires",
                    date(9999),
                    "Date",
                    date(0),
                    "Content-Location",
                    "https://shop.example" + Scenario.TARGET);
            scenario.request("POST", Scenario.TARGET);
            assertThat(scenario.get().cacheStatus()).contains("hit");
            assertThat(scenario.request("POST", Scenario.TARGET).fromOrigin).isTrue();
        }
        try (Scenario scenario = new Scenario()) {
            scenario.answers("Expires", date(9999), "Date", date(0), "Content-Location", "/other");
            scenario.request("POST", Scenario.TARGET);
            assertThat(scenario.get().cacheStatus()).doesNotContain("hit");
        }
    }

    @Test
    void cutContentIsNotStored() {
        try (Scenario scenario = new Scenario()) {
            scenario.cuts("half", "Cache-Control", "max-age=60").answers("Cache-Control", "max-age=60");
            scenario.get();
            assertThat(scenario.get().text()).isEqualTo("content");
            assertThat(scenario.asked).hasSize(2);
        }
    }

    @Test
    void contentOfAnotherLengthThanAnnouncedIsNotStored() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(200, "four", "Cache-Control", "max-age=60", "Content-Length", "5");
            scenario.get();
            scenario.get();
            assertThat(scenario.asked).hasSize(2);
        }
    }
}
