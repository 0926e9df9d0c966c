package dev.headgate.upstream;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.io.HttpMessageWriter;
import org.apache.hc.core5.http.io.SessionOutputBuffer;

/**
 * Writes a request head: every character up to 0xFF as the one byte that it stands for, and nothing that would end a
 * line early. Belongs to one connection.
 */
final class RequestHeadWriter implements HttpMessageWriter<ClassicHttpRequest> {

    private final StringBuilder head = new StringBuilder(1024);

    @Override
    public void write(ClassicHttpRequest request, SessionOutputBuffer buffer, OutputStream socketOutput)
            throws IOException, HttpException {
        head.setLength(0);
        head.append(request.getMethod()).append(' ').append(request.getRequestUri());
        head.append(" HTTP/1.1\r\n");
        int lines = 2;
        for (Iterator<Header> fields = request.headerIterator(); fields.hasNext(); lines++) {
            Header field = fields.next();
            head.append(field.getName()).append(": ").append(field.getValue());
            head.append("\r\n");
        }
        head.append("\r\n");
        byte[] bytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
        if (controls(bytes) != 2 * lines) {
            throw new ProtocolException("a control character in the request head");
        }
        buffer.write(bytes, 0, bytes.length, socketOutput);
    }

    /** How many characters that end or cut a line there are: CR, LF and NUL. */
    private static int controls(byte[] bytes) {
        int count = 0;
        for (byte b : bytes) {
            if (b <= '\r' && (b == '\r' || b == '\n' || b == 0)) {
                count++;
            }
        }
        return count;
    }
}
