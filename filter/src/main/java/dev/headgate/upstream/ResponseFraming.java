package dev.headgate.upstream;

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
        Header[] codings = message.getHeaders(HttpHeaders.TRANSFER_ENCODING);
        Header[] lengths = message.getHeaders(HttpHeaders.CONTENT_LENGTH);
        if (codings.length == 0) {
            return lengths.length == 0 ? UNDEFINED : length(lengths);
        }
        if (lengths.length > 0) {
            throw new ProtocolException("the response has both Transfer-Encoding and Content-Length");
        }
        if (HttpVersion.HTTP_1_0.equals(message.getVersion())) {
            throw new ProtocolException("an HTTP/1.0 response has Transfer-Encoding");
        }
        if (codings.length > 1
                || !"chunked".equalsIgnoreCase(codings[0].getValue().trim())) {
            throw new NotImplementedException("the response has a transfer coding other than chunked");
        }
        return CHUNKED;
    }

    private static long length(Header[] fields) throws ProtocolException {
        long length = -1;
        for (Header field : fields) {
            // RFC 9110 §8.6: a list of identical values counts as one.
            for (String value : field.getValue().split(",", -1)) {
                long next = parse(value.trim());
                if (length >= 0 && next != length) {
                    throw new ProtocolException("the response has differing Content-Length values");
                }
                length = next;
            }
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
