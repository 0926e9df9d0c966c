package dev.headgate.cache;

import dev.headgate.exchange.Fields;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Cache directives of one message (RFC 9111 §5.2, RFC 5861, RFC 9213). Immutable.
 *
 * <p>Arguments may be tokens or quoted strings. A freshness lifetime that is no number counts as zero, so the response
 * is stale from the start; of a directive given twice the first counts (RFC 9111 §4.2.1). Numbers above 2^31 count as
 * 2^31.
 */
final class CacheControl {

    /** The directive is not there. */
    static final long ABSENT = -1;

    /** {@code max-stale} without a number: however stale. */
    static final long ANY = Long.MAX_VALUE;

    private static final long MOST_SECONDS = 1L << 31;

    /** Targeted fields, most specific first (RFC 9213 §2.2): the gateway's own, then what any such cache obeys. */
    static final List<String> TARGETED = List.of("Headgate-Cache-Control", "CDN-Cache-Control");

    private boolean noStore;
    private boolean noCache;
    private boolean isPrivate;
    private boolean isPublic;
    private boolean mustRevalidate;
    private boolean proxyRevalidate;
    private boolean mustUnderstand;
    private boolean onlyIfCached;
    private boolean targeted;
    private long maxAge = ABSENT;
    private long sharedMaxAge = ABSENT;
    private long staleWhileRevalidate = ABSENT;
    private long staleIfError = ABSENT;
    private long maxStale = ABSENT;
    private long minFresh = ABSENT;
    private Set<String> unstoredFields = Set.of();

    private CacheControl() {}

    /** No directive at all. */
    static CacheControl none() {
        return new CacheControl();
    }

    /** What a request says. {@code Pragma: no-cache} counts where there is no Cache-Control (RFC 9111 §5.4). */
    static CacheControl ofRequest(Fields fields) {
        List<String> lines = fields.all("Cache-Control");
        if (lines.isEmpty()) {
            String pragma = fields.combined("Pragma");
            if (pragma == null) {
                return none();
            }
            CacheControl control = new CacheControl();
            for (String each : pragma.split(",")) {
                control.noCache |= each.strip().equalsIgnoreCase("no-cache");
            }
            return control;
        }
        return parse(lines);
    }

    /**
     * What a response says to this cache: the first targeted field that is there and well formed, otherwise {@code
     * Cache-Control}. Where a targeted field counts, neither Cache-Control nor Expires do (RFC 9213 §2.2).
     */
    static CacheControl ofResponse(Fields fields) {
        for (String name : TARGETED) {
            String value = fields.combined(name);
            CacheControl control = value == null ? null : structured(value);
            if (control != null) {
                return control;
            }
        }
        List<String> lines = fields.all("Cache-Control");
        return parse(lines);
    }

    /** @return null where the field has to be ignored: malformed, empty, or an argument of the wrong type */
    private static CacheControl structured(String value) {
        Map<String, Object> members = StructuredDictionary.parse(value);
        if (members == null || members.isEmpty()) {
            return null;
        }
        CacheControl control = new CacheControl();
        control.targeted = true;
        for (Map.Entry<String, Object> member : members.entrySet()) {
            String argument = null;
            Object given = member.getValue();
            if (isSeconds(member.getKey())) {
                if (!(given instanceof Long seconds) || seconds < 0) {
                    return null;
                }
                argument = seconds.toString();
            } else if (given instanceof String text) {
                argument = text;
            } else if (given instanceof StructuredDictionary.Token token) {
                argument = token.text();
            } else if (Boolean.FALSE.equals(given)) {
                continue;
            }
            control.directive(member.getKey(), argument);
        }
        return control;
    }

    private static boolean isSeconds(String name) {
        return switch (name) {
            case "max-age", "s-maxage", "stale-while-revalidate", "stale-if-error" -> true;
            default -> false;
        };
    }

    private static CacheControl parse(List<String> lines) {
        CacheControl control = new CacheControl();
        for (String line : lines) {
            int at = 0;
            while (at < line.length()) {
                int end = endOfElement(line, at);
                String element = line.substring(at, end).strip();
                at = end + 1;
                int equals = element.indexOf('=');
                if (equals < 0) {
                    control.directive(element.toLowerCase(Locale.ROOT), null);
                } else {
                    control.directive(
                            element.substring(0, equals).toLowerCase(Locale.ROOT),
                            unquoted(element.substring(equals + 1)));
                }
            }
        }
        return control;
    }

