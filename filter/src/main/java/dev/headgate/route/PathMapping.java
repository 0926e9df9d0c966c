package dev.headgate.route;

import dev.headgate.config.PathSyntax;
import java.util.List;

/**
 * How a route turns the client's path into the origin's, and back. Immutable.
 *
 * <p>Nearly every mapping exchanges one prefix for another and leaves the rest alone, which is what {@link Prefixes}
 * says about one request. Only a template that puts the remainder elsewhere than at its end, or drops it, has no way
 * back.
 */
final class PathMapping {

    /**
     * One request's mapping: {@code client + rest} is the path that was matched, {@code origin + rest} the mapped one.
     *
     * @param client what the client sees and the origin does not; empty or with a leading slash
     * @param origin what the origin sees instead; empty or with a leading slash, maybe with a trailing one
     * @param rest what both see; empty or with a leading slash
     * @param reversible whether origin paths can be turned into client paths by exchanging the prefixes back
     */
    record Prefixes(String client, String origin, String rest, boolean reversible) {

        /** The path for the origin, below its base path; empty when that is meant itself. */
        String mapped() {
            return join(origin, rest);
        }
    }

    private enum Kind {
        KEEP,
        STRIP,
        REPLACE,
        TEMPLATE
    }

    private final Kind kind;
    /** Literal text and names in turn, see {@link PathSyntax#templateParts}. */
    private final List<String> parts;

    private PathMapping(Kind kind, List<String> parts) {
        this.kind = kind;
        this.parts = parts;
    }

    /** Reads the target path of a route, which its configuration has checked. */
    static PathMapping parse(String target) {
        if (target.equals(PathSyntax.KEEP)) {
            return new PathMapping(Kind.KEEP, List.of());
        }
        if (target.equals(PathSyntax.STRIP)) {
            return new PathMapping(Kind.STRIP, List.of());
        }
        List<String> parts = PathSyntax.templateParts(target);
        return new PathMapping(parts.size() == 1 ? Kind.REPLACE : Kind.TEMPLATE, parts);
    }

    /** Applies the mapping to a path that the pattern takes. */
    Prefixes map(PathPattern pattern, String path) {
        // An extension says nothing about where a path starts, so there is nothing to strip.
        if (kind == Kind.KEEP || kind == Kind.STRIP && pattern.extension() != null) {
            return new Prefixes("", "", path, true);
        }
        int cut = pattern.prefixLength(path);
        if (kind == Kind.STRIP && cut > 1 && cut == path.length() && path.endsWith("/")) {
            cut--; // an exact "/api/" leaves the slash that makes it one
        }
        String client = path.substring(0, cut);
        String rest = path.substring(cut);
        return switch (kind) {
            case STRIP -> new Prefixes(client, "", rest, true);
            case REPLACE -> new Prefixes(client, parts.get(0), rest, true);
            default -> fill(pattern, path, client, rest);
        };
    }

    private Prefixes fill(PathPattern pattern, String path, String client, String rest) {
        int last = parts.size() - 2;
        boolean remainderIsLast = parts.get(last).equals(PathSyntax.REMAINDER)
                && parts.get(last + 1).isEmpty();
        boolean remainderOnce = parts.indexOf(PathSyntax.REMAINDER) == last;
        String filled = "";
        for (int i = 0; i < parts.size(); i++) {
            if (i == last && remainderIsLast) {
                break;
            }
            filled = i % 2 == 0 ? filled + parts.get(i) : insert(filled, parts.get(i), pattern, path);
        }
        return remainderIsLast
                ? new Prefixes(client, filled, rest, remainderOnce)
                : new Prefixes("", filled, "", false);
    }

    private static String insert(String before, String name, PathPattern pattern, String path) {
        String value = pattern.capture(name, path);
        return name.equals(PathSyntax.REMAINDER) ? join(before, value) : before + value;
    }

    /** {@code /v1} and {@code /v1/} are the same before a remainder, which brings its own slash. */
    private static String join(String prefix, String rest) {
        return prefix.endsWith("/") && rest.startsWith("/")
                ? prefix.substring(0, prefix.length() - 1) + rest
                : prefix + rest;
    }
}
