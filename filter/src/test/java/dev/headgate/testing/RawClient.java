package dev.headgate.testing;

import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawMessage.Framing;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** A client that sends exact bytes and reads exactly what comes back. Reads give up after ten silent seconds. */
public final class RawClient extends RawConnection {

    private RawClient(Socket socket) throws IOException {
        super(socket);
    }

    public static RawClient connect(int port) throws IOException {
        return new RawClient(new Socket(InetAddress.getByName("127.0.0.1"), port));
    }

    /** Sends the request and reads its response; the method in it tells whether content may follow. */
    public RawMessage exchange(String request) throws IOException {
        send(request);
        return request.startsWith("HEAD ") ? readResponseToHead() : readResponse();
    }

    /** A GET with the target as it stands, a Host, and the given field lines (without their line ends). */
    public RawMessage get(String target, String... fieldLines) throws IOException {
        return exchange(request("GET", target, fieldLines) + "\r\n");
    }

    /** A POST with Content-Length. */
    public RawMessage post(String target, String content, String... fieldLines) throws IOException {
        return exchange(
                request("POST", target, fieldLines) + "Content-Length: " + content.length() + "\r\n\r\n" + content);
    }

    /** A request line, a Host line and these field lines; the empty line is still to come. */
    public static String request(String method, String target, String... fieldLines) {
        StringBuilder head = new StringBuilder(method + " " + target + " HTTP/1.1\r\nHost: app.test\r\n");
        for (String line : fieldLines) {
            head.append(line).append("\r\n");
        }
        return head.toString();
    }

    /** Reads interim responses and one final response with its content, to the end or the cut. */
    public RawMessage readResponse() throws IOException {
        RawMessage response = readResponseHead();
        readRest(response);
        return response;
    }

    /** Like {@link #readResponse()} for the answer to a HEAD, which has no content whatever its fields say. */
    public RawMessage readResponseToHead() throws IOException {
        RawMessage response = readResponseHead();
        response.ended(Ending.COMPLETE);
        return response;
    }

    /** Reads interim responses and the head of the final one. */
    public RawMessage readResponseHead() throws IOException {
        List<RawMessage> interim = new ArrayList<>();
        while (true) {
            RawMessage response = readMessageHead();
            if (response == null) {
                throw new EOFException("closed without a response");
            }
            if (response.status() >= 200 || response.status() == 101) {
                response.precededBy(interim);
                response.framedBy(framing(response));
                return response;
            }
            interim.add(response);
        }
    }

    /** Reads one interim response. */
    public RawMessage readInterim() throws IOException {
        RawMessage response = readMessageHead();
        if (response == null || response.status() >= 200) {
            throw new AssertionError("no interim response but " + response);
        }
        return response;
    }

    /** Reads what is missing of a response whose head has been read. */
    public void readRest(RawMessage response) throws IOException {
        readContent(response, framing(response));
    }

    /** Reads one chunk of a chunked response; its data, or null when it was the last. */
    public String readChunk(RawMessage response) throws IOException {
        if (response.framing() != Framing.CHUNKED) {
            throw new AssertionError("not chunked: " + response.head());
        }
        return readOneChunk(response)
                ? response.pieces().get(response.pieces().size() - 1).data()
                : null;
    }

    private static Framing framing(RawMessage response) {
        if (response.status() < 200 || response.status() == 204 || response.status() == 304) {
            return Framing.NONE;
        }
        if (response.has("Transfer-Encoding")) {
            if (response.has("Content-Length")) {
                throw new AssertionError("two framings: " + response.head());
            }
            return Framing.CHUNKED;
        }
        return response.has("Content-Length") ? Framing.LENGTH : Framing.UNTIL_CLOSE;
    }
}
