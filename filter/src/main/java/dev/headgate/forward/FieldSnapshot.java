package dev.headgate.forward;

import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * What a response held before the origin's fields went onto it. Filters above may have set fields or a new session's
 * cookie, which a plain {@code reset} would lose with the rest.
 */
final class FieldSnapshot {

    private final int status;

    /** Names at even places, each followed by one of its values: made for every exchange, and hardly ever needed. */
    private final List<String> fields;

    FieldSnapshot(HttpServletResponse response) {
        status = response.getStatus();
        Collection<String> names = response.getHeaderNames();
        if (names.isEmpty()) {
            fields = List.of();
            return;
        }
        fields = new ArrayList<>(2 * names.size() + 2);
        for (String name : names) {
            for (String value : response.getHeaders(name)) {
                fields.add(name);
                fields.add(value);
            }
        }
    }

    /** Only before the response is committed. */
    void restore(HttpServletResponse response) {
        response.reset();
        response.setStatus(status);
        for (int i = 0; i < fields.size(); i += 2) {
            String name = fields.get(i);
            if (i > 0 && name.equals(fields.get(i - 2))) {
                response.addHeader(name, fields.get(i + 1));
            } else {
                response.setHeader(name, fields.get(i + 1)); // in place of what the container sets by itself
            }
        }
    }
}
