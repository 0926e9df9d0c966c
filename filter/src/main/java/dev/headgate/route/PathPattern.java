package dev.headgate.route;

import dev.headgate.config.PathSyntax;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * One path pattern, cut into segments. It is compared with raw paths, without decoding. Immutable.
 *
 * <p>The natural order has the more specific pattern first, but is no more than that: patterns that differ only in the
 * names of their captures are of the same rank.
 */
final class PathPattern {

    /** One segment of a pattern: either literal text or a capture; the other is null. */
    record Segment(String literal, String name) {}

    /** Segment by segment from the left; extensions stand between every other pattern and {@code /*}. */
    static final Comparator<PathPattern> MOST_SPECIFIC_FIRST = PathPattern::compare;

    private final String text;
    private final List<Segment> segments;
    private final boolean takesRemainder;
    private final String extension;

    private PathPattern(String text, List<Segment> segments, boolean takesRemainder, String extension) {
        this.text = text;
        this.segments = List.copyOf(segments);
        this.takesRemainder = takesRemainder;
        this.extension = extension;
    }

    /**
     * Reads a pattern.
     *
     * @throws IllegalArgumentException with a sentence that says what is wrong
     */
    static PathPattern parse(String text) {
        boolean takesRemainder = PathSyntax.captures(text).contains(PathSyntax.REMAINDER);
        if (text.startsWith("*.")) {
            return new PathPattern(text, List.of(), false, text.substring(2));
        }
        List<Segment> segments = new ArrayList<>();
        String path = takesRemainder ? text.substring(0, text.length() - 2) : text;
        if (!path.isEmpty()) {
            for (String segment : path.substring(1).split("/", -1)) {
                segments.add(
                        segment.startsWith("{")
                                ? new Segment(null, segment.substring(1, segment.length() - 1))
                                : new Segment(segment, null));
            }
        }
        return new PathPattern(text, segments, takesRemainder, null);
    }

    /** Without the final {@code /*}; empty for an extension. */
    List<Segment> segments() {
        return segments;
    }

    /** Whether it ends in {@code /*}. */
    boolean takesRemainder() {
        return takesRemainder;
    }

    /** What follows {@code *.}; null for all other patterns. */
    String extension() {
        return extension;
    }

    /** Whether it takes one path only, or one for each value of its captures. */
    boolean isExact() {
        return !takesRemainder && extension == null;
    }

    /** How many characters of a path that matches stand before what {@code /*} took; 0 for an extension. */
    int prefixLength(String path) {
        if (extension != null) {
            return 0;
        }
        if (!takesRemainder) {
            return path.length();
        }
        return segmentStart(path, segments.size());
    }

    /** What a capture took from a path that matches; null when there is no such capture. */
    String capture(String name, String path) {
        if (name.equals(PathSyntax.REMAINDER)) {
            return takesRemainder ? path.substring(prefixLength(path)) : null;
        }
        for (int i = 0; i < segments.size(); i++) {
            if (name.equals(segments.get(i).name())) {
                return path.substring(segmentStart(path, i) + 1, segmentStart(path, i + 1));
            }
        }
        return null;
    }

    /** Where the slash before the segment with that number is; the end of the path when it has no more segments. */
    private static int segmentStart(String path, int number) {
        int at = 0;
        for (int i = 0; i < number; i++) {
            int next = path.indexOf('/', at + 1);
            at = next < 0 ? path.length() : next;
        }
        return at;
    }

    private static int compare(PathPattern a, PathPattern b) {
        if (a.tier() != b.tier()) {
            return a.tier() - b.tier();
        }
        if (a.extension != null) {
            return b.extension.length() - a.extension.length();
        }
        for (int i = 0; i <= a.segments.size() && i <= b.segments.size(); i++) {
            int difference = a.rankAt(i) - b.rankAt(i);
            if (difference != 0) {
                return difference;
            }
        }
        return 0;
    }

    private int tier() {
        return extension != null ? 1 : takesRemainder && segments.isEmpty() ? 2 : 0;
    }

    private int rankAt(int index) {
        if (index == segments.size()) {
            return takesRemainder ? 2 : 0;
        }
        return segments.get(index).literal() != null ? 0 : 1;
    }

    /** Whether both take exactly the same paths. */
    boolean isSameAs(PathPattern other) {
        if (extension != null || other.extension != null) {
            return extension != null && extension.equals(other.extension);
        }
        if (takesRemainder != other.takesRemainder || segments.size() != other.segments.size()) {
            return false;
        }
        for (int i = 0; i < segments.size(); i++) {
            String mine = segments.get(i).literal();
            String theirs = other.segments.get(i).literal();
            if (mine == null ? theirs != null : !mine.equals(theirs)) {
                return false;
            }
        }
        return true;
    }

    /** Whether there is a path that both take. */
    boolean overlaps(PathPattern other) {
        if (extension != null) {
            return other.endsIn(extension);
        }
        if (other.extension != null) {
            return endsIn(other.extension);
        }
        int common = Math.min(segments.size(), other.segments.size());
        for (int i = 0; i < common; i++) {
            String mine = segments.get(i).literal();
            String theirs = other.segments.get(i).literal();
            boolean meet = mine == null ? !"".equals(theirs) : theirs == null ? !mine.isEmpty() : mine.equals(theirs);
            if (!meet) {
                return false;
            }
        }
        if (segments.size() == other.segments.size()) {
            return true;
        }
        return segments.size() < other.segments.size() ? takesRemainder : other.takesRemainder;
    }

    private boolean endsIn(String otherExtension) {
        if (extension != null) {
            return ("." + extension).endsWith("." + otherExtension) || ("." + otherExtension).endsWith("." + extension);
        }
        if (takesRemainder) {
            return true;
        }
        String last = segments.get(segments.size() - 1).literal();
        return last == null || last.endsWith("." + otherExtension);
    }

    @Override
    public String toString() {
        return text;
    }
}
