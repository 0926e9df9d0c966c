package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever happens, at whatever level one listens: what lets somebody in is not in the log. */
class SecretsTest {

    /** Stands in every secret, of settings and of messages. */
    private static final String SECRET = "Xs3cr3tX";

    @TempDir
    Path directory;

    /** Every attribute of every management bean, and the status page in both forms. */
    private static String whatIsShown(Scene scene) throws Exception {
        StringBuilder shown = new StringBuilder();
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        for (ObjectName name : server.queryNames(new ObjectName("dev.headgate:*"), null)) {
            for (MBeanAttributeInfo attribute : server.getMBeanInfo(name).getAttributes()) {
                Object value = server.getAttribute(name, attribute.getName());
                shown.append(value instanceof Object[] texts ? Arrays.toString(texts) : value);
            }
        }
        try (RawClient client = scene.app().connect()) {
            shown.append(client.get("/status", "Accept: text/html").text());
            shown.append(client.get("/status").text());
        }
        return shown.toString();
    }

    @OnEachContainer
    @Timeout(120) // Lettuce is many classes
    void noSecretIsEverWritten(Container container) throws Exception {
        Path store = directory.resolve("trust.p12");
        KeyStore empty = KeyStore.getInstance("PKCS12");
        empty.load(null, null);
        try (OutputStream file = Files.newOutputStream(store)) {
            empty.store(file, SECRET.toCharArray());
        }
        RawOrigin origin = RawOrigin.scripted(
                connection -> {
                    connection.readRequest();
                    connection.send(RawOrigin.ok("a", "Set-Cookie: id=" + SECRET, "Cache-Control: max-age=60"));
                    connection.readRequest();
                },
                connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nSet-Cookie: " + SECRET + "\r\nContent-Length: 10\r\n\r\n12");
                },
                connection -> {
                    connection.readRequest();
                    connection.send("nonsense\r\n\r\n");
                });
        try (LogLines log = LogLines.of("dev.headgate", "trace");
                Scene scene = Scene.of(
                        AppServer.on(container),
                        origin,
                        "access-log=json",
                        "status.path=/status",
                        "status.addresses=127.0.0.1",
                        "route.r.request.set.Authorization=Bearer " + SECRET,
                        "route.r.request.add.X-Token=" + SECRET,
                        "limits.store=redis://user:" + SECRET + "@127.0.0.1:1",
                        "limit.l.rate=1000/s",
                        "limit.l.key=address",
                        "route.r.limits=l",
                        "route.r.cache=true",
                        "route.r.ambiguous-paths=parameters",
                        "route.r.request.set.X-Key=" + SECRET,
                        "upstream.r.balance=sticky",
                        "upstream.r.balance.secret=" + SECRET + SECRET,
                        "route.tls.path=/tls/*",
                        "route.tls.ambiguous-paths=parameters",
                        "route.tls.to=https://127.0.0.1:1",
                        "upstream.tls.tls.trust=" + store,
                        "upstream.tls.tls.trust-password=" + SECRET)) {
            String[] fields = {
                "Authorization: Basic " + SECRET,
                "Proxy-Authorization: Basic " + SECRET,
                "Cookie: JSESSIONID=" + SECRET + "; other=" + SECRET,
                "Referer: http://me/;jsessionid=" + SECRET + "?password=" + SECRET
            };
            for (String target : new String[] {
                "/api/x",
                "/api/y;jsessionid=" + SECRET,
                "/api/z?access_token=" + SECRET,
                "/api/z?a=b&client_secret=" + SECRET,
                "/tls/x;JSESSIONID=" + SECRET
            }) {
                try (RawClient client = scene.app().connect()) {
                    client.get(target, fields);
                }
            }
            try (RawClient client = scene.app().connect()) {
                client.exchange(RawClient.request("TRACE", "/api/x?api_key=" + SECRET, fields) + "\r\n");
            }
            await().untilAsserted(() -> assertThat(log.lines())
                    .filteredOn(line -> line.contains("\"target\""))
                    .hasSizeGreaterThan(4));
            assertThat(log.lines()).anyMatch(line -> line.startsWith("WARN 502"));
            assertThat(whatIsShown(scene))
                    .contains("upstream.r.balance = sticky")
                    .contains("limits.store = redis://***@127.0.0.1:1")
                    .doesNotContain(SECRET);
            assertThat(log.text())
                    .contains("\"target\":\"/api/y;jsessionid=***\"")
                    .doesNotContain(SECRET);
        }
    }
}
