package dev.headgate.setup;

import java.util.List;
import java.util.regex.Pattern;

/** The settings cannot be used. Carries every mistake that was found, so that one start shows them all. */
public final class SettingsException extends IllegalArgumentException {

    private final transient List<Mistake> mistakes;

    SettingsException(List<Mistake> mistakes) {
        super(text(mistakes));
        this.mistakes = List.copyOf(mistakes);
    }

    /** Every mistake, in the order of the message; never empty. */
    public List<Mistake> mistakes() {
        return mistakes;
    }

    private static String text(List<Mistake> mistakes) {
        StringBuilder text = new StringBuilder("the gateway's settings have ")
                .append(mistakes.size() == 1 ? "1 mistake:" : mistakes.size() + " mistakes:");
        int number = 1;
        for (Mistake mistake : mistakes) {
            text.append("\n").append(number++).append(". ").append(mistake.key());
            line(text, "where:  ", mistake.where());
            line(text, "given:  ", mistake.given());
            line(text, "problem:", mistake.problem());
            line(text, "allowed:", mistake.allowed());
            line(text, "write:  ", mistake.instead());
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String label, String value) {
        if (!value.isEmpty()) {
            text.append("\n   ").append(label).append(' ').append(value);
        }
    }

    /**
     * One mistake.
     *
     * @param key the key in full, as it was written
     * @param where the place where it was given, or where the missing key belongs
     * @param given the value as it was written; {@code ******} for a secret, {@code nothing} for a missing one,
     *     {@code (empty)} for an empty one
     * @param problem what is wrong with it; empty where {@code allowed} says it all
     * @param allowed which values the key takes; empty for a key that does not exist
     * @param instead what to write in that place instead; empty where there is nothing to suggest
     */
    public record Mistake(String key, String where, String given, String problem, String allowed, String instead) {

        /** User and password of a URI, also of one that is too bad to be read as one. */
        private static final Pattern USER_INFO = Pattern.compile("(?<=://)\\S*@");

        public Mistake {
            given = withoutUserInfo(given);
            problem = withoutUserInfo(problem);
            instead = withoutUserInfo(instead);
        }

        private static String withoutUserInfo(String text) {
            return USER_INFO.matcher(text).replaceAll("******@");
        }
    }
}
