package dev.headgate.failure;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Failures with something to hide. */
final class Reports {

    static final String HOST = "inner-7.corp.example";
    static final String SECRET = "<script>alert('x')</script> \"quoted\" at " + HOST;
    static final String ID = "7f3a9c52e1b04d68";

    private Reports() {}

    static FailureReport of(FailureKind kind) {
        return of(kind, false);
    }

    static FailureReport of(FailureKind kind, boolean detailed) {
        GatewayFailure failure = new GatewayFailure(kind, SECRET, new IllegalStateException(SECRET));
        return of(failure, detailed);
    }

    static FailureReport of(GatewayFailure failure, boolean detailed) {
        String origin = "https://" + HOST + ":8443";
        FailureKind first = FailureKind.CONNECTION_REFUSED;
        return new FailureReport(
                failure,
                ID,
                "orders",
                List.of(
                        new AttemptReport(origin, "connect", 12, 0, true, first, origin + " refused the connection"),
                        new AttemptReport(origin, "response", 340, 0, false, failure.kind(), SECRET)),
                Duration.ofMillis(352),
                Instant.parse("2026-11-23T02:11:00.123Z"),
                detailed);
    }
}
