package dev.headgate.samples.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A sample WAR that is deployed and undeployed many times in a Tomcat that runs on, with traffic all the while. */
class RedeployedWarTest {

    private static final int TIMES = 50;

    private static final Pattern THREAD_NAME = Pattern.compile("(?m)^\"([^\"]+)\"");

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private ServerProcess tomcat;

    @Test
    @Timeout(600)
    void nothingOfTheGatewayIsLeftInTomcat() throws Exception {
        HttpServer service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        service.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, 2);
                exchange.getResponseBody().write("ok".getBytes(UTF_8));
            }
        });
        service.start();
        String version = System.getProperty(Runtime.version().feature() < 21 ? "tomcat10.version" : "tomcat11.version");
        tomcat = ServerProcess.managedTomcat(
                version, "http://127.0.0.1:" + service.getAddress().getPort());
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger answered = new AtomicInteger();
        Thread traffic = new Thread(() -> askUntil(over, answered), "traffic");
        try {
            tomcat.awaitStart();
            traffic.start();
            deployAndUndeploy(answered);
            Set<String> kindsOfThreads = kindsOfThreads();
            for (int i = 1; i < TIMES; i++) {
                deployAndUndeploy(answered);
            }

            // The JDK remembers the class of the last record that was used for the first time
            // (MethodHandle.asTypeCache),
            // whichever app that was of: another app's displaces it.
            manager("deploy?path=/other&war=file:" + war("properties"));
            await().until(() -> get("/other/api/x").statusCode() == 200);
            await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> assertThat(manager("findleaks?statusLine=true"))
                    .as("what Tomcat finds of apps that are gone")
                    .doesNotContain("/app"));
            manager("undeploy?path=/other");
            await().untilAsserted(() -> assertThat(kindsOfThreads())
                    .as("after %s deployments, beside those after the first", TIMES)
                    .isSubsetOf(kindsOfThreads));
            assertThat(kindsOfThreads()).noneMatch(name -> name.contains("headgate"));
            // A thread of Tomcat's own that happened to be begun while the app was started is none of the app's.
            assertThat(tomcat.log().lines().filter(line -> !line.contains("[Catalina-utility-")))
                    .as("what Tomcat complains about when an app ends")
                    .noneMatch(line ->
                            line.contains("memory leak") || line.contains("has failed to") || line.contains("SEVERE"));
        } finally {
            over.set(true);
            traffic.join();
            tomcat.stop();
            service.stop(0);
        }
    }

    private void deployAndUndeploy(AtomicInteger answered) throws Exception {
        assertThat(manager("deploy?path=/app&war=file:" + war("properties"))).startsWith("OK");
        int before = answered.get();
        await().atMost(Duration.ofSeconds(20)).until(() -> answered.get() > before + 1);
        assertThat(manager("undeploy?path=/app")).startsWith("OK");
    }

    private static Path war(String sample) {
        return Path.of(System.getProperty("target.directory"), "wars", "headgate-sample-" + sample + ".war");
    }

    private void askUntil(AtomicBoolean over, AtomicInteger answered) {
        while (!over.get()) {
            try {
                if (get("/app/api/x").statusCode() == 200) {
                    answered.incrementAndGet();
                }
            } catch (IOException e) {
                // The app is going, and took the connection with it.
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** Without their numbers: pools of the container grow and shrink. */
    private Set<String> kindsOfThreads() throws Exception {
        Set<String> kinds = new TreeSet<>();
        Matcher names = THREAD_NAME.matcher(manager("threaddump"));
        while (names.find()) {
            kinds.add(names.group(1).replaceAll("\\d+", "N"));
        }
        assertThat(kinds).as("Tomcat shows its threads").isNotEmpty();
        return kinds;
    }

    private String manager(String command) throws Exception {
        String login = Base64.getEncoder().encodeToString("manager:manager".getBytes(UTF_8));
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create(tomcat.address() + "/manager/text/" + command))
                        .header("Authorization", "Basic " + login)
                        .timeout(Duration.ofSeconds(60))
                        .build(),
                BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(command + ": " + answer.body()).isEqualTo(200);
        return answer.body();
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(tomcat.address() + path))
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                BodyHandlers.ofString());
    }
}
