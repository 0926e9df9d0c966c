package dev.headgate.upstream;

import dev.headgate.config.HealthConfig;
import dev.headgate.config.OriginConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.upstream.Diagnosis.Stage;
import dev.headgate.upstream.Diagnosis.Step;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * Takes one origin through DNS, TCP, TLS, HTTP and its health check, until one of them fails, and says what that usually
 * means. Used once, by one thread; each step takes no longer than {@code health.timeout}, except the lookup.
 */
final class Examination {

    private final UpstreamConfig config;
    private final Origin origin;
    private final Resolver resolver;
    private final Probes probes;
    private final LongSupplier nanoSource;
    private final Duration timeout;
    private final List<Step> steps = new ArrayList<>();
    private long started;

    Examination(UpstreamConfig config, Origin origin, Resolver resolver, Probes probes, LongSupplier nanoSource) {
        this.config = config;
        this.origin = origin;
        this.resolver = resolver;
        this.probes = probes;
        this.nanoSource = nanoSource;
        this.timeout = config.health().probe().timeout();
    }

    Diagnosis run() {
        OriginConfig target = origin.config();
        InetAddress[] addresses = lookUp(target);
        if (addresses != null) {
            try (Socket socket = connect(target, addresses)) {
                if (socket != null && (!target.secure() || handshake(target, socket))) {
                    // The rest goes on connections of its own, made as those for traffic are.
                    if (http(target)) {
                        health();
                    }
                }
            } catch (IOException e) {
                // Closing failed: nothing that an origin could be blamed for.
            }
        }
        return new Diagnosis(origin.name(), steps);
    }

    private InetAddress[] lookUp(OriginConfig target) {
        begin();
        if (origin.address() != null) {
            passed(Stage.DNS, "its address is " + origin.address().getHostAddress());
            return new InetAddress[] {origin.address()};
        }
        try {
            InetAddress[] addresses = resolver.addressesOf(target.host());
            passed(
                    Stage.DNS,
                    target.host() + " is "
                            + Arrays.stream(addresses)
                                    .map(InetAddress::getHostAddress)
                                    .collect(Collectors.joining(", ")));
            return addresses;
        } catch (UnknownHostException e) {
            failed(
                    Stage.DNS,
                    "the name " + target.host() + " does not resolve",
                    "The name is misspelt, its record is gone, or this machine's resolver cannot be reached. Check on this"
                            + " machine: getent hosts " + target.host());
            return null;
        }
    }

