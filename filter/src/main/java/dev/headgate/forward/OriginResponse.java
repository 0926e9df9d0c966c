package dev.headgate.forward;

import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.OriginConnection;
import dev.headgate.upstream.Upstream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hc.core5.http.ClassicHttpResponse;

/**
 * An origin's response with its head received and its content still to come. Closing it ends the attempt and tells the
 * upstream how it went. Belongs to the thread that runs the exchange.
 */
final class OriginResponse implements AutoCloseable {

    private final Upstream upstream;
    private final Origin origin;
    private final String sentHost;
    private final OriginConnection connection;
    private final Exchange.Wait wait;
    private final ClassicHttpResponse head;
    private final Attempt attempt;
    private GatewayFailure failure;
    private boolean complete;

    OriginResponse(
            Upstream upstream,
            Origin origin,
            String sentHost,
            OriginConnection connection,
            Exchange.Wait wait,
            ClassicHttpResponse head,
            Attempt attempt) {
        this.upstream = upstream;
        this.origin = origin;
        this.sentHost = sentHost;
        this.connection = connection;
        this.wait = wait;
        this.head = head;
        this.attempt = attempt;
    }

    ClassicHttpResponse head() {
        return head;
    }

    Origin origin() {
        return origin;
    }

    /** The {@code Host} that the origin was sent, and may call itself. */
    String sentHost() {
        return sentHost;
    }

    Attempt attempt() {
        return attempt;
    }

    OriginConnection connection() {
        return connection;
    }

    /** Bytes of content that are announced, also where none follows (HEAD); -1: not announced. */
    long contentLength() {
        if (head.getEntity() != null) {
            return head.getEntity().getContentLength();
        }
        var length = head.getFirstHeader("Content-Length");
        // Several equal ones were let through.
        return length == null
                ? -1
                : Long.parseLong(length.getValue().split(",")[0].trim());
    }

    /** The content; only where the head has any. */
    InputStream content(OriginConnection.BeforeBlocking hook) throws GatewayFailure {
        try {
            return connection.content(hook);
        } catch (IOException e) {
            throw connection.contentFailure(e, 0);
        }
    }

    /** All content has been read. */
    void completed() {
        complete = true;
        connection.responseComplete();
    }

    /** Reading or delivering the content failed. */
    void failed(GatewayFailure reason) {
        failure = reason;
    }

    @Override
    public void close() {
        // Before the pool has the connection back: from then on it is another exchange's.
        wait.close();
        connection.close();
        if (failure != null) {
            Outcome.failed(upstream, origin, failure);
        } else {
            Outcome.answered(upstream, origin, head.getCode(), complete || head.getEntity() == null);
        }
    }
}
