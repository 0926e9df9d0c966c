package dev.headgate.upstream;

import java.util.Iterator;
import org.apache.hc.core5.http.ContentLengthStrategy;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpMessage;
import org.apache.hc.core5.http.HttpVersion;
import org.apache.hc.core5.http.NotImplementedException;
import org.apache.hc.core5.http.ProtocolException;

/**
 * How long a response's content is (RFC 9112 §6.3), refusing everything that two readers could understand differently:
 * differing, signed or invalid lengths, a length beside a transfer coding, any coding but {@code chunked}, and a coding
 * in an HTTP/1.0 response.
 */
final class ResponseFraming implements ContentLengthStrategy {

    static final ResponseFraming INSTANCE = new ResponseFraming();

    private ResponseFraming() {}

    @Override
    public long determineLength(HttpMessage message) throws HttpException {
        Header coding = null;
        boolean severalCodings = false;
        long length = UNDEFINED;
        for (Iterator<Header> fields = message.headerIterator(); fields.hasNext(); ) {
            Header field = fields.next();
            String name = field.getName();
            if (name.equalsIgnoreCase(HttpHeaders.CONTENT_LENGTH)) {
                length = agreed(length, field.getValue());
            } else if (name.equalsIgnoreCase(HttpHeaders.TRANSFER_ENCODING)) {
                severalCodings |= coding != null;
                coding = field;
            }
        }
        if (coding == null) {
            return length;
        }
        if (length != UNDEFINED) {
            throw new ProtocolException("the response has both Transfer-Encoding and Content-Length");
        }
        if (HttpVersion.HTTP_1_0.equals(message.getVersion())) {
            throw new ProtocolException("an HTTP/1.0 response has Transfer-Encoding");
        }
        if (severalCodings || !"chunked".equalsIgnoreCase(coding.getValue().trim())) {
            throw new NotImplementedException("the response has a transfer coding other than chunked");
        }
        return CHUNKED;
    }

    /**
     * What this field says, which must not differ from others.
     *
     * @param before UNDEFINED where there was none
     */
    private static long agreed(long before, String value) throws ProtocolException {
        long length = before;
        // RFC 9110 §8.6: a list of identical values counts as one.
        for (int from = 0, comma; from <= value.length(); from = comma + 1) {
            comma = value.indexOf(',', from);
            if (comma < 0) {
                comma = value.length();
            }
            long next = parse(value.substring(from, comma).trim());
            if (length != UNDEFINED && next != length) {
                throw new ProtocolException("the response has differing Content-Length values");
            }
            length = next;
        }
        return length;
    }

    private static long parse(String digits) throws ProtocolException {
        // 18 digits always fit a long.
        if (digits.isEmpty() || digits.length() > 18) {
            throw new ProtocolException("the response has an invalid Content-Length");
        }
        for (int i = 0; i < digits.length(); i++) {
            if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
                throw new ProtocolException("the response has an invalid Content-Length");
            }
        }
        return Long.parseLong(digits);
    }
}