    /** Where the list element ends: at a comma outside of quotes. */
    private static int endOfElement(String line, int from) {
        boolean quoted = false;
        for (int i = from; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == '\\' && quoted) {
                i++;
            } else if (c == ',' && !quoted) {
                return i;
            }
        }
        return line.length();
    }

    private static String unquoted(String argument) {
        if (argument.length() < 2 || argument.charAt(0) != '"' || !argument.endsWith("\"")) {
            return argument;
        }
        return argument.substring(1, argument.length() - 1).replaceAll("\\\\(.)", "$1");
    }

    /** @param argument null where there is none */
    private void directive(String name, String argument) {
        switch (name) {
            case "no-store" -> noStore = true;
            case "no-cache" -> {
                Set<String> fields = names(argument);
                noCache |= fields.isEmpty();
                unstored(fields);
            }
            case "private" -> {
                Set<String> fields = names(argument);
                isPrivate |= fields.isEmpty();
                unstored(fields);
            }
            case "public" -> isPublic = true;
            case "must-revalidate" -> mustRevalidate = true;
            case "proxy-revalidate" -> proxyRevalidate = true;
            case "must-understand" -> mustUnderstand = true;
            case "only-if-cached" -> onlyIfCached = true;
            case "max-age" -> maxAge = maxAge == ABSENT ? seconds(argument, 0) : maxAge;
            case "s-maxage" -> sharedMaxAge = sharedMaxAge == ABSENT ? seconds(argument, 0) : sharedMaxAge;
            case "stale-while-revalidate" -> staleWhileRevalidate = seconds(argument, ABSENT);
            case "stale-if-error" -> staleIfError = seconds(argument, ABSENT);
            case "max-stale" -> maxStale = argument == null ? ANY : seconds(argument, ABSENT);
            case "min-fresh" -> minFresh = seconds(argument, ABSENT);
            default -> {
                // An extension; unknown ones are ignored (RFC 9111 §5.2.3).
            }
        }
    }

    private void unstored(Set<String> fields) {
        if (!fields.isEmpty()) {
            Set<String> all = new LinkedHashSet<>(unstoredFields);
            all.addAll(fields);
            unstoredFields = Set.copyOf(all);
        }
    }

    private static Set<String> names(String argument) {
        if (argument == null || argument.isBlank()) {
            return Set.of();
        }
        Set<String> names = new LinkedHashSet<>();
        for (String name : argument.split(",")) {
            if (!name.isBlank()) {
                names.add(name.strip().toLowerCase(Locale.ROOT));
            }
        }
        return names;
    }

    private static long seconds(String argument, long otherwise) {
        Long number = deltaSeconds(argument);
        return number == null ? otherwise : number;
    }

    /** A number of seconds (RFC 9111 §1.2.2); null when it is none. */
    static Long deltaSeconds(String text) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        // Each time a response is reused: a regular expression took a tenth of a hit.
        long seconds = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return null;
            }
            seconds = Math.min(MOST_SECONDS, seconds * 10 + digit);
        }
        return seconds;
    }

    boolean noStore() {
        return noStore;
    }

    /** The unqualified form. */
    boolean noCache() {
        return noCache;
    }

    /** The unqualified form. */
    boolean isPrivate() {
        return isPrivate;
    }

    boolean isPublic() {
        return isPublic;
    }

    boolean mustRevalidate() {
        return mustRevalidate;
    }

    boolean mustUnderstand() {
        return mustUnderstand;
    }

    boolean onlyIfCached() {
        return onlyIfCached;
    }

    /** Whether it comes from a targeted field. */
    boolean targeted() {
        return targeted;
    }

    /** Whether this shared cache must not reuse the response once it is stale (RFC 9111 §4.2.4). */
    boolean forbidsStale() {
        return mustRevalidate || proxyRevalidate || sharedMaxAge != ABSENT || noCache;
    }

    /** Seconds, or {@link #ABSENT}. */
    long maxAge() {
        return maxAge;
    }

    /** Seconds, or {@link #ABSENT}. */
    long sharedMaxAge() {
        return sharedMaxAge;
    }

    /** Seconds, or {@link #ABSENT}. */
    long staleWhileRevalidate() {
        return staleWhileRevalidate;
    }

    /** Seconds, or {@link #ABSENT}. */
    long staleIfError() {
        return staleIfError;
    }

    /** Seconds, {@link #ANY}, or {@link #ABSENT}. */
    long maxStale() {
        return maxStale;
    }

    /** Seconds, or {@link #ABSENT}. */
    long minFresh() {
        return minFresh;
    }

    /** Fields that {@code no-cache="..."} and {@code private="..."} name, in lower case. */
    Set<String> unstoredFields() {
        return unstoredFields;
    }
}
