package dev.headgate.observe;

import dev.headgate.config.OperationConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.exchange.TrustedProxies;
import dev.headgate.failure.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a line for each exchange, in the form that {@code access-log} says. Its logger is {@code dev.headgate.access.}
 * and the gateway's name. Thread-safe.
 *
 * <p>It writes on the thread of the exchange: where that is too slow, the logging system has an asynchronous appender,
 * which knows better than we could what to do when its queue is full and when the app ends.
 *
 * <p>Of the request it takes what it needs when the exchange begins: at its end the container may have given the request
 * to somebody else.
 */
final class AccessLog implements ExchangeListener {

    private static final DateTimeFormatter NCSA_TIME =
            DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT);
    private static final DateTimeFormatter JSON_TIME =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

    /** What is known from the beginning; those that the client did not send are null. */
    private record Entry(
            OperationConfig.AccessLog form,
            Instant time,
            String client,
            String user,
            String method,
            String target,
            String protocol,
            String referer,
            String agent) {}

    private final ManagedGateway gateway;
    private final RequestText text;
    private final InstantSource clock;
    private final ZoneId zone;
    private final Logger log;

    /**
     * @param name the gateway's
     * @param sessionCookie the name of the app's session cookie
     */
    public AccessLog(ManagedGateway gateway, String name, String sessionCookie, InstantSource clock) {
        this.gateway = gateway;
        this.text = new RequestText(sessionCookie);
        this.clock = clock;
        this.zone = ZoneId.systemDefault();
        this.log = LoggerFactory.getLogger("dev.headgate.access." + name);
    }

    @Override
    public void began(Exchange exchange) {
        OperationConfig.AccessLog form = gateway.config().operation().accessLog();
        if (form == OperationConfig.AccessLog.OFF || !log.isInfoEnabled()) {
            return;
        }
        HttpServletRequest request = exchange.request();
        exchange.keep(
                this,
                new Entry(
                        form,
                        clock.instant(),
                        new TrustedProxies(gateway.config().trustedProxies()).clientAddress(request),
                        request.getRemoteUser(),
                        request.getMethod(),
                        text.target(request),
                        request.getProtocol(),
                        text.masked(request.getHeader("Referer")),
                        request.getHeader("User-Agent")));
    }

    @Override
    public void ended(Exchange exchange) {
        if (exchange.kept(this) instanceof Entry entry) {
            log.info(entry.form == OperationConfig.AccessLog.JSON ? json(entry, exchange) : ncsa(entry, exchange));
        }
    }

    /** The form that httpd has had since NCSA's; escaped as there. */
    private String ncsa(Entry entry, Exchange exchange) {
        StringBuilder line = new StringBuilder(256)
                .append(word(entry.client))
                .append(" - ")
                .append(word(entry.user))
                .append(" [")
                .append(NCSA_TIME.format(entry.time.atZone(zone)))
                .append("] \"")
                .append(RequestText.quoted(entry.method + " " + entry.target + " " + entry.protocol))
                .append("\" ")
                .append(exchange.status())
                .append(' ');
        if (exchange.contentBytesSent() == 0) {
            line.append('-');
        } else {
            line.append(exchange.contentBytesSent());
        }
        if (entry.form == OperationConfig.AccessLog.COMBINED) {
            line.append(" \"")
                    .append(entry.referer == null ? "-" : RequestText.quoted(entry.referer))
                    .append("\" \"")
                    .append(entry.agent == null ? "-" : RequestText.quoted(entry.agent))
                    .append('"');
        }
        return line.toString();
    }

    /** One word, so that nobody can move the fields that follow. */
    private static String word(String text) {
        return text == null || text.isEmpty() ? "-" : RequestText.quoted(text).replace(" ", "\\x20");
    }

    private static String json(Entry entry, Exchange exchange) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", JSON_TIME.format(entry.time.truncatedTo(ChronoUnit.MILLIS)));
        line.put("requestId", exchange.requestId());
        line.put("client", entry.client);
        put(line, "user", entry.user);
        line.put("method", entry.method);
        line.put("target", entry.target);
        line.put("protocol", entry.protocol);
        line.put("status", exchange.status());
        line.put("bytesReceived", exchange.contentBytesReceived());
        line.put("bytesSent", exchange.contentBytesSent());
        line.put("route", exchange.route());
        line.put("upstream", exchange.upstream());
        line.put("totalMicros", micros(exchange.durationNanos()));
        line.put("queueMicros", micros(exchange.queueNanos()));
        if (exchange.answeredNanos() != 0) {
            line.put("firstByteMicros", micros(exchange.answeredNanos() - exchange.startNanos()));
        }
        // The response of an exchange whose client has left may be another's by now.
        if (!exchange.isAbandoned()) {
            put(line, "cache", exchange.response().getHeader("Cache-Status"));
        }
        if (exchange.failure() != null) {
            line.put("failure", exchange.failure().kind().word());
            line.put("side", word(exchange.failure().kind().side()));
        }
        List<Object> attempts = new ArrayList<>(exchange.attempts().size());
        for (Attempt attempt : exchange.attempts()) {
            Map<String, Object> each = new LinkedHashMap<>();
            each.put("origin", attempt.origin());
            each.put("stage", word(attempt.stage()));
            if (attempt.status() != 0) {
                each.put("status", attempt.status());
            }
            if (attempt.failure() != null) {
                each.put("failure", attempt.failure().kind().word());
            }
            each.put("totalMicros", micros(attempt.durationNanos()));
            each.put("leaseMicros", micros(attempt.leaseNanos()));
            each.put("connectMicros", micros(attempt.connectNanos()));
            if (attempt.headNanos() != 0) {
                each.put("headMicros", micros(attempt.headNanos()));
            }
            attempts.add(each);
        }
        line.put("attempts", attempts);
        put(line, "referer", entry.referer);
        put(line, "userAgent", entry.agent);
        return Json.text(line);
    }

    private static void put(Map<String, Object> line, String name, String value) {
        if (value != null) {
            line.put(name, value);
        }
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static long micros(long nanos) {
        return TimeUnit.NANOSECONDS.toMicros(nanos);
    }
}
