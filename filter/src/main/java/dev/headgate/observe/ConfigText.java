package dev.headgate.observe;

import dev.headgate.config.GatewayConfig;
import dev.headgate.config.SettingInForce;
import java.util.Locale;
import java.util.regex.Pattern;

/** A configuration for people to read, as a properties file, and without what is nobody's business: a function of values. */
final class ConfigText {

    private static final String SECRET_WORDS =
            "password|passwd|secret|token|credential|cookie|authorization|api-?key|-key$|-auth$";

    /** Fields of messages by whose names one sees that their values are secret. */
    private static final Pattern SECRET_NAME = Pattern.compile("(?i).*(" + SECRET_WORDS + ").*");

    /** The same within a value, as in {@code health.fields = X-Api-Key=...}; with all that follows, whatever its quotes. */
    private static final Pattern SECRET_ITEM =
            Pattern.compile("(?is)([\\w-]*(?:" + SECRET_WORDS.replace("$", "") + ")[\\w-]*=).+");

    /** What a template may stand for is not in the configuration, unless it has a default. */
    private static final String A_VARIABLE = "\\$\\{(?:(?!:-)[^}])*}";

    private static final Pattern VARIABLE = Pattern.compile(A_VARIABLE);

    /** What follows the scheme of Authorization, wherever it is. */
    private static final Pattern CREDENTIALS =
            Pattern.compile("(?i)\\b(bearer|basic|digest|token)\\s+(?!" + A_VARIABLE + ")\\S+");

    /** Nobody writes words like that: long, with letters and digits and nothing between them; or a UUID. */
    private static final Pattern LOOKS_RANDOM = Pattern.compile(
            "(?<![\\w/.-])(?:(?=[\\w+=]*\\d)(?=[\\w+=]*[A-Za-z])[\\w+=]{20,}|\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12})"
                    + "(?![\\w/.-])");

    private static final Pattern USER_OF_URI = Pattern.compile("//[^/\\s]*@");

    private static final Pattern SECRET_PARAMETER =
            Pattern.compile("(?i)([?&][^=&]*(?:password|secret|token|key|signature)[^=&]*=)[^&\\s]+");

    private static final Pattern LINE_ENDS = Pattern.compile("\\s*\\R\\s*");

    private static final String MASK = SettingInForce.MASK;

    private ConfigText() {}

    /** What somebody said comes first, then the defaults; each key and value on a line. */
    static String of(GatewayConfig config) {
        StringBuilder text = new StringBuilder("# Given\n");
        config.settings().stream().filter(SettingInForce::given).forEach(each -> append(text, each));
        text.append("\n# By default\n");
        config.settings().stream().filter(each -> !each.given()).forEach(each -> append(text, each));
        return text.toString();
    }

    private static void append(StringBuilder text, SettingInForce setting) {
        String value =
                LINE_ENDS.matcher(masked(setting.entry(), setting.value())).replaceAll(" ");
        text.append(setting.key())
                .append(setting.entry().isEmpty() ? "" : "." + setting.entry())
                .append(value.isEmpty() ? " =" : " = ")
                .append(value.replace("\\", "\\\\"))
                .append('\n');
    }

    private static String masked(String name, String value) {
        if (SECRET_NAME.matcher(name).matches() && hasLiteral(value)) {
            return MASK;
        }
        String safe = USER_OF_URI.matcher(value).replaceAll("//" + MASK + "@");
        safe = SECRET_PARAMETER.matcher(safe).replaceAll("$1" + MASK);
        safe = CREDENTIALS.matcher(safe).replaceAll("$1 " + MASK);
        safe = SECRET_ITEM.matcher(safe).replaceAll("$1" + MASK);
        return LOOKS_RANDOM.matcher(safe).replaceAll(MASK);
    }

    private static boolean hasLiteral(String value) {
        String literal = VARIABLE.matcher(value).replaceAll("").strip().toLowerCase(Locale.ROOT);
        return !literal.isEmpty() && !literal.equals("bearer") && !literal.equals("basic");
    }
}
