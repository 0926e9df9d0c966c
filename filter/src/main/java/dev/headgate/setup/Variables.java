package dev.headgate.setup;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** <code>${...}</code> in values: what is filled in when settings are read, and what is left for every exchange. */
final class Variables {

    static final String LISTED = "${principal}, ${role.NAME}, ${session.NAME}, ${header.NAME}, ${path.NAME}, "
            + "${request-id}, ${env.NAME}, ${sys.NAME}";

    /** What there is besides once an origin has answered. */
    static final String LISTED_FOR_RESPONSES = "${attempts}, " + LISTED;

    private static final Set<String> ALONE = Set.of("principal", "request-id");
    private static final Set<String> WITH_NAME = Set.of("role", "session", "header", "path");

    private static final Pattern CAPTURED = Pattern.compile("\\$\\{path\\.([^}]+)}");

    private Variables() {}

    /**
     * Fills in <code>${env.NAME}</code> and <code>${sys.NAME}</code>, each with an optional default after {@code :-},
     * which may hold variables itself. What comes from outside is not searched again.
     *
     * @param template whether other variables may stay
     * @throws BadValue when one is missing and has no default, is unknown, or is not closed
     */
    static String expand(String text, boolean template, Map<String, String> environment, Map<String, String> system) {
        StringBuilder expanded = new StringBuilder();
        int from = 0;
        for (int start = text.indexOf("${"); start >= 0; start = text.indexOf("${", from)) {
            int end = endOf(text, start);
            String variable = text.substring(start + 2, end);
            expanded.append(text, from, start);
            from = end + 1;
            boolean env = variable.startsWith("env.");
            if (!env && !variable.startsWith("sys.")) {
                if (!template) {
                    throw new BadValue("${" + variable + "} is not known here; ${env.NAME} and ${sys.NAME} are");
                }
                expanded.append(text, start, from);
                continue;
            }
            int separator = variable.indexOf(":-");
            String name = variable.substring(4, separator < 0 ? variable.length() : separator);
            String value = (env ? environment : system).get(name);
            if (value != null) {
                expanded.append(value);
            } else if (separator >= 0) {
                try {
                    expanded.append(expand(variable.substring(separator + 2), template, environment, system));
                } catch (BadValue e) {
                    String kept = text.substring(0, start + 2 + separator + 2);
                    throw e.instead().isEmpty()
                            ? e
                            : new BadValue(e.getMessage(), kept + e.instead() + text.substring(end));
                }
            } else {
                String instead = "${" + variable + ":-default}";
                throw new BadValue(
                        (env ? "the environment variable " : "the system property ") + name
                                + " is not set; give it, or a default: " + instead,
                        text.substring(0, start) + instead + text.substring(from));
            }
        }
        return expanded.append(text.substring(from)).toString();
    }

    /** The brace that closes a variable, past those of variables in its default. */
    private static int endOf(String text, int start) {
        int depth = 0;
        for (int i = start; i < text.length(); i++) {
            if (text.startsWith("${", i)) {
                depth++;
                i++;
            } else if (text.charAt(i) == '}' && --depth == 0) {
                return i;
            }
        }
        throw new BadValue("a ${ is not closed");
    }

    /**
     * Returns a field value whose variables are all known.
     *
     * @param response whether it is for a response, when more is known than for a request
     */
    static String checkedTemplate(String text, boolean response) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // RFC 9110 §5.5
            if (c < ' ' && c != '\t' || c == 0x7F) {
                throw new BadValue(String.format("the control character U+%04X cannot be sent in a field", (int) c));
            }
        }
        for (int start = text.indexOf("${"); start >= 0; start = text.indexOf("${", start + 2)) {
            int end = text.indexOf('}', start);
            if (end < 0) {
                throw new BadValue("a ${ is not closed");
            }
            String variable = text.substring(start + 2, end);
            int dot = variable.indexOf('.');
            boolean known = dot < 0
                    ? ALONE.contains(variable) || response && variable.equals("attempts")
                    : WITH_NAME.contains(variable.substring(0, dot)) && dot < variable.length() - 1;
            if (!known) {
                throw new BadValue("${" + variable + "} is not a variable; there are "
                        + (response ? LISTED_FOR_RESPONSES : LISTED));
            }
        }
        return text;
    }

    /** The names in <code>${path.NAME}</code> of a checked value. */
    static List<String> captures(String template) {
        return CAPTURED.matcher(template).results().map(found -> found.group(1)).toList();
    }
}
