package dev.headgate.upstream;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * How far one gets with an origin, step by step. It names hosts and addresses, so it is for operators.
 *
 * @param origin its name
 * @param steps in order; the last one is where it stopped, unless that passed as well
 */
public record Diagnosis(String origin, List<Step> steps) {

    /** What is tried. */
    public enum Stage {
        /** Looking up the name. */
        DNS,
        /** Connecting. */
        TCP,
        /** The handshake, with the certificate. */
        TLS,
        /** Whether anything of HTTP comes back ({@code OPTIONS *}). */
        HTTP,
        /** The configured health check. */
        HEALTH
    }

    /**
     * One step.
     *
     * @param took how long
     * @param found what happened, in words
     * @param meaning what that usually means and what to look at; empty where it passed
     */
    public record Step(Stage stage, boolean passed, Duration took, String found, String meaning) {

        /** Stage, outcome and time. */
        @Override
        public String toString() {
            return stage.name() + (passed ? " ok in " : " failed in ")
                    + String.format(Locale.ROOT, "%.1f", took.toNanos() / 1e6) + " ms";
        }
    }

    public Diagnosis {
        steps = List.copyOf(steps);
    }

    /** Whether every step passed. */
    public boolean passed() {
        return steps.stream().allMatch(Step::passed);
    }

    /** Where it stops and what that usually means, in a sentence or two. */
    public String conclusion() {
        for (Step step : steps) {
            if (!step.passed()) {
                return "stops at " + step.stage() + ": " + step.found() + ". " + step.meaning();
            }
        }
        return "nothing is wrong as seen from here";
    }

    /** All of it in one line. */
    @Override
    public String toString() {
        return origin + " " + conclusion() + " ("
                + steps.stream().map(Step::toString).collect(Collectors.joining(", ")) + ")";
    }
}
