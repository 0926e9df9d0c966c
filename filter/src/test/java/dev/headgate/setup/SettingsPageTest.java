package dev.headgate.setup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Writes {@code docs/settings.md} from the table, or says that it is stale. */
class SettingsPageTest {

    /** Tests run in the module's directory. */
    private static final Path PAGE = Path.of("../docs/settings.md");

    private static final String INTRODUCTION =
            """
            # Settings

            <!-- Generated from SettingsTable.java. To regenerate: mvn -pl filter test -Dtest=SettingsPageTest -Dsettings.page=write -->

            A gateway has routes, which say which requests it takes, and upstreams, which answer them. Every setting can be
            given in four ways, and all of them mean the same.

            **In `web.xml`**, as init-params of the filter:

            ```xml
            <filter>
              <filter-name>gateway</filter-name>
              <filter-class>dev.headgate.HeadgateFilter</filter-class>
              <async-supported>true</async-supported>
              <init-param>
                <param-name>route.orders.path</param-name>
                <param-value>/api/orders/*</param-value>
              </init-param>
              <init-param>
                <param-name>route.orders.to</param-name>
                <param-value>http://orders-1:8080 http://orders-2:8080</param-value>
              </init-param>
              <init-param>
                <param-name>route.orders.timeout.connect</param-name>
                <param-value>500ms</param-value>
              </init-param>
              <init-param>
                <param-name>route.orders.request.set.X-User</param-name>
                <param-value>${principal}</param-value>
              </init-param>
              <init-param>
                <param-name>upstream.orders.connections.max</param-name>
                <param-value>50</param-value>
              </init-param>
            </filter>
            ```

            **As annotations** on a subclass of the filter:

            ```java
            @WebFilter(urlPatterns = "/*", asyncSupported = true)
            @Route(
                    name = "orders",
                    path = "/api/orders/*",
                    to = {"http://orders-1:8080", "http://orders-2:8080"},
                    timeoutConnect = "500ms",
                    requestSet = "X-User=${principal}")
            @Upstream(name = "orders", connectionsMax = "50")
            public class Gateway extends HeadgateFilter {}
            ```

            **With the builder**, for Spring Boot and embedded containers:

            ```java
            GatewayConfig config = GatewayBuilder.create()
                    .route("orders", r -> r.path("/api/orders/*")
                            .to("http://orders-1:8080", "http://orders-2:8080")
                            .timeoutConnect(Duration.ofMillis(500))
                            .requestSet("X-User", "${principal}"))
                    .upstream("orders", u -> u.connectionsMax(50))
                    .build();
            ```

            **In `WEB-INF/headgate.properties`** (UTF-8). With that file and the jar in `WEB-INF/lib` the gateway registers
            itself on `/*`, after the filters that the app declares:

            ```properties
            route.orders.path=/api/orders/*
            route.orders.to=http://orders-1:8080 http://orders-2:8080
            route.orders.timeout.connect=500ms
            route.orders.request.set.X-User=${principal}
            upstream.orders.connections.max=50
            ```

            The attributes of the annotations and the methods of the builder are named like the keys, without dots and
            hyphens: `timeoutConnect` for `timeout.connect`.

            ## Rules for all of them

            - **Names** of routes and upstreams have letters, digits, `-` and `_`. `route.*.…` and `upstream.*.…` give a
              default for every route or upstream; what is given for a name counts more.
            - **The same key in several places**: annotations yield to the properties file, that to init-params, and
              those to the **system property** `headgate.<key>`, which overrides the builder too. A system property for a route
              or upstream that a gateway does not have is ignored, since several apps may share a JVM.
            - **The properties file** is read by a filter that has no annotations and no init-params. Otherwise the init-param
              `properties` names it: `/WEB-INF/headgate.properties`, or the absolute path of a file outside of the app.
            - **`${env.NAME}` and `${sys.NAME}`** are an environment variable and a system property, in any value; what follows
              `:-` is the default: `${env.ORDERS:-http://localhost:8080}`. Without a default, a missing one stops the start.
            - **Field values** of `request.set` and its like may hold `${principal}`, `${role.NAME}` (`true` or `false`),
              `${session.NAME}`, `${header.NAME}`, `${path.NAME}` (what `{NAME}` in the route's path captured) and
              `${request-id}`, which are filled in for every exchange; those of responses also `${attempts}` (how many
              origins were asked, 1 without a retry).
            - **Lists** are separated by spaces, commas or line breaks. An item that holds one of these stands in double
              quotes, in which `\\"` is a quote and `\\\\` a backslash. The builder takes items one by one and needs no quotes.
            - **Durations** have a unit: `300ms`, `3s`, `5m`, `1h`; zero is `0`. **Sizes** too: `512B`, `64KB`, `1MB`, `1GB`, where
              1KB is 1024 bytes.
            - **Mistakes** stop the start. All of them are reported at once, each with its key, the place, the value, what is
              allowed and the line to write instead.
            """;

    @Test
    void theSettingsPageIsUpToDate() throws Exception {
        String page = page();
        if ("write".equals(System.getProperty("settings.page"))) {
            Files.createDirectories(PAGE.getParent());
            Files.writeString(PAGE, page);
        }

        assertThat(PAGE).as("the reference of all settings").exists();
        assertThat(Files.readString(PAGE))
                .as("docs/settings.md is stale; run"
                        + " mvn -pl filter test -Dtest=SettingsPageTest -Dsettings.page=write to regenerate it")
                .isEqualTo(page);
    }

    private static String page() {
        StringBuilder page = new StringBuilder(INTRODUCTION);
        for (Scope scope : Scope.values()) {
            page.append("\n## ")
                    .append(
                            switch (scope) {
                                case GATEWAY -> "The gateway";
                                case ROUTE -> "Routes: `route.<name>.…`";
                                case UPSTREAM -> "Upstreams: `upstream.<name>.…`";
                                case LIMIT -> "Rate limits: `limit.<name>.…`";
                            });
            page.append("\n\n| key | value | default | what it does, and when to touch it |\n");
            page.append("| --- | --- | --- | --- |\n");
            for (Setting<?> setting : SettingsTable.ALL) {
                if (setting.scope() == scope) {
                    page.append(row(setting)).append('\n');
                }
            }
        }
        return page.toString();
    }

    private static String row(Setting<?> setting) {
        String key =
                "`" + setting.key() + (setting.open() ? "." + setting.entry().placeholder() : "") + "`";
        String example = setting.open() ? setting.example().replaceFirst("^[^=]*=", "") : setting.example();
        return "| " + key + " | " + escaped(setting.type().allowed()) + ". Example: `" + example + "` | "
                + escaped(initially(setting))
                + " | "
                + escaped(setting.meaning())
                + (setting.touch().isEmpty() ? "" : " *" + escaped(setting.touch()) + "*")
                + (setting.secret() ? " Never shown in messages." : "") + " |";
    }

    private static String initially(Setting<?> setting) {
        if (setting.required()) {
            return "required";
        }
        if (setting.without() != null) {
            return setting.without();
        }
        return setting.initially().isEmpty() ? "none" : "`" + setting.initially() + "`";
    }

    /** Text in which nothing outside of backticks is taken for Markdown. */
    private static String escaped(String text) {
        String[] parts = text.split("`", -1);
        for (int i = 0; i < parts.length; i += 2) {
            parts[i] = parts[i].chars()
                    .mapToObj(c -> ("*_<|[]\\".indexOf(c) >= 0 ? "\\" : "") + (char) c)
                    .collect(Collectors.joining());
        }
        return String.join("`", parts);
    }
}
