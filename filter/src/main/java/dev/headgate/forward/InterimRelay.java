package dev.headgate.forward;

import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;

/**
 * Passes interim responses on where the container offers a way. The Servlet API 6 has none; Jetty and Tomcat send 103
 * with the fields set so far when {@code sendError(103)} is called, Jetty likewise 102. To any other container that
 * call would be an error response, so there interim responses are dropped, as RFC 9110 §15.2 allows.
 */
final class InterimRelay {

    private final boolean earlyHints;
    private final boolean processing;

    InterimRelay(ServletContext context) {
        String server = String.valueOf(context.getServerInfo()).toLowerCase(Locale.ROOT);
        boolean jetty = server.startsWith("jetty/");
        earlyHints = jetty || server.startsWith("apache tomcat/");
        processing = jetty;
    }

    void relay(ClassicHttpResponse interim, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        int status = interim.getCode();
        if (request.getProtocol().equals("HTTP/1.0")) {
            return; // RFC 9110 §15.2: never to such a client
        }
        if (response.isCommitted() || !(status == 103 ? earlyHints : status == 102 && processing)) {
            return;
        }
        if (status == 102) {
            response.sendError(status);
            return;
        }
        // The hints go out with whatever is set, and must not stay for the final response.
        ClientHead hints = new ClientHead(response);
        Set<String> named = new HashSet<>();
        for (Header field : interim.getHeaders("Connection")) {
            FieldNames.addNamed(field.getValue(), named);
        }
        Set<String> sent = new HashSet<>();
        for (Header field : interim.getHeaders()) {
            String lower = FieldNames.lower(field.getName());
            if (!FieldNames.mayBeTrailer(lower) || named.contains(lower)) {
                continue; // what frames, routes or sets something is for the final response to say
            }
            if (sent.add(lower)) {
                hints.set(field.getName(), field.getValue());
            } else {
                hints.add(field.getName(), field.getValue());
            }
        }
        if (sent.isEmpty()) {
            return;
        }
        response.sendError(status);
        hints.undo();
    }
}
