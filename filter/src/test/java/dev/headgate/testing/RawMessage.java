package dev.headgate.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;

/**
 * One HTTP/1.1 message as it came over a socket, byte for byte. One thread fills it; any thread may look at what has
 * come so far. Texts are ISO-8859-1, so that each char is one byte.
 */
public final class RawMessage {

    /** How the end of the content is known (RFC 9112 §6.3). */
    public enum Framing {
        NONE,
        LENGTH,
        CHUNKED,
        UNTIL_CLOSE
    }

    /** How far the message has come. */
    public enum Ending {
        /** More is expected. */
        OPEN,
        /** Whole, as its framing tells. */
        COMPLETE,
        /** The connection ended, or what came broke the framing, before the message was whole. */
        CUT
    }

    /**
     * A chunk, or for other framings what one read returned.
     *
     * @param nanos when its last byte came, on {@link System#nanoTime()}
     */
    public record Piece(String data, long nanos) {}

    private final String head;
    private final List<String> lines;
    private final List<RawMessage> interim = new ArrayList<>();
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private final List<Piece> pieces = new ArrayList<>();
    private final List<String> trailers = new ArrayList<>();
    private Framing framing = Framing.NONE;
    private Ending ending = Ending.OPEN;

    RawMessage(String head) {
        this.head = head;
        this.lines = List.of(head.substring(0, Math.max(0, head.length() - 4)).split("\r\n", -1));
    }

    /** Everything up to and with the empty line. */
    public String head() {
        return head;
    }

    /** The request line or status line. */
    public String startLine() {
        return lines.get(0);
    }

    public String method() {
        return startLine().split(" ", 3)[0];
    }

    /** The request target, untouched. */
    public String target() {
        return startLine().split(" ", 3)[1];
    }

    public int status() {
        return Integer.parseInt(startLine().split(" ", 3)[1]);
    }

    /** The raw field lines in the order in which they came. */
    public List<String> fieldLines() {
        return lines.subList(1, lines.size());
    }

    /** The values of all lines of that name, in order, without the whitespace around them. */
    public List<String> fields(String name) {
        return valuesOf(name, fieldLines());
    }

    /** The only value of that name; null where there is none, an error where there are several. */
    public String field(String name) {
        return onlyOne(name, fields(name));
    }

    public boolean has(String name) {
        return !fields(name).isEmpty();
    }

    /** Interim (1xx) responses that came before this final one. */
    public synchronized List<RawMessage> interim() {
        return List.copyOf(interim);
    }

    public synchronized Framing framing() {
        return framing;
    }

    public synchronized Ending ending() {
        return ending;
    }

    public boolean complete() {
        return ending() == Ending.COMPLETE;
    }

    /** What has come so far, without chunk lines. */
    public synchronized byte[] content() {
        return content.toByteArray();
    }

    public String text() {
        return new String(content(), StandardCharsets.ISO_8859_1);
    }

    public synchronized List<Piece> pieces() {
        return List.copyOf(pieces);
    }

    /** Raw trailer lines. */
    public synchronized List<String> trailers() {
        return List.copyOf(trailers);
    }

    public String trailer(String name) {
        return onlyOne(name, valuesOf(name, trailers()));
    }

    /** Waits until the message is whole or cut. */
    public Ending awaitEnd() {
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> ending() != Ending.OPEN);
        return ending();
    }

    /** Waits until that many bytes of content have come. */
    public void awaitContent(int bytes) {
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> content().length >= bytes);
    }

    synchronized void precededBy(List<RawMessage> responses) {
        interim.addAll(responses);
    }

    synchronized void framedBy(Framing how) {
        framing = how;
    }

    synchronized void received(byte[] data) {
        content.writeBytes(data);
        pieces.add(new Piece(new String(data, StandardCharsets.ISO_8859_1), System.nanoTime()));
    }

    synchronized void receivedTrailer(String line) {
        trailers.add(line);
    }

    synchronized void ended(Ending how) {
        ending = how;
    }

    private static List<String> valuesOf(String name, List<String> fieldLines) {
        return fieldLines.stream()
                .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                .map(line -> line.substring(name.length() + 1).strip())
                .toList();
    }

    private static String onlyOne(String name, List<String> values) {
        if (values.size() > 1) {
            throw new AssertionError(name + " came " + values.size() + " times: " + values);
        }
        return values.isEmpty() ? null : values.get(0);
    }

    @Override
    public String toString() {
        return head + text() + (trailers().isEmpty() ? "" : trailers()) + " [" + framing() + " " + ending() + "]";
    }
}
