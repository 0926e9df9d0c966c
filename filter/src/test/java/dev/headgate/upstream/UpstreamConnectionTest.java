package dev.headgate.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.headgate.config.OriginConfig;
import dev.headgate.config.TimeoutConfig;
import dev.headgate.failure.FailureKind;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hc.core5.http.config.Http1Config;
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
}
