package dev.headgate.upstream;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.io.HttpMessageParser;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;

/**
 * Reads a response head as strictly as RFC 9112 §4 and §5 ask of a recipient, within limits. HttpCore's own parser skips
 * garbage before the status line, takes a head that the connection's end cut off for a whole one, and lets names pass
 * that are no tokens.
 *
 * <p>Belongs to one connection, and takes lines from its {@link BufferedInput}, past HttpCore's buffer.
 */
final class ResponseHeadParser implements HttpMessageParser<ClassicHttpResponse> {

    /** One line alone is longer than the whole head may be. */
    static final class LineTooLong extends MessageConstraintException {

        LineTooLong(String message) {
            super(message);
        }
    }

    /** What is kept of earlier heads: so many lines, none longer than this. */
    private static final int EARLIER_LINES = 16;

    private static final int EARLIER_BYTES = 128;

    /** A line as it came, and what was read from it. */
    private record Earlier(byte[] line, ResponseField field) {}

    private final int maxBytes;
    private final int maxFields;

    /**
     * The current line, each byte as it came. HttpCore's own readLine goes through a charset decoder: 1,376 instead of 928
     * bytes allocated for a head of six fields.
     */
    private byte[] line = new byte[128];

    private int length;

    /** By place: most lines of a head are those of the last one, and need neither be checked nor copied again. */
    private final Earlier[] earlier = new Earlier[EARLIER_LINES];

    private SessionInputBuffer input;

    ResponseHeadParser(int maxBytes, int maxFields) {
        this.maxBytes = maxBytes;
        this.maxFields = maxFields;
    }

    /** How many bytes HttpCore has taken from the socket's input that nobody has asked for yet. */
    int bufferedInput() {
        return input == null ? 0 : input.length();
    }

    @Override
    public ClassicHttpResponse parse(SessionInputBuffer buffer, InputStream socketInput)
            throws IOException, HttpException {
        input = buffer;
        BufferedInput source = (BufferedInput) socketInput;
        readLine(source);
        int size = length + 2;
        ClassicHttpResponse response = statusLine();
        ResponseField field = null;
        int fields = 0;
        while (true) {
            readLine(source);
            if (length == 0) {
                break;
            }
            size += length + 2;
            if (size > maxBytes) {
                throw new MessageConstraintException("the response head is longer than " + maxBytes + " bytes");
            }
            if (isSpace(line[0])) {
                // RFC 9112 §5.2: a gateway replaces an obsolete line fold with a space.
                if (field == null) {
                    throw new ProtocolException("a space before the first field line");
                }
                field = field.continued(trimmed(0));
                continue;
            }
            if (field != null) {
                response.addHeader(field);
            }
            if (++fields > maxFields) {
                throw new MessageConstraintException("the response has more than " + maxFields + " field lines");
            }
            field = fields <= earlier.length ? likeEarlier(fields - 1) : field();
        }
        if (field != null) {
            response.addHeader(field);
        }
        return response;
    }

    /** The line's field, which the last head may have had at the same place. */
    private ResponseField likeEarlier(int place) throws ProtocolException {
        Earlier known = earlier[place];
        if (known != null && Arrays.equals(known.line(), 0, known.line().length, line, 0, length)) {
            return known.field();
        }
        ResponseField field = field();
        if (length <= EARLIER_BYTES) {
            earlier[place] = new Earlier(Arrays.copyOf(line, length), field);
        }
        return field;
    }

    private ResponseField field() throws ProtocolException {
        int colon = 0;
        while (colon < length && line[colon] != ':') {
            colon++;
        }
        int nameEnd = colon;
        // RFC 9112 §5.1: whitespace before the colon is removed from a response.
        while (nameEnd > 0 && isSpace(line[nameEnd - 1])) {
            nameEnd--;
        }
        String name = text(0, nameEnd);
        if (colon == length || !Tokens.isToken(name, 0, nameEnd)) {
            throw new ProtocolException("a field line without a valid name");
        }
        return new ResponseField(name, trimmed(colon + 1));
    }

    /** Reads up to a line feed, which is left off with one CR before it. */
    private void readLine(BufferedInput source) throws IOException, ProtocolException {
        length = 0;
        do {
            if (length == line.length) {
                line = Arrays.copyOf(line, 2 * length);
            }
            int count = source.readLine(line, length, line.length - length);
            if (count < 0) {
                throw new EOFException("the connection ended within the response head");
            }
            length += count;
            if (length > maxBytes + 1) {
                throw new LineTooLong("one line of the response head is longer than " + maxBytes + " bytes");
            }
        } while (line[length - 1] != '\n');
        length--;
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        for (int i = 0; i < length; i++) {
            if (line[i] == '\r' || line[i] == 0) {
                throw new ProtocolException("a bare CR or a NUL in the response head");
            }
        }
    }

    private String text(int from, int to) {
        return new String(line, from, to - from, StandardCharsets.ISO_8859_1);
    }

    /** The line from here on, without white space around it. */
    private String trimmed(int from) {
        int to = length;
        while (to > from && isSpace(line[to - 1])) {
            to--;
        }
        while (from < to && isSpace(line[from])) {
            from++;
        }
        return text(from, to);
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t';
    }

    /** {@code HTTP/1.x SP 3DIGIT [SP reason]} (RFC 9112 §4). The reason phrase means nothing and is dropped. */
    private ClassicHttpResponse statusLine() throws ProtocolException {
        boolean valid = length >= 12
                && line[0] == 'H'
                && line[1] == 'T'
                && line[2] == 'T'
                && line[3] == 'P'
                && line[4] == '/'
                && line[5] == '1'
                && line[6] == '.'
                && isDigit(line[7])
                && line[8] == ' '
                && isDigit(line[9])
                && isDigit(line[10])
                && isDigit(line[11])
                && (length == 12 || line[12] == ' ');
        if (!valid) {
            throw new ProtocolException("the answer does not begin with an HTTP/1.x status line");
        }
        int status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + line[11] - '0';
        if (status < 100 || status > 599) {
            throw new ProtocolException("the status " + status + " is not from 100 to 599");
        }
        ClassicHttpResponse response = new BasicClassicHttpResponse(status);
        // RFC 9112 §2.3: a higher minor version than 1.1 is treated as 1.1.
        response.setVersion(line[7] == '0' ? HttpVersion.HTTP_1_0 : HttpVersion.HTTP_1_1);
        return response;
    }

    private static boolean isDigit(byte c) {
        return c >= '0' && c <= '9';
    }
}
