package dev.headgate.forward;

import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.Upstream;

/** What an attempt's end says about its origin. */
final class Outcome {

    private Outcome() {}

    /**
     * Tells the upstream.
     *
     * @param failure null where there was none
     * @param status the final status; 0 where the response was left unfinished for no fault of the origin
     */
    static void report(Upstream upstream, Origin origin, GatewayFailure failure, int status) {
        if (failure != null && failure.kind().side() == FailureKind.Side.UPSTREAM) {
            upstream.failed(origin, failure.getMessage());
        } else if (failure != null) {
            // A client that left, or a full pool: neither praise nor blame.
            upstream.undecided(origin);
        } else if (isFailure(status)) {
            upstream.failed(origin, "it answered " + status);
        } else if (status == 0) {
            upstream.undecided(origin);
        } else {
            upstream.succeeded(origin);
        }
    }

    private static boolean isFailure(int status) {
        return status == 500 || status == 502 || status == 503 || status == 504;
    }
}
