package dev.headgate.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Slow clients on a turned clock. */
class PaceTest {

    private final AtomicLong clock = new AtomicLong();

    @Test
    void drippingClientIsEndedAfterTheGrace() {
        Pace pace = new Pace(500, clock::get);
        int seconds = 0;
        while (move(pace, 100, Duration.ofSeconds(1))) {
            seconds++;
        }
        assertThat(seconds).isEqualTo(19);
    }

    @Test
    void clientAtThePaceIsNeverEnded() {
        Pace pace = new Pace(500, clock::get);
        for (int i = 0; i < 10_000; i++) {
            assertThat(move(pace, 500, Duration.ofSeconds(1))).isTrue();
        }
    }

    @Test
    void timeInWhichNobodyWaitsForTheClientDoesNotCount() {
        Pace pace = new Pace(500, clock::get);
        for (int i = 0; i < 100; i++) {
            assertThat(move(pace, 20, Duration.ofMillis(1))).isTrue();
            clock.addAndGet(Duration.ofMinutes(1).toNanos()); // a pause between two events
        }
    }

    @Test
    void whatWasTakenAtOnceBuysNoTimeLater() {
        Pace pace = new Pace(500, clock::get);
        assertThat(move(pace, 1_000_000_000, Duration.ofSeconds(20))).isTrue();
        int seconds = 0;
        while (move(pace, 100, Duration.ofSeconds(1))) {
            seconds++;
        }
        assertThat(seconds).isEqualTo(19);
    }

    @Test
    void waitIsLostWhenEvenItsEndWouldComeTooLate() {
        Pace pace = new Pace(500, clock::get);
        pace.begin();
        clock.addAndGet(Duration.ofSeconds(32).toNanos());
        assertThat(pace.isLost(16_384)).isFalse();
        clock.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(pace.isLost(16_384)).isTrue();
        assertThat(new Pace(0, clock::get).isLost(1)).isFalse();
    }

    @Test
    void slowUploadHasItsOwnFailure() {
        InputStream drip = new InputStream() {
            @Override
            public int read() {
                clock.addAndGet(Duration.ofSeconds(5).toNanos());
                return 'x';
            }

            @Override
            public int read(byte[] buffer, int offset, int length) {
                buffer[offset] = (byte) read();
                return 1;
            }
        };
        InputStream content = new ClientInput(drip, 0, new Pace(500, clock::get));
        assertThatThrownBy(() -> drain(content))
                .isInstanceOfSatisfying(GatewayFailure.class, failure -> assertThat(failure.kind())
                        .isEqualTo(FailureKind.CLIENT_TOO_SLOW));
    }

    private static void drain(InputStream content) throws IOException {
        byte[] buffer = new byte[1_000];
        while (content.read(buffer, 0, buffer.length) >= 0) {
            // Until it ends, which it never does.
        }
    }

    private boolean move(Pace pace, long bytes, Duration wait) {
        pace.begin();
        clock.addAndGet(wait.toNanos());
        return pace.end(bytes);
    }
}
