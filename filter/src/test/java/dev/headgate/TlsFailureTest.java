package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.Certificates;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the client is told when no TLS connection to the origin comes about, and that it is told nothing more. */
class TlsFailureTest {

    private static final RawOrigin.Script OK = connection -> {
        while (connection.readRequest() != null) {
            connection.send(RawOrigin.ok("ok"));
        }
    };

    @OnEachContainer
    void trustedCertificateForTheNameIsFine(Container container) throws Exception {
        Certificates certificates = Certificates.of("dns:localhost");
        try (Attempt attempt = new Attempt(container, certificates, certificates)) {
            assertThat(attempt.response.text()).isEqualTo("ok");
        }
    }

    @OnEachContainer
    void expiredCertificateIsRefused(Container container) throws Exception {
        Certificates certificates = Certificates.expired("dns:localhost");
        try (Attempt attempt = new Attempt(container, certificates, certificates)) {
            attempt.assertRefused("tls_certificate_error");
        }
    }

    @OnEachContainer
    void certificateOfAnotherNameIsRefused(Container container) throws Exception {
        Certificates certificates = Certificates.of("dns:other.test");
        try (Attempt attempt = new Attempt(container, certificates, certificates)) {
            attempt.assertRefused("tls_certificate_error");
        }
    }

    @OnEachContainer
    void certificateThatNobodyTrustedSignedIsRefused(Container container) throws Exception {
        Certificates trusted = Certificates.of("dns:localhost");
        try (Attempt attempt = new Attempt(container, Certificates.of("dns:localhost"), trusted)) {
            attempt.assertRefused("tls_certificate_error");
        }
        try (Attempt attempt = new Attempt(container, Certificates.selfSigned("dns:localhost"), trusted)) {
            attempt.assertRefused("tls_certificate_error");
        }
    }

    @OnEachContainer
    void plainPortIsNoTls(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(
                        connection -> connection.send("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"));
                Scene scene = Scene.of(container, RawOrigin.ok(), "route.r.to=https://localhost:" + origin.port())) {
            assertRefused(scene.client().get("/api/x"), "tls_");
        }
    }

    @OnEachContainer
    void portThatHangsUpInTheHandshakeIsNamed(Container container) throws Exception {
        try (RawOrigin origin = RawOrigin.scripted(connection -> connection.reset());
                Scene scene = Scene.of(
                        container,
                        RawOrigin.ok(),
                        "route.r.to=https://localhost:" + origin.port(),
                        "route.r.retry.attempts=1")) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.status()).isEqualTo(502);
            assertThat(response.field("Proxy-Status")).containsAnyOf("connection_terminated", "tls_protocol_error");
        }
    }

    /** One request to an origin with the first certificate by a gateway that trusts the second. */
    private static final class Attempt implements AutoCloseable {

        private final RawOrigin origin;
        private final Path trust;
        private final Scene scene;
        private final RawMessage response;

        Attempt(Container container, Certificates shown, Certificates trusted) throws Exception {
            origin = RawOrigin.on(shown.listen(), OK);
            trust = trusted.pemFile();
            scene = Scene.of(
                    container,
                    RawOrigin.ok(),
                    "route.r.to=https://localhost:" + origin.port(),
                    "upstream.r.tls.trust=" + trust);
            RawClient client = scene.client();
            response = client.get("/api/x");
        }

        void assertRefused(String type) {
            TlsFailureTest.assertRefused(response, type);
            assertThat(origin.requests()).isZero();
        }

        @Override
        public void close() throws IOException {
            scene.close();
            origin.close();
            Files.delete(trust);
        }
    }

    private static void assertRefused(RawMessage response, String type) {
        assertThat(response.status()).isEqualTo(502);
        assertThat(response.field("Proxy-Status")).contains("error=" + type);
        assertThat(response.text()).doesNotContain("localhost").doesNotContain("PKIX");
    }
}
