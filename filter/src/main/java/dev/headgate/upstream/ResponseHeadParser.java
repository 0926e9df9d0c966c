package dev.headgate.upstream;

import java.io.IOException;
import java.io.InputStream;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.io.HttpMessageParser;
import org.apache.hc.core5.http.io.SessionInputBuffer;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.util.CharArrayBuffer;

/**
 * Reads a response head as strictly as RFC 9112 §4 and §5 ask of a recipient, within limits. HttpCore's own parser skips
 * garbage before the status line, takes a head that the connection's end cut off for a whole one, and lets names pass
 * that are no tokens.
 *
 * <p>Belongs to one connection.
 */
final class ResponseHeadParser implements HttpMessageParser<ClassicHttpResponse> {

    /** One line alone is longer than the whole head may be. */
    static final class LineTooLong extends MessageConstraintException {

        LineTooLong(String message) {
            super(message);
        }
    }

    private final int maxBytes;
    private final int maxFields;
    private final CharArrayBuffer line = new CharArrayBuffer(128);
    private SessionInputBuffer input;

    ResponseHeadParser(int maxBytes, int maxFields) {
        this.maxBytes = maxBytes;
        this.maxFields = maxFields;
    }

    /** Whether bytes have been read from the socket that nobody has asked for yet. */
    boolean hasBufferedInput() {
        return bufferedInput() > 0;
    }

    /** How many such bytes there are. */
    int bufferedInput() {
        return input == null ? 0 : input.length();
    }

    @Override
    public ClassicHttpResponse parse(SessionInputBuffer buffer, InputStream socketInput)
            throws IOException, HttpException {
        input = buffer;
        readLine(buffer, socketInput);
        int size = line.length() + 2;
        ClassicHttpResponse response = statusLine();
        String name = null;
        String value = null;
        int fields = 0;
        while (true) {
            readLine(buffer, socketInput);
            if (line.isEmpty()) {
                break;
            }
            size += line.length() + 2;
            if (size > maxBytes) {
                throw new MessageConstraintException("the response head is longer than " + maxBytes + " bytes");
            }
            char first = line.charAt(0);
            if (first == ' ' || first == '\t') {
                // RFC 9112 §5.2: a gateway replaces an obsolete line fold with a space.
                if (name == null) {
                    throw new ProtocolException("a space before the first field line");
                }
                String more = line.substringTrimmed(0, line.length());
                value = value.isEmpty() ? more : value + " " + more;
                continue;
            }
            if (name != null) {
                response.addHeader(new BasicHeader(name, value));
            }
            if (++fields > maxFields) {
                throw new MessageConstraintException("the response has more than " + maxFields + " field lines");
            }
            int colon = line.indexOf(':');
            int nameEnd = colon;
            // RFC 9112 §5.1: whitespace before the colon is removed from a response.
            while (nameEnd > 0 && (line.charAt(nameEnd - 1) == ' ' || line.charAt(nameEnd - 1) == '\t')) {
                nameEnd--;
            }
            if (nameEnd <= 0 || !Tokens.isToken(line, 0, nameEnd)) {
                throw new ProtocolException("a field line without a valid name");
            }
            name = line.substring(0, nameEnd);
            value = line.substringTrimmed(colon + 1, line.length());
        }
        if (name != null) {
            response.addHeader(new BasicHeader(name, value));
        }
        return response;
    }

    private void readLine(SessionInputBuffer buffer, InputStream socketInput) throws IOException, ProtocolException {
        line.clear();
        try {
            buffer.readLine(line, socketInput);
        } catch (MessageConstraintException e) {
            throw new LineTooLong("one line of the response head is longer than " + maxBytes + " bytes");
        }
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\r' || c == 0) {
                throw new ProtocolException("a bare CR or a NUL in the response head");
            }
        }
    }

    /** {@code HTTP/1.x SP 3DIGIT [SP reason]} (RFC 9112 §4). The reason phrase means nothing and is dropped. */
    private ClassicHttpResponse statusLine() throws ProtocolException {
        int length = line.length();
        boolean valid = length >= 12
                && line.charAt(0) == 'H'
                && line.charAt(1) == 'T'
                && line.charAt(2) == 'T'
                && line.charAt(3) == 'P'
                && line.charAt(4) == '/'
                && line.charAt(5) == '1'
                && line.charAt(6) == '.'
                && isDigit(line.charAt(7))
                && line.charAt(8) == ' '
                && isDigit(line.charAt(9))
                && isDigit(line.charAt(10))
                && isDigit(line.charAt(11))
                && (length == 12 || line.charAt(12) == ' ');
        if (!valid) {
            throw new ProtocolException("the answer does not begin with an HTTP/1.x status line");
        }
        int status = (line.charAt(9) - '0') * 100 + (line.charAt(10) - '0') * 10 + line.charAt(11) - '0';
        if (status < 100 || status > 599) {
            throw new ProtocolException("the status " + status + " is not from 100 to 599");
        }
        ClassicHttpResponse response = new BasicClassicHttpResponse(status);
        // RFC 9112 §2.3: a higher minor version than 1.1 is treated as 1.1.
        response.setVersion(line.charAt(7) == '0' ? HttpVersion.HTTP_1_0 : HttpVersion.HTTP_1_1);
        return response;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
