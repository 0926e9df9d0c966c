package dev.headgate.setup;

import java.util.Collection;
import java.util.Locale;

/** Guesses what somebody meant to write. */
final class Nearest {

    private Nearest() {}

    /** The candidate that takes the fewest edits to reach, or empty where all are too far away to be meant. */
    static String to(String written, Collection<String> candidates) {
        String best = "";
        int fewest = Math.max(2, written.length() / 3) + 1;
        for (String candidate : candidates) {
            int edits = edits(written.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
            if (edits < fewest) {
                fewest = edits;
                best = candidate;
            }
        }
        return best;
    }

    /** The Levenshtein distance, row by row. */
    private static int edits(String from, String to) {
        int[] above = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            above[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int[] row = new int[to.length() + 1];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = above[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, Math.min(above[j], row[j - 1]) + 1);
            }
            above = row;
        }
        return above[to.length()];
    }
}
