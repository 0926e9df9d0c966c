package dev.headgate.cache;

import dev.headgate.config.CacheConfig;
import dev.headgate.exchange.Fields;
import java.time.Instant;

/** How old a stored response is, and for how long it may be reused (RFC 9111 §4.2). */
final class Freshness {

    private static final long DAY_MILLIS = 24L * 3600 * 1000;

    private Freshness() {}

    /** The current age in milliseconds (RFC 9111 §4.2.3). */
    static long ageMillis(StoredResponse stored, long nowMillis) {
        long resident = Math.max(0, nowMillis - stored.responseMillis());
        return stored.initialAgeMillis() + resident;
    }

    /** The age in milliseconds at the time when a response came: its corrected initial age (RFC 9111 §4.2.3). */
    static long initialAgeMillis(Fields fields, long requestMillis, long responseMillis) {
        Instant date = HttpDate.parse(fields.first("Date"), Instant.ofEpochMilli(responseMillis));
        long apparent = 0;
        if (date != null) {
            // Date has whole seconds: a fraction of one is no age.
            apparent = Math.max(0, (responseMillis - date.toEpochMilli()) / 1000 * 1000);
        }
        long responseDelay = Math.max(0, responseMillis - requestMillis);
        return Math.max(apparent, ageValueSeconds(fields) * 1000 + responseDelay);
    }

    /** The first value counts, an invalid one does not (RFC 9111 §5.1). */
    private static long ageValueSeconds(Fields fields) {
        String age = fields.first("Age");
        if (age == null) {
            return 0;
        }
        int comma = age.indexOf(',');
        Long seconds = CacheControl.deltaSeconds((comma < 0 ? age : age.substring(0, comma)).strip());
        return seconds == null ? 0 : seconds;
    }

    /** The freshness lifetime in milliseconds (RFC 9111 §4.2.1); zero: never fresh. */
    static long lifetimeMillis(
            int status, Fields fields, CacheControl control, long responseMillis, CacheConfig config) {
        return lifetimeMillis(
                status,
                explicitMillis(fields, control, responseMillis),
                heuristicMillis(status, fields, control, responseMillis),
                config);
    }

    static long lifetimeMillis(StoredResponse stored, CacheConfig config) {
        return lifetimeMillis(stored.status(), stored.explicitMillis(), stored.heuristicMillis(), config);
    }

    private static long lifetimeMillis(int status, long explicit, long heuristic, CacheConfig config) {
        if (explicit >= 0) {
            return explicit;
        }
        if (isNegative(status) && !config.negativeTtl().isZero()) {
            return config.negativeTtl().toMillis();
        }
        return config.heuristic() ? heuristic : 0;
    }

    /** What the origin says; -1 when it says nothing. */
    static long explicitMillis(Fields fields, CacheControl control, long responseMillis) {
        if (control.sharedMaxAge() != CacheControl.ABSENT) {
            return control.sharedMaxAge() * 1000;
        }
        if (control.maxAge() != CacheControl.ABSENT) {
            return control.maxAge() * 1000;
        }
        if (control.targeted() || !fields.has("Expires")) {
            return -1;
        }
        Instant received = Instant.ofEpochMilli(responseMillis);
        Instant expires = HttpDate.parse(fields.first("Expires"), received);
        if (expires == null) {
            return 0; // an invalid date, "0" above all, is a time in the past (RFC 9111 §5.3)
        }
        Instant date = HttpDate.parse(fields.first("Date"), received);
        return Math.max(0, expires.toEpochMilli() - (date == null ? responseMillis : date.toEpochMilli()));
    }

    /** A tenth of the time since the last change (RFC 9111 §4.2.2). */
    static long heuristicMillis(int status, Fields fields, CacheControl control, long responseMillis) {
        if (!isHeuristicallyCacheable(status) && !control.isPublic()) {
            return 0;
        }
        Instant received = Instant.ofEpochMilli(responseMillis);
        Instant modified = HttpDate.parse(fields.first("Last-Modified"), received);
        if (modified == null) {
            return 0;
        }
        Instant date = HttpDate.parse(fields.first("Date"), received);
        long since = (date == null ? responseMillis : date.toEpochMilli()) - modified.toEpochMilli();
        return Math.max(0, Math.min(since / 10, DAY_MILLIS));
    }

    /** RFC 9110 §15.1. */
    static boolean isHeuristicallyCacheable(int status) {
        return switch (status) {
            case 200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501 -> true;
            default -> false;
        };
    }

    private static boolean isNegative(int status) {
        return status == 404 || status == 410 || status >= 500;
    }
}
