package dev.headgate.config;

import dev.headgate.config.TargetConfig.AmbiguousPath;
import java.util.Set;

/**
 * Tells which paths can be sent to an origin without the danger that it reads them differently.
 *
 * <p>A path is judged as it came, undecoded, and once more after each of two rounds of decoding, because behind an
 * origin there may be another that decodes again. It is never changed.
 */
public final class RawPath {

    private RawPath() {}

    /**
     * What is wrong with a path.
     *
     * @param path raw, without query
     * @param allowed the kinds of ambiguous path that are let through
     * @return null when it can be sent; otherwise the end of a sentence that starts with "the path"
     */
    public static String flaw(String path, Set<AmbiguousPath> allowed) {
        boolean plain = true;
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            int value = c;
            if (c == '%') {
                value = escaped(path, i);
                if (value < 0) {
                    return "has a malformed percent escape";
                }
                if (value == '/' && !allowed.contains(AmbiguousPath.ENCODED_SLASH)) {
                    return "has an encoded slash";
                }
                plain = false;
                i += 2;
            } else if (c == ';' && !allowed.contains(AmbiguousPath.PARAMETERS)) {
                return "has a path parameter";
            } else if (c == ' ' || c == '?' || c == '#') {
                return "has a character that cannot stand in it";
            } else if (c > 0x7f) {
                plain = false;
                if (Character.isHighSurrogate(c)
                        && i + 1 < path.length()
                        && Character.isLowSurrogate(path.charAt(i + 1))) {
                    i++;
                } else if (Character.isSurrogate(c)) {
                    return "has half a character";
                }
            }
            if (isControl(value)) {
                return "has a control character";
            }
            if (value == '\\') {
                return "has a backslash";
            }
        }
        if (hasDotSegment(path)) {
            return "has a dot segment";
        }
        if (plain) {
            return null;
        }
        String once = unescape(path);
        for (int i = 0; i < once.length(); i++) {
            int value = overlong(once, i);
            if (isControl(value) || value == '.' || value == '/' || value == '\\' || value == ';' || value == '%') {
                return "has an overlong UTF-8 sequence";
            }
        }
        return hasDotSegment(once) || hasDotSegment(foldOverlong(unescape(once))) ? "has a dot segment" : null;
    }

    private static boolean isControl(int value) {
        return value >= 0 && value < 0x20 || value == 0x7f;
    }

    /** The byte that the escape at the given place stands for; -1 when it is malformed. */
    private static int escaped(String text, int at) {
        if (at + 2 >= text.length()) {
            return -1;
        }
        int high = hexDigit(text.charAt(at + 1));
        int low = hexDigit(text.charAt(at + 2));
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    /** Unlike {@link Character#digit(char, int)} it takes no digits of other scripts. */
    private static int hexDigit(char c) {
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }

    /** Each escape becomes the character with its byte's value; what is malformed stays. */
    private static String unescape(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        StringBuilder decoded = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            int value = text.charAt(i) == '%' ? escaped(text, i) : -1;
            decoded.append(value < 0 ? text.charAt(i) : (char) value);
            if (value >= 0) {
                i += 2;
            }
        }
        return decoded.toString();
    }

    /**
     * The ASCII character that the bytes at the given place spell with more bytes than it needs (RFC 3629 §3 forbids
     * that, some decoders take it); -1 when they do not. Legacy character sets use such bytes too, which is why only
     * those that spell something dangerous are refused.
     */
    private static int overlong(String bytes, int at) {
        int lead = bytes.charAt(at);
        int length = lead > 0xfd ? 0 : lead >= 0xfc ? 6 : lead >= 0xf8 ? 5 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead < 0xc0 || length == 0 || at + length > bytes.length()) {
            return -1;
        }
        int value = lead & 0x7f >> length;
        for (int i = at + 1; i < at + length; i++) {
            char next = bytes.charAt(i);
            if (next < 0x80 || next > 0xbf) {
                return -1;
            }
            value = value << 6 | next & 0x3f;
        }
        return value < 0x80 ? value : -1;
    }

    private static String foldOverlong(String bytes) {
        StringBuilder folded = new StringBuilder(bytes.length());
        for (int i = 0; i < bytes.length(); i++) {
            int value = overlong(bytes, i);
            folded.append(value < 0 ? bytes.charAt(i) : (char) value);
            while (value >= 0 && i + 1 < bytes.length() && bytes.charAt(i + 1) >= 0x80 && bytes.charAt(i + 1) < 0xc0) {
                i++;
            }
        }
        return folded.toString();
    }

    /**
     * Whether a segment is {@code .} or {@code ..}, for a reader who takes a backslash for a slash, who cuts off
     * parameters, query and fragment after decoding, or who overlooks trailing spaces.
     */
    private static boolean hasDotSegment(String text) {
        int start = 0;
        while (start <= text.length()) {
            int end = start;
            int cut = -1;
            while (end < text.length() && text.charAt(end) != '/' && text.charAt(end) != '\\') {
                char c = text.charAt(end);
                if (cut < 0 && (c == ';' || c == '?' || c == '#')) {
                    cut = end;
                }
                end++;
            }
            int last = cut < 0 ? end : cut;
            while (last > start && text.charAt(last - 1) == ' ') {
                last--;
            }
            int length = last - start;
            if ((length == 1 || length == 2) && text.charAt(start) == '.' && text.charAt(last - 1) == '.') {
                return true;
            }
            start = end + 1;
        }
        return false;
    }
}
