package dev.headgate.failure;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a kind of failure means to an operator: the likely causes in order, and what to check next.
 *
 * @param meaning one sentence
 * @param causes most likely first
 */
public record Diagnosis(String meaning, List<String> causes, List<Check> checks) {

    private static final Map<String, String> TEXTS = Map.copyOf(Texts.entries("diagnosis.properties"));

    /**
     * One thing to look at.
     *
     * @param command for a shell; empty where none helps
     */
    public record Check(String what, String command) {}

    /** The diagnosis with placeholders in capitals: {@code HOST}, {@code PORT}. */
    static Diagnosis of(FailureKind kind) {
        return of(kind, "HOST", "PORT", "HOST:PORT", "http://HOST:PORT");
    }

    /** The diagnosis of a failed exchange, with the last origin that was asked in its commands. */
    static Diagnosis of(FailureReport report) {
        AttemptReport last = report.lastAttempt();
        return last == null ? of(report.kind()) : of(report.kind(), last);
    }

    /**
     * The diagnosis of a kind with one origin in its commands.
     *
     * @param origin as configured, such as {@code http://a:8080}; empty for none
     */
    public static Diagnosis of(FailureKind kind, String origin) {
        return origin.isEmpty() ? of(kind) : of(kind, new AttemptReport(origin, "", 0, 0, false, kind, null));
    }

    private static Diagnosis of(FailureKind kind, AttemptReport last) {
        String authority = last.host() + ":" + last.port();
        return of(
                kind,
                last.host().replaceAll("[\\[\\]]", ""),
                Integer.toString(last.port()),
                authority,
                (last.secure() ? "https://" : "http://") + authority);
    }

    private static Diagnosis of(FailureKind kind, String host, String port, String authority, String origin) {
        List<Check> checks = new ArrayList<>();
        for (String line : numbered(kind.word() + ".check.")) {
            String[] parts = line.split(" \\| ", 2);
            String command = parts.length == 1
                    ? ""
                    : parts[1].replace("{host}", host)
                            .replace("{port}", port)
                            .replace("{authority}", authority)
                            .replace("{origin}", origin);
            checks.add(new Check(parts[0], command));
        }
        return new Diagnosis(TEXTS.get(kind.word() + ".meaning"), numbered(kind.word() + ".cause."), checks);
    }

    private static List<String> numbered(String prefix) {
        List<String> lines = new ArrayList<>();
        for (int i = 1; TEXTS.containsKey(prefix + i); i++) {
            lines.add(TEXTS.get(prefix + i));
        }
        return List.copyOf(lines);
    }
}
