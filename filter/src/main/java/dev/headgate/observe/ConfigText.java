package dev.headgate.observe;

import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** A configuration for people to read, one value on a line, and without what is nobody's business: a function of values. */
final class ConfigText {

    /** Components of records, and fields of messages, by whose names one sees that their values are secret. */
    private static final Pattern SECRET_NAME = Pattern.compile(
            "(?i).*(password|passwd|secret|token|credential|cookie|authorization|api-?key|-key$|-auth$).*");

    /** What follows the scheme of Authorization, wherever it is. */
    private static final Pattern CREDENTIALS = Pattern.compile("(?i)\\b(bearer|basic|digest|token)\\s+(?!\\$\\{)\\S+");

    /** Nobody writes words like that: long, with letters and digits and nothing between them; or a UUID. */
    private static final Pattern LOOKS_RANDOM = Pattern.compile(
            "(?<![\\w/.-])(?:(?=[\\w+=]*\\d)(?=[\\w+=]*[A-Za-z])[\\w+=]{20,}|\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12})"
                    + "(?![\\w/.-])");

    private static final Pattern USER_OF_URI = Pattern.compile("//[^/\\s]*@");

    private static final Pattern SECRET_PARAMETER =
            Pattern.compile("(?i)([?&][^=&]*(?:password|secret|token|key|signature)[^=&]*=)[^&\\s]+");

    /** What a template may stand for is not in the configuration. */
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{[^}]*}");

    private static final String MASK = "***";

    private ConfigText() {}

    /** @param config a record of records, collections, maps and values */
    static String of(Record config) {
        StringBuilder text = new StringBuilder();
        append(text, "", "", config);
        return text.toString();
    }

    private static void append(StringBuilder text, String before, String name, Object value) {
        String key = before.isEmpty() ? name : before + "." + name;
        if (value instanceof Record part && !part.getClass().getSimpleName().equals("Source")) {
            for (RecordComponent component : part.getClass().getRecordComponents()) {
                append(text, key, component.getName(), read(component, part));
            }
        } else if (value instanceof Map<?, ?> map) {
            map.forEach((entry, content) -> append(text, key, String.valueOf(entry), content));
        } else if (value instanceof Collection<?> list && list.stream().anyMatch(Record.class::isInstance)) {
            int index = 0;
            for (Object part : list) {
                append(text, key, nameOf(part, index++), part);
            }
        } else {
            text.append(key)
                    .append(" = ")
                    .append(value instanceof String words ? masked(name, words) : plain(value))
                    .append('\n');
        }
    }

    private static String plain(Object value) {
        if (value == null) {
            return "";
        }
        if (value instanceof Collection<?> list) {
            return String.join(
                    ", ", list.stream().map(each -> masked("", each.toString())).toList());
        }
        return value.toString();
    }

    private static String nameOf(Object part, int index) {
        for (RecordComponent component : part.getClass().getRecordComponents()) {
            Object name = component.getName().equals("name") ? read(component, part) : "";
            if (!name.equals("")) {
                return name.toString();
            }
        }
        return Integer.toString(index);
    }

    private static Object read(RecordComponent component, Object part) {
        try {
            return component.getAccessor().invoke(part);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("a public record can be read", e);
        }
    }

    static String masked(String name, String value) {
        if (SECRET_NAME.matcher(name).matches() && hasLiteral(value)) {
            return MASK;
        }
        String safe = USER_OF_URI.matcher(value).replaceAll("//" + MASK + "@");
        safe = SECRET_PARAMETER.matcher(safe).replaceAll("$1" + MASK);
        safe = CREDENTIALS.matcher(safe).replaceAll("$1 " + MASK);
        return LOOKS_RANDOM.matcher(safe).replaceAll(MASK);
    }

    private static boolean hasLiteral(String value) {
        String literal = VARIABLE.matcher(value).replaceAll("").strip().toLowerCase(Locale.ROOT);
        return !literal.isEmpty() && !literal.equals("bearer") && !literal.equals("basic");
    }
}
