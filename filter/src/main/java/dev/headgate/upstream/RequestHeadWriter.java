package dev.headgate.upstream;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
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

    private byte[] head = new byte[1024];
    private int size;

    @Override
    public void write(ClassicHttpRequest request, SessionOutputBuffer buffer, OutputStream socketOutput)
            throws IOException, HttpException {
        size = 0;
        append(request.getMethod());
        append(" ");
        append(request.getRequestUri());
        append(" HTTP/1.1");
        endLine();
        for (Iterator<Header> fields = request.headerIterator(); fields.hasNext(); ) {
            Header field = fields.next();
            append(field.getName());
            append(": ");
            append(field.getValue());
            endLine();
        }
        endLine();
        buffer.write(head, 0, size, socketOutput);
    }

    private void append(String text) throws ProtocolException {
        int length = text.length();
        reserve(length);
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c == '\r' || c == '\n' || c == 0) {
                throw new ProtocolException("a control character in the request head");
            }
            head[size++] = c > 0xFF ? (byte) '?' : (byte) c;
        }
    }

    private void endLine() {
        reserve(2);
        head[size++] = '\r';
        head[size++] = '\n';
    }

    private void reserve(int more) {
        if (size + more > head.length) {
            head = Arrays.copyOf(head, Math.max(head.length * 2, size + more));
        }
    }
}
