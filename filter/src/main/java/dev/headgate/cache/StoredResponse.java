package dev.headgate.cache;

import dev.headgate.exchange.Fields;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Everything that is stored about a response, its content apart. Immutable; what follows from it is worked out once, when
 * it is first asked for.
 */
final class StoredResponse {

    /**
     * A stretch of content that was stored in one go.
     *
     * @param generation names its chunks; never used twice
     * @param offset of its first byte within the whole content
     * @param length 1 or more bytes
     */
    record Part(long generation, long offset, long length) {
        long end() {
            return offset + length;
        }
    }

    private static final byte FORMAT = 1;

    /**
     * What every reuse wants to know, and only the values above decide.
     *
     * @param vary the names in {@code Vary}; null for {@code *}
     * @param ageMillis how old it was when it came
     * @param explicitMillis the lifetime that the origin states; -1: none
     * @param heuristicMillis the lifetime where none is stated, and heuristics are wanted
     * @param whole the answer to a GET without conditions and ranges
     */
    private record Facts(
            CacheControl control,
            Set<String> vary,
            boolean complete,
            long ageMillis,
            long explicitMillis,
            long heuristicMillis,
            Answer whole) {}

    private final String target;
    private final int status;
    private final Fields fields;
    private final Fields selecting;
    private final long requestMillis;
    private final long responseMillis;
    private final long completeLength;
    private final List<Part> parts;
    private final boolean softPurged;
    private final long lineage;

    /** Null until asked for. Threads that ask at once make the same of it, each for itself: no harm, so no lock. */
    private Facts facts;

    /**
     * @param target raw path and query, normalised as in its key
     * @param status 200 for a partial response, too: it is part of one (RFC 9111 §3.3)
     * @param fields as stored, without those of one connection or one user
     * @param selecting the request's values of the fields that {@code Vary} names, normalised; one that is missing was
     *     missing
     * @param requestMillis when the request for it was sent, since the epoch
     * @param responseMillis when its head came, since the epoch
     * @param completeLength bytes of the whole content; -1: not known
     * @param parts what there is of the content, in any order; they may overlap, and say the same there; none: no content
     * @param softPurged whether it must be validated before reuse, as if it were stale
     * @param lineage the life of its resource in which it was stored; a response of another life is void
     */
    StoredResponse(
            String target,
            int status,
            Fields fields,
            Fields selecting,
            long requestMillis,
            long responseMillis,
            long completeLength,
            List<Part> parts,
            boolean softPurged,
            long lineage) {
        this.target = target;
        this.status = status;
        this.fields = fields;
        this.selecting = selecting;
        this.requestMillis = requestMillis;
        this.responseMillis = responseMillis;
        this.completeLength = completeLength;
        List<Part> sorted = new ArrayList<>(parts);
        sorted.sort(Comparator.comparingLong(Part::offset));
        this.parts = List.copyOf(sorted);
        this.softPurged = softPurged;
        this.lineage = lineage;
    }

    String target() {
        return target;
    }

    int status() {
        return status;
    }

    Fields fields() {
        return fields;
    }

    Fields selecting() {
        return selecting;
    }

    long requestMillis() {
        return requestMillis;
    }

    long responseMillis() {
        return responseMillis;
    }

    long completeLength() {
        return completeLength;
    }

    /** By offset. */
    List<Part> parts() {
        return parts;
    }

    boolean softPurged() {
        return softPurged;
    }

    long lineage() {
        return lineage;
    }

    // ---- what follows from it ----

    private Facts facts() {
        Facts known = facts;
        if (known == null) {
            CacheControl control = CacheControl.ofResponse(fields);
            known = new Facts(
                    control,
                    Variants.names(fields),
                    completeLength >= 0 && covers(0, completeLength),
                    Freshness.initialAgeMillis(fields, requestMillis, responseMillis),
                    Freshness.explicitMillis(fields, control, responseMillis),
                    Freshness.heuristicMillis(status, fields, control, responseMillis),
                    Answer.whole(status, fields, completeLength));
            facts = known;
        }
        return known;
    }

    CacheControl control() {
        return facts().control;
    }

    /** The names in {@code Vary}, see {@link Variants#names}. */
    Set<String> vary() {
        return facts().vary;
    }

    /** Whether all of the content is here. */
    boolean isComplete() {
        return facts().complete;
    }

    /** How old it was when it came, see {@link Freshness#initialAgeMillis}. */
    long initialAgeMillis() {
        return facts().ageMillis;
    }

    /** See {@link Freshness#explicitMillis}. */
    long explicitMillis() {
        return facts().explicitMillis;
    }

    /** See {@link Freshness#heuristicMillis}. */
    long heuristicMillis() {
        return facts().heuristicMillis;
    }

    /** The answer to a GET without conditions and ranges; means something where all of the content is here. */
    Answer whole() {
        return facts().whole;
    }

