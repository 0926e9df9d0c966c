package dev.headgate.cache;

import dev.headgate.cache.ByteRanges.Span;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The form in which a stored response answers a request: whole, some ranges of it, or 304 (RFC 9110 §13, §14; RFC 9111
 * §4.3.2). Immutable.
 *
 * @param head without framing, Age and Cache-Status
 * @param spans of the stored content that follow the head; empty: no content
 * @param length of the content in bytes; -1: none is told
 * @param boundary between the parts of a multipart answer; null for any other
 */
record Answer(ResponseHead head, List<Span> spans, long length, String boundary) {

    /** Fields that describe content, which a 304 has not (RFC 9110 §15.4.5). */
    private static final Set<String> NOT_IN_304 =
            Set.of("content-length", "content-type", "content-encoding", "content-language", "content-range");

    /** Whether what is stored suffices for this request. */
    static boolean canBeGiven(CacheRequest request, StoredResponse stored) {
        if (stored.isComplete()) {
            return true;
        }
        ByteRanges ranges = ranges(request, stored);
        if (ranges == null || !ranges.isSingle()) {
            return false;
        }
        Span span = stored.completeLength() < 0 ? ranges.withoutLength() : onlyOne(ranges, stored);
        return span != null && stored.covers(span.from(), span.end());
    }

    private static Span onlyOne(ByteRanges ranges, StoredResponse stored) {
        List<Span> spans = ranges.within(stored.completeLength());
        return spans.isEmpty() ? null : spans.get(0);
    }

    private static ByteRanges ranges(CacheRequest request, StoredResponse stored) {
        if (request.isPlain() || !request.isGet() || stored.status() != 200) {
            return null;
        }
        if (!Validators.rangeHolds(request.fields(), stored.fields(), stored.responseMillis())) {
            return null;
        }
        return ByteRanges.parse(request.fields().combined("Range"));
    }

    /** The answer to a GET without conditions and ranges. */
    static Answer whole(int status, Fields fields, long completeLength) {
        boolean hasContent = status != 204 && status != 304;
        return new Answer(
                new ResponseHead(status, fields.without("Content-Length")),
                completeLength == 0 || !hasContent ? List.of() : List.of(new Span(0, completeLength)),
                hasContent ? completeLength : -1,
                null);
    }

    /** @param stored suffices for the request, see {@link #canBeGiven} */
    static Answer of(CacheRequest request, StoredResponse stored) {
        Answer all = stored.whole();
        Fields fields = all.head.fields();
        boolean conditions = stored.status() == 200 && !request.isPlain();
        if (conditions && Validators.clientHasIt(request.fields(), stored.fields(), stored.responseMillis())) {
            Fields kept = fields.only(name -> !NOT_IN_304.contains(name.toLowerCase(Locale.ROOT)));
            return new Answer(new ResponseHead(304, kept), List.of(), -1, null);
        }
        long whole = stored.completeLength();
        ByteRanges ranges = ranges(request, stored);
        if (ranges == null) {
            return request.isHead() ? new Answer(all.head, List.of(), all.length, null) : all;
        }
        List<Span> spans = whole < 0 ? List.of(ranges.withoutLength()) : ranges.within(whole);
        if (spans.isEmpty()) {
            Fields kept = fields.without("Content-Type").without("Content-Encoding");
            return new Answer(
                    new ResponseHead(416, kept.with("Content-Range", "bytes */" + whole)), List.of(), 0, null);
        }
        if (spans.size() == 1) {
            Span span = spans.get(0);
            return new Answer(
                    new ResponseHead(206, fields.with("Content-Range", contentRange(span, whole))),
                    spans,
                    span.length(),
                    null);
        }
        if (spans.stream().mapToLong(Span::length).sum() >= whole) {
            // Ranges that overlap or ask for everything are cheaper, and safer, to answer whole (RFC 9110 §14.2).
            return all;
        }
        String type = fields.first("Content-Type");
        String boundary = "headgate-"
                + Long.toHexString(stored.responseMillis() * 31 + spans.hashCode())
                + Long.toHexString(stored.parts().hashCode());
        Answer multipart = new Answer(
                new ResponseHead(206, fields.with("Content-Type", "multipart/byteranges; boundary=" + boundary)),
                spans,
                0,
                boundary);
        long length = multipart.end().length();
        for (Span span : spans) {
            length += multipart.partHead(span, type, whole).length() + span.length();
        }
        return new Answer(multipart.head, spans, length, boundary);
    }

    private static String contentRange(Span span, long whole) {
        return "bytes " + span.from() + "-" + (span.end() - 1) + "/" + (whole < 0 ? "*" : Long.toString(whole));
    }

    /** What precedes one part of a multipart answer (RFC 9110 §14.6). */
    String partHead(Span span, String type, long whole) {
        return "\r\n--" + boundary + "\r\n" + (type == null ? "" : "Content-Type: " + type + "\r\n") + "Content-Range: "
                + contentRange(span, whole) + "\r\n\r\n";
    }

    /** What follows the last part of a multipart answer. */
    String end() {
        return "\r\n--" + boundary + "--\r\n";
    }
}
