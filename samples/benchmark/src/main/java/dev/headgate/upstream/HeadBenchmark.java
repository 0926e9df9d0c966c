package dev.headgate.upstream;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;
import org.apache.hc.core5.http.impl.io.SessionOutputBufferImpl;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Reading a response head and writing a request head, without the network. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HeadBenchmark {

    private final SessionInputBufferImpl unused = new SessionInputBufferImpl(1024);
    private final ResponseHeadParser parser = new ResponseHeadParser(65536, 200);
    private final Answer answer = new Answer(String.join(
                    "\r\n",
                    "HTTP/1.1 200 OK",
                    "Content-Type: application/json",
                    "Content-Length: 1024",
                    "Date: Wed, 25 Nov 2026 12:00:00 GMT",
                    "ETag: \"one\"",
                    "Cache-Control: no-cache",
                    "Vary: Accept-Encoding",
                    "",
                    "")
            .getBytes(StandardCharsets.ISO_8859_1));

    private final SessionOutputBufferImpl output = new SessionOutputBufferImpl(8192);
    private final RequestHeadWriter writer = new RequestHeadWriter();
    private final ClassicHttpRequest request = request();

    private static ClassicHttpRequest request() {
        ClassicHttpRequest request = new BasicClassicHttpRequest("GET", "/orders/17");
        request.addHeader("Host", "service.example.com");
        request.addHeader("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)");
        request.addHeader("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
        request.addHeader("Via", "1.1 headgate-shop");
        request.addHeader("Forwarded", "for=192.0.2.7;proto=https;host=shop.example.com");
        request.addHeader("X-Forwarded-For", "192.0.2.7");
        request.addHeader("X-Request-Id", "0123456789abcdef0123456789abcdef");
        return request;
    }

    /** One head after the other. */
    private static final class Answer extends BufferedInput {

        private final ByteArrayInputStream source;

        Answer(byte[] head) {
            source = new ByteArrayInputStream(head);
        }

        void again() {
            source.reset();
        }

        @Override
        protected int receive(byte[] into, int offset, int count) {
            return source.read(into, offset, count);
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException("heads are read by lines");
        }
    }

    @Benchmark
    public ClassicHttpResponse read() throws IOException, HttpException {
        answer.again();
        return parser.parse(unused, answer);
    }

    @Benchmark
    public int write() throws IOException, HttpException {
        writer.write(request, output, OutputStream.nullOutputStream());
        output.flush(OutputStream.nullOutputStream());
        return output.capacity();
    }
}