    /** Whether all bytes from {@code from} to before {@code end} are here. */
    boolean covers(long from, long end) {
        long at = from;
        for (Part part : parts) {
            if (part.offset() <= at && part.end() > at) {
                at = part.end();
            }
        }
        return at >= end;
    }

    /** How many bytes from the first on are here without a gap. */
    long beginning() {
        long at = 0;
        for (Part part : parts) {
            if (part.offset() <= at) {
                at = Math.max(at, part.end());
            }
        }
        return at;
    }

    /** Null where there is none. */
    String entityTag() {
        return fields.first("ETag");
    }

    boolean hasValidator() {
        return fields.has("ETag") || fields.has("Last-Modified");
    }

    StoredResponse withFields(Fields changed, Fields selectedBy, long requestedMillis, long respondedMillis) {
        return new StoredResponse(
                target,
                status,
                changed,
                selectedBy,
                requestedMillis,
                respondedMillis,
                completeLength,
                parts,
                false,
                lineage);
    }

    StoredResponse withParts(List<Part> changed) {
        return new StoredResponse(
                target,
                status,
                fields,
                selecting,
                requestMillis,
                responseMillis,
                completeLength,
                changed,
                softPurged,
                lineage);
    }

    StoredResponse purgedSoftly() {
        return new StoredResponse(
                target, status, fields, selecting, requestMillis, responseMillis, completeLength, parts, true, lineage);
    }

    /** What {@code Cache-Tag} (commas) and {@code Surrogate-Key} (spaces) say. */
    boolean hasTag(Set<String> wanted) {
        for (String value : fields.all("Cache-Tag")) {
            for (String tag : value.split(",")) {
                if (wanted.contains(tag.strip())) {
                    return true;
                }
            }
        }
        for (String value : fields.all("Surrogate-Key")) {
            for (String tag : value.strip().split("\\s+")) {
                if (wanted.contains(tag)) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof StoredResponse that
                        && target.equals(that.target)
                        && status == that.status
                        && fields.equals(that.fields)
                        && selecting.equals(that.selecting)
                        && requestMillis == that.requestMillis
                        && responseMillis == that.responseMillis
                        && completeLength == that.completeLength
                        && parts.equals(that.parts)
                        && softPurged == that.softPurged
                        && lineage == that.lineage;
    }

    @Override
    public int hashCode() {
        return Objects.hash(target, status, fields, responseMillis, parts);
    }

    @Override
    public String toString() {
        return status + " for " + target + ", " + parts + " of " + completeLength + " bytes\n" + fields;
    }

    // ---- as bytes ----

    static byte[] encode(List<StoredResponse> variants) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT);
            out.writeInt(variants.size());
            for (StoredResponse each : variants) {
                text(out, each.target);
                out.writeShort(each.status);
                fields(out, each.fields);
                fields(out, each.selecting);
                out.writeLong(each.requestMillis);
                out.writeLong(each.responseMillis);
                out.writeLong(each.completeLength);
                out.writeInt(each.parts.size());
                for (Part part : each.parts) {
                    out.writeLong(part.generation());
                    out.writeLong(part.offset());
                    out.writeLong(part.length());
                }
                out.writeBoolean(each.softPurged);
                out.writeLong(each.lineage);
            }
        } catch (IOException e) {
            throw new IllegalStateException(e); // memory does not fail
        }
        return bytes.toByteArray();
    }

    /** @throws IllegalArgumentException when the bytes were not written by this version */
    static List<StoredResponse> decode(byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readByte() != FORMAT) {
                throw new IllegalArgumentException("another format");
            }
            int count = in.readInt();
            List<StoredResponse> variants = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                String target = text(in);
                int status = in.readShort();
                Fields fields = fields(in);
                Fields selecting = fields(in);
                long requested = in.readLong();
                long responded = in.readLong();
                long complete = in.readLong();
                int partCount = in.readInt();
                List<Part> parts = new ArrayList<>(partCount);
                for (int p = 0; p < partCount; p++) {
                    parts.add(new Part(in.readLong(), in.readLong(), in.readLong()));
                }
                variants.add(new StoredResponse(
                        target,
                        status,
                        fields,
                        selecting,
                        requested,
                        responded,
                        complete,
                        parts,
                        in.readBoolean(),
                        in.readLong()));
            }
            return variants;
        } catch (IOException e) {
            throw new IllegalArgumentException("not a stored response", e);
        }
    }

    private static void fields(DataOutputStream out, Fields fields) throws IOException {
        out.writeInt(fields.size());
        for (Fields.Line line : fields) {
            text(out, line.name());
            text(out, line.value());
        }
    }

    private static Fields fields(DataInputStream in) throws IOException {
        int count = in.readInt();
        Fields.Builder fields = new Fields.Builder();
        for (int i = 0; i < count; i++) {
            fields.add(text(in), text(in));
        }
        return fields.build();
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String text(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
