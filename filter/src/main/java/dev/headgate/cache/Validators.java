package dev.headgate.cache;

import dev.headgate.exchange.Fields;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Entity tags and modification dates (RFC 9110 §8.8), and what requests make conditional on them (§13). */
final class Validators {

    private Validators() {}

    /** Whether a tag is worth no byte-for-byte promise, or is no tag. */
    static boolean isStrong(String tag) {
        return tag != null && tag.length() >= 2 && tag.startsWith("\"") && tag.endsWith("\"");
    }

    /** RFC 9110 §8.8.3.2. */
    static boolean sameWeakly(String one, String other) {
        return one != null && other != null && opaque(one).equals(opaque(other));
    }

    private static String opaque(String tag) {
        return tag.startsWith("W/") ? tag.substring(2) : tag;
    }

    /** The tags of an {@code If-None-Match}, commas inside of tags respected. */
    static List<String> tags(String list) {
        List<String> tags = new ArrayList<>();
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i <= list.length(); i++) {
            if (i == list.length() || list.charAt(i) == ',' && !quoted) {
                String tag = list.substring(start, i).strip();
                if (!tag.isEmpty()) {
                    tags.add(tag);
                }
                start = i + 1;
            } else if (list.charAt(i) == '"') {
                quoted = !quoted;
            }
        }
        return tags;
    }

    /** Whether the client's own copy is as good as a stored response, so that 304 is the answer (RFC 9110 §13.1). */
    static boolean clientHasIt(Fields request, Fields stored, long responseMillis) {
        String noneMatch = request.combined("If-None-Match");
        if (noneMatch != null) {
            String tag = stored.first("ETag");
            for (String each : tags(noneMatch)) {
                if (each.equals("*") || sameWeakly(each, tag)) {
                    return true;
                }
            }
            return false; // If-Modified-Since does not count beside it
        }
        String modifiedSince = request.first("If-Modified-Since");
        if (modifiedSince == null) {
            return false;
        }
        Instant received = Instant.ofEpochMilli(responseMillis);
        Instant since = HttpDate.parse(modifiedSince, received);
        if (since == null) {
            return false;
        }
        Instant modified = HttpDate.parse(stored.first("Last-Modified"), received);
        if (modified == null) {
            modified = HttpDate.parse(stored.first("Date"), received);
        }
        return !(modified == null ? received : modified).isAfter(since);
    }

    /** Whether a {@code Range} is to be obeyed in the face of {@code If-Range} (RFC 9110 §13.1.5). */
    static boolean rangeHolds(Fields request, Fields stored, long responseMillis) {
        String ifRange = request.first("If-Range");
        if (ifRange == null) {
            return true;
        }
        if (ifRange.startsWith("\"") || ifRange.startsWith("W/")) {
            return isStrong(ifRange) && ifRange.equals(stored.first("ETag"));
        }
        Instant received = Instant.ofEpochMilli(responseMillis);
        Instant asked = HttpDate.parse(ifRange, received);
        return asked != null
                && hasStrongDate(stored, responseMillis)
                && asked.equals(HttpDate.parse(stored.first("Last-Modified"), received));
    }

    /** RFC 9110 §8.8.2.2: the content was a second old at least when it was sent. */
    private static boolean hasStrongDate(Fields stored, long responseMillis) {
        Instant received = Instant.ofEpochMilli(responseMillis);
        Instant modified = HttpDate.parse(stored.first("Last-Modified"), received);
        Instant date = HttpDate.parse(stored.first("Date"), received);
        return modified != null
                && date != null
                && Duration.between(modified, date).compareTo(Duration.ofSeconds(1)) >= 0;
    }

    /** Whether two responses are certainly parts of the same content (RFC 9110 §15.3.7.3). */
    static boolean sameStrongly(Fields one, Fields other, long responseMillis) {
        String tag = one.first("ETag");
        if (tag != null || other.has("ETag")) {
            return isStrong(tag) && tag.equals(other.first("ETag"));
        }
        return hasStrongDate(one, responseMillis)
                && hasStrongDate(other, responseMillis)
                && one.first("Last-Modified").equals(other.first("Last-Modified"));
    }
}
