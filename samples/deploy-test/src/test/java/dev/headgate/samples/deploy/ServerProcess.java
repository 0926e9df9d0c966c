package dev.headgate.samples.deploy;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An unpacked server distribution that runs in a process of its own, on a free loopback port, with some WARs. Not
 * closeable: JUnit closes what is, once it has been the argument of one test.
 */
final class ServerProcess {

    private static final Path TARGET = Path.of(System.getProperty("target.directory"));

    /** Stands for Tomcat's own app among the WARs. */
    private static final Path MANAGER = Path.of("manager");

    private static final Pattern TOMCAT_LISTENS =
            Pattern.compile("Starting ProtocolHandler \\[\"http-nio-127\\.0\\.0\\.1-auto-1-(\\d+)\"]");
    private static final Pattern JETTY_LISTENS =
            Pattern.compile("Started oejs\\.ServerConnector.*\\{127\\.0\\.0\\.1:(\\d+)}");

    private final String name;
    private final Path base;
    private final Pattern listens;
    private Process process;
    private int port;

    private ServerProcess(String name, Pattern listens) throws IOException {
        this.name = name;
        this.base = TARGET.resolve("bases").resolve(name);
        this.listens = listens;
        delete(base);
        Files.createDirectories(base.resolve("webapps"));
    }

    /** A Tomcat with the settings it comes with, except for its ports. */
    static ServerProcess tomcat(String version, String service, List<Path> wars) throws IOException {
        return tomcat("tomcat-" + version, version, service, wars);
    }

    /** A Tomcat with its manager app, for a user {@code manager} with that password. */
    static ServerProcess managedTomcat(String version, String service) throws IOException {
        return tomcat("managed-tomcat-" + version, version, service, List.of(MANAGER));
    }

    private static ServerProcess tomcat(String name, String version, String service, List<Path> wars)
            throws IOException {
        ServerProcess server = new ServerProcess(name, TOMCAT_LISTENS);
        Path home = TARGET.resolve("servers").resolve("apache-tomcat-" + version);
        for (String directory : List.of("conf", "logs", "temp", "work")) {
            Files.createDirectories(server.base.resolve(directory));
        }
        try (Stream<Path> files = Files.list(home.resolve("conf"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, server.base.resolve("conf").resolve(file.getFileName()));
            }
        }
        Path settings = server.base.resolve("conf/server.xml");
        Files.writeString(
                settings,
                Files.readString(settings)
                        .replace("<Server port=\"8005\"", "<Server port=\"-1\"")
                        .replace("<Connector port=\"8080\"", "<Connector address=\"127.0.0.1\" port=\"0\""));
        for (Path war : wars) {
            if (war.equals(MANAGER)) {
                server.addManager(home);
            } else {
                Files.copy(war, server.base.resolve("webapps").resolve(war.getFileName()));
            }
        }
        Path bin = home.resolve("bin");
        server.start(
                service,
                // As Tomcat's own script has them: its leak detection looks into the JDK.
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--add-opens=java.base/java.lang.reflect=ALL-UNNAMED",
                "--add-opens=java.base/java.io=ALL-UNNAMED",
                "--add-opens=java.base/java.util=ALL-UNNAMED",
                "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
                "--add-opens=java.rmi/sun.rmi.transport=ALL-UNNAMED",
                "-cp",
                bin.resolve("bootstrap.jar") + System.getProperty("path.separator") + bin.resolve("tomcat-juli.jar"),
                "-Djava.util.logging.config.file=" + server.base.resolve("conf/logging.properties"),
                "-Djava.util.logging.manager=org.apache.juli.ClassLoaderLogManager",
                "-Dcatalina.home=" + home,
                "-Dcatalina.base=" + server.base,
                "-Djava.io.tmpdir=" + server.base.resolve("temp"),
                "org.apache.catalina.startup.Bootstrap",
                "start");
        return server;
    }

    private void addManager(Path home) throws IOException {
        Path from = home.resolve("webapps/manager");
        Path to = base.resolve("webapps/manager");
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
        Files.writeString(
                base.resolve("conf/tomcat-users.xml"),
                """
                <tomcat-users xmlns="http://tomcat.apache.org/xml" version="1.0">
                  <user username="manager" password="manager" roles="manager-script"/>
                </tomcat-users>
                """);
    }

    /** A Jetty that deploys every WAR twice: to Jakarta EE 10, and to EE 11 with {@code ee11-} before its name. */
    static ServerProcess jetty(String version, String service, List<Path> wars) throws IOException {
        ServerProcess server = new ServerProcess("jetty-" + version, JETTY_LISTENS);
        Path home = TARGET.resolve("servers").resolve("jetty-home-" + version);
        for (Path war : wars) {
            String file = war.getFileName().toString();
            server.deployToJetty(war, file, "ee10");
            server.deployToJetty(war, "ee11-" + file, "ee11");
        }
        Files.createDirectories(server.base.resolve("work"));
        server.start(
                service,
                "-jar",
                home.resolve("start.jar").toString(),
                "jetty.base=" + server.base,
                // Before the modules: a property that comes after one of an environment belongs to that environment
                // only.
                "jetty.http.host=127.0.0.1",
                "jetty.http.port=0",
                "--modules=http,ee10-deploy,ee10-annotations,ee11-deploy,ee11-annotations");
        return server;
    }

    private void deployToJetty(Path war, String file, String environment) throws IOException {
        Path webapps = base.resolve("webapps");
        Files.copy(war, webapps.resolve(file));
        Files.writeString(webapps.resolve(file.replace(".war", ".properties")), "environment=" + environment + "\n");
    }

    private void start(String service, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dsample.service=" + service));
        command.addAll(List.of(arguments));
        process = new ProcessBuilder(command)
                .directory(base.toFile())
                .redirectErrorStream(true)
                .redirectOutput(console().toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    }

    /** Waits until the server listens, which it does after its WARs have started or failed. */
    void awaitStart() {
        await(name + " to listen; see " + console())
                .atMost(Duration.ofSeconds(90))
                .until(() -> {
                    Matcher line = listens.matcher(Files.readString(console(), StandardCharsets.ISO_8859_1));
                    if (line.find()) {
                        port = Integer.parseInt(line.group(1));
                    } else if (!process.isAlive()) {
                        throw new IllegalStateException(name + " ended; see " + console());
                    }
                    return port > 0;
                });
    }

    String address() {
        return "http://127.0.0.1:" + port;
    }

    /** All that the server and its apps have logged, to the console or to files. */
    String log() throws IOException {
        StringBuilder log = new StringBuilder(Files.readString(console(), StandardCharsets.ISO_8859_1));
        Path logs = base.resolve("logs");
        if (Files.isDirectory(logs)) {
            try (Stream<Path> files = Files.list(logs)) {
                for (Path file : files.toList()) {
                    log.append(Files.readString(file, StandardCharsets.ISO_8859_1));
                }
            }
        }
        return log.toString();
    }

    private Path console() {
        return base.resolve("console.log");
    }

    void stop() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    @Override
    public String toString() {
        return name;
    }

    private static void delete(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> deepestFirst = Files.walk(directory).sorted((a, b) -> b.compareTo(a))) {
            for (Path file : deepestFirst.toList()) {
                Files.delete(file);
            }
        }
    }
}
