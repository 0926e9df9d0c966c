package dev.headgate.cache;

import static dev.headgate.cache.Scenario.date;
import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.cache.Scenario.Got;
import dev.headgate.config.CacheConfig;
import dev.headgate.exchange.Fields;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 9111 §4: how a stored response is used, validated, freshened and invalidated. */
class Rfc9111ReuseTest {

    private static final String CC = "Cache-Control";

    // ---- §4: serving ----

    @Test
    void section4MustGenerateAgeAndLeaveDateAlone() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=600", "Age", "30", "Date", date(0));
            scenario.get();
            Got hit = scenario.pass(3).get();
            assertThat(hit.fields.all("Age")).containsExactly("33");
            assertThat(hit.fields.first("Date")).isEqualTo(date(0));
        }
    }

    @Test
    void section5_2_1_7OnlyIfCachedIsAnsweredWith504() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60");
            assertThat(scenario.get(CC, "only-if-cached").status).isEqualTo(504);
            scenario.get();
            assertThat(scenario.get(CC, "only-if-cached").status).isEqualTo(200);
            assertThat(scenario.get(CC, "only-if-cached, no-cache").status).isEqualTo(504);
            assertThat(scenario.asked).hasSize(1);
        }
    }

    // ---- §4.1: Vary ----

    record Vary(
            String name, boolean same, String vary, List<String> first, List<String> second, List<String> response) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Vary> varies() {
        List<String> foo1 = List.of("Foo", "1");
        List<String> none = List.of();
        String al = "Accept-Language";
        return Stream.of(
                new Vary("MAY the same value", true, "Foo", foo1, foo1, none),
                new Vary("MUST NOT another value", false, "Foo", foo1, List.of("Foo", "2"), none),
                new Vary("MUST NOT missing now", false, "Foo", foo1, none, none),
                new Vary("MUST NOT missing then", false, "Foo", none, foo1, none),
                new Vary("MAY missing both times", true, "Foo, Bar", foo1, foo1, none),
                new Vary(
                        "MUST NOT one of two",
                        false,
                        "Foo, Bar",
                        List.of("Foo", "1", "Bar", "a"),
                        List.of("Foo", "1", "Bar", "b"),
                        none),
                new Vary(
                        "MAY what is not named",
                        true,
                        "Foo",
                        List.of("Foo", "1", "X", "1"),
                        List.of("Foo", "1", "X", "2"),
                        none),
                new Vary("MAY space around commas", true, "Foo", List.of("Foo", "1,2"), List.of("Foo", " 1, 2 "), none),
                new Vary(
                        "MAY two lines are one list",
                        true,
                        "Foo",
                        List.of("Foo", "1, 2"),
                        List.of("Foo", "1", "Foo", "2"),
                        none),
                new Vary(
                        "MUST NOT space in quotes is content",
                        false,
                        "Foo",
                        List.of("Foo", "\"1,2\""),
                        List.of("Foo", "\"1, 2\""),
                        none),
                new Vary(
                        "MUST NOT order of an unknown list",
                        false,
                        "Foo",
                        List.of("Foo", "1, 2"),
                        List.of("Foo", "2, 1"),
                        none),
                new Vary("MAY order of languages", true, al, List.of(al, "en, de"), List.of(al, "de, en"), none),
                new Vary("MAY case of languages", true, al, List.of(al, "en, de"), List.of(al, "eN, De"), none),
                new Vary("MAY space of languages", true, al, List.of(al, "en, de"), List.of(al, " en ,   de"), none),
                new Vary(
                        "MUST NOT weights of languages",
                        false,
                        al,
                        List.of(al, "en, de"),
                        List.of(al, "en, de;q=0.5"),
                        none),
                new Vary(
                        "MAY the favourite language",
                        true,
                        al,
                        List.of(al, "en, de"),
                        List.of(al, "fr;q=0.5, de;q=1.0"),
                        List.of("Content-Language", "de")),
                new Vary(
                        "MUST NOT not the favourite",
                        false,
                        al,
                        List.of(al, "en, de"),
                        List.of(al, "fr, de;q=0.5"),
                        List.of("Content-Language", "de")),
                new Vary(
                        "MUST NOT two favourites",
                        false,
                        al,
                        List.of(al, "en"),
                        List.of(al, "fr, de"),
                        List.of("Content-Language", "de")),
                new Vary(
                        "MAY spelling of weights",
                        true,
                        al,
                        List.of(al, "en, de;q=0.5, fr;q=1, it;q=0"),
                        List.of(al, "en;q=1.000,, de; Q=0.50 , fr, it ;x=y;q=0.,"),
                        none),
                new Vary(
                        "MAY weights that are none",
                        true,
                        al,
                        List.of(al, "en, de, fr, it, es, pt"),
                        List.of(al, "en;q=1.001, de;q=2, fr;q=0.1234, it;q=.5, es;q=, pt;q=0.x;"),
                        none),
                new Vary("MUST NOT thousandths", false, al, List.of(al, "en;q=0.123"), List.of(al, "en;q=0.124"), none),
                new Vary(
                        "MAY order of codings",
                        true,
                        "Accept-Encoding",
                        List.of("Accept-Encoding", "gzip, br"),
                        List.of("Accept-Encoding", "br,gzip"),
                        none));
    }

    @ParameterizedTest(name = "§4.1 {0}")
    @MethodSource("varies")
    void vary(Vary row) {
        try (Scenario scenario = new Scenario()) {
            Fields response = Fields.of(row.response.toArray(String[]::new))
                    .plus(CC, "max-age=60")
                    .plus("Vary", row.vary);
            String[] fields = Stream.of(response)
                    .flatMap(each -> java.util.stream.StreamSupport.stream(each.spliterator(), false))
                    .flatMap(line -> Stream.of(line.name(), line.value()))
                    .toArray(String[]::new);
            scenario.answers(fields);
            scenario.get(row.first.toArray(String[]::new));
            Got second = scenario.get(row.second.toArray(String[]::new));
            assertThat(scenario.asked).hasSize(row.same ? 1 : 2);
            if (!row.same) {
                assertThat(second.cacheStatus()).contains("fwd=vary-miss");
            }
        }
    }

    @Test
    void section4_1VariantsLiveSideBySide() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(200, "one", CC, "max-age=60", "Vary", "Foo")
                    .answers(200, "two", CC, "max-age=60", "Vary", "Foo");
            scenario.get("Foo", "1");
            scenario.get("Foo", "2");
            assertThat(scenario.get("Foo", "1").text()).isEqualTo("one");
            assertThat(scenario.get("Foo", "2").text()).isEqualTo("two");
            assertThat(scenario.asked).hasSize(2);
        }
    }

    // ---- §4.2.4, RFC 5861: stale ----

    @ParameterizedTest(name = "§4.2.4 MUST NOT {0}")
    @ValueSource(strings = {"must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=2"})
    void staleIsForbidden(String directive) {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2, " + directive, "ETag", "\"1\"").fails();
            scenario.get();
            assertThat(scenario.pass(3).get().status).isEqualTo(502);
        }
    }

    @ParameterizedTest(name = "RFC 5861, §5.2.2 MUST NOT {0} beside {1}")
    @CsvSource({
        "must-revalidate, stale-while-revalidate=600",
        "proxy-revalidate, stale-while-revalidate=600",
        "no-cache, stale-while-revalidate=600",
        "s-maxage=2, stale-while-revalidate=600",
        "must-revalidate, stale-if-error=600",
        "proxy-revalidate, stale-if-error=600",
        "no-cache, stale-if-error=600",
        "s-maxage=2, stale-if-error=600"
    })
    void staleIsForbiddenWhateverAllowsIt(String forbids, String allows) {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2, " + allows + ", " + forbids, "ETag", "\"1\"")
                    .fails();
            scenario.get();
            assertThat(scenario.pass(3).get().status).isEqualTo(502);
            assertThat(scenario.get(CC, "max-stale=600, stale-if-error=600").status)
                    .isEqualTo(502);
        }
    }

    @Test
    void clientMayAskForAStaleResponseWhereTheOriginFails() {
        CacheConfig strict = Scenario.strict(true, Duration.ZERO);
        try (Scenario scenario = new Scenario(strict)) {
            scenario.answers(CC, "max-age=2").fails();
            scenario.get();
            scenario.pass(10);
            assertThat(scenario.get().status).isEqualTo(502);
            assertThat(scenario.get(CC, "stale-if-error=7").status).isEqualTo(502);
            Got stale = scenario.get(CC, "stale-if-error=8");
            assertThat(stale.text()).isEqualTo("content");
            assertThat(stale.cacheStatus()).contains("fwd=stale").contains("detail=connection_refused");
        }
    }

    @Test
    void staleCoversAFailureForAsLongAsTheRouteAllows() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2").fails();
            scenario.get();
            Got stale = scenario.pass(600).get();
            assertThat(stale.status).isEqualTo(200);
            assertThat(stale.text()).isEqualTo("content");
            assertThat(stale.cacheStatus()).contains("fwd=stale").contains("detail=connection_refused");
            assertThat(scenario.pass(10).get().status).isEqualTo(502);
        }
    }

    @ParameterizedTest(name = "RFC 5861 §4: {0}")
    @ValueSource(ints = {500, 502, 503, 504})
    void staleIfErrorCoversAnErrorStatus(int status) {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2, stale-if-error=5000").answers(status, "oops");
            scenario.get();
            assertThat(scenario.pass(5000).get().text()).isEqualTo("content");
            assertThat(scenario.pass(3).get().status).isEqualTo(status);
        }
    }

    @Test
    void staleWhileRevalidateHasAnEnd() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=1, stale-while-revalidate=4", "ETag", "\"1\"")
                    .answers(200, "new", CC, "no-cache", "ETag", "\"2\"");
            scenario.get();
            Got late = scenario.pass(5).get();
            assertThat(late.text()).isEqualTo("new");
            assertThat(late.cacheStatus()).contains("fwd=stale");
        }
    }

    // ---- §4.3: validation ----

    @Test
    void section4_3_1SendsBothValidators() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "W/\"1\"", "Last-Modified", date(-99), "Vary", "Abc")
                    .answers(304, "");
            scenario.get("Abc", "123");
            Got validated = scenario.pass(3).get("Abc", "123", "If-None-Match", "\"mine\"");
            Fields sent = scenario.asked.get(1);
            assertThat(sent.all("If-None-Match")).containsExactly("W/\"1\"");
            assertThat(sent.all("If-Modified-Since")).containsExactly(date(-99));
            assertThat(sent.first("Abc")).isEqualTo("123");
            assertThat(validated.status).isEqualTo(200);
        }
    }

    @Test
    void noCacheIsStoredAndValidatedEachTime() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=999, no-cache", "ETag", "\"1\"").answers(304, "", "ETag", "\"1\"");
            scenario.get();
            assertThat(scenario.get().text()).isEqualTo("content");
            assertThat(scenario.get().text()).isEqualTo("content");
            assertThat(scenario.asked).hasSize(3);
            assertThat(scenario.asked.get(2).first("If-None-Match")).isEqualTo("\"1\"");
        }
    }

    @ParameterizedTest(name = "§3.2 MUST update {0}")
    @ValueSource(
            strings = {
                "Test-Header",
                "X-Test-Header",
                "Content-Foo",
                "X-Content-Foo",
                "Expires",
                "Content-Location",
                "Content-Type"
            })
    void notModifiedUpdatesFields(String name) {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "\"1\"", name, "a", "Other", "kept")
                    .answers(304, "", CC, "max-age=3600", "ETag", "\"1\"", name, "b");
            scenario.get();
            Got validated = scenario.pass(3).get();
            Got hit = scenario.pass(3).get();
            for (Got each : List.of(validated, hit)) {
                assertThat(each.fields.all(name)).containsExactly("b");
                assertThat(each.fields.all("Other")).containsExactly("kept");
                assertThat(each.fields.first(CC)).isEqualTo("max-age=3600");
            }
            assertThat(scenario.asked).hasSize(2);
        }
    }

    @ParameterizedTest(name = "§3.2 MUST NOT update {0}")
    @ValueSource(strings = {"Content-Length", "Content-Encoding", "Content-Range"})
    void notModifiedLeavesWhatDescribesTheContent(String name) {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "\"1\"", name, name.equals("Content-Length") ? "7" : "a")
                    .answers(304, "", "ETag", "\"1\"", name, "99");
            scenario.get();
            Got validated = scenario.pass(3).get();
            assertThat(validated.text()).isEqualTo("content");
            assertThat(validated.length).isEqualTo(7);
            assertThat(validated.fields.combined(name)).isNotEqualTo("99");
        }
    }

    @Test
    void notModifiedNeitherSetsCookiesNorLeavesFieldsOfItsConnection() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "\"1\"")
                    .answers(
                            304,
                            "",
                            CC,
                            "max-age=60",
                            "ETag",
                            "\"1\"",
                            "Set-Cookie",
                            "user=ann",
                            "Connection",
                            "close, X-Hop",
                            "X-Hop",
                            "1",
                            "Keep-Alive",
                            "timeout=5");
            scenario.get();
            scenario.pass(3).get();
            Got hit = scenario.get();
            assertThat(scenario.asked).hasSize(2);
            assertThat(hit.fields.first(CC)).isEqualTo("max-age=60");
            for (String gone : List.of("Set-Cookie", "Connection", "X-Hop", "Keep-Alive")) {
                assertThat(hit.fields.has(gone)).as(gone).isFalse();
            }
        }
    }

    @Test
    void notModifiedWithAWeakTagLeavesTheStrongOneThatIsStored() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "\"1\"", "X-A", "old")
                    .answers(304, "", CC, "max-age=60", "ETag", "W/\"1\"", "X-A", "new");
            scenario.get();
            assertThat(scenario.pass(3).get().fields.first("X-A")).isEqualTo("new");
            assertThat(scenario.get().fields.all("ETag")).containsExactly("\"1\"");
            assertThat(scenario.asked).hasSize(2);
        }
    }

    @Test
    void section4_3_4MustNotUseA304OfOtherContent() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "\"1\"")
                    .answers(304, "", "ETag", "\"2\"")
                    .answers(200, "new", CC, "max-age=60", "ETag", "\"2\"");
            scenario.get();
            assertThat(scenario.pass(3).get().text()).isEqualTo("new");
            assertThat(scenario.asked.get(2).has("If-None-Match")).isFalse();
        }
    }

    @Test
    void section4_3_4MustNotUpdateAWeakTagByAStrongOne() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "W/\"1\"", "X-A", "old")
                    .answers(304, "", CC, "max-age=3600", "ETag", "\"1\"", "X-A", "new");
            scenario.get();
            Got confirmed = scenario.pass(3).get();
            assertThat(confirmed.text()).isEqualTo("content");
            assertThat(confirmed.fields.first("X-A")).isEqualTo("old");
            scenario.get();
            assertThat(scenario.asked).hasSize(3);
        }
    }

    @Test
    void section4_3_4MustNotUseA304OfAnotherLastModified() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "Last-Modified", date(-99))
                    .answers(304, "", "Last-Modified", date(-50))
                    .answers(200, "new", CC, "max-age=60");
            scenario.get();
            assertThat(scenario.pass(3).get().text()).isEqualTo("new");
        }
    }

    @ParameterizedTest(name = "§5.2.2 MUST NOT keep after {0} {1}")
    @CsvSource({"GET, private", "GET, no-store", "HEAD, private", "HEAD, no-store"})
    void whatTheOriginForbidsToStoreLaterIsForgotten(String method, String directive) {
        try (Scenario scenario = new Scenario()) {
            int status = method.equals("GET") ? 304 : 200;
            scenario.answers(CC, "max-age=2", "ETag", "\"1\"")
                    .answers(status, "", CC, directive, "ETag", "\"1\"", "Content-Length", "7")
                    .answers(200, "new", CC, "max-age=60", "ETag", "\"2\"");
            scenario.get();
            Got last = scenario.pass(3).request(method, Scenario.TARGET);
            assertThat(last.status).isEqualTo(200);
            assertThat(last.text()).isEqualTo(method.equals("GET") ? "content" : "");
            Got next = scenario.get();
            assertThat(next.text()).isEqualTo("new");
            assertThat(next.cacheStatus()).contains("fwd=uri-miss");
        }
    }

    @Test
    void notModifiedMayNarrowWhomTheContentIsFor() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "\"1\"")
                    .answers(304, "", CC, "max-age=60", "ETag", "\"1\"", "Vary", "Foo")
                    .answers(200, "other", CC, "max-age=60", "Vary", "Foo");
            scenario.get("Foo", "1");
            assertThat(scenario.pass(3).get("Foo", "1").text()).isEqualTo("content");
            assertThat(scenario.get("Foo", "1").text()).isEqualTo("content");
            assertThat(scenario.get().text()).isEqualTo("other");
            assertThat(scenario.asked).hasSize(3);
        }
    }

    @Test
    void originsOwnWordOnStaleErrorsGoesBeforeTheRoutes() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2, stale-if-error=5", "ETag", "\"1\"").fails();
            scenario.get();
            assertThat(scenario.pass(6).get().text()).isEqualTo("content");
            assertThat(scenario.pass(6).get().status).isEqualTo(502);
        }
    }

    @Test
    void section4_2_3TheTimeAResponseTookIsPartOfItsAge() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60", "Age", "10");
            scenario.whileAsking = () -> scenario.pass(7);
            scenario.get();
            assertThat(scenario.pass(3).get().fields.first("Age")).isEqualTo("20");
        }
    }

    @Test
    void newContentReplacesWhatWasStored() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "\"1\"").answers(200, "new", CC, "max-age=60", "ETag", "\"2\"");
            scenario.get();
            assertThat(scenario.pass(3).get().text()).isEqualTo("new");
            assertThat(scenario.get().text()).isEqualTo("new");
            assertThat(scenario.asked).hasSize(2);
        }
    }

    // ---- §4.3.2: conditional requests from the store ----

    record Condition(String name, int status, List<String> request) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Condition> conditions() {
        String inm = "If-None-Match";
        String ims = "If-Modified-Since";
        return Stream.of(
                new Condition("the tag", 304, List.of(inm, "\"abc\"")),
                new Condition("the tag, weakly", 304, List.of(inm, "W/\"abc\"")),
                new Condition("first of three", 304, List.of(inm, "\"abc\", \"1\", \"2\"")),
                new Condition("last of three", 304, List.of(inm, "\"1\", \"2,\", \"abc\"")),
                new Condition("on two lines", 304, List.of(inm, "\"1\"", inm, "\"abc\"")),
                new Condition("any", 304, List.of(inm, "*")),
                new Condition("another tag", 200, List.of(inm, "\"abcd\"")),
                new Condition("a tag wins over a date", 304, List.of(inm, "\"abc\"", ims, date(-99_999))),
                new Condition("another tag wins over a date", 200, List.of(inm, "\"x\"", ims, date(0))),
                new Condition("the date", 304, List.of(ims, date(-3000))),
                new Condition("a later date", 304, List.of(ims, date(-2000))),
                new Condition("an earlier date", 200, List.of(ims, date(-3001))),
                new Condition("RFC 850", 304, List.of(ims, "Sunday, 01-Mar-26 11:10:00 GMT")),
                new Condition("no date", 200, List.of(ims, "yesterday")));
    }

    @ParameterizedTest(name = "§4.3.2 {0}")
    @MethodSource("conditions")
    void conditionalRequest(Condition row) {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(
                    CC,
                    "max-age=60",
                    "ETag",
                    "\"abc\"",
                    "Last-Modified",
                    date(-3000),
                    "Date",
                    date(0),
                    "Content-Type",
                    "x");
            scenario.get();
            Got got = scenario.get(row.request.toArray(String[]::new));
            assertThat(got.status).isEqualTo(row.status);
            assertThat(scenario.asked).hasSize(1);
            if (row.status == 304) {
                assertThat(got.text()).isEmpty();
                assertThat(got.fields.first("ETag")).isEqualTo("\"abc\"");
                assertThat(got.fields.has("Content-Type")).isFalse();
            }
        }
    }

    @Test
    void staleOneIsValidatedBeforeTheClientHears304() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "Last-Modified", date(-3000), "Date", date(0))
                    .answers(304, "");
            scenario.get();
            assertThat(scenario.pass(3).get("If-Modified-Since", date(-3000)).status)
                    .isEqualTo(304);
            assertThat(scenario.asked.get(1).first("If-Modified-Since")).isEqualTo(date(-3000));
        }
    }

    @Test
    void conditionsGoThroughWhereNothingIsStored() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(304, "", "ETag", "\"1\"");
            assertThat(scenario.get("If-None-Match", "\"1\"").status).isEqualTo(304);
            assertThat(scenario.asked.get(0).first("If-None-Match")).isEqualTo("\"1\"");
            assertThat(scenario.cache().size()).isZero();
        }
    }

    @Test
    void preconditionsOnTheOriginsStateGoToTheOrigin() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60", "ETag", "\"1\"");
            scenario.get();
            assertThat(scenario.get("If-Match", "\"1\"").cacheStatus()).contains("fwd=bypass");
            assertThat(scenario.asked).hasSize(2);
        }
    }

    // ---- §4.3.5: HEAD ----

    @Test
    void headIsAnsweredFromAFreshGet() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60");
            scenario.get();
            Got head = scenario.request("HEAD", Scenario.TARGET);
            assertThat(head.length).isEqualTo(7);
            assertThat(head.text()).isEmpty();
            assertThat(scenario.asked).hasSize(1);
        }
    }

    @Test
    void headFreshensWhatHasNotChanged() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "Template", "1")
                    .answers(200, "", CC, "max-age=1000", "Template", "2", "Content-Length", "7")
                    .answers(200, "never");
            scenario.get();
            scenario.pass(3).request("HEAD", Scenario.TARGET);
            Got hit = scenario.get();
            assertThat(hit.text()).isEqualTo("content");
            assertThat(hit.fields.first("Template")).isEqualTo("2");
            assertThat(scenario.asked).hasSize(2);
        }
    }

    @Test
    void headThatShowsAChangeMakesStale() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=2", "ETag", "\"1\"")
                    .answers(200, "", CC, "max-age=1000", "ETag", "\"2\"", "Content-Length", "7")
                    .answers(200, "changed", CC, "max-age=60", "ETag", "\"2\"");
            scenario.get();
            scenario.pass(3).request("HEAD", Scenario.TARGET);
            assertThat(scenario.get().text()).isEqualTo("changed");
        }
    }

    @Test
    void headIsNeverStoredAsGet() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(200, "", CC, "max-age=60", "Content-Length", "7").answers(CC, "max-age=60");
            scenario.request("HEAD", Scenario.TARGET);
            assertThat(scenario.get().text()).isEqualTo("content");
            assertThat(scenario.asked).hasSize(2);
        }
    }

    // ---- §4.4: invalidation ----

    @ParameterizedTest(name = "§4.4 MUST {0}")
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH", "M-SEARCH"})
    void unsafeMethodsInvalidate(String method) {
        for (int status : new int[] {200, 204, 303}) {
            try (Scenario scenario = new Scenario()) {
                scenario.answers(CC, "max-age=60").answers(status, "").answers(200, "new", CC, "max-age=60");
                scenario.get();
                scenario.request(method, Scenario.TARGET);
                assertThat(scenario.get().text()).isEqualTo("new");
            }
        }
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60").answers(500, "");
            scenario.get();
            scenario.request(method, Scenario.TARGET);
            assertThat(scenario.get().text()).isEqualTo("content");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Location", "Content-Location"})
    void whatAnUnsafeResponsePointsToIsInvalidatedOnTheSameOriginOnly(String field) {
        for (String reference :
                new String[] {"/b?x=1", "b?x=1", "https://SHOP.example/b?x=1", "https://other.example/b?x=1"}) {
            try (Scenario scenario = new Scenario()) {
                scenario.answers(CC, "max-age=60")
                        .answers(200, "", field, reference)
                        .answers(200, "new", CC, "max-age=60");
                scenario.request("GET", "/b?x=1");
                scenario.request("POST", "/a");
                assertThat(scenario.request("GET", "/b?x=1").text())
                        .isEqualTo(reference.contains("other") ? "content" : "new");
            }
        }
    }

    // ---- §3.3, §3.4, RFC 9110 §14: ranges ----

    @Test
    void partialContentIsStoredAndSmallerRangesCutFromIt() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(206, "56789", CC, "max-age=3600", "Content-Range", "bytes 5-9/10");
            assertThat(scenario.get("Range", "bytes=-5").status).isEqualTo(206);
            assertThat(scenario.get("Range", "bytes=-5").text()).isEqualTo("56789");
            assertThat(scenario.get("Range", "bytes=6-8").text()).isEqualTo("678");
            assertThat(scenario.get("Range", "bytes=6-").text()).isEqualTo("6789");
            Got one = scenario.get("Range", "bytes=-1");
            assertThat(one.text()).isEqualTo("9");
            assertThat(one.fields.all("Content-Range")).containsExactly("bytes 9-9/10");
            assertThat(scenario.asked).hasSize(1);
            assertThat(scenario.get("Range", "bytes=4-5").cacheStatus()).contains("fwd=partial");
            assertThat(scenario.get().cacheStatus()).contains("fwd=partial");
        }
    }

    @Test
    void rangeThatIsMiscountedAtItsEndIsTakenForWhatItBrought() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(206, "01234", CC, "max-age=3600", "Content-Range", "bytes 4-9/10");
            scenario.get("Range", "bytes=-5");
            assertThat(scenario.get("Range", "bytes=-5").text()).isEqualTo("01234");
            assertThat(scenario.get("Range", "bytes=6-8").text()).isEqualTo("234");
            assertThat(scenario.get("Range", "bytes=-1").text()).isEqualTo("4");
            assertThat(scenario.asked).hasSize(1);
        }
    }

    @Test
    void section3_4MustNotCombineWithoutACommonStrongValidator() {
        for (String tag : new String[] {"W/\"1\"", "\"2\"", ""}) {
            try (Scenario scenario = new Scenario()) {
                scenario.answers(
                                206,
                                "01234",
                                CC,
                                "max-age=60",
                                "Content-Range",
                                "bytes 0-4/10",
                                "ETag",
                                tag.startsWith("W") ? tag : "\"1\"")
                        .answers(206, "56789", CC, "max-age=60", "Content-Range", "bytes 5-9/10", "ETag", tag)
                        .answers(200, "0123456789");
                scenario.get("Range", "bytes=0-4");
                scenario.get("Range", "bytes=5-9");
                scenario.get("Range", "bytes=3-6");
                assertThat(scenario.asked).hasSize(3);
            }
        }
    }

    @Test
    void partNeverReplacesTheWholeOfTheSameContent() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(200, "0123456789", CC, "max-age=2", "ETag", "\"1\"")
                    .answers(206, "34", CC, "max-age=60", "Content-Range", "bytes 3-4/10", "ETag", "\"1\"")
                    .answers(304, "", "ETag", "\"1\"", CC, "max-age=60");
            scenario.get();
            assertThat(scenario.pass(3).get("Range", "bytes=3-4").text()).isEqualTo("34");
            assertThat(scenario.get().text()).isEqualTo("0123456789");
        }
    }

    @ParameterizedTest(name = "RFC 9110 §13.1.5 If-Range: {0} of content with {1}, a second old: {2}")
    @CsvSource({
        "\"1\",    \"1\",   true,  206",
        "\"2\",    \"1\",   true,  200",
        "W/\"1\",  W/\"1\", true,  200",
        "W/\"1\",  \"1\",   true,  200",
        "same,     \"1\",   true,  206",
        "later,    \"1\",   true,  200",
        "earlier,  \"1\",   true,  200",
        "same,     \"1\",   false, 200",
        "no date,  \"1\",   true,  200"
    })
    void rangeIsCutWhereTheClientsPartIsCertainlyOfTheSame(String ifRange, String tag, boolean old, int status) {
        String condition =
                switch (ifRange) {
                    case "same" -> date(-99);
                    case "later" -> date(-98);
                    case "earlier" -> date(-100);
                    default -> ifRange;
                };
        try (Scenario scenario = new Scenario()) {
            scenario.answers(
                    200,
                    "0123456789",
                    CC,
                    "max-age=600",
                    "ETag",
                    tag,
                    "Last-Modified",
                    date(-99),
                    "Date",
                    date(old ? -98 : -99));
            scenario.get();
            Got got = scenario.get("Range", "bytes=2-4", "If-Range", condition);
            assertThat(got.status).isEqualTo(status);
            assertThat(got.text()).isEqualTo(status == 206 ? "234" : "0123456789");
            assertThat(scenario.asked).hasSize(1);
        }
    }

    @Test
    void uselessOrHostileRangesAreAnsweredWhole() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(200, "0123456789", CC, "max-age=60");
            scenario.get();
            for (String range : new String[] {
                "bytes=5-2", "lines=1-2", "bytes=", "bytes=a-b", "bytes=0-9,0-9", "bytes=" + "0-0,".repeat(99) + "1-1"
            }) {
                Got got = scenario.get("Range", range);
                assertThat(got.status).as(range).isEqualTo(200);
                assertThat(got.text()).isEqualTo("0123456789");
            }
        }
    }

    // ---- RFC 9211 ----

    @Test
    void eachCacheAddsItsOwnStatusAtTheEnd() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60", "Cache-Status", "Inner; hit");
            assertThat(scenario.get().fields.all("Cache-Status"))
                    .containsExactly("Inner; hit", "test; fwd=uri-miss; ttl=60; stored");
            assertThat(scenario.get().fields.all("Cache-Status")).containsExactly("test; hit; ttl=60");
        }
    }

    // ---- purging ----

    @Test
    void purgesByUrlPrefixAndTag() {
        try (Scenario scenario = new Scenario()) {
            scenario.answers(CC, "max-age=60", "Cache-Tag", "a, b", "Surrogate-Key", "k1 k2", "ETag", "\"1\"");
            for (String target : new String[] {"/x/1", "/x/2?q", "/y"}) {
                scenario.request("GET", target);
            }
            assertThat(scenario.cache().size()).isEqualTo(3);
            assertThat(scenario.cache().purge("/x/2?q", false)).isEqualTo(1);
            assertThat(scenario.cache().purgePrefix("/x", false)).isEqualTo(1);
            assertThat(scenario.cache().purgeTags(java.util.Set.of("k2", "zz"), false))
                    .isEqualTo(1);
            assertThat(scenario.cache().size()).isZero();
            scenario.request("GET", "/y");
            assertThat(scenario.cache().purgeAll(true)).isEqualTo(1);
            scenario.request("GET", "/y");
            assertThat(scenario.asked.get(4).first("If-None-Match")).isEqualTo("\"1\"");
        }
    }

    // RFC 9111 §3.4, RFC 9110 §15.3.7.3: combining partial content

    private static Scenario withABeginning(String... validator) {
        List<String> fields = new ArrayList<>(
                List.of("Cache-Control", "max-age=60", "Content-Range", "bytes 0-4/10", "Content-Length", "5"));
        fields.addAll(List.of(validator));
        Scenario scenario = new Scenario().answers(206, "01234", fields.toArray(String[]::new));
        scenario.get("Range", "bytes=0-4");
        return scenario.forgetAnswers();
    }

    @Test
    void cacheMayAskForTheEndOnlyAndMayCombineItWithTheBeginning() {
        try (Scenario scenario = withABeginning("ETag", "\"1\"")) {
            scenario.answers(
                    206, "56789", "Cache-Control", "max-age=60", "Content-Range", "bytes 5-9/10", "ETag", "\"1\"");
            Got got = scenario.get();
            assertThat(scenario.asked.get(1).first("Range")).isEqualTo("bytes=5-");
            assertThat(scenario.asked.get(1).first("If-Range")).isEqualTo("\"1\"");
            assertThat(got.status).isEqualTo(200);
            assertThat(got.text()).isEqualTo("0123456789");
            assertThat(got.length).isEqualTo(10);
            assertThat(got.fields.has("Content-Range")).isFalse();
            assertThat(got.cacheStatus())
                    .contains("fwd=partial; fwd-status=206")
                    .contains("stored");
            assertThat(scenario.get().cacheStatus()).contains("hit");
            assertThat(scenario.asked).hasSize(2);
        }
    }

    @Test
    void cacheMustNotCombineWithoutAStrongValidator() {
        try (Scenario scenario = withABeginning()) {
            scenario.answers(206, "56789", "Cache-Control", "max-age=60", "Content-Range", "bytes 5-9/10");
            scenario.answers(200, "abcdefghij", "Cache-Control", "max-age=60");
            Got got = scenario.get();
            assertThat(scenario.asked).hasSize(3);
            assertThat(scenario.asked.get(2).has("Range")).isFalse();
            assertThat(got.status).isEqualTo(200);
            assertThat(got.text()).isEqualTo("abcdefghij");
        }
    }

    @Test
    void changedContentComesWhole() {
        try (Scenario scenario = withABeginning("ETag", "\"1\"")) {
            scenario.answers(200, "abcdefghij", "Cache-Control", "max-age=60", "ETag", "\"2\"");
            assertThat(scenario.get().text()).isEqualTo("abcdefghij");
            assertThat(scenario.get().text()).isEqualTo("abcdefghij");
            assertThat(scenario.asked).hasSize(2);
        }
    }

    @Test
    void endThatCannotBeHadIsAskedForAsAWhole() {
        try (Scenario scenario = withABeginning("ETag", "\"1\"")) {
            scenario.answers(416, "", "Content-Range", "bytes */3");
            scenario.answers(200, "abc", "ETag", "\"2\"");
            assertThat(scenario.get().text()).isEqualTo("abc");
        }
    }
}
