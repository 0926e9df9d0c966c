package dev.headgate.observe;

import dev.headgate.exchange.ExchangeListener;
import java.util.Optional;

/** Spans of OpenTelemetry, where its API is on the app's class path; where it is not, none of its classes is asked for. */
final class Tracing {

    private static final String API = "io.opentelemetry.api.GlobalOpenTelemetry";

    private Tracing() {}

    /**
     * What makes the spans; empty where the API is missing.
     *
     * @param sessionCookie the name of the app's session cookie
     */
    public static Optional<ExchangeListener> of(ManagedGateway gateway, String sessionCookie) {
        try {
            Class.forName(API, false, Tracing.class.getClassLoader());
        } catch (ClassNotFoundException | LinkageError e) {
            return Optional.empty();
        }
        return Optional.of(new Spans(gateway, sessionCookie));
    }
}
