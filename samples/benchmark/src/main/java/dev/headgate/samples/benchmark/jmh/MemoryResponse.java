package dev.headgate.samples.benchmark.jmh;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.lang.reflect.Proxy;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A response that counts what is written to it, and forgets it. */
public final class MemoryResponse extends HttpServletResponseWrapper {

    private static final HttpServletResponse NOTHING = (HttpServletResponse) Proxy.newProxyInstance(
            MemoryResponse.class.getClassLoader(),
            new Class<?>[] {HttpServletResponse.class},
            (proxy, method, arguments) -> {
                throw new UnsupportedOperationException(method.toString());
            });

    private final Map<String, String> fields = new LinkedHashMap<>();
    private int status = 200;
    private long written;

    private final ServletOutputStream output = new ServletOutputStream() {
        @Override
        public void write(int b) {
            written++;
        }

        @Override
        public void write(byte[] bytes, int offset, int count) {
            written += count;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setWriteListener(WriteListener listener) {
            throw new UnsupportedOperationException();
        }
    };

    public MemoryResponse() {
        super(NOTHING);
    }

    /** Bytes of content so far. */
    public long written() {
        return written;
    }

    @Override
    public void setStatus(int newStatus) {
        status = newStatus;
    }

    @Override
    public int getStatus() {
        return status;
    }

    @Override
    public String getCharacterEncoding() {
        return "ISO-8859-1";
    }

    @Override
    public void setHeader(String name, String value) {
        fields.put(name, value);
    }

    @Override
    public void addHeader(String name, String value) {
        fields.merge(name, value, (before, more) -> before + ", " + more);
    }

    @Override
    public boolean containsHeader(String name) {
        return fields.containsKey(name);
    }

    @Override
    public String getHeader(String name) {
        return fields.get(name);
    }

    @Override
    public Collection<String> getHeaders(String name) {
        String value = fields.get(name);
        return value == null ? List.of() : List.of(value);
    }

    @Override
    public Collection<String> getHeaderNames() {
        return fields.keySet();
    }

    @Override
    public void setContentLengthLong(long length) {
        fields.put("Content-Length", Long.toString(length));
    }

    @Override
    public void setContentLength(int length) {
        setContentLengthLong(length);
    }

    @Override
    public void setContentType(String type) {
        fields.put("Content-Type", type);
    }

    @Override
    public boolean isCommitted() {
        return written > 0;
    }

    @Override
    public void flushBuffer() {}

    @Override
    public void reset() {
        fields.clear();
        status = 200;
    }

    @Override
    public ServletOutputStream getOutputStream() {
        return output;
    }
}
