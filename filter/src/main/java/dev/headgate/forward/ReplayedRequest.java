package dev.headgate.forward;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A request whose content the gateway has read in part, as the app would have found it: what was read comes first, then
 * what the client still sends. Forms are read from it again; parts of a multipart content cannot be, since the container
 * reads those itself.
 */
final class ReplayedRequest extends HttpServletRequestWrapper {

    private final InputStream content;
    private ServletInputStream stream;
    private BufferedReader reader;
    private Map<String, String[]> parameters;

    /**
     * @param kept what was read
     * @param rest where the rest comes from; null when all of it was read
     */
    ReplayedRequest(HttpServletRequest request, byte[] kept, int keptCount, InputStream rest) {
        super(request);
        InputStream again = new ByteArrayInputStream(kept, 0, keptCount);
        this.content = rest == null ? again : new SequenceInputStream(again, rest);
    }

    @Override
    public ServletInputStream getInputStream() {
        if (reader != null) {
            throw new IllegalStateException("getReader was called before");
        }
        if (stream == null) {
            stream = new Content(content);
        }
        return stream;
    }

    @Override
    public BufferedReader getReader() throws IOException {
        if (stream != null) {
            throw new IllegalStateException("getInputStream was called before");
        }
        if (reader == null) {
            // Without a charset: that of the Servlet specification, §3.12.
            String charset = getCharacterEncoding() == null ? "ISO-8859-1" : getCharacterEncoding();
            reader = new BufferedReader(new InputStreamReader(content, charset));
        }
        return reader;
    }

    @Override
    public Map<String, String[]> getParameterMap() {
        if (parameters == null) {
            parameters = Collections.unmodifiableMap(readParameters());
        }
        return parameters;
    }

    /** Values of the query come before those of the content (Servlet 6.0 §3.1). */
    private Map<String, String[]> readParameters() {
        Map<String, String[]> all = new LinkedHashMap<>(super.getParameterMap());
        if (stream == null && reader == null && RequestContent.isForm(this)) {
            try {
                FormContent.parameters(content.readAllBytes(), this).forEach((name, values) -> {
                    List<String> merged = new ArrayList<>(Arrays.asList(all.getOrDefault(name, new String[0])));
                    merged.addAll(values);
                    all.put(name, merged.toArray(String[]::new));
                });
            } catch (IOException e) {
                throw new IllegalStateException("the client's form could not be read", e);
            }
        }
        return all;
    }

    @Override
    public String getParameter(String name) {
        String[] values = getParameterMap().get(name);
        return values == null || values.length == 0 ? null : values[0];
    }

    @Override
    public Enumeration<String> getParameterNames() {
        return Collections.enumeration(getParameterMap().keySet());
    }

    @Override
    public String[] getParameterValues(String name) {
        String[] values = getParameterMap().get(name);
        return values == null ? null : values.clone();
    }

    /** Blocking only: what is left of the content is read as the app asks for it. */
    private static final class Content extends ServletInputStream {

        private final InputStream content;
        private boolean finished;

        Content(InputStream content) {
            this.content = content;
        }

        @Override
        public int read() throws IOException {
            int next = content.read();
            finished |= next < 0;
            return next;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = content.read(buffer, offset, length);
            finished |= count < 0;
            return count;
        }

        @Override
        public int available() throws IOException {
            return content.available();
        }

        @Override
        public boolean isFinished() {
            return finished;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new IllegalStateException("content that is replayed can only be read in the blocking way");
        }
    }
}
