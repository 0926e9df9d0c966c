package dev.headgate.failure;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.MustacheException;
import com.samskivert.mustache.Template;
import dev.headgate.failure.FailureKind.Side;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The page for people: the built-in one or an app's own template, filled with one failure. Immutable.
 *
 * <p>It never reloads by itself: everybody who waits would come back to a service that is just recovering, and a page
 * that moves on its own takes control from those who read slowly (WCAG 2.2.1). The countdown says when it is worth a
 * click.
 */
final class HtmlPage {

    /** The countdown where nobody knows better, in seconds. */
    private static final long PATIENCE_SECONDS = 10;

    /** A longer wait is told in minutes and not counted down. */
    private static final long LONGEST_COUNTDOWN_SECONDS = 120;

    private static final String STYLE = text("page.css");

    private static final HtmlPage BUILT_IN = new HtmlPage(text("page.mustache"), true);

    private final Template template;
    private final boolean builtIn;

    private HtmlPage(String source, boolean builtIn) {
        this.template = Mustache.compiler()
                .escapeHTML(true)
                .defaultValue("")
                .emptyStringIsFalse(true)
                .compile(source);
        this.builtIn = builtIn;
    }

    static HtmlPage builtIn() {
        return BUILT_IN;
    }

    /** @throws MustacheException when it is no template */
    static HtmlPage of(String source) {
        return new HtmlPage(source, false);
    }

    /**
     * Fills the page.
     *
     * @param safe whether the client may repeat its request without harm (RFC 9110 §9.2.1)
     * @throws MustacheException when an app's own template asks for the impossible
     */
    String fill(FailureReport report, Texts texts, boolean safe) {
        return template.execute(facts(report, texts, safe));
    }

    /**
     * The policy under which the built-in page is sent: nothing is loaded, and no style but its own counts; null for an
     * app's own template, which nobody but its author knows.
     */
    String policy(FailureReport report, boolean safe) {
        if (!builtIn) {
            return null;
        }
        long wait = countdown(report, safe);
        return "default-src 'none'; img-src data:; style-src '" + hash(STYLE) + "'"
                + (wait > 0 ? " '" + hash(waitStyle(wait)) + "'" : "")
                + "; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
    }

    /** What a template may use: the public facts, and the diagnosis where the client may see it. */
    private static Map<String, Object> facts(FailureReport report, Texts texts, boolean safe) {
        FailureKind kind = report.kind();
        Map<String, Object> facts = new HashMap<>();
        facts.put("language", texts.language());
        facts.put("status", report.status());
        facts.put("kind", kind.word());
        facts.put("headline", texts.headline(kind));
        facts.put("story", texts.story(kind));
        facts.put("assurance", kind.side() == Side.CLIENT ? "" : texts.get("assurance"));
        facts.put("explanation", report.failure().publicDetail());
        facts.put("advice", advice(report, texts, safe));
        facts.put("requestId", report.requestId());
        facts.put("time", texts.time(report.time()));
        facts.put(
                "isoTime",
                report.time().truncatedTo(java.time.temporal.ChronoUnit.SECONDS).toString());
        facts.put("retryAfter", report.retryAfterSeconds() > 0 ? report.retryAfterSeconds() : null);
        facts.put("labelError", texts.get("label.error", report.status()));
        facts.put("labelTodo", texts.get("label.todo"));
        facts.put("labelWay", texts.get("label.way"));
        facts.put("labelId", texts.get("label.id"));
        facts.put("labelQuote", texts.get("label.quote"));
        facts.put("labelTime", texts.get("label.time"));
        facts.put("labelAgain", texts.get("again.button"));
        facts.put("style", STYLE);
        facts.put("again", safe && kind.again() != FailureKind.Again.CHANGED);
        facts.put("quiet", kind.again() == FailureKind.Again.LATER);
        facts.put("countdown", countdownFacts(report, texts, safe));
        facts.put("way", kind.side() == Side.CLIENT ? null : Map.of("stations", stations(kind.side(), texts)));
        facts.put("diagnosis", report.detailed() ? diagnosis(report) : null);
        return facts;
    }

