package dev.headgate.testing;

import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawMessage.Framing;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** One end of a TCP connection: sends exact bytes, reads messages without mending them. */
public class RawConnection implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final CountDownLatch closedByPeer = new CountDownLatch(1);

    /** Whether the line end after the last chunk's data is still to be read: Jetty sends it with the next chunk. */
    private boolean chunkOpen;

    RawConnection(Socket socket) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(PATIENCE_MILLIS);
        in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
        out = socket.getOutputStream();
    }

    /** Sends each char as one byte. */
    public void send(String latin1) throws IOException {
        send(latin1.getBytes(StandardCharsets.ISO_8859_1));
    }

    public void send(byte[] bytes) throws IOException {
        try {
            out.write(bytes);
            out.flush();
        } catch (SocketException e) {
            closedByPeer.countDown();
            throw e;
        }
    }

    public void sendChunk(String latin1) throws IOException {
        send(Integer.toHexString(latin1.length()) + "\r\n" + latin1 + "\r\n");
    }

    public void sendLastChunk() throws IOException {
        send("0\r\n\r\n");
    }

    /** Ends our direction and leaves the other one open. */
    public void halfClose() throws IOException {
        socket.shutdownOutput();
    }

    /** Breaks the connection with RST instead of FIN. */
    public void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** The port at this end. */
    public int localPort() {
        return socket.getLocalPort();
    }

    /** Whether a read or write of ours has met the end that the peer put to the connection. */
    public boolean closedByPeer() {
        return closedByPeer.getCount() == 0;
    }

    /** Waits until {@link #closedByPeer()}; somebody else must be reading. */
    public boolean awaitClosedByPeer(long millis) throws InterruptedException {
        return closedByPeer.await(millis, TimeUnit.MILLISECONDS);
    }

    /**
     * Reads until the peer closes or resets.
     *
     * @return what came before that
     * @throws SocketTimeoutException when ten seconds passed without a byte
     */
    public String readToEnd() throws IOException {
        ByteArrayOutputStream rest = new ByteArrayOutputStream();
        try {
            for (int b = in.read(); b >= 0; b = in.read()) {
                rest.write(b);
            }
        } catch (SocketException e) {
            // A reset is an end as well.
        }
        closedByPeer.countDown();
        return rest.toString(StandardCharsets.ISO_8859_1);
    }

    /** Whether the peer has sent something which nobody has read. */
    public boolean hasUnread() throws IOException {
        return in.available() > 0;
    }

    /**
     * Reads one line.
     *
     * @return the line with its end as it came; null when the peer closed before the first byte
     * @throws EOFException when the peer closed within the line
     */
    String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            int b = readByte();
            if (b < 0) {
                if (line.size() == 0) {
                    return null;
                }
                throw new EOFException("cut within the line " + line.toString(StandardCharsets.ISO_8859_1));
            }
            line.write(b);
            if (b == '\n') {
                return line.toString(StandardCharsets.ISO_8859_1);
            }
        }
    }

    private int readByte() throws IOException {
        try {
            int b = in.read();
            if (b < 0) {
                closedByPeer.countDown();
            }
            return b;
        } catch (SocketException e) {
            closedByPeer.countDown();
            throw e;
        }
    }

    /** Reads up to and with the empty line; null when the peer closed before the first byte. */
    RawMessage readMessageHead() throws IOException {
        StringBuilder head = new StringBuilder();
        while (true) {
            String line = readLine();
            if (line == null) {
                if (head.length() == 0) {
                    return null;
                }
                throw new EOFException("cut within the head: " + head);
            }
            head.append(line);
            if (line.equals("\r\n")) {
                return new RawMessage(head.toString());
            }
        }
    }

    /** Reads the content to its end or to where it was cut, which the message then tells. Never throws for a cut. */
    void readContent(RawMessage message, Framing framing) throws IOException {
        message.framedBy(framing);
        try {
            switch (framing) {
                case NONE -> {}
                case LENGTH -> readLength(message, Long.parseLong(message.field("Content-Length")));
                case CHUNKED -> {
                    while (readOneChunk(message)) {
                        // Until the last one.
                    }
                }
                case UNTIL_CLOSE -> readLength(message, Long.MAX_VALUE);
                default -> throw new AssertionError(framing);
            }
            message.ended(Ending.COMPLETE);
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            message.ended(Ending.CUT);
        }
    }

    /** Reads one chunk into the message; false when it was the last, with its trailers. */
    boolean readOneChunk(RawMessage message) throws IOException {
        if (chunkOpen) {
            chunkOpen = false;
            if (!"\r\n".equals(readLine())) {
                throw new EOFException("cut after a chunk");
            }
        }
        String line = readLine();
        if (line == null || !line.endsWith("\r\n")) {
            throw new EOFException("cut before a chunk");
        }
        int size;
        try {
            size = Integer.parseInt(line.strip().split(";")[0].strip(), 16);
        } catch (NumberFormatException e) {
            throw new IOException("not a chunk: " + line, e);
        }
        if (size == 0) {
            for (String trailer = readLine(); !"\r\n".equals(trailer); trailer = readLine()) {
                if (trailer == null) {
                    throw new EOFException("cut within the trailers");
                }
                message.receivedTrailer(trailer.substring(0, trailer.length() - 2));
            }
            return false;
        }
        byte[] data = new byte[size];
        int read = 0;
        while (read < size) {
            int n = readSome(data, read, size - read);
            if (n < 0) {
                message.received(Arrays.copyOf(data, read));
                throw new EOFException("cut within a chunk");
            }
            read += n;
        }
        message.received(data);
        chunkOpen = true;
        return true;
    }

    /** Reads that many bytes of content; with {@link Long#MAX_VALUE} all until the peer closes. */
    void readLength(RawMessage message, long length) throws IOException {
        byte[] buffer = new byte[64 * 1024];
        for (long left = length; left > 0; ) {
            int n = readSome(buffer, 0, (int) Math.min(buffer.length, left));
            if (n < 0) {
                if (length == Long.MAX_VALUE) {
                    return;
                }
                throw new EOFException("cut with " + left + " bytes missing");
            }
            message.received(Arrays.copyOf(buffer, n));
            left -= n;
        }
    }

    private int readSome(byte[] buffer, int offset, int length) throws IOException {
        try {
            int n = in.read(buffer, offset, length);
            if (n < 0) {
                closedByPeer.countDown();
            }
            return n;
        } catch (SocketException e) {
            closedByPeer.countDown();
            throw e;
        }
    }
}
