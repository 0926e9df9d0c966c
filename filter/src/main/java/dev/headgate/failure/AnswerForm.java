package dev.headgate.failure;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The forms in which the page comes, and the choice between them by {@code Accept} (RFC 9110 §12.5.1). */
public enum AnswerForm {
    /** One plain line: for curl, and for whoever takes anything. */
    TEXT("text/plain;charset=utf-8", Set.of("text/plain")),
    HTML("text/html;charset=utf-8", Set.of("text/html")),
    PROBLEM("application/problem+json", Set.of("application/problem+json", "application/json"));

    private final String contentType;
    private final Set<String> names;

    AnswerForm(String contentType, Set<String> names) {
        this.contentType = contentType;
        this.names = names;
    }

    String contentType() {
        return contentType;
    }

    /** One range of the field: how exactly it fits a form, how much it is wanted, and where it stands. */
    private record Wish(double quality, int exactness, int place) {

        static final Wish NONE = new Wish(0, 0, Integer.MAX_VALUE);

        boolean beats(Wish other) {
            if (quality != other.quality) {
                return quality > other.quality;
            }
            return exactness != other.exactness ? exactness > other.exactness : place < other.place;
        }
    }

    /**
     * Chooses. The most exact range decides about each form; then the best quality wins, then the form that is named
     * more exactly ({@code application/json, *}{@code /*}), then the one named first. A client that takes none of them
     * gets the plain line, since an error in the wrong form says more than 406.
     *
     * @param accept the lines of the field; empty: anything is welcome
     */
    public static AnswerForm choose(List<String> accept) {
        AnswerForm best = TEXT;
        Wish bestWish = Wish.NONE;
        for (AnswerForm form : values()) {
            Wish wish = form.wishIn(accept);
            if (wish.quality() > 0 && wish.beats(bestWish)) {
                best = form;
                bestWish = wish;
            }
        }
        return best;
    }

    private Wish wishIn(List<String> accept) {
        Wish exactest = Wish.NONE;
        int place = 0;
        for (String line : accept) {
            for (String item : line.split(",")) {
                String[] parts = item.split(";", -1);
                int exactness = exactness(parts[0].strip().toLowerCase(Locale.ROOT));
                double quality = quality(parts);
                Wish wish = new Wish(quality, exactness, place++);
                if (quality >= 0
                        && (exactness > exactest.exactness()
                                || exactness == exactest.exactness()
                                        && exactness > 0
                                        && quality > exactest.quality())) {
                    exactest = wish;
                }
            }
        }
        return exactest;
    }

    /** 3: named; 2: by the type; 1: anything; 0: not at all. */
    private int exactness(String range) {
        if (names.contains(range) || this == PROBLEM && range.matches("application/[^/]+\\+json")) {
            return 3;
        }
        String type =
                names.iterator().next().substring(0, names.iterator().next().indexOf('/'));
        return range.equals(type + "/*") ? 2 : range.equals("*/*") || range.equals("*") ? 1 : 0;
    }

    /** From 0 to 1 (RFC 9110 §12.4.2); -1 for what cannot be read. */
    private static double quality(String[] parts) {
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip();
            if (parameter.regionMatches(true, 0, "q=", 0, 2)) {
                String value = parameter.substring(2).strip();
                return value.matches("0(\\.\\d{0,3})?|1(\\.0{0,3})?") ? Double.parseDouble(value) : -1;
            }
        }
        return 1;
    }
}
