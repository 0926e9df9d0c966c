package dev.headgate.samples.quickstart.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.CookieManager;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs the quickstart as the README's first command does, in a process of its own, and uses it as its page does. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QuickstartTest {

    private static final Pattern ADDRESS = Pattern.compile("http://localhost:(\\d+)/");

    private static final Pattern TOKEN = Pattern.compile("\"token\":\"([0-9a-f]{32})\"");

    private static Process quickstart;
    private static URI page;

    private final HttpClient browser = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .cookieHandler(new CookieManager())
            .followRedirects(HttpClient.Redirect.NORMAL)
            .build();

    @BeforeAll
    static void start() throws IOException {
        quickstart = launch();
        page = page(quickstart);
    }

    @AfterAll
    static void stop() throws InterruptedException {
        end(quickstart);
    }

    @Test
    void appAnswersItsOwnPathsAndEveryServiceAnswersTheirs() throws Exception {
        signIn("demo");

        assertThat(get("hello").body()).contains("\"user\":\"demo\"");
        assertThat(get("").body()).contains("<h1>Headgate quickstart</h1>");

        awaitAnswersFrom("service-1", "service-2", "service-3");
    }

    @Test
    void killedServiceCostsNobodyAnAnswerAndIsUsedAgainOnceItIsRevived() throws Exception {
        signIn("demo");
        awaitAnswersFrom("service-1", "service-2", "service-3");

        assertThat(become("service-2", "killed", token()).statusCode()).isEqualTo(200);
        assertThat(get("app/services").body()).contains("\"state\":\"killed\"");
        assertThat(answerers(40)).isNotEmpty().doesNotContain("service-2");

        assertThat(become("service-2", "well", token()).statusCode()).isEqualTo(200);
        awaitAnswersFrom("service-2");
    }

    @Test
    void brokenServiceCostsNobodyAnAnswer() throws Exception {
        signIn("demo");

        become("service-1", "broken", token());
        awaitAnswersFrom("service-2", "service-3");

        become("service-1", "well", token());
        awaitAnswersFrom("service-1");
    }

    @Test
    void withEveryServiceKilledTheGatewayAnswersAtOnce() throws Exception {
        signIn("demo");
        List<String> all = List.of("service-1", "service-2", "service-3");
        for (String service : all) {
            become(service, "killed", token());
        }

        HttpResponse<String> page =
                browser.send(request("api/whoami").header("Accept", "text/html").build(), BodyHandlers.ofString());

        assertThat(page.statusCode()).isIn(502, 503);
        assertThat(page.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
        assertThat(page.body()).doesNotContain("127.0.0.1");

        for (String service : all) {
            become(service, "well", token());
        }
        await().atMost(Duration.ofSeconds(20)).until(() -> get("api/whoami").statusCode() == 200);
    }

    @Test
    void buttonsNeedTheLoginAndTheTokenOfThePage() throws Exception {
        assertThat(become("service-1", "killed", "").body()).contains("action=\"j_security_check\"");

        signIn("demo");
        assertThat(become("service-1", "killed", "").statusCode()).isEqualTo(403);
        assertThat(become("service-1", "killed", "0".repeat(32)).statusCode()).isEqualTo(403);
        assertThat(get("app/services/service-1?state=killed").statusCode()).isEqualTo(404);
        assertThat(become("service-9", "killed", token()).statusCode()).isEqualTo(404);
        assertThat(become("service-1", "happy", token()).statusCode()).isEqualTo(400);
        assertThat(become("service-1", "slow&delay=-1", token()).statusCode()).isEqualTo(400);
    }

    @Test
    void operatorSeesTheStatusPageAndNobodyDoesWithoutTheLogin() throws Exception {
        assertThat(get("status").body()).contains("action=\"j_security_check\"");

        signIn("demo");
        HttpResponse<String> status =
                browser.send(request("status").header("Accept", "text/html").build(), BodyHandlers.ofString());

        assertThat(status.statusCode()).isEqualTo(200);
        assertThat(status.body()).contains("Upstreams", "services", "value=\"drain\"");
    }

    @Test
    void serviceLearnsTheUserButNotTheSession() throws Exception {
        signIn("demo");

        HttpResponse<String> answer =
                browser.send(request("api/whoami").header("X-User", "admin").build(), BodyHandlers.ofString());

        assertThat(answer.body())
                .contains("\"GET /whoami HTTP/1.1\"", "[\"X-User\",\"demo\"]", "[\"Via\",")
                .doesNotContain("admin", "JSESSIONID");
    }

    @Test
    void nobodyReachesAServiceWithoutTheLoginOfTheApp() throws Exception {
        assertThat(get("api/whoami").body()).contains("action=\"j_security_check\"");
        assertThat(signIn("wrong")).contains("That is not the right name and password.");
        assertThat(get("api/whoami").body()).contains("action=\"j_security_check\"");
    }

    @Test
    void uploadArrivesWhole() throws Exception {
        signIn("demo");
        byte[] content = new byte[5_000_000];
        new Random(1).nextBytes(content);

        HttpResponse<String> answer = browser.send(
                request("api/files/a%20file")
                        .PUT(BodyPublishers.ofByteArray(content))
                        .build(),
                BodyHandlers.ofString());

        String hash =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        assertThat(answer.body()).contains("\"bytes\":5000000", "\"sha256\":\"" + hash + "\"");
    }

    @Test
    void firstEventsArriveWhileTheStreamGoesOn() throws Exception {
        signIn("demo");

        HttpResponse<InputStream> stream = browser.send(request("api/events").build(), BodyHandlers.ofInputStream());

        try (BufferedReader events = new BufferedReader(new InputStreamReader(stream.body(), UTF_8))) {
            assertThat(events.readLine()).contains("\"number\":1");
            assertThat(events.readLine()).isEmpty();
            assertThat(events.readLine()).contains("\"number\":2");
        }
    }

    @Test
    void servicesEndWhenTheQuickstartIsKilled() throws Exception {
        Process another = launch();
        try {
            page(another);
            List<ProcessHandle> services = another.children().toList();
            assertThat(services).hasSize(3);

            another.destroyForcibly();

            await().atMost(Duration.ofSeconds(10)).until(() -> services.stream().noneMatch(ProcessHandle::isAlive));
        } finally {
            end(another);
        }
    }

    private static Process launch() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dport=0",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Quickstart.class.getName(),
                        "target/quickstart")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Waits until the quickstart has started and returns the address that it prints. */
    private static URI page(Process quickstart) throws IOException {
        BufferedReader output = new BufferedReader(new InputStreamReader(quickstart.getInputStream(), UTF_8));
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher address = ADDRESS.matcher(line);
            if (address.find()) {
                return URI.create("http://127.0.0.1:" + address.group(1) + "/");
            }
        }
        throw new AssertionError("the quickstart ended and printed no address");
    }

    private static void end(Process quickstart) throws InterruptedException {
        quickstart.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }

    /** Signs in as a browser does, and returns the page that this leads to. */
    private String signIn(String password) throws Exception {
        get("");
        String form = "j_username=demo&j_password=" + URLEncoder.encode(password, UTF_8);
        return browser.send(
                        request("j_security_check")
                                .header("Content-Type", "application/x-www-form-urlencoded")
                                .POST(BodyPublishers.ofString(form))
                                .build(),
                        BodyHandlers.ofString())
                .body();
    }

    /** Who answers so many requests in a row, none of which may fail. */
    private Set<String> answerers(int requests) throws Exception {
        Set<String> answeredBy = new HashSet<>();
        for (int i = 0; i < requests; i++) {
            HttpResponse<String> answer = get("api/whoami");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            answeredBy.add(answer.headers().firstValue("Answered-By").orElse("nobody"));
        }
        return answeredBy;
    }

    /** Asks until all of these have answered; no request may fail meanwhile. */
    private void awaitAnswersFrom(String... services) {
        Set<String> answeredBy = new HashSet<>();
        await().atMost(Duration.ofSeconds(30)).until(() -> {
            answeredBy.addAll(answerers(10));
            return answeredBy.containsAll(List.of(services));
        });
    }

    private HttpResponse<String> become(String service, String state, String token) throws Exception {
        return browser.send(
                request("app/services/" + service + "?state=" + state)
                        .header("X-CSRF-Token", token)
                        .POST(BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());
    }

    private String token() throws Exception {
        Matcher token = TOKEN.matcher(get("app/services").body());
        assertThat(token.find()).isTrue();
        return token.group(1);
    }

    private HttpResponse<String> get(String path) throws Exception {
        return browser.send(request(path).build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(page.resolve(path)).timeout(Duration.ofSeconds(30));
    }
}
