package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawOrigin;
import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.ContextConfig;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.IntrospectionUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The gateway in WEB-INF of an app that is deployed and undeployed while its container runs on. */
class RedeployTest {

    private static final int TIMES = 20;

    /** What the container or the tests bring; everything else on the class path goes into the app. */
    private static final Pattern NOT_OF_THE_APP = Pattern.compile(
            ".*(test-classes|tomcat|jetty|servlet-api|slf4j|logback|junit|surefire|opentest4j|apiguardian|assertj|byte-buddy"
                    + "|awaitility|hamcrest|archunit|idea_rt).*");

    @TempDir
    Path directory;

    private Tomcat tomcat;
    private int port;

    @BeforeEach
    void start() throws Exception {
        Path web = Files.createDirectories(directory.resolve("app/WEB-INF"));
        Files.createDirectories(web.resolve("lib"));
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        for (String entry : classPath.split(File.pathSeparator)) {
            Path source = Path.of(entry);
            if (NOT_OF_THE_APP.matcher(entry).matches() || !Files.exists(source)) {
                continue;
            }
            if (Files.isDirectory(source)) {
                copy(source, web.resolve("classes"));
            } else {
                Files.copy(source, web.resolve("lib").resolve(source.getFileName()));
            }
        }
        // Tomcat asks no filter where no servlet is.
        Files.writeString(
                web.resolve("web.xml"),
                """
                <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0" metadata-complete="true">
                  <servlet>
                    <servlet-name>files</servlet-name>
                    <servlet-class>org.apache.catalina.servlets.DefaultServlet</servlet-class>
                  </servlet>
                  <servlet-mapping>
                    <servlet-name>files</servlet-name>
                    <url-pattern>/</url-pattern>
                  </servlet-mapping>
                </web-app>
                """);
        tomcat = new Tomcat();
        tomcat.setBaseDir(directory.toString());
        tomcat.setAddDefaultWebXmlToWebapp(false);
        Connector connector = new Connector();
        connector.setPort(0);
        connector.setProperty("address", "127.0.0.1");
        // All there are from the start, so that they do not look like threads left behind.
        connector.setProperty("maxThreads", "4");
        connector.setProperty("minSpareThreads", "4");
        tomcat.setConnector(connector);
        Files.createDirectories(directory.resolve("webapps"));
        tomcat.getHost();
        tomcat.start();
        port = connector.getLocalPort();
    }

    @AfterEach
    void stop() throws Exception {
        tomcat.stop();
        tomcat.destroy();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path source : all.toList()) {
                Path target = to.resolve(from.relativize(source).toString());
                if (Files.isDirectory(source)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(source, target);
                }
            }
        }
    }

    @Test
    @Timeout(180)
    void nothingOutlivesTheApp() throws Exception {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        RawOrigin dead = RawOrigin.ok();
        dead.refuse();
        try (RawOrigin origin = RawOrigin.ok();
                dead) {
            Files.writeString(
                    directory.resolve("app/WEB-INF/headgate.properties"),
                    "start-check=false\nroute.r.path=/api/*\nroute.r.to=" + origin.url()
                            + "\nroute.dead.path=/dead/*\nroute.dead.to=" + dead.url() + "\n");
            loaders.add(deployAndUndeploy());
            Set<String> threads = threads();
            for (int i = 1; i < TIMES; i++) {
                loaders.add(deployAndUndeploy());
            }

            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(threads())
                    .as("threads after %s deployments beside those after the first", TIMES)
                    .isSubsetOf(threads));
            assertThat(threads())
                    .noneMatch(name -> name.toLowerCase(Locale.ROOT).contains("headgate"));
            useRecordsOfTheTest();
            // On Java 25 one loader stays even so, as one does on 17 without it; where it is held there is not known
            // yet.
            int kept = Runtime.version().feature() < 21 ? 0 : 1;
            await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                System.gc();
                assertThat(loaders)
                        .as("class loaders of undeployed apps that are still there")
                        .filteredOn(loader -> loader.get() != null)
                        .hasSizeLessThanOrEqualTo(kept);
            });
            assertThat(origin.requests()).isEqualTo(3 * TIMES);
        }
    }

    private record Displacing(RedeployTest component) {}

    /**
     * Makes the JVM forget the last app. A record's {@code equals} and {@code hashCode} are adapted from static method
     * handles of {@code java.lang.runtime.ObjectMethods}, and a method handle keeps the last type that it was adapted to
     * ({@code MethodHandle.asTypeCache}): the heap after the last deployment has exactly this path to its class loader,
     * {@code ObjectMethods.OBJECT_EQ -> asTypeCache -> MethodType -> a class of the app}. It is one place for the whole
     * JVM, whichever app last used a record of its own for the first time, so it does not grow, and no app can clear it.
     */
    private static void useRecordsOfTheTest() {
        Displacing one = new Displacing(null);
        assertThat(one.equals(new Displacing(null))).isTrue();
        assertThat(one).hasSameHashCodeAs(new Displacing(null)).hasToString("Displacing[component=null]");
    }

    /** In a method of its own, so that no local variable keeps the app. */
    private WeakReference<ClassLoader> deployAndUndeploy() throws Exception {
        StandardContext context = deploy("/app", directory.resolve("app"));
        assertThat(context.getState().isAvailable()).as("the app has started").isTrue();
        WeakReference<ClassLoader> loader =
                new WeakReference<>(context.getLoader().getClassLoader());
        try (RawClient client = RawClient.connect(port)) {
            assertThat(client.get("/app/api/x").text()).isEqualTo("ok");
            assertThat(client.post("/app/api/x", "content").text()).isEqualTo("ok");
            assertThat(client.get("/app/dead/x").status()).isEqualTo(502);
            // One response is still on its way to nobody when the app ends.
            client.send(RawClient.request("GET", "/app/api/y") + "\r\n");
            assertThat(client.readResponseHead().status()).isEqualTo(200);
        }
        tomcat.getHost().removeChild(context);
        return loader;
    }

    private StandardContext deploy(String path, Path docBase) {
        StandardContext context = new StandardContext();
        context.setPath(path);
        context.setName(path);
        context.setDocBase(docBase.toString());
        ContextConfig config = new ContextConfig();
        config.setDefaultWebXml(tomcat.noDefaultWebXmlPath());
        context.addLifecycleListener(config);
        context.setUnloadDelay(200);
        // Their leak detection needs --add-opens. By name, because Tomcat 11 does not have all of these.
        for (String property : List.of(
                "clearReferencesObjectStreamClassCaches", "clearReferencesRmiTargets", "clearReferencesThreadLocals")) {
            IntrospectionUtils.setProperty(context, property, "false");
        }
        tomcat.getHost().addChild(context);
        return context;
    }

    private static Set<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.getName().matches("(origin-|awaitility).*"))
                .map(Thread::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
