package dev.headgate.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ProtocolException;
import org.apache.hc.core5.http.impl.io.SessionOutputBufferImpl;
import org.apache.hc.core5.http.message.BasicClassicHttpRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestHeadWriterTest {

    private final RequestHeadWriter writer = new RequestHeadWriter();
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();

    private String written(ClassicHttpRequest request) throws Exception {
        sent.reset();
        SessionOutputBufferImpl buffer = new SessionOutputBufferImpl(64);
        writer.write(request, buffer, sent);
        buffer.flush(sent);
        return sent.toString(StandardCharsets.ISO_8859_1);
    }

    private static ClassicHttpRequest request(String target, String value) {
        ClassicHttpRequest request = new BasicClassicHttpRequest("GET", target);
        request.addHeader("Host", "service.example.com");
        request.addHeader("X-Value", value);
        return request;
    }

    @Test
    void everyCharacterUpToFfIsItsByte() throws Exception {
        StringBuilder value = new StringBuilder("\t");
        for (char c = ' '; c <= 0xFF; c++) {
            value.append(c);
        }
        assertThat(written(request("/a?b", value.toString())))
                .isEqualTo("GET /a?b HTTP/1.1\r\nHost: service.example.com\r\nX-Value: " + value + "\r\n\r\n");
    }

    @Test
    void oneHeadAfterTheOtherIsWhole() throws Exception {
        written(request("/first", "long ".repeat(1_000)));
        assertThat(written(request("/second", "s")))
                .isEqualTo("GET /second HTTP/1.1\r\nHost: service.example.com\r\nX-Value: s\r\n\r\n");
    }

    @Test
    void characterThatIsNoByteBecomesAQuestionMarkAndNeverALineFeed() throws Exception {
        assertThat(written(request("/", "a\u010Ab"))).contains("X-Value: a?b\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\rb", "a\nb", "a\r\nInjected: b", "a\u0000b", "\n"})
    void whatWouldEndALineEarlyIsRefusedAndNothingIsSent(String text) {
        for (ClassicHttpRequest request : new ClassicHttpRequest[] {request("/", text), request("/" + text, "v")}) {
            assertThatThrownBy(() -> written(request)).isInstanceOf(ProtocolException.class);
            assertThat(sent.size()).isZero();
        }
    }
}
