package dev.headgate.config;

import java.util.Set;

/**
 * What the origin is asked for.
 *
 * @param path how the request path is mapped: {@code keep}; {@code strip}, which takes off what stands before the
 *     pattern's final {@code /*}; a path such as {@code /v1} that replaces it; or a template such as
 *     {@code /v1/{id}{*}} of the pattern's captures and what {@code /*} took. A pattern for one path is stripped to
 *     {@code /} and replaced whole, {@code *.pdf} has nothing to strip and is only given a prefix
 * @param ambiguousPaths the kinds of ambiguous path that this route lets through; empty: all get 400
 * @param host the {@code Host} field that the origin sees: {@code upstream} (the origin's own), {@code client} (as it
 *     came in) or a literal authority
 */
public record TargetConfig(String path, Set<AmbiguousPath> ambiguousPaths, String host) {

    public TargetConfig {
        Checks.notBlank(path, "path");
        Checks.notBlank(host, "host");
        ambiguousPaths = Set.copyOf(ambiguousPaths);
        PathSyntax.checkTarget(path, ambiguousPaths);
    }

    /**
     * What different servers read differently in a path, and a route may let through all the same. Dot segments in
     * any spelling, backslashes, NUL and control characters can never be let through.
     */
    public enum AmbiguousPath {
        /** {@code %2F}: a slash for some, a character of a segment for others. */
        ENCODED_SLASH,
        /** {@code ;name=value} in a segment: cut off by servlet containers, kept by others. */
        PARAMETERS
    }
}
