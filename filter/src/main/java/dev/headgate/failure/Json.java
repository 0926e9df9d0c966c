package dev.headgate.failure;

import java.util.Collection;
import java.util.Iterator;
import java.util.Map;

/**
 * Writes one JSON text (RFC 8259). Why it is our own: {@code docs/decisions/problem-json.md}.
 */
public final class Json {

    private Json() {}

    /** @param value a map with string keys, a collection, a string, a finite number, a boolean or null */
    public static String text(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private static void write(Object value, StringBuilder out) {
        if (value instanceof Map<?, ?> object) {
            out.append('{');
            for (Iterator<? extends Map.Entry<?, ?>> members = object.entrySet().iterator(); members.hasNext(); ) {
                Map.Entry<?, ?> member = members.next();
                string((String) member.getKey(), out);
                out.append(':');
                write(member.getValue(), out);
                out.append(members.hasNext() ? "," : "");
            }
            out.append('}');
        } else if (value instanceof Collection<?> array) {
            out.append('[');
            for (Iterator<?> items = array.iterator(); items.hasNext(); ) {
                write(items.next(), out);
                out.append(items.hasNext() ? "," : "");
            }
            out.append(']');
        } else if (value instanceof Double number && Double.isFinite(number)) {
            // RFC 8259 §6 knows the form that Java gives it, 1.0E-5 included.
            out.append(value);
        } else if (value instanceof Integer || value instanceof Long || value instanceof Boolean || value == null) {
            out.append(value);
        } else if (value instanceof String string) {
            string(string, out);
        } else {
            throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }

    private static void string(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    // More than RFC 8259 §7 asks: what HTML or JavaScript could stumble over, what ends a log's line or
                    // turns its direction, and half surrogates, which have no UTF-8.
                    if (Character.isISOControl(c)
                            || c == '<'
                            || c == '>'
                            || c == '&'
                            || c >= '\u2028' && c <= '\u202e'
                            || c >= '\u2066' && c <= '\u2069'
                            || isHalf(text, i)) {
                        out.append(String.format("\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean isHalf(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        return Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
    }
}
