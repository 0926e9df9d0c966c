package dev.headgate.cache;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a dictionary structured field (RFC 9651 §3.2), as strictly as that document asks: one mistake, and the field
 * counts as absent.
 *
 * <p>Values become {@link Boolean}, {@link Long}, {@link Double}, {@link String} for strings, {@link Token}, {@link
 * Opaque} for byte sequences, dates and display strings, and {@link List} for inner lists. Parameters are checked and
 * dropped.
 */
final class StructuredDictionary {

    record Token(String text) {}

    /** A value that nobody here looks into. */
    record Opaque(String text) {}

    /** Thrown and caught inside this class only. */
    private static final class Malformed extends RuntimeException {
        Malformed() {
            super(null, null, false, false);
        }
    }

    private final String text;
    private int at;

    private StructuredDictionary(String text) {
        this.text = text;
    }

    /** @return null when it is not a dictionary; empty for an empty field */
    static Map<String, Object> parse(String combined) {
        try {
            return new StructuredDictionary(combined).dictionary();
        } catch (Malformed e) {
            return null;
        }
    }

    private Map<String, Object> dictionary() {
        Map<String, Object> members = new LinkedHashMap<>();
        skip(false);
        while (at < text.length()) {
            String key = key();
            Object value = Boolean.TRUE;
            if (take('=')) {
                value = peek() == '(' ? innerList() : item();
            }
            parameters();
            members.remove(key);
            members.put(key, value);
            skip(true);
            if (at == text.length()) {
                break;
            }
            expect(',');
            skip(true);
            if (at == text.length()) {
                throw new Malformed(); // a comma at the end
            }
        }
        return members;
    }

    private List<Object> innerList() {
        List<Object> items = new java.util.ArrayList<>();
        expect('(');
        while (true) {
            skip(false);
            if (take(')')) {
                return items;
            }
            items.add(item());
            parameters();
            if (peek() != ' ' && peek() != ')') {
                throw new Malformed();
            }
        }
    }

    private void parameters() {
        while (take(';')) {
            skip(false);
            key();
            if (take('=')) {
                item();
            }
        }
    }

    private String key() {
        int start = at;
        char first = peek();
        if (!(first >= 'a' && first <= 'z') && first != '*') {
            throw new Malformed();
        }
        while (at < text.length() && isKey(text.charAt(at))) {
            at++;
        }
        return text.substring(start, at);
    }

    private static boolean isKey(char c) {
        return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == '*';
    }

    private Object item() {
        char c = peek();
        if (c == '-' || c >= '0' && c <= '9') {
            return number();
        }
        if (c == '"') {
            return string();
        }
        if (c == '?') {
            at++;
            boolean value = take('1');
            if (!value) {
                expect('0');
            }
            return value;
        }
        if (c == ':') {
            int end = text.indexOf(':', at + 1);
            if (end < 0 || !text.substring(at + 1, end).matches("[A-Za-z0-9+/=]*")) {
                throw new Malformed();
            }
            return opaqueTo(end + 1);
        }
        if (c == '@') {
            at++;
            if (!(number() instanceof Long)) {
                throw new Malformed();
            }
            return new Opaque("date");
        }
        if (c == '%') {
            at++;
            return new Opaque(string());
        }
        if (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '*') {
            int start = at;
            while (at < text.length() && isToken(text.charAt(at))) {
                at++;
            }
            return new Token(text.substring(start, at));
        }
        throw new Malformed();
    }

    private Opaque opaqueTo(int end) {
        Opaque opaque = new Opaque(text.substring(at, end));
        at = end;
        return opaque;
    }

    private static boolean isToken(char c) {
        return c >= 'a' && c <= 'z'
                || c >= 'A' && c <= 'Z'
                || c >= '0' && c <= '9'
                || "!#$%&'*+-.^_`|~:/".indexOf(c) >= 0;
    }

    private Object number() {
        int start = at;
        take('-');
        int digits = digits();
        if (!take('.')) {
            if (digits > 15) {
                throw new Malformed();
            }
            return Long.parseLong(text.substring(start, at));
        }
        int fraction = digits();
        if (digits > 12 || fraction > 3) {
            throw new Malformed();
        }
        return Double.parseDouble(text.substring(start, at));
    }

    private int digits() {
        int start = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == start) {
            throw new Malformed();
        }
        return at - start;
    }

    private String string() {
        expect('"');
        StringBuilder value = new StringBuilder();
        while (true) {
            char c = next();
            if (c == '"') {
                return value.toString();
            }
            if (c == '\\') {
                c = next();
                if (c != '"' && c != '\\') {
                    throw new Malformed();
                }
            } else if (c < ' ' || c > '~') {
                throw new Malformed();
            }
            value.append(c);
        }
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private char next() {
        if (at == text.length()) {
            throw new Malformed();
        }
        return text.charAt(at++);
    }

    private boolean take(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!take(c)) {
            throw new Malformed();
        }
    }

    private void skip(boolean tabs) {
        while (at < text.length() && (text.charAt(at) == ' ' || tabs && text.charAt(at) == '\t')) {
            at++;
        }
    }
}
