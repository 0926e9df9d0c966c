package dev.headgate.forward;

import jakarta.servlet.http.HttpServletResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a response held before the origin's fields went onto it. Filters above may have set fields or a new session's
 * cookie, which a plain {@code reset} would lose with the rest.
 */
final class FieldSnapshot {

    private final int status;
    private final Map<String, List<String>> fields;

    FieldSnapshot(HttpServletResponse response) {
        status = response.getStatus();
        var names = response.getHeaderNames();
        if (names.isEmpty()) {
            fields = Map.of();
        } else {
            fields = new LinkedHashMap<>();
            names.forEach(name -> fields.put(name, new ArrayList<>(response.getHeaders(name))));
        }
    }

    /** Only before the response is committed. */
    void restore(HttpServletResponse response) {
        response.reset();
        response.setStatus(status);
        fields.forEach((name, values) -> {
            response.setHeader(name, values.get(0));
            values.stream().skip(1).forEach(value -> response.addHeader(name, value));
        });
    }
}
