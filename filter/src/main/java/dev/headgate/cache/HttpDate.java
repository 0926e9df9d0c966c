package dev.headgate.cache;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Dates of HTTP, in the three forms that a recipient has to accept (RFC 9110 §5.6.7). */
final class HttpDate {

    private static final List<String> MONTHS =
            List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");

    private static final String TIME = "(\\d{2}):(\\d{2}):(\\d{2})";
    private static final Pattern IMF =
            Pattern.compile("(?:mon|tue|wed|thu|fri|sat|sun), (\\d{2}) ([a-z]{3}) (\\d{4}) " + TIME + " gmt");
    private static final Pattern RFC_850 = Pattern.compile(
            "(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday), (\\d{2})-([a-z]{3})-(\\d{2}) " + TIME
                    + " gmt");
    private static final Pattern ASCTIME =
            Pattern.compile("(?:mon|tue|wed|thu|fri|sat|sun) ([a-z]{3}) ([ \\d]\\d) " + TIME + " (\\d{4})");

    private static final DateTimeFormatter PREFERRED = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);

    private HttpDate() {}

    /**
     * Reads a date. Case is not minded; anything else is.
     *
     * @param text null reads as null
     * @param now to tell the century of a two-digit year: what seems more than 50 years ahead is past
     * @return null when it is none of the three forms
     */
    static Instant parse(String text, Instant now) {
        if (text == null) {
            return null;
        }
        String date = text.strip().toLowerCase(Locale.ROOT);
        try {
            Matcher imf = IMF.matcher(date);
            if (imf.matches()) {
                return instant(number(imf, 3), imf.group(2), number(imf, 1), imf, 4);
            }
            Matcher old = RFC_850.matcher(date);
            if (old.matches()) {
                int thisYear = now.atOffset(ZoneOffset.UTC).getYear();
                int year = thisYear / 100 * 100 + number(old, 3);
                Instant read = instant(year, old.group(2), number(old, 1), old, 4);
                Instant limit = now.atOffset(ZoneOffset.UTC).plusYears(50).toInstant();
                return read != null && read.isAfter(limit)
                        ? instant(year - 100, old.group(2), number(old, 1), old, 4)
                        : read;
            }
            Matcher asctime = ASCTIME.matcher(date);
            if (asctime.matches()) {
                return instant(
                        number(asctime, 6),
                        asctime.group(1),
                        Integer.parseInt(asctime.group(2).trim()),
                        asctime,
                        3);
            }
        } catch (DateTimeException e) {
            return null; // such as 30 February
        }
        return null;
    }

    static String format(Instant instant) {
        return PREFERRED.format(instant);
    }

    private static int number(Matcher matcher, int group) {
        return Integer.parseInt(matcher.group(group));
    }

    private static Instant instant(int year, String monthName, int day, Matcher time, int firstGroup) {
        int month = MONTHS.indexOf(monthName) + 1;
        if (month == 0) {
            return null;
        }
        int second = number(time, firstGroup + 2);
        // A leap second is allowed to be written; the clock of this JVM has none.
        return LocalDateTime.of(
                        year,
                        month,
                        day,
                        number(time, firstGroup),
                        number(time, firstGroup + 1),
                        second == 60 ? 59 : second)
                .toInstant(ZoneOffset.UTC);
    }
}
