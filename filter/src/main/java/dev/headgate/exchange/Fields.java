package dev.headgate.exchange;

import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * The field lines of a message, in the order in which they came (RFC 9110 §5). Names are compared without regard to
 * case and kept as they were spelled. Immutable.
 */
public final class Fields implements Iterable<Fields.Line> {

    /** With more lines than this a set finds a name sooner than a look at each. */
    private static final int FEW = 64;

    /** No lines. */
    public static final Fields NONE = new Fields(new String[0]);

    /** One field line; neither part is null. */
    public record Line(String name, String value) {}

    /** Names at even places, each followed by its value: half the objects of a list of lines. */
    private final String[] parts;

    private Fields(String[] parts) {
        this.parts = parts;
    }

    /** @param namesAndValues names, each followed by its value */
    public static Fields of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("a field has no value");
        }
        return namesAndValues.length == 0 ? NONE : new Fields(namesAndValues.clone());
    }

    /**
     * Those of a request. What earlier filters have wrapped around it is often older than the gateway: a name that is listed
     * again counts once, and where {@code getHeader} and {@code getHeaders} say different things, the one counts that says
     * another thing than the container.
     */
    public static Fields of(HttpServletRequest request) {
        Builder lines = new Builder();
        HttpServletRequest own = Exchange.containersOwn(request);
        Set<String> seen = null;
        for (Enumeration<String> names = request.getHeaderNames(); names != null && names.hasMoreElements(); ) {
            String name = names.nextElement();
            if (seen == null ? lines.has(name) : !seen.add(name)) {
                continue;
            }
            int before = lines.count;
            for (Enumeration<String> values = request.getHeaders(name); values != null && values.hasMoreElements(); ) {
                lines.addUnlessNull(name, values.nextElement());
            }
            if (own != request) {
                String first = lines.count == before ? null : lines.parts[before + 1];
                String one = request.getHeader(name);
                if (!Objects.equals(one, first) && !Objects.equals(one, own.getHeader(name))) {
                    lines.count = before;
                    lines.addUnlessNull(name, one);
                }
            }
            if (seen == null && lines.count > 2 * FEW) {
                seen = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
                for (int i = 0; i < lines.count; i += 2) {
                    seen.add(lines.parts[i]);
                }
            }
        }
        return lines.build();
    }

    /** The number of lines. */
    public int size() {
        return parts.length / 2;
    }

    /** The name in a line, which are numbered from 0. */
    public String name(int line) {
        return parts[2 * line];
    }

    /** The value in a line, which are numbered from 0. */
    public String value(int line) {
        return parts[2 * line + 1];
    }

    /** Whether no line before this one has its name. */
    public boolean isFirstOfItsName(int line) {
        return indexOf(name(line)) == 2 * line;
    }

    public boolean has(String name) {
        return indexOf(name) >= 0;
    }

    /** The value of the first line of that name; null where there is none. */
    public String first(String name) {
        int at = indexOf(name);
        return at < 0 ? null : parts[at + 1];
    }

    private int indexOf(String name) {
        return indexOf(name, parts, parts.length);
    }

    private static int indexOf(String name, String[] parts, int count) {
        for (int i = 0; i < count; i += 2) {
            if (parts[i].equalsIgnoreCase(name)) {
                return i;
            }
        }
        return -1;
    }

    /** The values of all lines of that name; empty where there is none. */
    public List<String> all(String name) {
        List<String> values = null;
        for (int i = 0; i < parts.length; i += 2) {
            if (parts[i].equalsIgnoreCase(name)) {
                if (values == null) {
                    values = new ArrayList<>(2);
                }
                values.add(parts[i + 1]);
            }
        }
        return values == null ? List.of() : values;
    }

    /** All lines of that name as one value, joined by commas (RFC 9110 §5.2); null where there is none. */
    public String combined(String name) {
        List<String> values = all(name);
        return values.isEmpty() ? null : values.size() == 1 ? values.get(0) : String.join(", ", values);
    }

    /** The lines whose names pass. */
    public Fields only(Predicate<String> keep) {
        Builder kept = new Builder();
        for (int i = 0; i < parts.length; i += 2) {
            if (keep.test(parts[i])) {
                kept.add(parts[i], parts[i + 1]);
            }
        }
        return kept.count == parts.length ? this : kept.build();
    }

    /** The same with one more line at the end. */
    public Fields plus(String name, String value) {
        String[] more = Arrays.copyOf(parts, parts.length + 2);
        more[parts.length] = name;
        more[parts.length + 1] = value;
        return new Fields(more);
    }

    /** The same with one line of that name, in place of all that there were. */
    public Fields with(String name, String value) {
        return without(name).plus(name, value);
    }

    public Fields without(String name) {
        return has(name) ? only(each -> !each.equalsIgnoreCase(name)) : this;
    }

    @Override
    public Iterator<Line> iterator() {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < parts.length;
            }

            @Override
            public Line next() {
                if (next >= parts.length) {
                    throw new NoSuchElementException();
                }
                Line line = new Line(parts[next], parts[next + 1]);
                next += 2;
                return line;
            }
        };
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Fields that && Arrays.equals(parts, that.parts);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(parts);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < parts.length; i += 2) {
            text.append(parts[i]).append(": ").append(parts[i + 1]).append('\n');
        }
        return text.toString();
    }

    /** Collects lines. Not thread-safe. */
    public static final class Builder {

        private String[] parts = new String[32];
        private int count;

        public Builder add(String name, String value) {
            if (count == parts.length) {
                parts = Arrays.copyOf(parts, count * 2);
            }
            parts[count++] = name;
            parts[count++] = value;
            return this;
        }

        private void addUnlessNull(String name, String value) {
            if (value != null) {
                add(name, value);
            }
        }

        private boolean has(String name) {
            return indexOf(name, parts, count) >= 0;
        }

        public Builder addAll(Fields fields) {
            for (int i = 0; i < fields.parts.length; i += 2) {
                add(fields.parts[i], fields.parts[i + 1]);
            }
            return this;
        }

        public Fields build() {
            return count == 0 ? NONE : new Fields(Arrays.copyOf(parts, count));
        }
    }
}
