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
    void appAnswersItsOwnPathsAndBothServicesAnswerTheirs() throws Exception {
        signIn("demo");

        assertThat(get("hello").body()).contains("\"user\":\"demo\"");
        assertThat(get("").body()).contains("<h1>Headgate quickstart</h1>");

        Set<String> answeredBy = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            answeredBy.add(get("api/whoami").headers().firstValue("Answered-By").orElse("nobody"));
        }
        assertThat(answeredBy).containsExactlyInAnyOrder("service-1", "service-2");
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
            assertThat(services).hasSize(2);

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

    private HttpResponse<String> get(String path) throws Exception {
        return browser.send(request(path).build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(page.resolve(path)).timeout(Duration.ofSeconds(30));
    }
}
