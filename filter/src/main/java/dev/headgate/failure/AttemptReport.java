package dev.headgate.failure;

import java.net.URI;

/**
 * What became of one attempt, for those who may know.
 *
 * @param origin as configured, such as {@code http://a:8080}
 * @param stage how far it came, in a word
 * @param millis how long it took
 * @param status the final status that came; 0: none
 * @param unsent whether the origin cannot have received anything of the request
 * @param kind how it failed; null when it did not
 * @param message what happened, for operators; null when it did not fail
 */
public record AttemptReport(
        String origin, String stage, long millis, int status, boolean unsent, FailureKind kind, String message) {

    /** The origin's host, in brackets where it is an IPv6 address; what cannot be read stays as it is. */
    String host() {
        try {
            String host = URI.create(origin).getHost();
            return host == null ? origin : host;
        } catch (IllegalArgumentException e) {
            return origin;
        }
    }

    int port() {
        try {
            URI uri = URI.create(origin);
            return uri.getPort() > 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
        } catch (IllegalArgumentException e) {
            return 80;
        }
    }

    boolean secure() {
        return origin.startsWith("https:");
    }
}
