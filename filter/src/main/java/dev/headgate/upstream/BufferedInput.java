package dev.headgate.upstream;

import java.io.IOException;
import java.io.InputStream;

/**
 * Input of which more is read at once than is asked for. Whoever reads a stream that lasts, and waits most of the time, may
 * do without the buffer for that. Belongs to one connection.
 */
abstract class BufferedInput extends InputStream {

    /** A response head and what most services say, by one read. */
    static final int BYTES = 8 * 1024;

    /** Null until it is needed. */
    private byte[] buffer;

    private int next;
    private int end;

    /** Reads from the source, as {@link InputStream#read(byte[], int, int)} does. */
    protected abstract int receive(byte[] into, int offset, int count) throws IOException;

    /** How much has been read ahead. */
    final int buffered() {
        return end - next;
    }

    /**
     * Reads ahead; only while nothing is buffered.
     *
     * @return how much has come; negative: the end
     */
    final int fill() throws IOException {
        if (buffer == null) {
            buffer = new byte[BYTES];
        }
        next = 0;
        end = 0;
        int count = receive(buffer, 0, BYTES);
        end = Math.max(0, count);
        return count;
    }

    /** Takes what is buffered, as far as there is room for it. */
    final int take(byte[] into, int offset, int count) {
        int taken = Math.min(count, buffered());
        System.arraycopy(buffer, next, into, offset, taken);
        next += taken;
        return taken;
    }

    /** Reads to the next line feed, that included, or as far as there is room or has come. Negative: the end. */
    final int readLine(byte[] into, int offset, int count) throws IOException {
        while (buffered() == 0) {
            if (fill() < 0) {
                return -1;
            }
        }
        int most = Math.min(count, buffered());
        int length = 0;
        while (length < most && buffer[next + length++] != '\n') {
            // looks for the end of the line
        }
        return take(into, offset, length);
    }

    /** Whether memory is held to read ahead into. */
    final boolean hasBuffer() {
        return buffer != null;
    }

    /** Does without the buffer until it is of use again; only while nothing is buffered. */
    final void dropBuffer() {
        buffer = null;
    }
}