    /** Whether trying again helps, for this method and as far as is known. */
    static String advice(FailureReport report, Texts texts, boolean safe) {
        FailureKind kind = report.kind();
        return switch (kind.again()) {
            case CHANGED -> texts.advice(kind);
            case LATER -> texts.get("again.later");
            case SOON -> {
                if (safe) {
                    long seconds = report.retryAfterSeconds();
                    String minutes = seconds > LONGEST_COUNTDOWN_SECONDS
                            ? " " + texts.get("again.in-minutes", (seconds + 59) / 60) + "."
                            : "";
                    yield texts.get(seconds > 0 ? "again.after" : "again.safe") + minutes;
                }
                yield texts.get(report.surelyNotReceived() ? "again.untouched" : "again.unknown");
            }
        };
    }

    /** Seconds to count down; 0: no countdown. */
    private static long countdown(FailureReport report, boolean safe) {
        if (!safe || report.kind().again() != FailureKind.Again.SOON) {
            return 0;
        }
        long known = report.retryAfterSeconds();
        return known > LONGEST_COUNTDOWN_SECONDS ? 0 : known > 0 ? Math.max(2, known) : PATIENCE_SECONDS;
    }

    private static Map<String, Object> countdownFacts(FailureReport report, Texts texts, boolean safe) {
        long seconds = countdown(report, safe);
        return seconds == 0
                ? null
                : Map.of(
                        "seconds", seconds,
                        "waitStyle", waitStyle(seconds),
                        "later", texts.get("again.in-seconds", seconds),
                        "now", texts.get("again.now"));
    }

    private static String waitStyle(long seconds) {
        return ":root{--wait:" + seconds + "s}";
    }

    /** Where the request stopped: what is before that point is fine, what lies behind was not reached. */
    private static List<Map<String, Object>> stations(Side side, Texts texts) {
        List<Map<String, Object>> stations = new ArrayList<>();
        int stop = side == Side.UPSTREAM ? 2 : 1;
        List<String> names = List.of("you", "site", "service");
        for (int i = 0; i < names.size(); i++) {
            String state = i < stop ? "fine" : i == stop ? "stopped" : "unreached";
            stations.add(Map.of(
                    names.get(i),
                    true,
                    "name",
                    texts.get("way." + names.get(i)),
                    "state",
                    state,
                    "is" + state.substring(0, 1).toUpperCase(Locale.ROOT) + state.substring(1),
                    true,
                    "broken",
                    i == stop && side == Side.UPSTREAM,
                    "stateText",
                    texts.get("way." + state)));
        }
        return stations;
    }

    private static Map<String, Object> diagnosis(FailureReport report) {
        Diagnosis diagnosis = Diagnosis.of(report);
        List<Map<String, Object>> attempts = new ArrayList<>();
        for (AttemptReport attempt : report.attempts()) {
            Map<String, Object> facts = new HashMap<>();
            facts.put("origin", attempt.origin());
            facts.put("stage", attempt.stage());
            facts.put("millis", attempt.millis());
            facts.put("answered", attempt.status() == 0 ? null : attempt.status());
            facts.put("kind", attempt.kind() == null ? null : attempt.kind().word());
            facts.put("message", shortened(attempt));
            attempts.add(facts);
        }
        Map<String, Object> facts = new HashMap<>();
        facts.put("meaning", diagnosis.meaning());
        facts.put("message", report.failure().getMessage());
        facts.put("side", report.kind().side().name().toLowerCase(Locale.ROOT));
        facts.put("route", report.route());
        facts.put("elapsed", report.elapsed().toMillis() + " ms");
        facts.put("attempts", attempts);
        facts.put("hasAttempts", !attempts.isEmpty());
        facts.put("causes", diagnosis.causes());
        facts.put(
                "checks",
                diagnosis.checks().stream()
                        .map(check -> Map.of("what", check.what(), "command", check.command()))
                        .toList());
        return facts;
    }

    /** The message without the origin, which stands above it. */
    private static String shortened(AttemptReport attempt) {
        String message = attempt.message();
        return message != null && message.startsWith(attempt.origin() + " ")
                ? message.substring(attempt.origin().length() + 1)
                : message;
    }

    private static String hash(String style) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(style.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static String text(String file) {
        try (InputStream stream = Texts.resource(file)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
