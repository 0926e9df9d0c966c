package dev.headgate.forward;

import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.io.IOException;
import java.io.InputStream;

/** The client's content, which may not be longer than its route allows, nor come slower. One exchange's, not shared. */
final class ClientInput extends InputStream {

    private final InputStream in;
    private final long most;
    private final Pace pace;
    private long received;

    /** @param most in bytes; 0: no limit */
    ClientInput(InputStream in, long most, Pace pace) {
        this.in = in;
        this.most = most;
        this.pace = pace;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        pace.begin();
        int count = in.read(buffer, offset, length);
        received += Math.max(0, count);
        if (most > 0 && received > most) {
            throw new GatewayFailure(
                    FailureKind.CONTENT_TOO_LARGE, "the content is longer than " + most + " bytes (request.max-size)");
        }
        if (!pace.end(count) && count >= 0) {
            throw new GatewayFailure(
                    FailureKind.CLIENT_TOO_SLOW,
                    "the client sent " + received + " bytes of content too slowly (request.min-rate)");
        }
        return count;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }
}
