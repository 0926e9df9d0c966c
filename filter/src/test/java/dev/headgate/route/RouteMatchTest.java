package dev.headgate.route;

import static dev.headgate.config.TargetConfig.AmbiguousPath.ENCODED_SLASH;
import static dev.headgate.config.TargetConfig.AmbiguousPath.PARAMETERS;
import static dev.headgate.route.TestRoute.route;
import static dev.headgate.route.TestRoute.table;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouteMatchTest {

    private static RouteMatch match(TestRoute route, String path) {
        return table(route).match(new StubRequest(path));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            # pattern         | target          | path               | mapped          | prefix
            /api/*            | keep            | /api/x             | /api/x          | /app
            /api/*            | keep            | /api               | /api            | /app
            /api/*            | strip           | /api/x             | /x              | /app/api
            /api/*            | strip           | /api/              | /               | /app/api
            /api/*            | strip           | /api               | ''              | /app/api
            /api/*            | strip           | /api//x            | //x             | /app/api
            /*                | strip           | /x//y              | /x//y           | /app
            /*                | strip           | //x                | //x             | /app
            /users/{id}/*     | strip           | /users/7/a         | /a              | /app/users/7
            /api/status       | strip           | /api/status        | ''              | /app/api/status
            /api/             | strip           | /api/              | /               | /app/api
            *.pdf             | strip           | /a/b.pdf           | /a/b.pdf        | /app
            /api/*            | /v1             | /api/x             | /v1/x           | /app/api
            /api/*            | /v1             | /api               | /v1             | /app/api
            /api/*            | /v1             | /api/              | /v1/            | /app/api
            /api/*            | /v1/            | /api/x             | /v1/x           | /app/api
            /api/*            | /v1/            | /api               | /v1/            | /app/api
            /api/*            | /               | /api/x             | /x              | /app/api
            /api/*            | /               | /api               | /               | /app/api
            /*                | /v1             | /x                 | /v1/x           | /app
            /api/status       | /v1/up          | /api/status        | /v1/up          | /app/api/status
            *.pdf             | /docs           | /a/b.pdf           | /docs/a/b.pdf   | /app
            /users/{id}/*     | /v1             | /users/7/a         | /v1/a           | /app/users/7
            /users/{id}/*     | /v1/{id}{*}     | /users/7/a/b       | /v1/7/a/b       | /app/users/7
            /users/{id}/*     | /v1/{id}{*}     | /users/7           | /v1/7           | /app/users/7
            /users/{id}/*     | /v1/{id}/{*}    | /users/7/a         | /v1/7/a         | /app/users/7
            /users/{id}/*     | /v1{*}/of/{id}  | /users/a%20b/c     | /v1/c/of/a%20b  | /app
            /users/{id}/*     | /u-{id}.json    | /users/7/ignored   | /u-7.json       | /app
            /{a}/x/{b}        | /{b}/{a}        | /1/x/2             | /2/1            | /app
            """)
    void pathIsMapped(String pattern, String target, String path, String mapped, String prefix) throws Exception {
        RouteMatch match =
                table(route("r", pattern).to(target)).match(new StubRequest("/app" + path).inContext("/app"));
        assertThat(match.path()).isEqualTo(path);
        assertThat(match.targetPath()).isEqualTo(mapped);
        assertThat(match.strippedPrefix()).isEqualTo(prefix);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/|", "/%7C", "/{}[]+", "/%25", "/a//b", "/'\"<>^`", "/%e2%82%AC", "/~%7e"})
    void restOfThePathIsForwardedByteForByte(String rest) throws Exception {
        assertThat(match(route("r", "/api/*").to("/v1"), "/api" + rest).targetPath())
                .isEqualTo("/v1" + rest);
    }

    @Test
    void nothingIsStrippedInTheRootContextWhenThePathIsKept() {
        assertThat(match(route("r", "/api/*"), "/api/x").strippedPrefix()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            textBlock =
                    """
            # pattern         | target          | path          | origin path     | client path
            /api/*            | keep            | /api/x        | /login?a=/b#c   | /app/login?a=/b#c
            /api/*            | strip           | /api/x        | /login?a=/b#c   | /app/api/login?a=/b#c
            /api/*            | strip           | /api/x        | /               | /app/api/
            /api/*            | strip           | /api/x        | ''              | /app/api
            /api/*            | strip           | /api/x        | ?q              | /app/api?q
            /api/*            | /v1             | /api/x        | ''              | -
            /users/{id}/*     | strip           | /users/7/x    | /y              | /app/users/7/y
            /api/*            | strip           | /api/x        | //y             | /app/api//y
            /api/*            | /v1             | /api/x        | /v1/y#f         | /app/api/y#f
            /api/*            | /v1             | /api/x        | /v1             | /app/api
            /api/*            | /v1             | /api/x        | /v1?q           | /app/api?q
            /api/*            | /v1/            | /api/x        | /v1/y           | /app/api/y
            /api/*            | /v1             | /api/x        | /v1x            | -
            /api/*            | /v1             | /api/x        | /v2/y           | -
            /api/*            | /v1             | /api/x        | /               | -
            /api/*            | /v1             | /api/x        | /?/v1           | -
            /api/*            | /               | /api/x        | /y              | /app/api/y
            /api/status       | strip           | /api/status   | /               | /app/api/status
            /api/status       | strip           | /api/status   | /?x             | /app/api/status?x
            /api/status       | strip           | /api/status   | /other          | -
            /api/status       | /up             | /api/status   | /up             | /app/api/status
            /api/status       | /up             | /api/status   | /up/x           | -
            /api/status       | keep            | /api/status   | /other          | /app/other
            *.pdf             | strip           | /a.pdf        | /b              | /app/b
            *.pdf             | /docs           | /a.pdf        | /docs/b         | /app/b
            /users/{id}/*     | /v1/{id}{*}     | /users/7/x    | /v1/7/y?q       | /app/users/7/y?q
            /users/{id}/*     | /v1/{id}/{*}    | /users/7/x    | /v1/7           | /app/users/7
            /users/{id}/*     | /v1/{id}{*}     | /users/7/x    | /v1/8/y         | -
            /users/{id}/*     | /v1/{id}{*}     | /users/7/x    | /v1/77          | -
            /users/{id}/*     | /v1{*}/{id}     | /users/7/x    | /v1/x/7         | -
            /users/{id}       | /v1/{id}        | /users/7      | /v1/7           | -
            /api/*            | strip           | /api/x        | relative        | -
            """)
    void originPathIsMappedBack(String pattern, String target, String path, String originPath, String clientPath) {
        RouteMatch match =
                table(route("r", pattern).to(target)).match(new StubRequest("/app" + path).inContext("/app"));
        assertThat(match.clientPath(originPath)).isEqualTo(clientPath);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            textBlock =
                    """
            /*      | keep    | //evil.example/x     | -
            /*      | strip   | //evil.example/x     | -
            /*      | strip   | ///evil.example/x    | -
            /*      | strip   | /\\evil.example      | -
            /*      | /v1     | /v1//evil.example    | -
            /*      | /v1     | /v1/\\evil.example   | -
            /*      | /v1     | /v1?//x              | /?//x
            /*      | /v1     | /v1                  | /
            /*      | keep    | /x//y                | /x//y
            """)
    void clientPathNeverNamesAnotherHost(String pattern, String target, String originPath, String clientPath) {
        assertThat(match(route("r", pattern).to(target), "/x").clientPath(originPath))
                .isEqualTo(clientPath);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/\t/evil.example", "/\r\n/evil", "/a\u0000"})
    void clientPathNeverHasControlCharacters(String originPath) {
        assertThat(match(route("r", "/*"), "/x").clientPath(originPath)).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            /api/a;jsessionid=1             | /a                 | /api
            /api/a;JSESSIONID=1!x/b         | /a/b               | /api
            /api/a;v=1;jsessionid=2;w=3/b   | /a;v=1;w=3/b       | /api
            /api/;jsessionid=1              | /                  | /api
            /api/a;jsessionid               | /a                 | /api
            /api/a;jsessionidx=1            | /a;jsessionidx=1   | /api
            /api/a;x=jsessionid=1           | /a;x=jsessionid=1  | /api
            """)
    void sessionIdOfTheAppNeverGoesUp(String path, String mapped, String prefix) throws Exception {
        RouteMatch match = match(route("r", "/api/*").to("strip").allowing(PARAMETERS), path);
        assertThat(match.targetPath()).isEqualTo(mapped);
        assertThat(match.strippedPrefix()).isEqualTo(prefix);
    }

    @Test
    void sessionIdInsideTheStrippedPrefixNeverGoesUpEither() throws Exception {
        RouteMatch match = table(route("r", "/u/{id}/*").to("/v/{id}{*}").allowing(PARAMETERS))
                .match(new StubRequest("/app;jsessionid=0/u/7;jsessionid=1/x").inContext("/app;jsessionid=0"));
        assertThat(match.targetPath()).isEqualTo("/v/7/x");
        assertThat(match.strippedPrefix()).isEqualTo("/app/u/7");
        assertThat(match.capture("id")).isEqualTo("7;jsessionid=1");
        assertThat(match.clientPath("/v/7/y")).isEqualTo("/app/u/7/y");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/../x",
                "/api/%2e%2e/x",
                "/api/..;x/y",
                "/api/%252e%252e/",
                "/api/a%2fb",
                "/api/a;b",
                "/api/a\\b",
                "/api/%5c",
                "/api/%00",
                "/api/%zz",
                "/api/%c0%ae/",
                "/api/ "
            })
    void ambiguousPathIsRefusedAsTheClientsFault(String path) {
        for (String target : new String[] {"keep", "strip", "/v1", "/v1{*}", "/fixed/{*}/x"}) {
            assertThatThrownBy(
                            () -> match(route("r", "/api/*").to(target), path).targetPath())
                    .isInstanceOfSatisfying(GatewayFailure.class, failure -> {
                        assertThat(failure.kind()).isEqualTo(FailureKind.HTTP_REQUEST_ERROR);
                        assertThat(failure.publicDetail())
                                .startsWith("The path has ")
                                .doesNotContain("/api");
                    });
        }
    }

    @Test
    void flawInTheContextPathIsRefusedToo() {
        RouteMatch match = table(route("r", "/*")).match(new StubRequest("/x/../app/a").inContext("/x/../app"));
        assertThatThrownBy(match::targetPath).isInstanceOf(GatewayFailure.class);
    }

    @Test
    void harmlessPiecesThatMakeADotSegmentTogetherAreRefused() {
        RouteMatch match = match(route("r", "/{a}").to("/v1/.{a}").allowing(PARAMETERS), "/;x");
        assertThatThrownBy(match::targetPath).isInstanceOf(GatewayFailure.class);
        RouteMatch session = match(route("r", "/{a}").to("/v1/..{a}").allowing(PARAMETERS), "/;jsessionid=1");
        assertThatThrownBy(session::targetPath).isInstanceOf(GatewayFailure.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/\u00e9\u20ac", "/\u00c3\u00a9\u00e2\u0082\u00ac"})
    void charactersAndBytesOfUtf8BecomeTheSameBytes(String path) throws Exception {
        assertThat(match(route("r", "/*"), path).targetPath()).isEqualTo("/\u00c3\u00a9\u00e2\u0082\u00ac");
    }

    @Test
    void characterWhoseLowByteIsASlashNeverBecomesOne() throws Exception {
        String target = match(route("r", "/*"), "/..\u012f\u010d\u010a").targetPath();
        assertThat(target.getBytes(StandardCharsets.ISO_8859_1))
                .isEqualTo("/..\u012f\u010d\u010a".getBytes(StandardCharsets.UTF_8));
    }

    /** Random strings of dangerous pieces: what is not refused never leaves the prefix, however often it is decoded. */
    @Test
    void mappedPathStaysBelowItsPrefixForEveryReader() {
        String[] pieces = {
            "/",
            "/",
            "/",
            ".",
            "..",
            "%2e",
            "%2E",
            "%252e",
            "%2f",
            "%2F",
            "%252f",
            "%5c",
            "%255c",
            "\\",
            ";",
            ";x=1",
            ";jsessionid=1",
            "%3b",
            "%253B",
            "a",
            "%25",
            "2e",
            "2f",
            "%c0%ae",
            "%c0%af",
            "%25c0%25ae",
            "%",
            "%20",
            "+"
        };
        TestRoute strict = route("r", "/api/*").to("/base/v1{*}");
        RouteTable strictTable = table(strict);
        RouteTable lenientTable = table(strict.allowing(ENCODED_SLASH, PARAMETERS));
        Random random = new Random(4711);
        int passed = 0;
        for (int i = 0; i < 200_000; i++) {
            StringBuilder path = new StringBuilder("/api/");
            for (int n = random.nextInt(8); n >= 0; n--) {
                path.append(pieces[random.nextInt(pieces.length)]);
            }
            RouteTable table = i % 2 == 0 ? strictTable : lenientTable;
            String mapped;
            try {
                mapped = table.match(new StubRequest(path.toString())).targetPath();
            } catch (GatewayFailure refused) {
                continue;
            }
            passed++;
            assertStaysBelow("/base/v1", mapped);
        }
        assertThat(passed).isGreaterThan(10_000);
    }

    private static void assertStaysBelow(String prefix, String mapped) {
        String seen = mapped;
        for (int round = 0; round <= 2; round++) {
            assertThat(resolved(seen)).as(mapped).startsWith(prefix);
            assertThat(resolved(seen.replaceAll(";[^/\\\\]*", ""))).as(mapped).startsWith(prefix);
            seen = decoded(seen);
        }
    }

    private static String decoded(String text) {
        String lenient = text.replaceAll("%(?![0-9a-fA-F]{2})", "%25").replace("+", "%2B");
        return URLDecoder.decode(lenient, StandardCharsets.ISO_8859_1)
                .replace("\u00c0\u00ae", ".")
                .replace("\u00c0\u00af", "/");
    }

    private static String resolved(String path) {
        Deque<String> segments = new ArrayDeque<>();
        for (String segment : path.substring(1).split("[/\\\\]", -1)) {
            if (segment.equals("..")) {
                segments.pollLast();
            } else if (!segment.equals(".")) {
                segments.addLast(segment);
            }
        }
        return "/" + String.join("/", segments);
    }
}
