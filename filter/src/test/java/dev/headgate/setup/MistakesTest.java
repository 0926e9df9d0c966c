package dev.headgate.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.headgate.setup.SettingsException.Mistake;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MistakesTest {

    private final StubApp app = new StubApp();

    @Test
    void everyMistakeIsReportedAtOnceAndSaysWhatToWrite() {
        app.param("route.orders.path", "/api/orders/*")
                .param("route.orders.to", "http://a:8080")
                .param("route.orders.timeout.conect", "2s")
                .param("route.orders.timeout.response", "30")
                .param("route.orders.forwarded", "x-forward")
                .param("trusted-proxies", "10.0.0.0/33")
                .param("encoding", "UTF-8");

        assertThat(failure())
                .hasMessage(
                        """
                the gateway's settings have 5 mistakes:
                1. encoding
                   where:   init-param of filter gate
                   given:   UTF-8
                   problem: there is no such key
                2. route.orders.timeout.conect
                   where:   init-param of filter gate
                   given:   2s
                   problem: there is no such key; the nearest is route.orders.timeout.connect
                   write:   <init-param><param-name>route.orders.timeout.connect</param-name><param-value>2s</param-value></init-param>
                3. route.orders.forwarded
                   where:   init-param of filter gate
                   given:   x-forward
                   allowed: one of both, forwarded, x-forwarded, none
                   write:   <init-param><param-name>route.orders.forwarded</param-name><param-value>x-forwarded</param-value></init-param>
                4. route.orders.timeout.response
                   where:   init-param of filter gate
                   given:   30
                   problem: the unit is missing
                   allowed: a duration of more than 0 and at most 24h, such as 300ms, 3s, 5m or 1h
                   write:   <init-param><param-name>route.orders.timeout.response</param-name><param-value>30s</param-value></init-param>
                5. trusted-proxies
                   where:   init-param of filter gate
                   given:   10.0.0.0/33
                   problem: '10.0.0.0/33' needs a prefix length from 0 to 32
                   allowed: IP addresses and blocks such as 10.0.0.0/8, ::1 or 2001:db8::/32
                   write:   <init-param><param-name>trusted-proxies</param-name><param-value>10.0.0.0/8 ::1</param-value></init-param>\
                """);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '\u0001',
            delimiter = '|',
            textBlock =
                    """
            route.r.timeout.connect     | 0                  |
            route.r.timeout.connect     | 3x                 |
            route.r.timeout.connect     | -3s                |
            route.r.timeout.idle        | 25h                |
            route.r.timeout.idle        | 99999999999999999s |
            route.r.order               | 1.5                |
            route.r.cookies.rewrite     | yes                |
            route.r.methods             | GET trace          | TRACE is never forwarded
            route.r.methods             | get                | methods are case-sensitive
            route.r.hosts               | shop.example.com:80| is not a host name
            route.r.host                | http://a           |
            route.r.fields              | X-A=1 X-A=2        | X-A is there twice
            route.r.fields              | "X-A=1             | a double quote is not closed
            route.r.to                  | a:8080             | is neither an origin nor a name
            route.r.to                  | ftp://a            | must start with http:// or https://
            route.r.to                  | http://b http://b  | http://b is there twice
            route.r.to                  | http://b http://B:80/;weight=2 | http://b is there twice
            upstream.u.origins          | http://b http://b  | http://b is there twice
            trusted-proxies             | 10.0.0.0/33 ::1 foo | '10.0.0.0/33' needs a prefix length from 0 to 32; 'foo' is not an IP address
            route.r.cache.share         | principal x y      | ;
            route.r.to                  | other              | there is no upstream other; there are u
            route.r.to                  | u http://a         | it mixes origins and names
            route.r.path                |                    |
            route.r.request.set.Host    | a                  | see route.<name>.host
            route.r.request.add.Proxy-X | a                  | cannot be set
            route.r.request.set.A B     | a                  | is not a token
            route.r.request.set.X       | ${user}            | ${user} is not a variable; there are ${principal}
            route.r.request.set.X       | ${header.}         | ${header.} is not a variable
            route.r.request.set.X       | ${attempts}        | ${attempts} is not a variable
            route.r.request.set.X       | ${principal        | a ${ is not closed
            route.r.request.set.X       | a\u0007b          | U+0007 cannot be sent
            route.r.response.add.X      | ${path.id}         | no path of the route captures id; captured is *
            route.r.path                | /a//*              | has an empty segment
            route.r.target-path         | v1                 | must be keep, strip, or a path
            route.r.target-path         | /v1/{id}           | names {id}, which path pattern
            route.r.request.remove      | A:B                | is not a token
            route.r.target-path         | ${principal}       | ${env.NAME} and ${sys.NAME} are
            route.r.request.set.X       | ${env.NONE}        | the environment variable NONE is not set
            route.r.host                | ${sys.none}        | the system property none is not set
            route.r.timeout.total       | 2s                 | it must be more than route.r.timeout.connect, which is 3s by default
            route.r.retry.attempts      | 0                  |
            route.r.retry.statuses      | 404                |
            upstream.u.balance          | fastest            |
            upstream.u.origins          | http://a;weight=0  | a weight is 1 to 1000
            upstream.u.origins          | http://a;wait=1    | is not known behind an origin
            upstream.u.health.status    | 2xx                |
            upstream.u.health.timeout   | 10s                | health.timeout must be less than health.interval
            upstream.u.origins          | http://a?q         | no user, query or fragment
            upstream.u.tls.trust        | /WEB-INF/none.pem  | there is no such file
            upstream.u.tls.key          | classpath:none.p12 | there is no such file
            upstream.u.tls.key          | /no/such.p12       | there is no such file
            upstream.u.head.max-size    | 64                 | the unit is missing
            upstream.u.head.max-size    | 1000B              |
            upstream.u.connections.max  | 0                  |
            upstream.x.connections.max  | 5                  | it is missing, but upstream.x.connections.max is there
            upstream.r.origins          | http://a           | route.r.to gives this upstream its origins already
            upstream.r.connections.lease-timeout | x         |
            name                        | a b                |
            request-id.field            | Connection         | cannot be set
            properties                  | headgate.properties| it is not an absolute path
            properties                  | /WEB-INF/x         | there is no such file
            """)
    void aBadValueIsAMistakeOfItsKey(String key, String value, String problem) {
        app.param("route.r.path", "/*")
                .param("route.r.to", "http://r:1")
                .param("upstream.u.origins", "http://u:1")
                .param(key, value == null ? "" : value);

        List<Mistake> mistakes = failure().mistakes();

        assertThat(mistakes).isNotEmpty().allSatisfy(mistake -> {
            assertThat(mistake.where()).isEqualTo("init-param of filter gate");
            assertThat(mistake.problem() + mistake.allowed()).isNotEmpty();
        });
        assertThat(mistakes).anySatisfy(mistake -> {
            assertThat(mistake.key()).isEqualTo(key.equals("upstream.x.connections.max") ? "upstream.x.origins" : key);
            assertThat(mistake.problem()).contains(problem == null ? "" : problem);
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            request.set.Host       | x                 | host=x
            request.add.host       | shop.example:81   | host=shop.example:81
            request.set.Host       | ${header.X}       | host=client
            request.set.Connection | close             | ''
            request.set.X          | ${env.NOPE}       | request.set.X=${env.NOPE:-default}
            request.set.X          | a ${env.NOPE} b   | request.set.X=a ${env.NOPE:-default} b
            request.set.X          | ${env.A:-${sys.B}}| request.set.X=${env.A:-${sys.B:-default}}
            request.set.X-Token    | s3cret ${env.NOPE}| ''
            request.set.X          | ${user}           | request.set.X=${principal}
            methods                | GET post PUT      | methods=GET POST PUT
            """)
    void whatToWriteInsteadIsWhatWasMeant(String key, String value, String instead) {
        app.file(
                "/WEB-INF/headgate.properties",
                "route.r.path=/*",
                "route.r.to=http://r:1",
                "route.r." + key + "=" + value);

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> assertThat(mistake.instead())
                .isEqualTo(instead.isEmpty() ? "" : "route.r." + instead));
    }

    @ParameterizedTest
    @CsvSource({"route.r.path", "route.r.timeout.idle", "route.r.cookies.rewrite", "route.r.forwarded", "encoding"})
    void anEmptyValueIsShownAndSaidToBeEmpty(String key) {
        app.param("route.r.path", "/*").param("route.r.to", "http://r:1").param(key, " ");

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> {
            assertThat(mistake.given()).isEqualTo("(empty)");
            assertThat(mistake.problem()).isNotEmpty();
        });
    }

    @ParameterizedTest
    @CsvSource({
        "route.r.to,         http://user:pw@b",
        "route.r.to,         http://user:p/w@b",
        "route.r.to,         http://user:p%w@b http://c",
        "route.r.to,         user http://user:pw@b",
        "upstream.u.origins, http://a https://user:pw@b",
        "upstream.u.orgins,  http://user:pw@b",
        "nothing.like.it,    http://user:pw@b",
    })
    void aPasswordInAnOriginIsNotRepeated(String key, String value) {
        app.param("route.r.path", "/*")
                .param("route.r.to", "http://r:1")
                .param("upstream.u.origins", "http://u:1")
                .param(key, value);

        assertThat(failure()).hasMessageNotContainingAny("user:", "pw", "p/w", "p%w");
    }

    @ParameterizedTest
    @CsvSource({
        "rute.r.path,                  route.r.path",
        "route.r.timeoutConnect,       route.r.timeout.connect",
        "route.r.request.sett.X-A,     route.r.request.set.X-A",
        "route.r.request.set,          route.r.request.set.<Field>",
        "route.path,                   route.<name>.path",
        "timeout.connect,              route.<name>.timeout.connect",
        "connections.max,              upstream.<name>.connections.max",
        "trusted-proxy,                trusted-proxies",
        "something-else-altogether,    ''",
    })
    void anUnknownKeyNamesTheNearest(String unknown, String nearest) {
        app.param("route.r.path", "/*").param("route.r.to", "http://r:1").param(unknown, "v");

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> assertThat(mistake.problem())
                .isEqualTo("there is no such key" + (nearest.isEmpty() ? "" : "; the nearest is " + nearest)));
    }

    @Test
    void aBadDefaultForAllIsReportedOnce() {
        app.param("route.r.path", "/*").param("route.r.to", "http://r:1");
        app.param("route.s.path", "/s").param("route.s.to", "http://s:1");
        app.param("route.*.target-path", "v1").param("upstream.*.tls.trust", "/WEB-INF/none.pem");

        assertThat(failure().mistakes())
                .extracting(Mistake::key)
                .containsExactlyInAnyOrder("route.*.target-path", "upstream.*.tls.trust");
    }

    @Test
    void aBadNameIsAMistake() {
        app.param("route.r.path", "/*").param("route.r.to", "http://r:1").param("route.a b.path", "/*");

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> assertThat(mistake.problem())
                .isEqualTo("'a b' is no name: letters, digits, - and _ are"));
    }

    @Test
    void aBadTargetDoesNotMakeItsUpstreamAMistakeToo() {
        app.param("route.r.path", "/*")
                .param("route.r.to", "htp://r:1")
                .param("route.s.path", "/s")
                .param("route.s.to", "r")
                .param("upstream.r.connections.max", "5");

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> assertThat(mistake.key())
                .isEqualTo("route.r.to"));
    }

    @Test
    void aBadValueFromAVariableIsShown() {
        app.environment.put("PATIENCE", "long");
        app.param("route.r.path", "/*").param("route.r.to", "http://r:1");
        app.param("route.r.timeout.idle", "${env.PATIENCE}");

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> assertThat(mistake.given())
                .isEqualTo("${env.PATIENCE}, which is long"));
    }

    @Test
    void timeoutsThatContradictEachOtherAreMistakes() {
        app.param("route.r.path", "/*")
                .param("route.r.to", "http://r:1")
                .param("route.r.timeout.total", "2s")
                .param("route.r.timeout.response", "5s");

        assertThat(failure().mistakes())
                .extracting(Mistake::instead)
                .containsExactly(
                        "<init-param><param-name>route.r.timeout.connect</param-name><param-value>1s</param-value></init-param>",
                        "<init-param><param-name>route.r.timeout.response</param-name><param-value>2s</param-value></init-param>");
    }

    @Test
    void statusPageThatNobodyMaySeeIsAMistake() {
        app.param("route.r.path", "/*").param("route.r.to", "http://r:1").param("status.path", "/headgate/status");

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> {
            assertThat(mistake.key()).isEqualTo("status.path");
            assertThat(mistake.problem())
                    .isEqualTo("nobody could see the page: status.roles or status.addresses must say who may");
            assertThat(mistake.instead())
                    .isEqualTo(
                            "<init-param><param-name>status.roles</param-name><param-value>operator</param-value></init-param>");
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            path:tennant           | route b captures tennant; captured is *, tenant | limit.l.key=path:tenant
            principal path:region  | route b captures region; captured is *, tenant  | limit.l.key=principal
            path:region            | route b captures region; captured is *, tenant  | limit.l.key=address
            """)
    void rateLimitKeyThatItsRouteDoesNotCaptureIsAMistake(String key, String problem, String instead) {
        app.file(
                "/WEB-INF/headgate.properties",
                "route.a.path=/a/*",
                "route.a.to=http://a:1",
                "route.b.path=/t/{tenant}/*",
                "route.b.to=http://b:1",
                "route.b.limits=l",
                "limit.l.rate=1/s",
                "limit.l.key=" + key);

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> {
            assertThat(mistake.key()).isEqualTo("limit.l.key");
            assertThat(mistake.given()).isEqualTo(key);
            assertThat(mistake.problem()).isEqualTo("no path of " + problem);
            assertThat(mistake.allowed()).contains("path:<capture>");
            assertThat(mistake.instead()).isEqualTo(instead);
        });
    }

    @Test
    void everyRouteThatSharesARateLimitHasToCaptureItsKey() {
        app.file(
                "/WEB-INF/headgate.properties",
                "route.a.path=/a/* /a/{tenant}/x",
                "route.a.to=http://a:1",
                "route.a.limits=l",
                "route.b.path=/b/*",
                "route.b.to=http://b:1",
                "route.b.limits=l",
                "route.c.path=/c/*",
                "route.c.to=http://b:1",
                "route.c.rate=1/s",
                "limit.l.rate=1/s",
                "limit.*.key=path:tenant");

        assertThat(failure().mistakes())
                .extracting(Mistake::problem, Mistake::instead)
                .containsExactly(
                        tuple("no path of route b captures tenant; captured is *", "limit.l.key=address"),
                        tuple("no path of route c captures tenant; captured is *", "limit.*.key=address"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"status", "/", "/a//b", "/status/", "/a/../b", "/st%61tus", "/status;x", "/.hidden", "/a b"})
    void statusPathHasOneSpelling(String path) {
        app.param("route.r.path", "/*")
                .param("route.r.to", "http://r:1")
                .param("status.roles", "operator")
                .param("status.path", path);

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> assertThat(mistake.problem())
                .contains("is no path of plain segments"));
    }

    @Test
    void secretsAreMasked() {
        app.param("route.r.path", "/*")
                .param("route.r.to", "http://r:1")
                .param("route.r.request.set.Authorization", "Bearer s3cret ${wrong}")
                .param("upstream.r.tls.key-password", "s3cret ${wrong}")
                .param("upstream.r.tls.key-pasword", "s3cret");

        SettingsException failure = failure();

        assertThat(failure).hasMessageNotContaining("s3cret");
        assertThat(failure.mistakes()).hasSize(3).allSatisfy(mistake -> assertThat(mistake.given())
                .isEqualTo("******"));
    }

    @Test
    void nothingGivenAtAllIsAMistake() {
        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> assertThat(mistake.problem())
                .isEqualTo("there is no route"));
    }

    @Test
    void aKeyGivenTwiceInAFileNamesBothLines() {
        app.file(
                "/WEB-INF/headgate.properties",
                "# the gateway",
                "route.r.path = /a/* \\",
                "    /b/*",
                "route.r.to: http://r:1",
                "",
                "route.r.path = /c/*");

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> {
            assertThat(mistake.where()).isEqualTo("/WEB-INF/headgate.properties line 6");
            assertThat(mistake.problem()).isEqualTo("it is given twice, also in /WEB-INF/headgate.properties line 2");
        });
    }

    @Test
    void aFileThatIsNotUtf8IsAMistake() {
        app.files.put("/WEB-INF/headgate.properties", new byte[] {'a', '=', (byte) 0xE4});

        assertThat(failure().mistakes()).first().satisfies(mistake -> assertThat(mistake.problem())
                .isEqualTo("the file is not UTF-8"));
    }

    @Route(name = "orders", path = "/*", to = "http://r:1", timeoutConnect = "3", requestSet = "Host=a")
    abstract static class Annotated extends StubApp.Plain {}

    @Test
    void annotationsAreToldWhatToWrite() {
        SettingsException failure = catchThrowableOfType(
                SettingsException.class, () -> SettingsReader.read(app, Annotated.class, app.surroundings()));

        assertThat(failure.mistakes())
                .extracting(Mistake::where)
                .containsOnly("@Route on " + Annotated.class.getName());
        assertThat(failure.mistakes())
                .extracting(Mistake::instead)
                .contains("@Route(name = \"orders\", timeoutConnect = \"3s\")");
    }

    @Test
    void theBuilderIsToldWhatToWrite() {
        GatewayBuilder builder = GatewayBuilder.create()
                .route("orders", r -> r.path("/*")
                        .to("account")
                        .timeoutIdle(Duration.ofDays(2))
                        .requestSet("X-User", "${name}"))
                .upstream("accounts", u -> u.headMaxSize(1));

        SettingsException failure =
                catchThrowableOfType(SettingsException.class, () -> builder.buildIn(app.surroundings()));

        assertThat(failure.mistakes())
                .extracting(Mistake::instead)
                .containsExactlyInAnyOrder(
                        ".route(\"orders\", r -> r.timeoutIdle(Duration.ofSeconds(60)))",
                        ".route(\"orders\", r -> r.requestSet(\"X-User\", \"${principal}\"))",
                        ".upstream(\"accounts\", u -> u.headMaxSize(65536L))",
                        ".upstream(\"accounts\", u -> u.origins(\"http://a:8080\", \"http://b:8080/base\"))",
                        ".route(\"orders\", r -> r.to(\"accounts\"))");
    }

    @Test
    void aPoolThatWaitsLongerThanTheWholeExchangeIsAMistake() {
        app.param("route.r.path", "/*")
                .param("route.r.to", "http://r:1")
                .param("route.r.timeout.response", "5s")
                .param("route.r.timeout.total", "5s")
                .param("upstream.r.connections.lease-timeout", "5s");

        assertThat(failure().mistakes()).singleElement().satisfies(mistake -> assertThat(mistake.problem())
                .isEqualTo("it must be less than route.r.timeout.total, which is 5s"));
    }

    private SettingsException failure() {
        return catchThrowableOfType(
                SettingsException.class, () -> SettingsReader.read(app, StubApp.Plain.class, app.surroundings()));
    }
}
