package dev.headgate.forward;

import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The head of the response to the client while the exchange may still fail: what was put on it can be taken off again.
 * Filters above may have set fields or a new session's cookie, which a plain {@code reset} would lose with the rest.
 *
 * <p>It remembers what it changes, and not all that there was: asking Tomcat for six fields takes 1 µs of the 50 that a
 * small exchange takes. One exchange's, not shared.
 */
final class ClientHead {

    private static final Logger LOG = LoggerFactory.getLogger(ClientHead.class);

    private final HttpServletResponse response;
    private final int statusBefore;

    /** The name of each field line that was put on. */
    private final List<String> put = new ArrayList<>(8);

    /** What fields held before they were put on, by name in lower case. */
    private Map<String, List<String>> before = Map.of();

    ClientHead(HttpServletResponse response) {
        this.response = response;
        this.statusBefore = response.getStatus();
    }

    void status(int status) {
        response.setStatus(status);
    }

    /** Puts a field in place of all of its name. */
    void set(String name, String value) {
        remember(name);
        if (name.equalsIgnoreCase("Content-Type")) {
            forgetEncoding();
        }
        response.setHeader(name, value);
    }

    /** Many a filter sets an encoding for all that follows, and the container would add it to whatever type the origin says. */
    private void forgetEncoding() {
        String encoding = response.getCharacterEncoding();
        if (encoding != null && !encoding.equalsIgnoreCase("ISO-8859-1")) { // which stands for none
            try {
                response.setCharacterEncoding((String) null);
            } catch (RuntimeException e) {
                LOG.debug("The container adds its own encoding: only from Servlet 6.1 on it has to take null", e);
            }
        }
    }

    /** Puts a field beside those of its name. */
    void add(String name, String value) {
        remember(name);
        response.addHeader(name, value);
    }

    /** Says how many bytes of content follow. Filters above that are older than Servlet 3.1 only know the first way. */
    static void length(HttpServletResponse response, long length) {
        if (length <= Integer.MAX_VALUE) {
            response.setContentLength((int) length);
        } else {
            response.setContentLengthLong(length);
        }
    }

    private void remember(String name) {
        if (response.containsHeader(name) && !isPut(name)) {
            if (before.isEmpty()) {
                before = new HashMap<>();
            }
            before.put(FieldNames.lower(name), List.copyOf(response.getHeaders(name)));
        }
        put.add(name);
    }

    private boolean isPut(String name) {
        for (String other : put) {
            if (other.equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    /** Takes everything off again, buffered content too; only before the response is committed. */
    void undo() {
        Map<String, List<String>> fields = new HashMap<>();
        List<String> names = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String name : response.getHeaderNames()) {
            String lower = FieldNames.lower(name);
            if (seen.add(lower)) { // Tomcat names a field once for every line
                names.add(name);
                fields.put(
                        name,
                        isPut(name) ? before.getOrDefault(lower, List.of()) : List.copyOf(response.getHeaders(name)));
            }
        }
        response.reset();
        response.setStatus(statusBefore);
        for (String name : names) {
            boolean first = true;
            for (String value : fields.get(name)) {
                if (first) {
                    response.setHeader(name, value); // in place of what the container sets by itself
                    first = false;
                } else {
                    response.addHeader(name, value);
                }
            }
        }
    }
}
