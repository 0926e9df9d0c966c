package dev.headgate.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.config.HealthConfig;
import dev.headgate.config.TlsConfig;
import dev.headgate.testing.Certificates;
import dev.headgate.testing.RawOrigin;
import dev.headgate.upstream.Diagnosis.Stage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where a diagnosis stops, and what it says then. */
@Timeout(30)
class DiagnosisTest {

    private final Watchdog watchdog = new Watchdog("test", System::nanoTime);
    private final TurnedExecutor executor = new TurnedExecutor();

    @AfterEach
    void close() {
        watchdog.close();
        executor.shutdownNow();
    }

    @Test
    void healthyOriginPassesEveryStep() throws Exception {
        try (RawOrigin origin = RawOrigin.ok()) {
            Diagnosis diagnosis = of(http("/health", ""), origin.url());
            assertThat(diagnosis.passed()).isTrue();
            assertThat(stages(diagnosis)).containsExactly(Stage.DNS, Stage.TCP, Stage.HTTP, Stage.HEALTH);
            assertThat(diagnosis.toString()).startsWith(origin.url() + " nothing is wrong");
            assertThat(origin.request(0).startLine()).isEqualTo("OPTIONS * HTTP/1.1");
            assertThat(origin.request(1).startLine()).isEqualTo("GET /health HTTP/1.1");
        }
    }

    @Test
    void unknownNameStopsAtDns() {
        assertStop(of(new Configs(), "http://origin.invalid"), Stage.DNS, "does not resolve", "getent hosts");
    }

    @Test
    void refusedPortStopsAtTcp() throws Exception {
        RawOrigin origin = RawOrigin.ok();
        origin.refuse();
        assertStop(of(new Configs(), origin.url()), Stage.TCP, "refused", "nothing listens");
    }

    /** A full backlog: the system answers no further SYN. */
    @Test
    void vanishingPacketsStopAtTcp() throws Exception {
        List<Socket> backlog = new ArrayList<>();
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            for (int i = 0; i < 3; i++) {
                Socket socket = new Socket();
                backlog.add(socket);
                try {
                    socket.connect(new InetSocketAddress("127.0.0.1", full.getLocalPort()), 200);
                } catch (SocketTimeoutException e) {
                    break;
                }
            }
            assertStop(
                    of(quick(), "http://127.0.0.1:" + full.getLocalPort()), Stage.TCP, "no answer", "Packets vanish");
        } finally {
            for (Socket socket : backlog) {
                socket.close();
            }
        }
    }

    @Test
    void expiredCertificateStopsAtTlsWithItsDate() throws Exception {
        Certificates certificates = Certificates.expired("dns:localhost");
        Diagnosis diagnosis = tls(certificates, certificates);
        assertStop(diagnosis, Stage.TLS, "valid until 20", "renewed");
    }

    @Test
    void certificateOfAnotherNameStopsAtTlsWithItsNames() throws Exception {
        Certificates certificates = Certificates.of("dns:other.test", "dns:more.test");
        assertStop(
                tls(certificates, certificates),
                Stage.TLS,
                "not for localhost but for other.test, more.test",
                "one of these names");
    }

    @Test
    void selfSignedCertificateStopsAtTls() throws Exception {
        assertStop(
                tls(Certificates.selfSigned("dns:localhost"), Certificates.of("dns:localhost")),
                Stage.TLS,
                "self-signed",
                "tls.trust");
    }

    @Test
    void certificateByAnUnknownAuthorityStopsAtTls() throws Exception {
        assertStop(
                tls(Certificates.of("dns:localhost"), Certificates.of("dns:other.test")),
                Stage.TLS,
                "signed by CN=Test authority, which is not trusted",
                "tls.trust");
    }

    @Test
    void trustedCertificatePasses() throws Exception {
        Certificates certificates = Certificates.of("dns:localhost");
        Diagnosis diagnosis = tls(certificates, certificates);
        assertThat(diagnosis.passed()).as(diagnosis.toString()).isTrue();
        assertThat(diagnosis.steps().get(2).found()).startsWith("TLSv1.3").contains("CN=localhost", "valid until 20");
    }

    @Test
    void plainPortStopsAtTls() throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
            connection.send("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n");
        })) {
            assertStop(
                    of(new Configs(), "https://localhost:" + origin.port()), Stage.TLS, "handshake", "speaks no TLS");
        }
    }

    @Test
    void hangingProcessStopsAtHttp() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (RawOrigin origin = RawOrigin.scripted(connection -> over.await(20, TimeUnit.SECONDS))) {
            assertStop(of(quick(), origin.url()), Stage.HTTP, "no answer to OPTIONS *", "nobody answers");
            over.countDown();
        }
    }

    @Test
    void otherProtocolStopsAtHttp() throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(connection -> connection.send("SSH-2.0-OpenSSH_9.2\r\n"))) {
            assertStop(of(new Configs(), origin.url()), Stage.HTTP, "bad answer", "other than HTTP");
        }
    }

    @Test
    void unwellServiceStopsAtItsHealth() throws Exception {
        try (RawOrigin origin =
                RawOrigin.answering(RawOrigin.ok(""), "HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\r\n")) {
            assertStop(of(http("/health", ""), origin.url()), Stage.HEALTH, "503", "not well");
        }
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok(""), "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")) {
            assertStop(of(http("/health", ""), origin.url()), Stage.HEALTH, "404", "health.path");
        }
        try (RawOrigin origin = RawOrigin.ok()) {
            assertStop(of(http("/health", "UP"), origin.url()), Stage.HEALTH, "does not hold 'UP'", "health.text");
        }
    }

    private static Configs http(String path, String text) {
        return new Configs().probe(HealthConfig.Kind.HTTP, path, text);
    }

    private static Configs quick() {
        return new Configs().probeTimeout(Duration.ofMillis(300));
    }

    private Diagnosis tls(Certificates shown, Certificates trusted) throws Exception {
        TlsConfig config = new TlsConfig(
                new TlsConfig.Source("trust.pem", trusted.pem().getBytes(StandardCharsets.US_ASCII)),
                "",
                TlsConfig.Source.NONE,
                "");
        try (RawOrigin origin = RawOrigin.on(shown.listen(), connection -> {
            while (connection.readRequest() != null) {
                connection.send(RawOrigin.ok("ok"));
            }
        })) {
            return of(new Configs().tls(config), "https://localhost:" + origin.port());
        }
    }

    private Diagnosis of(Configs configs, String origin) {
        try (Upstream upstream = new Upstream(configs.upstream(origin), watchdog, executor, null)) {
            return upstream.diagnose(upstream.origins().get(0));
        }
    }

    private static List<Stage> stages(Diagnosis diagnosis) {
        return diagnosis.steps().stream().map(Diagnosis.Step::stage).toList();
    }

    private static void assertStop(Diagnosis diagnosis, Stage stage, String found, String meaning) {
        Diagnosis.Step last = diagnosis.steps().get(diagnosis.steps().size() - 1);
        assertThat(diagnosis.passed()).as(diagnosis.toString()).isFalse();
        assertThat(last.stage()).as(diagnosis.toString()).isEqualTo(stage);
        assertThat(last.found()).contains(found);
        assertThat(last.meaning()).contains(meaning);
        assertThat(diagnosis.conclusion()).startsWith("stops at " + stage);
    }
}
