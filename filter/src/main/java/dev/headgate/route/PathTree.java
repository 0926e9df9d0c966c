package dev.headgate.route;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The patterns of all routes, by segment. Looking a path up takes time by the number of its segments, not of the
 * routes, and makes no object: segments are compared where they stand. Immutable.
 *
 * <p>Going down, a literal segment is tried before a capture and that before the remainder; when the conditions of
 * what was found do not hold, the search goes back and on. That order is the one of
 * {@link PathPattern#MOST_SPECIFIC_FIRST}. Every node is reached by one way only, so none is visited twice.
 */
final class PathTree {

    /** One pattern of one route. */
    record Entry(Route route, PathPattern pattern) {}

    private static final Entry[] NONE = {};

    private final Literals<PathTree> literals;
    /** The patterns with a capture here; null when there are none. */
    private final PathTree captured;
    /** The patterns that end here, and those that go on with {@code /*}, each in the order they are to be tried. */
    private final Entry[] exact;

    private final Entry[] remainder;

    /** @param entries in the order in which those of the same rank are tried; no extensions */
    PathTree(List<Entry> entries) {
        this(entries, 0);
    }

    private PathTree(List<Entry> entries, int depth) {
        List<Entry> endsHere = new ArrayList<>();
        List<Entry> takesRemainder = new ArrayList<>();
        List<Entry> captures = new ArrayList<>();
        Map<String, List<Entry>> byLiteral = new HashMap<>();
        for (Entry entry : entries) {
            List<PathPattern.Segment> segments = entry.pattern().segments();
            if (segments.size() == depth) {
                (entry.pattern().takesRemainder() ? takesRemainder : endsHere).add(entry);
            } else if (segments.get(depth).literal() == null) {
                captures.add(entry);
            } else {
                byLiteral
                        .computeIfAbsent(segments.get(depth).literal(), literal -> new ArrayList<>())
                        .add(entry);
            }
        }
        Map<String, PathTree> children = new HashMap<>();
        byLiteral.forEach((literal, below) -> children.put(literal, new PathTree(below, depth + 1)));
        this.literals = new Literals<>(children);
        this.captured = captures.isEmpty() ? null : new PathTree(captures, depth + 1);
        this.exact = endsHere.toArray(NONE);
        this.remainder = takesRemainder.toArray(NONE);
    }

    /**
     * Finds what takes a path, {@code /*} aside.
     *
     * @param from where in the text the path starts, with a slash; it ends with the text
     * @return null when nothing does
     */
    Entry find(String text, int from, HttpServletRequest request) {
        return below(text, from, request);
    }

    /** Finds the {@code /*} that takes a request. */
    Entry findCatchAll(HttpServletRequest request) {
        return first(remainder, request);
    }

    private Entry at(String text, int at, HttpServletRequest request) {
        Entry found = at == text.length() ? first(exact, request) : below(text, at, request);
        return found != null ? found : first(remainder, request);
    }

    private Entry below(String text, int slash, HttpServletRequest request) {
        int next = text.indexOf('/', slash + 1);
        int end = next < 0 ? text.length() : next;
        PathTree literal = literals.get(text, slash + 1, end);
        Entry found = literal == null ? null : literal.at(text, end, request);
        if (found == null && captured != null && end > slash + 1) {
            found = captured.at(text, end, request);
        }
        return found;
    }

    static Entry first(Entry[] entries, HttpServletRequest request) {
        for (Entry entry : entries) {
            if (entry.route().takes(request)) {
                return entry;
            }
        }
        return null;
    }

    /** A hash table whose keys are looked up by a piece of a text, which need not be cut out for that. */
    static final class Literals<V> {

        private record Slot<V>(String key, V value) {}

        /** Null where a slot is free; the size is a power of two. */
        private final List<Slot<V>> slots;

        Literals(Map<String, V> map) {
            // A quarter full at most, so that a miss nearly always ends at the first slot.
            int size = Integer.highestOneBit(map.size() * 4 + 1) * 2;
            slots = new ArrayList<>(Collections.nCopies(size, null));
            map.forEach((key, value) -> {
                int at = hash(key, 0, key.length()) & size - 1;
                while (slots.get(at) != null) {
                    at = at + 1 & size - 1;
                }
                slots.set(at, new Slot<>(key, value));
            });
        }

        /** The value for the text between two places; null when there is none. */
        V get(String text, int from, int to) {
            int mask = slots.size() - 1;
            int at = hash(text, from, to) & mask;
            Slot<V> slot = slots.get(at);
            while (slot != null && !(slot.key().length() == to - from && text.startsWith(slot.key(), from))) {
                at = at + 1 & mask;
                slot = slots.get(at);
            }
            return slot == null ? null : slot.value();
        }

        private static int hash(String text, int from, int to) {
            int hash = 0;
            for (int i = from; i < to; i++) {
                hash = 31 * hash + text.charAt(i);
            }
            return hash ^ hash >>> 16;
        }
    }
}
