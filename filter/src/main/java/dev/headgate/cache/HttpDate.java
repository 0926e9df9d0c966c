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

    private static final List<String> DAYS = List.of("mon", "tue", "wed", "thu", "fri", "sat", "sun");

    private static final List<String> MONTHS =
            List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");

    private static final String TIME = "(\\d{2}):(\\d{2}):(\\d{2})";
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
            if (isFixdate(date)) {
                return instant(
                        digits(date, 12, 16),
                        date.substring(8, 11),
                        digits(date, 5, 7),
                        digits(date, 17, 19),
                        digits(date, 20, 22),
                        digits(date, 23, 25));
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

    /** Whether it has the form that everybody sends, such as {@code sun, 06 nov 1994 08:49:37 gmt}: quicker than a pattern. */
    private static boolean isFixdate(String date) {
        return date.length() == 29
                && date.startsWith(", ", 3)
                && date.charAt(7) == ' '
                && date.charAt(11) == ' '
                && date.charAt(16) == ' '
                && date.charAt(19) == ':'
                && date.charAt(22) == ':'
                && date.endsWith(" gmt")
                && DAYS.contains(date.substring(0, 3))
                && digits(date, 5, 7) >= 0
                && digits(date, 12, 16) >= 0
                && digits(date, 17, 19) >= 0
                && digits(date, 20, 22) >= 0
                && digits(date, 23, 25) >= 0;
    }

    /** -1 where something else is there. */
    private static int digits(String text, int from, int end) {
        int number = 0;
        for (int i = from; i < end; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    static String format(Instant instant) {
        return PREFERRED.format(instant);
    }

    private static int number(Matcher matcher, int group) {
        return Integer.parseInt(matcher.group(group));
    }

    private static Instant instant(int year, String monthName, int day, Matcher time, int firstGroup) {
        return instant(
                year,
                monthName,
                day,
                number(time, firstGroup),
                number(time, firstGroup + 1),
                number(time, firstGroup + 2));
    }

    private static Instant instant(int year, String monthName, int day, int hour, int minute, int second) {
        int month = MONTHS.indexOf(monthName) + 1;
        if (month == 0) {
            return null;
        }
        // A leap second is allowed to be written; the clock of this JVM has none.
        return LocalDateTime.of(year, month, day, hour, minute, second == 60 ? 59 : second)
                .toInstant(ZoneOffset.UTC);
    }
}
