package dev.headgate.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headgate.config.GatewayConfig;
import dev.headgate.config.RouteConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsReaderTest {

    private final StubApp app = new StubApp().param("route.r.path", "/*").param("route.r.to", "http://r:1");

    @Test
    void variablesAreFilledInFromEnvironmentAndSystemProperties() {
        app.environment.put("HOST", "orders.internal");
        app.environment.put("ODD", "${sys.port}");
        app.system.put("port", "8443");
        app.param("route.r.to", "https://${env.HOST}:${sys.port}/${env.BASE:-v1}")
                .param("route.r.request.set.X-A", "${env.A:-${sys.port}} ${principal} ${env.B:-}")
                .param("route.r.request.set.X-B", "${env.ODD:-}");

        assertThatThrownBy(this::read).hasMessageContaining("${sys.port} is not a variable");

        app.initParams.remove("route.r.request.set.X-B");
        GatewayConfig config = read();
        assertThat(config.upstreams().get("r").origins()).hasToString("[https://orders.internal:8443/v1]");
        assertThat(config.routes().get(0).fields().requestSet()).containsEntry("X-A", "8443 ${principal}");
    }

    @Test
    void aSystemPropertyOverridesEveryOtherSpelling() {
        app.param("route.r.timeout.connect", "nonsense");
        app.system.put("headgate.route.r.timeout.connect", "1s");
        app.system.put("headgate.route.*.timeout.idle", "5s");
        app.system.put("headgate.upstream.r.connections.max", "7");
        app.system.put("headgate.name", "eu");
        app.system.put("headgate.route.another-app.nonsense", "1");
        app.system.put("headgate.upstream.another-app.origins", "nonsense");

        GatewayConfig config = read();

        assertThat(config.name()).isEqualTo("eu");
        assertThat(config.routes()).hasSize(1);
        assertThat(config.routes().get(0).timeouts().connect()).hasSeconds(1);
        assertThat(config.routes().get(0).timeouts().idle()).hasSeconds(5);
        assertThat(config.upstreams()).containsOnlyKeys("r");
        assertThat(config.upstreams().get("r").pool().maxPerOrigin()).isEqualTo(7);
    }

    @Test
    void aBadSystemPropertyIsAMistake() {
        app.system.put("headgate.nam", "eu");
        app.system.put("headgate.route.r.order", "first");

        assertThatThrownBy(this::read)
                .hasMessageContaining("system property headgate.nam")
                .hasMessageContaining("write:   -Dheadgate.name=eu")
                .hasMessageContaining("write:   -Dheadgate.route.r.order=0");
    }

    @Test
    void aStarGivesDefaultsThatANameOverrides() {
        app.param("route.*.timeout.connect", "1s")
                .param("route.*.request.set.X-User", "${principal}")
                .param("route.*.request.set.X-App", "shop")
                .param("route.r.request.set.x-app", "mine")
                .param("route.s.path", "/s/*")
                .param("route.s.to", "http://s:1")
                .param("route.s.timeout.connect", "2s")
                .param("upstream.*.connections.max", "9");

        GatewayConfig config = read();

        RouteConfig r = config.routes().get(0);
        RouteConfig s = config.routes().get(1);
        assertThat(r.timeouts().connect()).hasSeconds(1);
        assertThat(s.timeouts().connect()).hasSeconds(2);
        assertThat(r.fields().requestSet()).isEqualTo(Map.of("X-User", "${principal}", "x-app", "mine"));
        assertThat(s.fields().requestSet()).isEqualTo(Map.of("X-User", "${principal}", "X-App", "shop"));
        assertThat(config.upstreams().values())
                .hasSize(2)
                .allMatch(upstream -> upstream.pool().maxPerOrigin() == 9);
    }

    @Route(name = "r", path = "/annotated/*", to = "http://annotated:1", timeoutConnect = "1s", order = "1")
    @Route(name = "s", path = "/s/*", to = "shared")
    @Upstream(name = "shared", origins = "http://shared:1")
    abstract static class Annotated extends StubApp.Plain {}

    @Test
    void annotationsYieldToTheNamedFileAndThatToInitParams() {
        app.initParams.clear();
        app.param("properties", "/WEB-INF/gate.properties")
                .param("route.r.to", "http://param:1")
                .file("/WEB-INF/gate.properties", "route.r.to=http://file:1", "route.r.order=2");

        GatewayConfig config = SettingsReader.read(app, Annotated.class, app.surroundings());

        RouteConfig r = config.routes().get(0);
        assertThat(config.upstreams().get("r").origins()).hasToString("[http://param:1]");
        assertThat(r.match().order()).isEqualTo(2);
        assertThat(r.match().paths()).containsExactly("/annotated/*");
        assertThat(r.timeouts().connect()).isEqualTo(Duration.ofSeconds(1));
        assertThat(config.routes().get(1).upstream()).isEqualTo("shared");
    }

    @Test
    void theDefaultFileIsNotReadByAFilterWithSettingsOfItsOwn() {
        app.file("/WEB-INF/headgate.properties", "name=from-file");

        assertThat(read().name()).isEqualTo("headgate");
    }

    @Test
    void aFileOutsideOfTheAppIsReadToo(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("gate.properties");
        Files.writeString(
                file,
                "\uFEFF! comment\r\nname: gr\u00FC\\u006E\r\nroute.r.request.set.X-Path = C:\\\\temp\\\\  \r\n"
                        + "route.r.hosts = a.example, \\\r\n   b.example\r\n");
        app.param("properties", "${sys.conf}/gate.properties");
        app.system.put("conf", directory.toString());

        assertThatThrownBy(this::read).hasMessageContaining("given:   gr\u00FCn");

        app.param("name", "green");
        GatewayConfig config = read();
        assertThat(config.routes().get(0).fields().requestSet()).containsEntry("X-Path", "C:\\temp\\");
        assertThat(config.routes().get(0).match().hosts()).containsExactly("a.example", "b.example");
    }

    @Test
    void anItemInQuotesMayHoldSeparators() {
        app.param("route.r.fields", "X-A=\"one, two\" X-B=\"a \\\"b\\\"\"");

        Map<String, String> expected = Map.of("X-A", "one, two", "X-B", "a \"b\"");
        assertThat(read().routes().get(0).match().fields()).isEqualTo(expected);
        assertThat(GatewayBuilder.create()
                        .route("r", r -> r.path("/*").to("http://r:1").fields("X-A=one, two", "X-B=a \"b\""))
                        .buildIn(app.surroundings())
                        .routes()
                        .get(0)
                        .match()
                        .fields())
                .isEqualTo(expected);
    }

    @Test
    void routesKeepTheOrderInWhichTheyWereGiven() {
        GatewayConfig config = GatewayBuilder.create()
                .route("z", r -> r.path("/z/*").to("http://z:1"))
                .route("a", r -> r.path("/a/*").to("z"))
                .buildIn(app.surroundings());

        assertThat(config.routes()).extracting(RouteConfig::name).isEqualTo(List.of("z", "a"));
        assertThat(config.routes()).extracting(RouteConfig::upstream).isEqualTo(List.of("z", "z"));
    }

    @Test
    void theNameInViaIsAnotherOneAtEveryStart() {
        assertThat(read().viaName()).matches("headgate-[0-9a-f]{8}").isNotEqualTo(read().viaName());
    }

    private GatewayConfig read() {
        return SettingsReader.read(app, StubApp.Plain.class, app.surroundings());
    }
}
