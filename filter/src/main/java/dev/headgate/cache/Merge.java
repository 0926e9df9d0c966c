package dev.headgate.cache;

import dev.headgate.cache.StoredResponse.Part;
import dev.headgate.exchange.Fields;
import java.util.ArrayList;
import java.util.List;

/** What becomes of the stored variants of a resource when another response is stored. */
final class Merge {

    /** Beyond this the oldest goes: a Vary on something that differs for everyone would fill the store. */
    private static final int MOST_VARIANTS = 32;

    private Merge() {}

    /**
     * The variants with a new one: in place of those that its request would have selected, and with their content where
     * all are parts of the same (RFC 9111 §3.4).
     */
    static List<StoredResponse> of(List<StoredResponse> before, StoredResponse added, Fields request) {
        List<StoredResponse> after = new ArrayList<>();
        StoredResponse news = added;
        for (StoredResponse each : before) {
            if (!Variants.matches(each, request)) {
                after.add(each);
            } else if (!added.isComplete() && canBeCombined(each, added)) {
                if (each.isComplete()) {
                    // Nothing new: the same content, and the whole of it, is here.
                    return before;
                }
                news = combined(each, news);
            }
        }
        after.add(news);
        while (after.size() > MOST_VARIANTS) {
            after.remove(0);
        }
        return after;
    }

    private static boolean canBeCombined(StoredResponse one, StoredResponse other) {
        return one.status() == 200
                && other.status() == 200
                && one.completeLength() == other.completeLength()
                && Validators.sameStrongly(one.fields(), other.fields(), other.responseMillis());
    }

    /** Fields of the newer, content of both; what overlaps is cut off the newer parts by leaving them out. */
    private static StoredResponse combined(StoredResponse older, StoredResponse newer) {
        List<Part> parts = new ArrayList<>(older.parts());
        for (Part part : newer.parts()) {
            boolean covered = older.covers(part.offset(), part.end());
            if (!covered) {
                // Whatever it covers entirely is no longer needed.
                parts.removeIf(each -> part.offset() <= each.offset() && each.end() <= part.end());
                parts.add(part);
            }
        }
        return newer.withParts(parts);
    }
}
