package dev.headgate.config;

import java.util.List;
import java.util.Map;

/**
 * What a route changes in the fields of both messages. Removal comes first, then set, then add. A value may hold
 * variables: <code>${principal}</code>, <code>${role.NAME}</code>, <code>${session.NAME}</code>,
 * <code>${header.NAME}</code>, <code>${path.NAME}</code>, <code>${request-id}</code>, and for responses
 * <code>${attempts}</code>.
 *
 * @param requestSet field name to value; whatever the client sent under that name is dropped, also where the value
 *     turns out to be empty
 * @param requestAdd field name to value, beside what the client sent
 * @param requestRemove names of fields that the origin never sees
 * @param responseSet like requestSet, towards the client
 * @param responseAdd like requestAdd, towards the client
 * @param responseRemove names of fields that the client never sees
 */
public record FieldConfig(
        Map<String, String> requestSet,
        Map<String, String> requestAdd,
        List<String> requestRemove,
        Map<String, String> responseSet,
        Map<String, String> responseAdd,
        List<String> responseRemove) {

    public FieldConfig {
        requestSet = Ordered.copyOf(requestSet);
        requestAdd = Ordered.copyOf(requestAdd);
        requestRemove = List.copyOf(requestRemove);
        responseSet = Ordered.copyOf(responseSet);
        responseAdd = Ordered.copyOf(responseAdd);
        responseRemove = List.copyOf(responseRemove);
    }
}
