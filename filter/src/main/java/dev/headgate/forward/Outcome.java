package dev.headgate.forward;

import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.OriginState;
import dev.headgate.upstream.Upstream;

/** What an attempt's end says about its origin. */
final class Outcome {

    private Outcome() {}

    /** An attempt ended without a response. */
    static void failed(Upstream upstream, Origin origin, GatewayFailure failure) {
        if (failure.kind().side() == FailureKind.Side.UPSTREAM) {
            upstream.failed(origin, new OriginState.Failure(failure.kind(), failure.getMessage()));
        } else {
            // A client that left, or a full pool: neither praise nor blame.
            upstream.undecided(origin);
        }
    }

    /**
     * A response came to its end.
     *
     * @param whole whether all of its content was read; where it was not, nobody knows how the rest would have gone
     */
    static void answered(Upstream upstream, Origin origin, int status, boolean whole) {
        if (isFailure(status)) {
            upstream.failed(origin, new OriginState.Failure(null, "it answered " + status));
        } else if (whole) {
            upstream.succeeded(origin);
        } else {
            upstream.undecided(origin);
        }
    }

    static boolean isFailure(int status) {
        return status == 500 || status == 502 || status == 503 || status == 504;
    }
}
