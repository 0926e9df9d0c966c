package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.Principal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** The status page on the wire: who gets in, what may be asked, and what the answers are. */
class StatusPageTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String HTML = "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";

    private static final String FORM = "Content-Type: application/x-www-form-urlencoded";

    /** Whom the field X-Test-Role names, and whether anybody made a session. */
    private static Filter login(AtomicBoolean session) {
        return (request, response, chain) -> chain.doFilter(
                new HttpServletRequestWrapper((HttpServletRequest) request) {
                    @Override
                    public boolean isUserInRole(String role) {
                        return role.equals(getHeader("X-Test-Role"));
                    }

                    @Override
                    public Principal getUserPrincipal() {
                        String user = getHeader("X-Test-User");
                        return user == null ? null : () -> user;
                    }

                    @Override
                    public jakarta.servlet.http.HttpSession getSession(boolean create) {
                        session.compareAndSet(false, create);
                        return super.getSession(create);
                    }
                },
                response);
    }

    private static Scene scene(Container container, RawOrigin origin, String... settings) throws IOException {
        return scene(AppServer.on(container), origin, settings);
    }

    private static Scene scene(AppServer.Builder app, RawOrigin origin, String... settings) throws IOException {
        List<String> all = new ArrayList<>(List.of("status.path=/ops/status"));
        all.addAll(List.of(settings));
        return Scene.of(app.filter(login(new AtomicBoolean())), origin, all.toArray(new String[0]));
    }

    private static JsonNode json(RawMessage response) throws IOException {
        assertThat(response.field("Content-Type")).isEqualTo("application/json");
        return JSON.readTree(response.content());
    }

    private static String token(RawClient client, String... fields) throws IOException {
        return json(client.get("/ops/status", fields)).get("token").asText();
    }

    /** Posts names and values in turn. */
    private static RawMessage post(RawClient client, List<String> fields, String... form) throws IOException {
        StringBuilder content = new StringBuilder();
        for (int i = 0; i < form.length; i += 2) {
            content.append(content.isEmpty() ? "" : "&")
                    .append(form[i])
                    .append('=')
                    .append(URLEncoder.encode(form[i + 1], StandardCharsets.UTF_8));
        }
        List<String> lines = new ArrayList<>(fields);
        lines.add(FORM);
        return client.post("/ops/status", content.toString(), lines.toArray(new String[0]));
    }

    // ---- who gets in ----

    @OnEachContainer
    void membersOfTheRoleGetInAndOthersGetTheAppsOwn404(Container container) throws IOException {
        try (Scene scene = scene(container, RawOrigin.ok(), "status.roles=operator admin")) {
            RawClient client = scene.client();
            assertThat(client.get("/ops/status", "X-Test-Role: admin").status()).isEqualTo(200);
            for (String method : List.of("GET", "HEAD", "POST", "DELETE", "OPTIONS")) {
                RawMessage refused = client.exchange(
                        RawClient.request(method, "/ops/status", "X-Test-Role: user") + "Content-Length: 0\r\n\r\n");
                assertThat(refused.status()).as(method).isEqualTo(404);
                assertThat(refused.has("Allow")).isFalse();
            }
            assertThat(client.get("/ops/status", HTML).text()).doesNotContainIgnoringCase("headgate");
            assertThat(scene.origin().requests()).isZero();
        }
    }

    @OnEachContainer
    void addressesGetInAndWhatAClientClaimsOfItselfOpensNothing(Container container) throws IOException {
        try (Scene allowed = scene(container, RawOrigin.ok(), "status.addresses=127.0.0.0/8");
                Scene elsewhere = scene(container, RawOrigin.ok(), "status.addresses=10.2.0.0/16")) {
            assertThat(allowed.client().get("/ops/status").status()).isEqualTo(200);
            for (String claim : List.of(
                    "X-Forwarded-For: 10.2.0.1", "Forwarded: for=10.2.0.1", "X-Real-IP: 10.2.0.1", "X-Test: none")) {
                assertThat(elsewhere.client().get("/ops/status", claim).status())
                        .as(claim)
                        .isEqualTo(404);
            }
            for (String proxy :
                    List.of("X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "X-Real-IP: 192.0.2.1")) {
                assertThat(allowed.client().get("/ops/status", proxy).status())
                        .as("a proxy that nobody named, %s", proxy)
                        .isEqualTo(404);
            }
        }
    }

    @OnEachContainer
    void trustedProxyTellsTheAddress(Container container) throws IOException {
        try (Scene scene = scene(
                container, RawOrigin.ok(), "status.addresses=10.2.0.0/16", "trusted-proxies=127.0.0.1 10.9.0.0/16")) {
            RawClient client = scene.client();
            assertThat(client.get("/ops/status", "X-Forwarded-For: 10.2.7.7").status())
                    .isEqualTo(200);
            assertThat(client.get("/ops/status", "X-Forwarded-For: 10.2.7.7, 10.9.0.1")
                            .status())
                    .isEqualTo(200);
            assertThat(client.get("/ops/status", "X-Forwarded-For: 10.2.7.7, 192.0.2.1")
                            .status())
                    .as("what stands before a stranger was written by strangers")
                    .isEqualTo(404);
            assertThat(client.get("/ops/status").status()).isEqualTo(404);
        }
    }

    @OnEachContainer
    void pageHasOneSpellingAndStandsBeforeEveryRoute(Container container) throws IOException {
        try (Scene scene = scene(
                AppServer.on(container).contextPath("/shop"),
                RawOrigin.ok(),
                "route.r.path=/*",
                "status.addresses=127.0.0.1")) {
            RawClient client = scene.client();
            assertThat(json(client.get("/shop/ops/status?x=1")).get("name").asText())
                    .isEqualTo("headgate");
            for (String target :
                    List.of("/shop/ops/status/", "/shop/ops/status;x=1", "/shop/ops/st%61tus", "/shop/a/ops/status")) {
                try (RawClient another = scene.connect()) {
                    assertThat(another.get(target).text()).as(target).doesNotContain("uptimeSeconds");
                }
            }
            assertThat(scene.origin().requests()).isPositive();
        }
    }

    @OnEachContainer
    void withoutTheSettingNothingIsThere(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok(), "status.addresses=127.0.0.1")) {
            assertThat(scene.client().get("/ops/status").text()).isEqualTo("app:GET /ops/status");
        }
    }

    /** What the container makes of these differs; whatever it is, it is not the page. */
    @OnEachContainer
    void strangersFindThePageByNoSpellingAndNoMethod(Container container) throws IOException {
        try (Scene scene = scene(
                AppServer.on(container).contextPath("/shop").lenient(),
                RawOrigin.ok(),
                "status.roles=operator",
                "status.addresses=10.1.2.3",
                "trusted-proxies=192.0.2.1")) {
            for (String target : List.of(
                    "/shop/ops/status",
                    "/shop/ops/status/",
                    "/shop/ops/status;x=1",
                    "/shop/ops/status?role=operator",
                    "/shop;x=1/ops/status",
                    "//shop/ops/status",
                    "/shop//ops/status",
                    "/shop/ops//status",
                    "/shop/./ops/status",
                    "/shop/%2e/ops/status",
                    "/shop/x/../ops/status",
                    "/shop/x/%2e%2e/ops/status",
                    "/shop/ops/st%61tus",
                    "/shop/OPS/STATUS",
                    "/shop/api/../ops/status",
                    "http://127.0.0.1/shop/ops/status")) {
                for (String method : List.of("GET", "HEAD", "POST")) {
                    try (RawClient client = scene.connect()) {
                        RawMessage answer = client.exchange(RawClient.request(
                                        method, target, "X-Test-Role: user", "X-Forwarded-For: 10.1.2.3", FORM)
                                + "Content-Length: 0\r\n\r\n");
                        assertThat(answer.has("Content-Security-Policy")
                                        || answer.text().contains("uptimeSeconds")
                                        || answer.text().contains("Nothing was done"))
                                .as(method + " " + target + ": " + answer.head())
                                .isFalse();
                    }
                }
            }
        }
    }

    // ---- what it answers ----

    @OnEachContainer
    void pageIsSelfContainedAndKeptOutOfCachesAndFrames(Container container) throws IOException {
        AtomicBoolean session = new AtomicBoolean();
        try (Scene scene = Scene.of(
                AppServer.on(container).filter(login(session)),
                RawOrigin.ok(),
                "status.path=/ops/status",
                "status.addresses=127.0.0.1")) {
            RawMessage page = scene.client().get("/ops/status", HTML);
            assertThat(page.status()).isEqualTo(200);
            assertThat(page.field("Content-Type")).isEqualToIgnoringCase("text/html;charset=utf-8");
            assertThat(page.field("Cache-Control")).isEqualTo("no-store");
            assertThat(page.field("X-Content-Type-Options")).isEqualTo("nosniff");
            assertThat(page.field("X-Frame-Options")).isEqualTo("DENY");
            assertThat(page.field("Vary")).isEqualTo("Accept");
            assertThat(page.field("Content-Security-Policy"))
                    .contains("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'")
                    .doesNotContain("unsafe");
            String html = new String(page.content(), StandardCharsets.UTF_8);
            assertThat(html).contains("Everything works", scene.origin().url());
            assertThat(html).doesNotContainPattern("(src|href)=\"(?!data:|/ops/status)");
            assertThat(html).doesNotContainPattern(" (on[a-z]+|style)=");

            RawMessage head = scene.client().exchange(RawClient.request("HEAD", "/ops/status", HTML) + "\r\n");
            assertThat(head.status()).isEqualTo(200);
            assertThat(Integer.parseInt(head.field("Content-Length"))).isGreaterThan(1000);

            RawMessage wrong =
                    scene.client().exchange(RawClient.request("DELETE", "/ops/status") + "Content-Length: 0\r\n\r\n");
            assertThat(wrong.status()).isEqualTo(405);
            assertThat(wrong.field("Allow")).isEqualTo("GET, HEAD, POST");

            String token = token(scene.client());
            assertThat(post(scene.client(), List.of(), "token", token, "action", "reload")
                            .status())
                    .isEqualTo(409);
            assertThat(page.has("Set-Cookie")).isFalse();
            assertThat(session).as("a session was begun").isFalse();
        }
    }

    @OnEachContainer
    void jsonTellsRoutesUpstreamsAndFailures(Container container) throws IOException {
        try (Scene scene = scene(
                container,
                RawOrigin.ok(),
                "status.addresses=127.0.0.1",
                "route.r.concurrency.max=7",
                "limit.l.rate=9/s")) {
            scene.origin().refuse();
            scene.client().get("/api/broken?secret=1", "X-Request-Id: id-1");
            RawMessage answer = scene.client().get("/ops/status", "Accept: application/json");
            JsonNode json = json(answer);
            assertThat(answer.text()).doesNotContain("secret");
            assertThat(json.fieldNames())
                    .toIterable()
                    .containsExactly(
                            "name",
                            "time",
                            "uptimeSeconds",
                            "state",
                            "problems",
                            "routes",
                            "upstreams",
                            "failures",
                            "cache",
                            "limits",
                            "threads",
                            "token");
            assertThat(json.at("/routes/0/name").asText()).isEqualTo("r");
            assertThat(json.at("/routes/0/paths/0").asText()).isEqualTo("/api/*");
            assertThat(json.at("/upstreams/0/origins/0/name").asText())
                    .isEqualTo(scene.origin().url());
            assertThat(json.at("/upstreams/0/origins/0/health").asText()).isEqualTo("up");
            assertThat(json.at("/upstreams/0/origins/0/failuresInARow").asInt()).isPositive();
            assertThat(json.at("/failures/0/kind").asText()).isEqualTo("connection_refused");
            assertThat(json.at("/failures/0/requestId").asText()).isEqualTo("id-1");
            assertThat(json.at("/limits/places/0/places").asInt()).isEqualTo(7);
            assertThat(json.at("/limits/rates/0/name").asText()).isEqualTo("l");
            assertThat(json.get("cache").isNull()).isTrue();
        }
    }

    // ---- acting ----

    @OnEachContainer
    void actingTakesTheTokenOfThisUserAndThisPage(Container container) throws IOException {
        try (Scene scene = scene(container, RawOrigin.ok(), "status.roles=operator", "status.addresses=127.0.0.1")) {
            RawClient client = scene.client();
            List<String> alice = List.of("X-Test-Role: operator", "X-Test-User: alice");
            List<String> bob = List.of("X-Test-Role: operator", "X-Test-User: bob");
            String token = token(client, alice.toArray(new String[0]));
            String[] drain = {
                "action", "drain", "upstream", "r", "origin", scene.origin().url()
            };

            assertThat(post(client, alice, drain).status()).as("no token").isEqualTo(403);
            assertThat(post(client, alice, with(drain, "token", "x")).status()).isEqualTo(403);
            assertThat(post(client, bob, with(drain, "token", token)).status())
                    .as("another user's")
                    .isEqualTo(403);
            assertThat(post(client, List.of(), with(drain, "token", token)).status())
                    .as("nobody's")
                    .isEqualTo(403);
            for (String site : List.of("Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: null")) {
                List<String> fields = new ArrayList<>(alice);
                fields.add(site);
                assertThat(post(client, fields, with(drain, "token", token)).status())
                        .as(site)
                        .isEqualTo(403);
            }
            assertThat(client.get("/ops/status?action=drain&upstream=r&token=" + token, alice.toArray(new String[0]))
                            .status())
                    .isEqualTo(200);
            assertThat(mode(client)).as("nothing of that did anything").isEqualTo("enabled");

            List<String> own = new ArrayList<>(alice);
            own.add("Sec-Fetch-Site: same-origin");
            RawMessage done = post(client, own, with(drain, "token", token));
            assertThat(done.status()).isEqualTo(200);
            assertThat(json(done).get("done").asBoolean()).isTrue();
            assertThat(json(done).get("message").asText()).contains("is draining", "Careful");
            assertThat(mode(client)).isEqualTo("draining");

            List<String> program = new ArrayList<>(alice);
            program.add("X-Headgate-Token: " + token);
            drain[1] = "enable";
            assertThat(post(client, program, drain).status()).isEqualTo(200);
            assertThat(mode(client)).isEqualTo("enabled");
        }
    }

    private static String[] with(String[] form, String... more) {
        List<String> all = new ArrayList<>(List.of(form));
        all.addAll(List.of(more));
        return all.toArray(new String[0]);
    }

    private static String mode(RawClient client) throws IOException {
        return json(client.get("/ops/status")).at("/upstreams/0/origins/0/mode").asText();
    }

    @OnEachContainer
    void drainMovesTheTrafficAndEnableBringsItBack(Container container) throws IOException {
        try (RawOrigin first = RawOrigin.ok();
                RawOrigin second = RawOrigin.ok();
                Scene scene = scene(
                        container,
                        RawOrigin.ok(),
                        "route.r.to=" + first.url() + " " + second.url(),
                        "upstream.r.balance=round-robin",
                        "status.addresses=127.0.0.1")) {
            RawClient client = scene.client();
            String token = token(client);
            JsonNode origins = json(client.get("/ops/status")).at("/upstreams/0/origins");
            String id = origins.get(0).get("name").asText().equals(first.url())
                    ? origins.get(0).get("id").asText()
                    : origins.get(1).get("id").asText();
            post(client, List.of(), "token", token, "action", "drain", "upstream", "r", "origin", id);
            for (int i = 0; i < 6; i++) {
                client.get("/api/x");
            }
            assertThat(first.requests()).isZero();
            assertThat(second.requests()).isEqualTo(6);
            post(client, List.of(), "token", token, "action", "enable", "upstream", "r", "origin", id);
            for (int i = 0; i < 6; i++) {
                client.get("/api/x");
            }
            assertThat(first.requests()).isPositive();
        }
    }

    @OnEachContainer
    void everyActionSaysWhatItDidAndBadOnesWhy(Container container) throws IOException {
        try (Scene scene = scene(
                container,
                RawOrigin.answering(RawOrigin.ok("x", "Cache-Control: max-age=600")),
                "status.addresses=127.0.0.1",
                "route.r.cache=true",
                "limit.l.rate=1/h",
                "route.r.limits=l")) {
            RawClient client = scene.client();
            String token = token(client);
            String origin = scene.origin().url();
            assertThat(client.get("/api/x").status()).isEqualTo(200);
            assertThat(client.get("/api/x").status()).isEqualTo(429);

            assertSays(
                    scene,
                    token,
                    200,
                    "has all of its budget",
                    "action",
                    "reset-key",
                    "limit",
                    "l",
                    "key",
                    "127.0.0.1");
            assertSays(
                    scene, token, 200, "had nothing counted", "action", "reset-key", "limit", "l", "key", "192.0.2.9");
            assertSays(scene, token, 400, "no limit 'none'", "action", "reset-key", "limit", "none", "key", "x");
            assertSays(
                    scene,
                    token,
                    200,
                    "1 stored response forgotten",
                    "action",
                    "purge",
                    "by",
                    "url",
                    "value",
                    "/api/x");
            assertSays(scene, token, 200, "Nothing of that", "action", "purge", "by", "all");
            assertSays(scene, token, 400, "what to forget", "action", "purge", "by", "tag");
            assertSays(scene, token, 400, "url, prefix, tag, route or all", "action", "purge", "by", "x", "value", "y");
            assertSays(
                    scene,
                    token,
                    200,
                    "weight 20",
                    "action",
                    "weight",
                    "upstream",
                    "r",
                    "origin",
                    origin,
                    "weight",
                    "20");
            for (String weight : List.of("0", "1001", "-1", "", "99999999999", "two")) {
                assertSays(
                        scene,
                        token,
                        400,
                        "from 1 to 1000",
                        "action",
                        "weight",
                        "upstream",
                        "r",
                        "origin",
                        origin,
                        "weight",
                        weight);
            }
            assertSays(scene, token, 200, "forgotten", "action", "reset", "upstream", "r", "origin", origin);
            assertSays(scene, token, 400, "no upstream 'x'", "action", "reset", "upstream", "x", "origin", origin);
            assertSays(scene, token, 400, "no origin 'x'", "action", "reset", "upstream", "r", "origin", "x");
            assertSays(scene, token, 200, "is disabled", "action", "disable", "upstream", "r", "origin", origin);
            assertSays(scene, token, 400, "The action 'fly' is none of", "action", "fly");
            assertSays(scene, token, 400, "no field action");
            assertSays(scene, token, 409, "Nothing has changed", "action", "reload");

            JsonNode diagnosis = json(
                    post(client, List.of(), "token", token, "action", "diagnose", "upstream", "r", "origin", origin));
            assertThat(diagnosis.at("/steps/1/stage").asText()).isEqualTo("tcp");
            assertThat(diagnosis.at("/steps/1/passed").asBoolean()).isTrue();
        }
    }

    @OnEachContainer
    void purgingByUrlPrefixTagAndRouteTakesThatAndNothingElse(Container container) throws IOException {
        String tagged = RawOrigin.ok("x", "Cache-Control: max-age=600", "Cache-Tag: shop, news");
        RawOrigin.Script script = connection -> {
            for (RawMessage request = connection.readRequest(); request != null; request = connection.readRequest()) {
                connection.send(
                        request.startLine().contains("tagged")
                                ? tagged
                                : RawOrigin.ok("x", "Cache-Control: max-age=600"));
            }
        };
        RawOrigin origin = RawOrigin.scripted(script);
        try (Scene scene = scene(
                container,
                origin,
                "status.addresses=127.0.0.1",
                "route.r.cache=true",
                "route.s.path=/s/*",
                "route.s.to=r",
                "route.s.cache=true")) {
            RawClient client = scene.client();
            String token = token(client);
            List<String> all = List.of("/api/one", "/api/sub/two", "/api/tagged", "/s/three");
            store(client, all);

            assertPurges(scene, token, 1, "tag", "none news");
            assertThat(stored(client, all)).containsExactly("/api/one", "/api/sub/two", "/s/three");
            assertPurges(scene, token, 3, "route", "r");
            assertThat(stored(client, all)).containsExactly("/s/three");
            assertPurges(scene, token, 1, "prefix", "/api/sub/");
            assertThat(stored(client, all)).containsExactly("/api/one", "/api/tagged", "/s/three");
            assertPurges(scene, token, 1, "url", "/api/one");
            assertThat(stored(client, all)).containsExactly("/api/sub/two", "/api/tagged", "/s/three");
            assertPurges(scene, token, 0, "route", "no-such-route");
            assertPurges(scene, token, 4, "all", "");
            assertThat(stored(client, all)).isEmpty();

            assertSays(
                    scene,
                    token,
                    200,
                    "will be validated",
                    "action",
                    "purge",
                    "by",
                    "route",
                    "value",
                    "s",
                    "soft",
                    "1");
            assertThat(client.get("/s/three").field("Cache-Status")).contains("fwd=stale");
        }
    }

    private static void store(RawClient client, List<String> paths) throws IOException {
        for (String path : paths) {
            assertThat(client.get(path).status()).isEqualTo(200);
        }
        client.get("/page"); // the last exchange is over then, and stored
    }

    /** Those that are answered from the cache; afterwards all are stored. */
    private static List<String> stored(RawClient client, List<String> paths) throws IOException {
        List<String> hits = new ArrayList<>();
        for (String path : paths) {
            if (client.get(path).field("Cache-Status").contains("hit")) {
                hits.add(path);
            }
        }
        client.get("/page");
        return hits;
    }

    private static void assertPurges(Scene scene, String token, int count, String by, String value) throws IOException {
        assertSays(
                scene,
                token,
                200,
                count == 0 ? "Nothing of that" : count + (count == 1 ? " stored response " : " stored responses "),
                "action",
                "purge",
                "by",
                by,
                "value",
                value);
    }

    private static void assertSays(Scene scene, String token, int status, String message, String... form)
            throws IOException {
        RawMessage answer;
        // Tomcat hangs up after a 400.
        try (RawClient client = scene.connect()) {
            answer = post(client, List.of(), with(form, "token", token));
        }
        assertThat(answer.status()).as(String.join(" ", form)).isEqualTo(status);
        assertThat(json(answer).get("done").asBoolean()).isEqualTo(status == 200);
        assertThat(json(answer).get("message").asText()).contains(message);
    }

    @OnEachContainer
    void whatOthersWroteIsEscaped(Container container) throws IOException {
        String hostile = "<script>alert('1')</script>\"&";
        try (LogLines log = LogLines.of("dev.headgate.observe.StatusPage", "info");
                Scene scene = scene(
                        container,
                        RawOrigin.ok(),
                        "status.addresses=127.0.0.1",
                        "limit.l.rate=9/s",
                        "limit.l.key=field:X-Key")) {
            RawClient client = scene.client();
            String token = token(client);
            for (String[] form : new String[][] {
                {"action", hostile},
                {"action", "a\nINFO b\u2028c\u202ed"},
                {"action", "reset", "upstream", hostile},
                {"action", "reset", "upstream", "r", "origin", hostile},
                {"action", "reset-key", "limit", "l", "key", hostile},
                {"action", "purge", "by", hostile}
            }) {
                String html;
                try (RawClient another = scene.connect()) {
                    html = new String(
                            post(another, List.of(HTML), with(form, "token", token))
                                    .content(),
                            StandardCharsets.UTF_8);
                }
                assertThat(html).as(String.join(" ", form)).doesNotContain("<script>alert", "alert('1')");
            }
            assertThat(post(client, List.of(), "action", hostile, "token", token)
                            .text())
                    .doesNotContain("<script");
            assertThat(log.lines())
                    .anyMatch(line -> line.startsWith("INFO Status page: a\\x0aINFO b\\u2028c\\u202ed by "))
                    .noneMatch(line -> line.matches("(?s).*[\\p{Cntrl}\\u2028\\u202e].*"));
        }
    }

    @Test
    void pageAndErrorPageAreOneFamily() throws IOException {
        String errors = resource("failure/page.css");
        String palette = errors.substring(errors.indexOf("--ground"), errors.indexOf('}'));
        assertThat(resource("observe/status.css")).contains(palette.strip().split("\\s*\n\\s*"));
    }

    private static String resource(String name) throws IOException {
        try (var stream = HeadgateFilter.class.getResourceAsStream("/dev/headgate/" + name)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
