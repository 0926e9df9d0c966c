package dev.headgate.upstream;

import dev.headgate.config.HealthConfig;
import dev.headgate.config.PoolConfig;
import dev.headgate.config.TimeoutConfig;
import dev.headgate.config.UpstreamConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;

/**
 * Asks an upstream's origins how they are, one question on one new connection each. The client is a second one with its
 * own connections, so nothing here counts as traffic, load or latency; what an origin answers is parsed as strictly as
 * traffic is.
 *
 * <p>Thread-safe; every question blocks, at most for its time.
 */
final class Probes implements AutoCloseable {

    private static final int TEXT_WITHIN_BYTES = 64 * 1024;

    /** A probe, a question after silence and a diagnosis may meet. */
    private static final int CONNECTIONS = 3;

    private final UpstreamConfig config;
    private final Watchdog watchdog;

    /** Made for the first question; guarded by this. */
    private UpstreamClient client;

    private boolean closed;

    Probes(UpstreamConfig config, Watchdog watchdog) {
        this.config = config;
        this.watchdog = watchdog;
    }

    /**
     * What came of one question.
     *
     * @param good whether the origin is as it should be
     * @param kind what failed; null when it answered, well or not
     * @param status what it answered; 0 for nothing
     * @param reason why it is not good, fit to follow the origin's name and a colon; empty when it is
     */
    record Verdict(boolean good, FailureKind kind, int status, String reason) {

        /** Whether it tells anything: no fault of our own is the origin's. */
        boolean isConclusive() {
            return kind == null || kind.side() == FailureKind.Side.UPSTREAM;
        }
    }

    /** The question that is configured: an HTTP request, or a connection with its TLS handshake. */
    Verdict check(Origin origin) {
        HealthConfig.Probe probe = config.health().probe();
        if (probe.kind() == HealthConfig.Kind.TCP) {
            return ask(origin, null, probe.timeout(), 0, 0, "");
        }
        ClassicHttpRequest request =
                new Question(probe.method(), origin.config().basePath() + probe.path());
        request.addHeader("Host", probe.host().isEmpty() ? origin.config().authority() : probe.host());
        probe.fields().forEach(request::addHeader);
        return ask(origin, request, probe.timeout(), probe.statusFrom(), probe.statusTo(), probe.text());
    }

    /**
     * Whether the origin answers at all, whatever it says: {@code OPTIONS *} is HTTP's ping (RFC 9110 §9.3.7).
     */
    Verdict ping(Origin origin, Duration timeout) {
        ClassicHttpRequest request = new Question("OPTIONS", "*");
        request.addHeader("Host", origin.config().authority());
        return ask(origin, request, timeout, 100, 999, "");
    }

    /** @param request null to connect only */
    private Verdict ask(Origin origin, ClassicHttpRequest request, Duration timeout, int from, int to, String text) {
        TimeoutConfig timeouts = new TimeoutConfig(timeout, timeout, timeout, timeout);
        String question = request == null ? "" : request.getMethod() + " " + request.getRequestUri();
        try (OriginConnection connection = client().connect(
                        origin.apartFromTraffic(),
                        timeouts,
                        watchdog.reading(),
                        timeout.toNanos(),
                        false,
                        new Attempt(origin.name(), watchdog.reading()))) {
            if (request == null) {
                return new Verdict(true, null, 0, "");
            }
            if (!request.containsHeader("User-Agent")) {
                request.addHeader("User-Agent", "Headgate-Probe");
            }
            request.addHeader("Connection", "close");
            connection.send(request, false);
            boolean forHead = request.getMethod().equals("HEAD");
            ClassicHttpResponse head = connection.receive(interim -> {}, false, forHead, false);
            int status = head.getCode();
            if (status < from || status > to) {
                String wanted = from == to ? "" + from : from + "-" + to;
                return new Verdict(
                        false, null, status, "it answered " + status + ", not " + wanted + ", to " + question);
            }
            if (!text.isEmpty() && !holds(connection, head, text)) {
                return new Verdict(false, null, status, "its answer to " + question + " does not hold '" + text + "'");
            }
            return new Verdict(true, null, status, "");
        } catch (GatewayFailure e) {
            return new Verdict(false, e.kind(), 0, reason(e, question, timeout));
        }
    }

    private static String reason(GatewayFailure e, String question, Duration timeout) {
        return switch (e.kind()) {
            case CONNECTION_TIMEOUT -> "no connection within " + timeout.toMillis() + " ms";
            case HTTP_RESPONSE_TIMEOUT, CONNECTION_READ_TIMEOUT, CONNECTION_WRITE_TIMEOUT ->
                (question.isEmpty() ? "no handshake" : "no answer to " + question) + " within " + timeout.toMillis()
                        + " ms";
            default -> e.getMessage();
        };
    }

    private static boolean holds(OriginConnection connection, ClassicHttpResponse head, String text)
            throws GatewayFailure {
        if (head.getEntity() == null) {
            return false;
        }
        byte[] found;
        try {
            InputStream content = connection.content(() -> {});
            found = content.readNBytes(TEXT_WITHIN_BYTES);
        } catch (IOException e) {
            throw connection.contentFailure(e, 0);
        }
        // Compared as bytes, so that no character can be cut at the end.
        String wanted = new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        return new String(found, StandardCharsets.ISO_8859_1).contains(wanted);
    }

    private synchronized UpstreamClient client() throws GatewayFailure {
        if (closed) {
            throw new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "the gateway is closed");
        }
        if (client == null) {
            Duration timeout = config.health().probe().timeout();
            PoolConfig pool = new PoolConfig(CONNECTIONS, timeout, timeout, Duration.ZERO);
            client = new UpstreamClient(
                    new UpstreamConfig(
                            config.name(),
                            config.origins(),
                            pool,
                            config.tls(),
                            config.head(),
                            config.balance(),
                            config.health(),
                            config.retryBudget(),
                            config.concurrency()),
                    watchdog);
        }
        return client;
    }

    /** Ends every question under way. */
    @Override
    public synchronized void close() {
        closed = true;
        if (client != null) {
            client.close();
        }
    }

    /** A request whose target is sent as it is. */
    private static final class Question extends BasicClassicHttpRequest {

        private final String target;

        Question(String method, String target) {
            super(method.toUpperCase(Locale.ROOT), null, "/");
            this.target = target;
        }

        @Override
        public String getRequestUri() {
            return target;
        }
    }
}
