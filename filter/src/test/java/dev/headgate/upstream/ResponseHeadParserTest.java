package dev.headgate.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;
import org.junit.jupiter.api.Test;

/** Heads that follow one another on a connection, of which the parser remembers lines. */
class ResponseHeadParserTest {

    private final ResponseHeadParser parser = new ResponseHeadParser(65_536, 200);

    private List<String> parse(String... lines) throws Exception {
        return parse(BufferedInput.BYTES, lines);
    }

    private List<String> parse(int piece, String... lines) throws Exception {
        String head = "HTTP/1.1 200 OK\r\n" + String.join("\r\n", lines) + "\r\n\r\n";
        Header[] fields = parser.parse(new SessionInputBufferImpl(1024), new Arriving(head, piece))
                .getHeaders();
        return Arrays.stream(fields)
                .map(field -> field.getName() + "=" + field.getValue())
                .toList();
    }

    @Test
    void headsThatDifferInOneLineAreReadAsTheyCome() throws Exception {
        assertThat(parse("A: 1", "B: 2", "C: 3")).containsExactly("A=1", "B=2", "C=3");
        assertThat(parse("A: 1", "B: 22", "C: 3")).containsExactly("A=1", "B=22", "C=3");
        assertThat(parse("A: 1", "C: 3")).containsExactly("A=1", "C=3");
        assertThat(parse("a: 1", "B: 2", "C: 3", "D: 4")).containsExactly("a=1", "B=2", "C=3", "D=4");
        assertThat(parse("A: 1")).containsExactly("A=1");
    }

    @Test
    void lineFoldedInOneHeadIsWholeInTheNext() throws Exception {
        assertThat(parse("A: 1", "B: 2")).containsExactly("A=1", "B=2");
        assertThat(parse("A: 1", "  more", "B: 2")).containsExactly("A=1 more", "B=2");
        assertThat(parse("A: 1", "B: 2")).containsExactly("A=1", "B=2");
    }

    @Test
    void lineThatOnlyBeginsLikeTheLastOneIsNotTakenForIt() throws Exception {
        assertThat(parse("A: 1")).containsExactly("A=1");
        assertThat(parse("A: 12")).containsExactly("A=12");
        assertThat(parse("A: ")).containsExactly("A=");
    }

    @Test
    void longLinesAndLateLinesAreReadAnew() throws Exception {
        String[] lines = new String[40];
        for (int i = 0; i < lines.length; i++) {
            lines[i] = "F" + i + ": " + "x".repeat(i * 10);
        }
        List<String> first = parse(lines);
        assertThat(first).hasSize(40).contains("F39=" + "x".repeat(390));
        assertThat(parse(lines)).isEqualTo(first);
    }

    @Test
    void invalidLineIsRefusedHoweverOftenItComes() throws Exception {
        parse("A: 1");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> parse("A 1: 1")).isInstanceOf(ProtocolException.class);
        }
        assertThat(parse("A: 1")).containsExactly("A=1");
    }

    /** However it arrives: at once, or so much at a time. */
    @Test
    void headIsTheSameHoweverItArrives() throws Exception {
        String[] lines = {"A: 1", "Long: " + "x".repeat(20_000), "B: 2", "Empty:"};
        for (int piece : new int[] {1, 2, 7, 1_000, BufferedInput.BYTES, 100_000}) {
            assertThat(parse(piece, lines))
                    .as("%d bytes", piece)
                    .containsExactly("A=1", "Long=" + "x".repeat(20_000), "B=2", "Empty=");
        }
    }

    @Test
    void lineMayBeAsLongAsTheWholeHeadMayAndNotLonger() throws Exception {
        ResponseHeadParser strict = new ResponseHeadParser(1_000, 200);
        String most = "x".repeat(1_000);
        assertThatThrownBy(() -> strict.parse(new SessionInputBufferImpl(1024), new Arriving(most + "x\n", 10)))
                .isInstanceOf(ResponseHeadParser.LineTooLong.class);
        assertThatThrownBy(() -> strict.parse(new SessionInputBufferImpl(1024), new Arriving(most + "\n", 10)))
                .isInstanceOf(ProtocolException.class)
                .isNotInstanceOf(ResponseHeadParser.LineTooLong.class);
    }

    /** What comes so many bytes at a time. */
    private static final class Arriving extends BufferedInput {

        private final ByteArrayInputStream source;
        private final int piece;

        Arriving(String text, int piece) {
            this.source = new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
            this.piece = piece;
        }

        @Override
        protected int receive(byte[] into, int offset, int count) {
            return source.read(into, offset, Math.min(count, piece));
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException("heads are read by lines");
        }
    }
}
