package dev.headgate.samples.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every sample WAR in every server, all servers running at once, each started once. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DeployedWarsTest {

    private static final List<String> SAMPLES = List.of("web-xml", "annotations", "properties");

    private final List<ServerProcess> servers = new ArrayList<>();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private HttpServer service;

    @BeforeAll
    void startAll() throws IOException {
        service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        service.createContext("/", exchange -> {
            try (exchange) {
                byte[] seen = (exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                                + new String(exchange.getRequestBody().readAllBytes(), UTF_8))
                        .getBytes(UTF_8);
                exchange.sendResponseHeaders(200, seen.length);
                exchange.getResponseBody().write(seen);
            }
        });
        service.start();
        String address = "http://127.0.0.1:" + service.getAddress().getPort();

        Path target = Path.of(System.getProperty("target.directory"));
        Path named = Files.createDirectories(target.resolve("named"));
        List<Path> wars = new ArrayList<>();
        for (String sample : SAMPLES) {
            wars.add(Files.copy(
                    target.resolve("wars/headgate-sample-" + sample + ".war"),
                    named.resolve(sample + ".war"),
                    StandardCopyOption.REPLACE_EXISTING));
        }
        wars.add(withMistakes(named.resolve("properties.war")));

        servers.add(ServerProcess.tomcat(System.getProperty("tomcat10.version"), address, wars));
        servers.add(ServerProcess.tomcat(System.getProperty("tomcat11.version"), address, wars));
        servers.add(ServerProcess.jetty(System.getProperty("jetty.version"), address, wars));
        servers.forEach(ServerProcess::awaitStart);
    }

    @AfterAll
    void stopAll() {
        servers.forEach(ServerProcess::stop);
        if (service != null) {
            service.stop(0);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("deployments")
    void pathOfTheRouteIsAnsweredByTheService(ServerProcess server, String app) throws Exception {
        HttpResponse<String> get = get(server, app + "/api/orders%20a/7?q=%2F+x&empty=");
        assertThat(get.statusCode()).as(get.body()).isEqualTo(200);
        assertThat(get.body()).isEqualTo("GET /orders%20a/7?q=%2F+x&empty= ");

        HttpResponse<String> post = client.send(
                request(server, app + "/api/orders")
                        .POST(HttpRequest.BodyPublishers.ofString("content"))
                        .build(),
                BodyHandlers.ofString());
        assertThat(post.body()).isEqualTo("POST /orders content");
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("deployments")
    void everyOtherPathIsAnsweredByTheApp(ServerProcess server, String app) throws Exception {
        assertThat(get(server, app + "/index.html").body()).contains("This is the app.");
        assertThat(get(server, app + "/apiary").statusCode()).isEqualTo(404);
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("deploymentsWithMistakes")
    void mistakesStopTheAppAndAreAllInTheLog(ServerProcess server, String app) throws Exception {
        assertThat(get(server, app + "/index.html").statusCode()).isIn(404, 503);
        String log = server.log();
        List<String> missing = Stream.of("route.api.target-pth", "route.api.timeout.connect", "soon", "ftp://nowhere")
                .filter(mistake -> !log.contains(mistake))
                .toList();
        assertThat(missing).as("missing in the log of " + server).isEmpty();
    }

    private Stream<Arguments> deployments() {
        return servers.stream().flatMap(server -> SAMPLES.stream().flatMap(sample -> apps(server, sample)));
    }

    private Stream<Arguments> deploymentsWithMistakes() {
        return servers.stream().flatMap(server -> apps(server, "mistakes"));
    }

    private static Stream<Arguments> apps(ServerProcess server, String sample) {
        Stream<String> apps = server.toString().startsWith("jetty")
                ? Stream.of("/" + sample, "/ee11-" + sample)
                : Stream.of("/" + sample);
        return apps.map(app -> Arguments.of(server, app));
    }

    private HttpResponse<String> get(ServerProcess server, String path) throws Exception {
        return client.send(request(server, path).build(), BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(ServerProcess server, String path) {
        return HttpRequest.newBuilder(URI.create(server.address() + path)).timeout(Duration.ofSeconds(20));
    }

    private static Path withMistakes(Path war) throws IOException {
        Path copy = Files.copy(war, war.resolveSibling("mistakes.war"), StandardCopyOption.REPLACE_EXISTING);
        try (FileSystem zip = FileSystems.newFileSystem(copy)) {
            Files.writeString(
                    zip.getPath("WEB-INF/headgate.properties"),
                    """
                    route.api.path = /api/*
                    route.api.to = ftp://nowhere
                    route.api.target-pth = strip
                    route.api.timeout.connect = soon
                    """);
        }
        return copy;
    }
}
