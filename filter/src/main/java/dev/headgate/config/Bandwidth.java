package dev.headgate.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much may pass: so many requests in each period from the first on; or, with a burst, so many on average.
 *
 * @param requests in each period; at least 1
 * @param period more than zero
 * @param burst how many may come at once after a pause, while the average is kept; 0: no averaging, each period has its
 *     own budget, all of which may be used at once
 */
public record Bandwidth(long requests, Duration period, long burst) {

    private static final Pattern SYNTAX =
            Pattern.compile("(\\d{1,12})\\s*/\\s*(\\d{0,6})\\s*(ms|s|m|h|d)(?:\\s+burst\\s+(\\d{1,12}))?");

    public Bandwidth {
        if (requests < 1 || burst < 0) {
            throw new IllegalArgumentException("a rate must be 1 or more");
        }
        Checks.positive(period, "the period of a rate");
    }

    /**
     * Reads bandwidths as settings have them: {@code 100/s burst 200, 5000/h}.
     *
     * @throws IllegalArgumentException when the text is not of that form
     */
    public static List<Bandwidth> parseAll(String text) {
        List<Bandwidth> all = new ArrayList<>();
        for (String part : text.split("[,;]")) {
            Matcher matcher = SYNTAX.matcher(part.strip());
            if (!matcher.matches()) {
                throw new IllegalArgumentException(
                        "'" + part.strip() + "' is not a rate such as 100/s or 100/s burst 200");
            }
            long requests = Long.parseLong(matcher.group(1));
            long number = matcher.group(2).isEmpty() ? 1 : Long.parseLong(matcher.group(2));
            Duration period =
                    switch (matcher.group(3)) {
                        case "ms" -> Duration.ofMillis(number);
                        case "s" -> Duration.ofSeconds(number);
                        case "m" -> Duration.ofMinutes(number);
                        case "h" -> Duration.ofHours(number);
                        default -> Duration.ofDays(number);
                    };
            all.add(new Bandwidth(requests, period, matcher.group(4) == null ? 0 : Long.parseLong(matcher.group(4))));
        }
        return List.copyOf(all);
    }

    /** The most that can be had at once. */
    public long capacity() {
        return burst == 0 ? requests : burst;
    }
}
