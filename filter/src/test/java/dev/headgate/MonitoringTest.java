package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.headgate.testing.Container;
import dev.headgate.testing.GatewayProcess;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawOrigin;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/**
 * What {@code docs/monitoring} tells other systems to read is there, and what they read is right: a Tomcat with a gateway
 * that has one of everything, and some traffic behind it, in a JVM with Prometheus' JMX exporter as its agent.
 */
class MonitoringTest {

    private static final Path FILES = Path.of("..", "docs", "monitoring").toAbsolutePath();

    /** {@code name{label="value",…} 1.0} */
    private static final Pattern SAMPLE = Pattern.compile("(?m)^(headgate_\\w+)\\{(.*)} (\\S+)$");

    private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");
    private static final Pattern SERIES = Pattern.compile("headgate_\\w+");

    private static RawOrigin well;
    private static RawOrigin cutting;
    private static int deadPort;
    private static GatewayProcess gateway;
    private static JMXConnector connector;
    private static MBeanServerConnection server;
    private static String scraped;
    private static final List<Sample> SAMPLES = new ArrayList<>();

    private record Sample(String name, Map<String, String> labels, double value) {}

    @BeforeAll
    static void startAndSendTraffic() throws Exception {
        well = RawOrigin.answering(RawOrigin.ok("hello", "Cache-Control: max-age=600"));
        cutting = RawOrigin.scripted(connection -> connection.readRequest());
        deadPort = freePort();
        int exporter = freePort();
        Path agent = Path.of("target", "agents", "jmx_prometheus_javaagent.jar").toAbsolutePath();
        assertThat(agent).as("what `mvn process-test-resources` puts there").exists();
        Map<String, String> settings = new HashMap<>();
        settings.put("name", "shop");
        settings.put("close.grace", "0s");
        settings.put("start-check", "false");
        settings.put("route.orders.path", "/orders/*");
        settings.put("route.orders.to", "orders");
        settings.put("route.orders.concurrency.max", "10");
        settings.put("route.orders.limits", "few");
        settings.put("limit.few.rate", "3/h");
        settings.put("limits.store", "redis://127.0.0.1:" + deadPort);
        settings.put("upstream.orders.origins", well.url() + " http://127.0.0.1:" + deadPort);
        settings.put("upstream.orders.balance", "round-robin");
        settings.put("upstream.orders.concurrency.max", "10");
        settings.put("route.reports.path", "/reports/*");
        settings.put("route.reports.to", cutting.url());
        settings.put("route.catalog.path", "/catalog/*");
        settings.put("route.catalog.to", well.url());
        settings.put("route.catalog.cache", "true");
        gateway = GatewayProcess.start(
                Container.TOMCAT,
                settings,
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.log.dev.headgate=error",
                "-javaagent:" + agent + "=127.0.0.1:" + exporter + ":" + FILES.resolve("jmx-exporter.yml"));
        try (RawClient client = RawClient.connect(gateway.port())) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.get("/orders/" + i).status()).isEqualTo(200);
            }
            assertThat(client.get("/orders/3").status()).isEqualTo(429);
            assertThat(client.get("/reports/1").status()).isEqualTo(502);
            assertThat(client.get("/catalog/1").status()).isEqualTo(200);
            assertThat(client.get("/catalog/1").status()).isEqualTo(200);
        }
        connector = JMXConnectorFactory.connect(gateway.management());
        server = connector.getMBeanServerConnection();
        HttpClient scraper = HttpClient.newHttpClient();
        HttpRequest metrics = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + exporter + "/metrics"))
                .build();
        await("the last exchange to be counted, which may be after its response")
                .untilAsserted(() -> {
                    scraped = scraper.send(metrics, HttpResponse.BodyHandlers.ofString())
                            .body();
                    SAMPLES.clear();
                    for (Matcher sample = SAMPLE.matcher(scraped); sample.find(); ) {
                        Map<String, String> labels = new TreeMap<>();
                        LABEL.matcher(sample.group(2))
                                .results()
                                .forEach(label -> labels.put(label.group(1), label.group(2)));
                        SAMPLES.add(new Sample(sample.group(1), labels, Double.parseDouble(sample.group(3))));
                    }
                    assertThat(value("headgate_route_requests_total", "route=catalog"))
                            .isEqualTo(2);
                    assertThat(value("headgate_cache_hits_total")).isEqualTo(1); // gauges are up to half a second old
                });
    }

    @AfterAll
    static void stop() throws Exception {
        SAMPLES.clear();
        for (AutoCloseable each : new AutoCloseable[] {connector, gateway, cutting, well}) {
            if (each != null) {
                each.close();
            }
        }
    }

    // ---- Prometheus ----

    @Test
    void exporterCountsByRouteUpstreamAndOrigin() {
        assertThat(value("headgate_route_requests_total", "route=orders")).isEqualTo(4);
        assertThat(value("headgate_route_responses_total", "route=orders", "status=2xx"))
                .isEqualTo(3);
        assertThat(value("headgate_route_responses_total", "route=orders", "status=4xx"))
                .isEqualTo(1);
        assertThat(value("headgate_route_failures_total", "route=orders", "kind=http_request_denied"))
                .isEqualTo(1);
        assertThat(value("headgate_route_errors_total", "route=orders")).isZero();
        assertThat(value("headgate_route_failures_total", "route=reports", "kind=connection_terminated"))
                .isEqualTo(1);
        assertThat(value("headgate_route_responses_total", "route=reports", "status=5xx"))
                .isEqualTo(1);
        assertThat(value("headgate_route_errors_total", "route=reports")).isEqualTo(1);
        assertThat(value("headgate_route_sent_bytes_total", "route=catalog")).isEqualTo(10);
        assertThat(value("headgate_route_in_flight", "route=orders")).isZero();

        String live = "origin=http_127_0_0_1_" + well.port();
        String dead = "origin=http_127_0_0_1_" + deadPort;
        assertThat(value("headgate_origin_requests_total", "upstream=orders", live))
                .isEqualTo(3);
        assertThat(value("headgate_origin_failures_total", "upstream=orders", dead, "kind=connection_refused"))
                .isPositive()
                .isEqualTo(value("headgate_origin_errors_total", "upstream=orders", dead))
                .isEqualTo(value("headgate_upstream_retries_total", "upstream=orders"));
        assertThat(value("headgate_origin_connects_total", "upstream=orders", live))
                .isPositive();
        assertThat(value("headgate_origin_available", "upstream=orders", live)).isEqualTo(1);
        assertThat(value("headgate_upstream_retries_left", "upstream=orders")).isPositive();
        assertThat(value("headgate_upstream_places_max", "upstream=orders")).isEqualTo(10);
        assertThat(value("headgate_route_places_admitted_total", "route=orders"))
                .isEqualTo(3);

        assertThat(value("headgate_limit_admitted_total", "limit=few")).isEqualTo(3);
        assertThat(value("headgate_limit_refused_total", "limit=few")).isEqualTo(1);
        assertThat(value("headgate_limit_store_connected")).isZero();
        assertThat(value("headgate_cache_forwarded_total", "reason=uri-miss")).isEqualTo(1);
        assertThat(value("headgate_cache_tier_heads", "tier=heap")).isEqualTo(1);
        assertThat(value("headgate_threads_share")).isPositive();
    }

    @Test
    void exporterShowsPercentilesInSeconds() throws Exception {
        ObjectName total = server.queryNames(
                        new ObjectName("dev.headgate:type=metrics,route=orders,name=total,*"), null)
                .iterator()
                .next();
        double millis = (double) server.getAttribute(total, "99thPercentile");
        String of = "route=orders";
        assertThat(value("headgate_route_duration_seconds", of, "percentile=p99"))
                .isGreaterThanOrEqualTo(value("headgate_route_duration_seconds", of, "percentile=p50"))
                .isPositive();
        assertThat(value("headgate_route_duration_seconds", of, "percentile=p99"))
                .isLessThanOrEqualTo(millis / 1000 * 1.000001);
        assertThat(value("headgate_origin_first_byte_seconds", "upstream=reports", "percentile=p50"))
                .isZero();
    }

    @Test
    void everySeriesSaysWhoseItIsAndWhatItIs() {
        for (Sample sample : SAMPLES) {
            assertThat(sample.labels())
                    .as(sample.name())
                    .containsEntry("app", "localhost/")
                    .containsEntry("gateway", "shop");
            String type = sample.name().endsWith("_total") ? "counter" : "gauge";
            assertThat(scraped)
                    .contains("# TYPE " + sample.name() + " " + type + "\n")
                    .contains("# HELP " + sample.name() + " ");
        }
    }

    @Test
    void everyMetricReachesPrometheus() throws Exception {
        List<Pattern> rules = new ArrayList<>();
        for (Object rule : list(yaml("jmx-exporter.yml"), "rules")) {
            rules.add(Pattern.compile((String) map(rule).get("pattern")));
        }
        Set<String> lost = new TreeSet<>();
        Set<Pattern> used = new HashSet<>();
        for (ObjectName name : server.queryNames(new ObjectName("dev.headgate:type=metrics,*"), null)) {
            String keys = name.getKeyPropertyListString().replace(",", ", ");
            boolean any = false;
            for (MBeanAttributeInfo attribute : server.getMBeanInfo(name).getAttributes()) {
                String line = name.getDomain() + "<" + keys + "><>" + attribute.getName() + ": 0";
                for (Pattern rule : rules) {
                    if (rule.matcher(line).find()) {
                        used.add(rule);
                        any = true;
                        break;
                    }
                }
            }
            if (!any) {
                lost.add(keys);
            }
        }
        assertThat(lost).as("metrics that no rule takes").isEmpty();
        assertThat(used).as("rules that take something").containsExactlyInAnyOrderElementsOf(rules);
    }

    @Test
    void everySeriesIsDocumentedAndNothingElse() throws IOException {
        Set<String> documented = new TreeSet<>();
        Matcher rows = Pattern.compile("(?m)^\\| `(headgate_[^`]*)` \\|")
                .matcher(Files.readString(FILES.resolve("../monitoring.md")));
        while (rows.find()) {
            String row = rows.group(1).replaceFirst("\\{.*}$", "");
            if (row.contains("<")) {
                List.of("route", "upstream", "origin").forEach(scope -> documented.add(row.replace("<of>", scope)));
            } else {
                documented.add(row);
            }
        }
        // Concurrency is of routes and upstreams.
        documented.removeIf(name -> name.startsWith("headgate_origin_places_"));
        assertThat(series()).isEqualTo(documented);
    }

    @Test
    void dashboardAsksForSeriesAndLabelsThatAreThere() throws IOException {
        JsonNode dashboard = new ObjectMapper()
                .readTree(FILES.resolve("grafana-dashboard.json").toFile());
        List<String> expressions = new ArrayList<>();
        dashboard.findValues("expr").forEach(expression -> expressions.add(expression.asText()));
        assertThat(expressions).hasSizeGreaterThan(15);
        dashboard.at("/templating/list").forEach(variable -> {
            String query = variable.path("query").path("query").asText();
            if (!query.isEmpty()) {
                expressions.add(query);
            }
        });
        assertKnown(expressions);
        List<Integer> ids = new ArrayList<>();
        dashboard.get("panels").forEach(panel -> ids.add(panel.get("id").asInt()));
        assertThat(ids).doesNotHaveDuplicates();
    }

    @Test
    void alertsAskForSeriesAndLabelsThatAreThere() throws IOException {
        List<String> expressions = new ArrayList<>();
        for (Object group : list(yaml("prometheus-alerts.yml"), "groups")) {
            for (Object rule : list(map(group), "rules")) {
                expressions.add((String) map(rule).get("expr"));
            }
        }
        assertThat(expressions).hasSizeGreaterThan(5);
        assertKnown(expressions);
    }

    /** Series, and the labels that are asked for in braces and by {@code by (…)}. */
    private static void assertKnown(Collection<String> expressions) {
        for (String expression : expressions) {
            Set<String> known = new TreeSet<>(Set.of("le"));
            List<String> asked =
                    SERIES.matcher(expression).results().map(m -> m.group()).toList();
            assertThat(asked).as(expression).isNotEmpty();
            assertThat(series()).as(expression).containsAll(asked);
            SAMPLES.stream()
                    .filter(sample -> asked.contains(sample.name()))
                    .forEach(sample -> known.addAll(sample.labels().keySet()));
            known.add("instance"); // Prometheus' own
            Matcher labels = Pattern.compile("(\\w+) *(?:=~|!~|!=|=) *\"|(?:by|on) *\\(([^)]*)\\)|, *(\\w+)\\)$")
                    .matcher(expression);
            while (labels.find()) {
                for (int i = 1; i <= 3; i++) {
                    if (labels.group(i) != null) {
                        assertThat(known)
                                .as(expression)
                                .containsAll(List.of(labels.group(i).split(" *, *")));
                    }
                }
            }
        }
    }

    private static Set<String> series() {
        return SAMPLES.stream().map(Sample::name).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The sum of those that have all of the labels, each written {@code name=value}. */
    private static double value(String name, String... labels) {
        List<Sample> found = SAMPLES.stream()
                .filter(sample -> sample.name().equals(name))
                .filter(sample -> List.of(labels).stream().allMatch(label -> {
                    int equals = label.indexOf('=');
                    return label.substring(equals + 1).equals(sample.labels().get(label.substring(0, equals)));
                }))
                .toList();
        assertThat(found).as("%s %s", name, List.of(labels)).hasSize(1);
        return found.get(0).value();
    }

    // ---- systems that read JMX by themselves ----

    @Test
    void datadogFindsEveryBeanAndAttribute() throws Exception {
        List<String> metrics = new ArrayList<>();
        for (Object instance : list(yaml("datadog-jmx.yaml"), "instances")) {
            for (Object part : list(map(instance), "conf")) {
                Map<String, Object> include = map(map(part).get("include"));
                assertThat(include.keySet()).isSubsetOf("domain", "bean_regex", "exclude_tags", "tags", "attribute");
                Pattern regex = Pattern.compile((String) include.get("bean_regex"));
                ObjectName all = new ObjectName(include.get("domain") + ":*");
                boolean found = false;
                for (ObjectName name : server.queryNames(all, null)) {
                    Matcher bean = regex.matcher(name.toString());
                    if (bean.matches()) {
                        found = true;
                        for (Map.Entry<String, Object> attribute :
                                map(include.get("attribute")).entrySet()) {
                            assertNumber(name, attribute.getKey());
                            Map<String, Object> metric = map(attribute.getValue());
                            assertThat(metric.get("metric_type")).isIn("gauge", "monotonic_count");
                            Map<String, Object> tags =
                                    include.containsKey("tags") ? map(include.get("tags")) : Map.of();
                            metrics.add(filled(bean, (String) metric.get("alias"))
                                    + filled(bean, tags.toString())
                                    + ofWhom(name));
                        }
                    }
                }
                assertThat(found).as(regex.pattern()).isTrue();
            }
        }
        assertThat(metrics).as("names with their tags").doesNotHaveDuplicates();
    }

    private static String filled(Matcher bean, String text) {
        String filled = text;
        for (int i = 1; i <= bean.groupCount(); i++) {
            filled = filled.replace("$" + i, bean.group(i));
        }
        assertThat(filled).doesNotContain("$");
        return filled;
    }

    private static String ofWhom(ObjectName name) {
        Map<String, String> keys = new TreeMap<>(name.getKeyPropertyList());
        keys.remove("name");
        return keys.toString();
    }

    @Test
    void newRelicFindsEveryBeanAndAttribute() throws Exception {
        for (Object domain : list(yaml("newrelic-jmx.yml"), "collect")) {
            for (Object bean : list(map(domain), "beans")) {
                String pattern = map(domain).get("domain") + ":" + map(bean).get("query");
                Set<String> names = new HashSet<>();
                for (Object attribute : list(map(bean), "attributes")) {
                    assertNumbers(pattern, (String) map(attribute).get("attr"));
                    assertThat(map(attribute).get("metric_type")).isIn("gauge", "rate", "delta");
                    assertThat(names.add((String) map(attribute).get("metric_name")))
                            .isTrue();
                }
            }
        }
    }

    @Test
    void openTelemetryFindsEveryBeanAndAttribute() throws Exception {
        Map<String, String> shapes = new HashMap<>();
        for (Object rule : list(yaml("opentelemetry-jmx.yml"), "rules")) {
            String pattern = (String) map(rule).get("bean");
            for (Map.Entry<String, Object> entry : map(map(rule).get("mapping")).entrySet()) {
                assertNumbers(pattern, entry.getKey());
                Map<String, Object> metric = map(entry.getValue());
                assertThat(metric.get("type")).isIn("counter", "updowncounter", "gauge");
                String shape = metric.get("type") + " " + metric.get("unit") + " " + metric.get("desc");
                assertThat(shapes.computeIfAbsent((String) metric.get("metric"), first -> shape))
                        .as("what is said of %s each time", metric.get("metric"))
                        .isEqualTo(shape);
            }
            ObjectName any =
                    server.queryNames(new ObjectName(pattern), null).iterator().next();
            for (Object source : map(map(rule).get("metricAttribute")).values()) {
                Matcher parameter = Pattern.compile("param\\((.*)\\)").matcher((String) source);
                if (parameter.matches()) {
                    assertThat(any.getKeyProperty(parameter.group(1))).isNotNull();
                }
            }
        }
    }

    private static void assertNumbers(String pattern, String attribute) throws Exception {
        Set<ObjectName> names = server.queryNames(new ObjectName(pattern), null);
        assertThat(names).as(pattern).isNotEmpty();
        for (ObjectName name : names) {
            assertNumber(name, attribute);
        }
    }

    private static void assertNumber(ObjectName name, String attribute) throws Exception {
        assertThat(server.getAttribute(name, attribute))
                .as("%s of %s", attribute, name)
                .isInstanceOf(Number.class);
    }

    private static Map<String, Object> yaml(String file) throws IOException {
        return map(new Yaml().load(Files.readString(FILES.resolve(file))));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(Map<String, Object> from, String key) {
        return (List<Object>) from.get(key);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
