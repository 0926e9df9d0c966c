package dev.headgate.cache;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Which bytes a {@code Range} field asks for (RFC 9110 §14.1.2), and which ones a {@code Content-Range} brings. */
final class ByteRanges {

    /** More than this in one request is no honest wish (RFC 9110 §17.15). */
    private static final int MOST_RANGES = 16;

    /** One range as asked for: {@code first} or {@code last} is -1 where it is not given, never both. */
    private record Asked(long first, long last) {}

    /** From {@code from} to before {@code end}. */
    record Span(long from, long end) {
        long length() {
            return end - from;
        }
    }

    private final List<Asked> asked;

    private ByteRanges(List<Asked> asked) {
        this.asked = asked;
    }

    /** @return null when the field is to be ignored: another unit, malformed, or too many ranges */
    static ByteRanges parse(String field) {
        if (field == null || !field.toLowerCase(Locale.ROOT).startsWith("bytes=")) {
            return null;
        }
        List<Asked> asked = new ArrayList<>();
        for (String part : field.substring("bytes=".length()).split(",")) {
            String range = part.strip();
            int dash = range.indexOf('-');
            if (range.isEmpty()) {
                continue;
            }
            if (dash < 0 || asked.size() == MOST_RANGES) {
                return null;
            }
            long first = position(range.substring(0, dash));
            long last = position(range.substring(dash + 1));
            if (first == -2 || last == -2 || first == -1 && last == -1 || first >= 0 && last >= 0 && last < first) {
                return null;
            }
            asked.add(new Asked(first, last));
        }
        return asked.isEmpty() ? null : new ByteRanges(asked);
    }

    /** -1 for none, -2 for a malformed one. */
    private static long position(String digits) {
        if (digits.isEmpty()) {
            return -1;
        }
        return digits.length() <= 18 && digits.chars().allMatch(c -> c >= '0' && c <= '9')
                ? Long.parseLong(digits)
                : -2;
    }

    boolean isSingle() {
        return asked.size() == 1;
    }

    /**
     * The spans that can be satisfied, in the order asked for.
     *
     * @param length of the whole content
     * @return empty when there is none: 416
     */
    List<Span> within(long length) {
        List<Span> spans = new ArrayList<>();
        for (Asked each : asked) {
            long from = each.first >= 0 ? each.first : Math.max(0, length - each.last);
            long end = each.first >= 0 && each.last >= 0 ? Math.min(length, each.last + 1) : length;
            if (from < end) {
                spans.add(new Span(from, end));
            }
        }
        return spans;
    }

    /** Where a single range begins that needs no knowledge of the length to be found; null otherwise. */
    Span withoutLength() {
        if (!isSingle() || asked.get(0).first < 0 || asked.get(0).last < 0) {
            return null;
        }
        return new Span(asked.get(0).first, asked.get(0).last + 1);
    }

    /**
     * What a {@code Content-Range} says.
     *
     * @param length of the whole content; -1: not known
     */
    record Brought(long first, long last, long length) {}

    /** @return null when it is not one satisfied range of bytes */
    static Brought brought(String contentRange) {
        if (contentRange == null || !contentRange.toLowerCase(Locale.ROOT).startsWith("bytes ")) {
            return null;
        }
        String text = contentRange.substring("bytes ".length()).strip();
        int dash = text.indexOf('-');
        int slash = text.indexOf('/');
        if (dash <= 0 || slash < dash) {
            return null;
        }
        long first = position(text.substring(0, dash));
        long last = position(text.substring(dash + 1, slash));
        String whole = text.substring(slash + 1);
        long length = whole.equals("*") ? -1 : position(whole);
        if (first < 0 || last < first || length == -2 || !whole.equals("*") && length <= last) {
            return null;
        }
        return new Brought(first, last, length);
    }
}
