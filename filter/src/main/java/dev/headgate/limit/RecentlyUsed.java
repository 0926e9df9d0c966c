package dev.headgate.limit;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A bounded number of values by key, of which the one unused for longest is forgotten first. Whoever floods it with keys
 * pushes out other keys, never the ones in use. Thread-safe: split into segments with a lock each.
 */
final class RecentlyUsed<V> {

    private static final int SEGMENTS = 16;

    private final Segment<V>[] segments;

    private static final class Segment<V> extends LinkedHashMap<String, V> {

        private final int most;

        Segment(int most) {
            super(16, 0.75f, true);
            this.most = most;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
            return size() > most;
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // an array of generic segments
    RecentlyUsed(int most) {
        // A few keys need no segments, and an exact bound.
        int count = most < 1_000 ? 1 : SEGMENTS;
        segments = new Segment[count];
        for (int i = 0; i < count; i++) {
            segments[i] = new Segment<V>(Math.max(1, most / count));
        }
    }

    /** Begins with the values of another one, as far as there is room. */
    RecentlyUsed(int most, RecentlyUsed<V> others) {
        this(most);
        for (Segment<V> segment : others.segments) {
            synchronized (segment) {
                segment.forEach((key, value) -> get(key, absent -> value));
            }
        }
    }

    /** A value that is there, used by this; null otherwise. */
    V find(String key) {
        Segment<V> segment = segmentOf(key);
        synchronized (segment) {
            return segment.get(key);
        }
    }

    V get(String key, Function<String, V> absent) {
        Segment<V> segment = segmentOf(key);
        synchronized (segment) {
            V value = segment.get(key);
            if (value == null) {
                value = absent.apply(key);
                segment.put(key, value);
            }
            return value;
        }
    }

    private Segment<V> segmentOf(String key) {
        int hash = key.hashCode();
        return segments[(hash ^ hash >>> 16) & segments.length - 1];
    }

    /** Forgets those unused for longest while they are stale. */
    void dropEldest(Predicate<V> stale) {
        for (Segment<V> segment : segments) {
            synchronized (segment) {
                var eldest = segment.values().iterator();
                while (eldest.hasNext() && stale.test(eldest.next())) {
                    eldest.remove();
                }
            }
        }
    }

    int size() {
        int size = 0;
        for (Segment<V> segment : segments) {
            synchronized (segment) {
                size += segment.size();
            }
        }
        return size;
    }
}
