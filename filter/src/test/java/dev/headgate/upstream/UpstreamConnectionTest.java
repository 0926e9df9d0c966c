package dev.headgate.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.headgate.config.OriginConfig;
import dev.headgate.config.TimeoutConfig;
import dev.headgate.failure.FailureKind;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.io.CloseMode;
import org.junit.jupiter.api.Test;

class UpstreamConnectionTest {

    @Test
    void lookupThatTakesAllTheTimeForConnectingIsADnsTimeout() throws Exception {
        AtomicLong nanos = new AtomicLong();
        try (Watchdog watchdog = new Watchdog("test", nanos::get);
                Socket socket = new Socket()) {
            UpstreamConnection connection =
                    new UpstreamConnection(Http1Config.DEFAULT, new ResponseHeadParser(65536, 200), watchdog);
            connection.begin(Long.MAX_VALUE, 0);
            connection.arm(Limit.CONNECT, 100);
            nanos.set(200);
            LimitExpired expired = catchThrowableOfType(LimitExpired.class, () -> connection.bind(socket));
            assertThat(expired.limit()).isEqualTo(Limit.LOOKUP);

            Duration second = Duration.ofSeconds(1);
            Origin origin = new Origin(OriginConfig.parse("http://a:8080"), null, null);
            assertThat(Failures.whileConnecting(
                                    expired, origin, new TimeoutConfig(second, second, second, Duration.ZERO))
                            .kind())
                    .isEqualTo(FailureKind.DNS_TIMEOUT);
        }
    }

    @Test
    void streamThatLastsDoesWithoutABufferUntilMuchComesAtOnce() throws Exception {
        AtomicLong nanos = new AtomicLong();
        byte[] event = chunk("data: one more\n\n".getBytes(StandardCharsets.US_ASCII));
        byte[] much = new byte[100_000];
        new Random(1).nextBytes(much);
        try (ServerSocket origin = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SocketChannel channel = SocketChannel.open(origin.getLocalSocketAddress());
                Socket accepted = origin.accept();
                Watchdog watchdog = new Watchdog("test", nanos::get)) {
            UpstreamConnection connection = new UpstreamConnection(
                    Http1Config.custom()
                            .setBufferSize(UpstreamClient.HTTP_CORE_BUFFER_BYTES)
                            .build(),
                    new ResponseHeadParser(65536, 200),
                    watchdog);
            connection.begin(Long.MAX_VALUE, 0);
            connection.bind(channel.socket());
            accepted.getOutputStream()
                    .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            connection.expectHead();
            ClassicHttpResponse head = connection.receiveResponseHeader();
            connection.receiveResponseEntity(head);
            assertThat(connection.hasBuffer()).isTrue();

            connection.expectContent(() -> accepted.getOutputStream().write(event));
            InputStream content = head.getEntity().getContent();
            for (int i = 0; i < 10; i++) {
                assertThat(new String(content.readNBytes(16), StandardCharsets.US_ASCII))
                        .isEqualTo("data: one more\n\n");
            }
            assertThat(connection.hasBuffer()).isFalse();

            connection.expectContent(() -> accepted.getOutputStream().write(chunk(much)));
            ByteArrayOutputStream read = new ByteArrayOutputStream();
            while (read.size() < much.length) {
                read.writeBytes(content.readNBytes(Math.min(200, much.length - read.size())));
            }
            assertThat(read.toByteArray()).isEqualTo(much);
            assertThat(connection.hasBuffer()).isTrue();
            connection.close(CloseMode.IMMEDIATE);
        }
    }

    private static byte[] chunk(byte[] content) {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream();
        chunk.writeBytes((Integer.toHexString(content.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        chunk.writeBytes(content);
        chunk.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
        return chunk.toByteArray();
    }
}
