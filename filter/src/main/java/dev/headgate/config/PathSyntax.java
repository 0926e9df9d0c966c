package dev.headgate.config;

import dev.headgate.config.TargetConfig.AmbiguousPath;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How path patterns and target paths are spelled. */
public final class PathSyntax {

    /** What {@code {*}} names: the part of the path that a pattern's final {@code /*} took. */
    public static final String REMAINDER = "*";

    /** The target path that leaves the path as it is. */
    public static final String KEEP = "keep";
    /** The target path that takes off what stands before the pattern's final {@code /*}. */
    public static final String STRIP = "strip";

    private static final Pattern CAPTURE = Pattern.compile("\\{([A-Za-z_][A-Za-z0-9_.-]*|\\*)}");

    private PathSyntax() {}

    /**
     * Checks a pattern and finds what it captures.
     *
     * @param pattern {@code /api/*}, {@code /exact}, {@code *.pdf}, {@code /users/{id}/orders} or the like
     * @return the names of its captures from left to right, last {@link #REMAINDER} when it ends in {@code /*}
     * @throws IllegalArgumentException with a sentence that says what is wrong
     */
    public static List<String> captures(String pattern) {
        if (pattern == null || pattern.isEmpty()) {
            throw new IllegalArgumentException("a path pattern must not be empty");
        }
        if (pattern.startsWith("*.")) {
            checkExtension(pattern);
            return List.of();
        }
        if (!pattern.startsWith("/")) {
            throw wrong(pattern, "must start with / or *.");
        }
        if (pattern.contains("//")) {
            throw wrong(pattern, "has an empty segment (//)");
        }
        List<String> names = new ArrayList<>();
        String[] segments = pattern.substring(1).split("/", -1);
        for (int i = 0; i < segments.length; i++) {
            String segment = segments[i];
            Matcher capture = CAPTURE.matcher(segment);
            if (segment.equals("*") && i == segments.length - 1) {
                names.add(REMAINDER);
            } else if (segment.indexOf('*') >= 0) {
                throw wrong(pattern, "may have a * only as its last segment (/*) or as the start of *.ext");
            } else if (capture.matches()) {
                if (names.contains(capture.group(1))) {
                    throw wrong(pattern, "has {" + capture.group(1) + "} twice");
                }
                names.add(capture.group(1));
            } else if (segment.indexOf('{') >= 0 || segment.indexOf('}') >= 0) {
                throw wrong(
                        pattern,
                        "may have braces only around the name of a whole segment, as in /users/{id}; a name starts"
                                + " with a letter and goes on with letters, digits, '_', '.' and '-'");
            }
        }
        checkLiterals(pattern, CAPTURE.matcher(pattern).replaceAll("x"));
        return List.copyOf(names);
    }

    private static void checkExtension(String pattern) {
        String extension = pattern.substring(2);
        if (extension.isEmpty()) {
            throw wrong(pattern, "has no extension after the dot");
        }
        if (extension.matches(".*[/*{}].*")) {
            throw wrong(pattern, "may have no /, * or braces after the dot");
        }
        checkLiterals(pattern, "/x." + extension);
    }

    /** A pattern that only refused paths could match would never be of use. */
    private static void checkLiterals(String pattern, String literals) {
        if (!literals.chars().allMatch(c -> c < 0x80)) {
            throw wrong(pattern, "must be written as it is on the wire: percent-encode what is not ASCII");
        }
        String flaw = RawPath.flaw(literals, EnumSet.allOf(AmbiguousPath.class));
        if (flaw != null) {
            throw wrong(pattern, flaw);
        }
    }

    private static IllegalArgumentException wrong(String pattern, String what) {
        return new IllegalArgumentException("path pattern '" + pattern + "' " + what);
    }

    /**
     * Cuts a target path into literal text and captures, in turn: the first, third, ... part is literal and may be
     * empty, the second, fourth, ... is the name of a capture. {@code /v1/{id}{*}} gives {@code /v1/}, {@code id}, an
     * empty part, {@code *}, an empty part.
     */
    public static List<String> templateParts(String target) {
        List<String> parts = new ArrayList<>();
        Matcher capture = CAPTURE.matcher(target);
        int from = 0;
        while (capture.find()) {
            parts.add(target.substring(from, capture.start()));
            parts.add(capture.group(1));
            from = capture.end();
        }
        parts.add(target.substring(from));
        return List.copyOf(parts);
    }

    /** Checks a target path by itself. */
    static void checkTarget(String target, Set<AmbiguousPath> allowed) {
        if (target.equals(KEEP) || target.equals(STRIP)) {
            return;
        }
        if (!target.startsWith("/")) {
            throw new IllegalArgumentException(
                    "target path '" + target + "' must be keep, strip, or a path that starts with /");
        }
        String literals = CAPTURE.matcher(target).replaceAll("x");
        if (literals.indexOf('{') >= 0 || literals.indexOf('}') >= 0) {
            throw new IllegalArgumentException(
                    "target path '" + target + "' may have braces only around a name, as in /v1/{id}, or as {*}");
        }
        if (!literals.chars().allMatch(c -> c < 0x80)) {
            throw new IllegalArgumentException("target path '" + target
                    + "' must be written as it is on the wire: percent-encode what is not ASCII");
        }
        String flaw = RawPath.flaw(literals, allowed);
        if (flaw != null) {
            throw new IllegalArgumentException("target path '" + target + "' " + flaw);
        }
    }

    /** Checks that every pattern of a route captures what its target path names, and takes paths that are sent on. */
    static void checkTargetFits(TargetConfig target, List<String> patterns) {
        List<String> parts = templateParts(target.path());
        for (String pattern : patterns) {
            String flaw = RawPath.flaw(
                    "/" + CAPTURE.matcher(pattern).replaceAll("x").replace('*', 'x'), target.ambiguousPaths());
            if (flaw != null) {
                throw wrong(pattern, flaw + ", which the route does not allow");
            }
            List<String> captures = captures(pattern);
            for (int i = 1; i < parts.size(); i += 2) {
                if (!captures.contains(parts.get(i))) {
                    throw new IllegalArgumentException("target path '" + target.path() + "' names {" + parts.get(i)
                            + "}, which path pattern '" + pattern + "' does not capture");
                }
            }
        }
    }
}
