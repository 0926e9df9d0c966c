package dev.headgate.forward;

import dev.headgate.exchange.Fields;
import dev.headgate.upstream.Origin;
import java.util.ArrayList;
import java.util.List;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.message.BasicHeader;

/**
 * What origins are asked in one exchange, whichever origin it is. Each attempt starts from it anew, so no attempt leaves
 * a trace in the next. Immutable but for its content, which knows how much of it can be had again.
 *
 * @param target the mapped path, which may be empty, and the query, below an origin's base path
 * @param host the {@code Host} field; null for the origin's own
 * @param fields all other fields, framing included, in the order in which they are sent
 * @param content never null; may be empty
 */
record OutgoingRequest(
        String method,
        String target,
        String host,
        List<Header> fields,
        RequestContent content,
        boolean expectsContinue) {

    /** The same with these fields, framing included. */
    OutgoingRequest withFields(Fields changed) {
        List<Header> headers = new ArrayList<>(changed.size());
        changed.forEach(line -> headers.add(new BasicHeader(line.name(), line.value())));
        return new OutgoingRequest(method, target, host, headers, content, expectsContinue);
    }

    /** Whether an origin may get it twice without harm (RFC 9110 §9.2.2). */
    boolean isIdempotent() {
        return switch (method) {
            case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "QUERY", "PROPFIND", "REPORT", "SEARCH" -> true;
            default -> false;
        };
    }

    boolean isHead() {
        return method.equals("HEAD");
    }

    /** The {@code Host} that an origin is sent. */
    String hostFor(Origin origin) {
        return host == null ? origin.config().authority() : host;
    }

    /**
     * The request for one attempt.
     *
     * @param told what this attempt says beside, in place of fields of the same names
     */
    ClassicHttpRequest at(Origin origin, Fields told) {
        String whole = origin.config().basePath() + target;
        ClassicHttpRequest request = new UpstreamRequest(method, whole.startsWith("/") ? whole : "/" + whole);
        request.addHeader(new BasicHeader("Host", hostFor(origin)));
        for (Header field : fields) {
            if (told.size() == 0 || !told.has(field.getName())) {
                request.addHeader(field);
            }
        }
        for (Fields.Line line : told) {
            request.addHeader(new BasicHeader(line.name(), line.value()));
        }
        if (content.isPresent()) {
            request.setEntity(content);
        }
        return request;
    }
}
