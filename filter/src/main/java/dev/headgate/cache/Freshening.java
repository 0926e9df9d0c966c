package dev.headgate.cache;

import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import java.time.Instant;
import java.util.HashSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;

/** What a 304 or a response to HEAD changes in a stored response (RFC 9111 §3.2, §4.3.4, §4.3.5). */
final class Freshening {

    /**
     * Fields that belong to the content that is stored, which a response without content does not change: servers fill
     * them with what fits themselves.
     */
    private static final Set<String> OF_THE_CONTENT =
            Set.of("content-length", "content-encoding", "content-range", "content-md5", "etag", "set-cookie");

    private Freshening() {}

    /**
     * The stored response as a 304 leaves it (RFC 9111 §4.3.4): the very same object where the 304 confirms it but may not
     * update it, because it has a strong entity tag where a weak one is stored. Servers that compress send such.
     *
     * @return null when the 304 speaks of something else, so that it must not be used
     */
    static StoredResponse byNotModified(
            StoredResponse stored, ResponseHead notModified, Fields request, long requestMillis, long responseMillis) {
        String tag = notModified.fields().first("ETag");
        String had = stored.entityTag();
        if (tag != null && had != null) {
            if (!Validators.sameWeakly(tag, had)) {
                return null;
            }
            if (Validators.isStrong(tag) && !Validators.isStrong(had)) {
                return stored;
            }
        }
        if (Validators.isStrong(tag) && had == null) {
            return null;
        }
        String modified = notModified.fields().first("Last-Modified");
        String before = stored.fields().first("Last-Modified");
        if (tag == null && modified != null && before != null && !modified.equals(before)) {
            return null;
        }
        return updated(stored, notModified.fields(), request, requestMillis, responseMillis);
    }

    /**
     * The stored response as a 200 to HEAD leaves it.
     *
     * @return null when the content has changed, so that what is stored is not to be used without validation
     */
    static StoredResponse byHead(
            StoredResponse stored, ResponseHead head, Fields request, long requestMillis, long responseMillis) {
        Fields fields = head.fields();
        for (String validator : new String[] {"ETag", "Last-Modified"}) {
            String told = fields.first(validator);
            if (told != null && !told.equals(stored.fields().first(validator))) {
                return null;
            }
        }
        Long length = CacheControl.deltaSeconds(fields.first("Content-Length"));
        if (fields.has("Content-Length") && (length == null || length != stored.completeLength())) {
            return null;
        }
        return updated(stored, fields, request, requestMillis, responseMillis);
    }

    private static StoredResponse updated(
            StoredResponse stored, Fields told, Fields request, long requestMillis, long responseMillis) {
        Fields news =
                Storability.storedFields(told).only(name -> !OF_THE_CONTENT.contains(name.toLowerCase(Locale.ROOT)));
        Set<String> replaced = new HashSet<>();
        news.forEach(line -> replaced.add(line.name().toLowerCase(Locale.ROOT)));
        // Without a new Date and Age the old ones would make the response look as old as before.
        replaced.add("date");
        replaced.add("age");
        Fields.Builder all = new Fields.Builder();
        all.addAll(stored.fields().only(name -> !replaced.contains(name.toLowerCase(Locale.ROOT))));
        all.addAll(news);
        if (!news.has("Date")) {
            all.add("Date", HttpDate.format(Instant.ofEpochMilli(responseMillis)));
        }
        Fields fields = all.build();
        // With another Vary, what this request says of the fields in it is what the content is for.
        Fields selecting = Objects.equals(Variants.names(fields), stored.vary())
                ? stored.selecting()
                : Variants.selecting(fields, request);
        return stored.withFields(fields, selecting, requestMillis, responseMillis);
    }
}