    /** Null when no address takes a connection. */
    private Socket connect(OriginConfig target, InetAddress[] addresses) {
        begin();
        IOException last = null;
        for (InetAddress address : addresses) {
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(address, target.port()), Math.toIntExact(timeout.toMillis()));
                passed(Stage.TCP, "connected to " + address.getHostAddress() + " port " + target.port());
                return socket;
            } catch (IOException e) {
                last = e;
                closeQuietly(socket);
            }
        }
        String where = addresses[addresses.length - 1].getHostAddress() + " port " + target.port();
        if (last instanceof SocketTimeoutException) {
            failed(
                    Stage.TCP,
                    "no answer from " + where + " within " + timeout.toMillis() + " ms",
                    "Packets vanish: a firewall drops them, the address is wrong, or the host is down. A host that is up"
                            + " and merely lacks the service would refuse at once. Check: nc -vz " + target.host() + " "
                            + target.port());
        } else if (last instanceof NoRouteToHostException) {
            failed(
                    Stage.TCP,
                    "there is no route to " + where,
                    "The network says that the address cannot be reached: host down, wrong network, or a firewall that"
                            + " rejects. Check: ip route get " + addresses[addresses.length - 1].getHostAddress());
        } else if (last instanceof ConnectException) {
            failed(
                    Stage.TCP,
                    where + " refused the connection",
                    "The host is up, but nothing listens on that port: the service is down, still starting, or listens on"
                            + " another port or address. Check on that host: ss -ltn 'sport = :" + target.port() + "'");
        } else {
            failed(
                    Stage.TCP,
                    "connecting to " + where + " failed: " + last,
                    "The network stack of this machine says so.");
        }
        return null;
    }

    private boolean handshake(OriginConfig target, Socket plain) {
        begin();
        TlsMaterial.Witness witness = new TlsMaterial.Witness();
        try {
            plain.setSoTimeout(Math.toIntExact(timeout.toMillis()));
            SSLSocket socket = (SSLSocket) TlsMaterial.contextOf(config.tls(), witness)
                    .getSocketFactory()
                    .createSocket(plain, target.host(), target.port(), true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            X509Certificate leaf = witness.leaf();
            passed(
                    Stage.TLS,
                    socket.getSession().getProtocol()
                            + (leaf == null
                                    ? ""
                                    : ", certificate of " + leaf.getSubjectX500Principal() + " valid until "
                                            + leaf.getNotAfter().toInstant()));
            return true;
        } catch (SocketTimeoutException e) {
            failed(
                    Stage.TLS,
                    "the handshake was not complete within " + timeout.toMillis() + " ms",
                    "The port takes connections but says nothing in TLS: the process hangs or is stopped, or it speaks no"
                            + " TLS and waits for a request.");
        } catch (IOException e) {
            if (witness.refusal() != null) {
                certificateRefused(target, witness.leaf(), witness.refusal());
            } else if (e instanceof SSLException) {
                failed(
                        Stage.TLS,
                        "the handshake failed: " + e.getMessage(),
                        "What answers there speaks no TLS (is it meant to be http?), shares no protocol version or cipher"
                                + " with this JVM, or wants a client certificate (tls.key). Check: openssl s_client -connect "
                                + target.host() + ":" + target.port() + " -servername " + target.host());
            } else {
                failed(
                        Stage.TLS,
                        "the connection ended within the handshake: " + e.getMessage(),
                        "What answers there speaks no TLS, knows no such host name, or is a proxy whose own upstream is"
                                + " down.");
            }
        }
        return false;
    }

    private void certificateRefused(OriginConfig target, X509Certificate leaf, CertificateException refusal) {
        if (leaf == null) {
            failed(Stage.TLS, "no certificate came", "The origin is not set up for TLS.");
            return;
        }
        if (isRefusedAs(CertificateExpiredException.class, leaf)) {
            failed(
                    Stage.TLS,
                    "the certificate of " + leaf.getSubjectX500Principal() + " expired: it was valid until "
                            + leaf.getNotAfter().toInstant(),
                    "It has to be renewed at the origin; check also that the origin loaded the renewed one.");
        } else if (isRefusedAs(CertificateNotYetValidException.class, leaf)) {
            failed(
                    Stage.TLS,
                    "the certificate of " + leaf.getSubjectX500Principal() + " is valid only from "
                            + leaf.getNotBefore().toInstant(),
                    "A clock is wrong, here or where the certificate was made.");
        } else if (refusal.getCause() == null && !names(leaf).contains(target.host())) {
            // The chain was found in order: that one is refused with a cause.
            failed(
                    Stage.TLS,
                    "the certificate is not for " + target.host() + " but for " + String.join(", ", names(leaf)),
                    "Use one of these names in the origin's address, or have the certificate made for this name. (Or the"
                            + " name leads to another machine than it should.)");
        } else if (leaf.getIssuerX500Principal().equals(leaf.getSubjectX500Principal())) {
            failed(
                    Stage.TLS,
                    "the certificate of " + leaf.getSubjectX500Principal() + " is self-signed and not trusted",
                    "Set tls.trust to a file with this certificate, or give the origin one from an authority.");
        } else {
            failed(
                    Stage.TLS,
                    "the certificate of " + leaf.getSubjectX500Principal() + " was signed by "
                            + leaf.getIssuerX500Principal() + ", which is not trusted here: " + refusal.getMessage(),
                    "Set tls.trust to a file with that authority's certificate, or have the origin send its intermediate"
                            + " certificates.");
        }
    }

    private static boolean isRefusedAs(Class<? extends CertificateException> reason, X509Certificate certificate) {
        try {
            certificate.checkValidity();
            return false;
        } catch (CertificateException e) {
            return reason.isInstance(e);
        }
    }

    /** The names that a certificate is for; its subject where it has none. */
    private static List<String> names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            if (certificate.getSubjectAlternativeNames() != null) {
                for (List<?> name : certificate.getSubjectAlternativeNames()) {
                    if (name.get(1) instanceof String text) {
                        names.add(text);
                    }
                }
            }
        } catch (CertificateParsingException e) {
            // Then only the subject is left.
        }
        if (names.isEmpty()) {
            names.add(certificate.getSubjectX500Principal().getName());
        }
        return names;
    }

    private boolean http(OriginConfig target) {
        begin();
        Probes.Verdict verdict = probes.ping(origin, timeout);
        if (verdict.good()) {
            passed(Stage.HTTP, "it answered " + verdict.status() + " to OPTIONS *");
            return true;
        }
        String meaning =
                switch (verdict.kind()) {
                    case HTTP_RESPONSE_TIMEOUT, CONNECTION_READ_TIMEOUT, CONNECTION_TIMEOUT ->
                        "The port takes connections, but nobody answers: the process hangs or is stopped, or all its threads"
                                + " are busy. Look at its thread dump and its load.";
                    case CONNECTION_TERMINATED ->
                        "It hangs up instead of answering: the port wants "
                                + (target.secure() ? "a client certificate" : "https")
                                + " or the PROXY protocol, or the process dies of the request.";
                    case HTTP_PROTOCOL_ERROR, HTTP_RESPONSE_TRANSFER_CODING, HTTP_RESPONSE_HEADER_SECTION_SIZE ->
                        "Something other than HTTP/1.1 answers there: another protocol"
                                + (target.secure() ? "" : ", https") + " or another service on that port.";
                    default -> "It worked a moment ago: the origin comes and goes.";
                };
        failed(Stage.HTTP, verdict.reason(), meaning);
        return false;
    }

    private void health() {
        HealthConfig.Probe probe = config.health().probe();
        if (probe.kind() != HealthConfig.Kind.HTTP) {
            return;
        }
        begin();
        Probes.Verdict verdict = probes.check(origin);
        if (verdict.good()) {
            passed(Stage.HEALTH, "it answered " + verdict.status() + " to " + probe.method() + " " + probe.path());
            return;
        }
        String meaning =
                switch (verdict.status()) {
                    case 0 -> "HTTP works, but this path does not come to an end: what it checks may hang.";
                    case 401, 403 -> "The path wants a login; health.fields can carry one.";
                    case 404, 405 -> "There is no such path: health.path or health.method is probably wrong.";
                    default ->
                        "The service runs and says itself that it is not well, or health.status and health.text expect"
                                + " something else than it gives.";
                };
        failed(Stage.HEALTH, verdict.reason(), meaning);
    }

    private void begin() {
        started = nanoSource.getAsLong();
    }

    private void passed(Stage stage, String found) {
        steps.add(new Step(stage, true, Duration.ofNanos(nanoSource.getAsLong() - started), found, ""));
    }

    private void failed(Stage stage, String found, String meaning) {
        steps.add(new Step(stage, false, Duration.ofNanos(nanoSource.getAsLong() - started), found, meaning));
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It never was connected.
        }
    }
}
