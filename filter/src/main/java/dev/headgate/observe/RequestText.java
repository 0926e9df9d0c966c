package dev.headgate.observe;

import jakarta.servlet.http.HttpServletRequest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a client sent, made fit for a log: on one line, and without what must not be known. Immutable. */
final class RequestText {

    /** Parameters of queries whose values let anybody in (RFC 6750 §2.3 and what people name such things). */
    private static final String SECRETS = "access_token|refresh_token|id_token|client_secret|api_key|apikey|password";

    private final Pattern secret;

    /** @param sessionCookie its name is that of the path parameter as well (Servlet 6.0 §7.1.3) */
    RequestText(String sessionCookie) {
        secret = Pattern.compile(
                "(;(?:jsessionid|" + Pattern.quote(sessionCookie) + ")=|[?&](?:" + SECRETS + ")=)[^;/?&#]*",
                Pattern.CASE_INSENSITIVE);
    }

    /** Path and query as they came, with {@code ***} in place of session ids, tokens and passwords. */
    String target(HttpServletRequest request) {
        String query = request.getQueryString();
        return masked(query == null ? request.getRequestURI() : request.getRequestURI() + "?" + query);
    }

    /** The path as it came, with {@code ***} in place of session ids. */
    String path(HttpServletRequest request) {
        return masked(request.getRequestURI());
    }

    /** A URL, or anything else that may hold one; null stays null. */
    String masked(String text) {
        if (text == null || text.indexOf('=') < 0) {
            return text;
        }
        Matcher found = secret.matcher(text);
        return found.find() ? found.replaceAll("$1***") : text;
    }

    /** The text fit for between quotes: with {@code \xhh} in place of whatever could end the quote, the line or the order of reading. */
    static String quoted(String text) {
        return safe(text, true);
    }

    /** The text on one line, read in one direction. */
    static String oneLine(String text) {
        return safe(text, false);
    }

    /** The same, and not longer than anybody would read: for what people, not programs, put into a form. */
    static String brief(String text) {
        String line = oneLine(text);
        return line.length() > 500 ? line.substring(0, 500) + "…" : line;
    }

    private static String safe(String text, boolean quoted) {
        int first = 0;
        while (first < text.length() && !isUnsafe(text.charAt(first), quoted)) {
            first++;
        }
        if (first == text.length()) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length() + 16).append(text, 0, first);
        for (int i = first; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!isUnsafe(c, quoted)) {
                out.append(c);
            } else if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else {
                out.append(String.format(c < 0x100 ? "\\x%02x" : "\\u%04x", (int) c));
            }
        }
        return out.toString();
    }

    /** Besides control characters: separators of lines, and what turns the direction of writing. */
    private static boolean isUnsafe(char c, boolean quoted) {
        return quoted && (c == '"' || c == '\\')
                || Character.isISOControl(c)
                || c >= '\u2028' && c <= '\u202e'
                || c >= '\u2066' && c <= '\u2069';
    }
}
