package dev.headgate.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.headgate.config.HealthConfig;
import dev.headgate.failure.FailureKind;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** One origin's health on a clock that the test turns. */
class OriginHealthTest {

    private final HealthConfig config = new Configs().health();
    private final OriginHealth health = new OriginHealth(config, Duration.ofSeconds(10));
    private long now = TimeUnit.HOURS.toNanos(1);

    private static final OriginState.Failure FAILURE =
            new OriginState.Failure(FailureKind.CONNECTION_REFUSED, "refused");

    @Test
    void fiveFailuresInARowAreTooMany() {
        for (int i = 1; i <= 4; i++) {
            assertThat(fails()).as("failure %d", i).isFalse();
        }
        assertThat(fails()).isTrue();
    }

    @Test
    void theLastFailureIsToldUntilAGoodAnswer() {
        assertThat(health.lastFailure()).isNull();
        fails();
        assertThat(health.lastFailure()).isSameAs(FAILURE);
        health.succeeded(now);
        assertThat(health.lastFailure()).isNull();
        fails();
        health.reset(now);
        assertThat(health.lastFailure()).isNull();
    }

    @Test
    void aSuccessBreaksTheRow() {
        for (int i = 0; i < 30; i++) {
            assertThat(fails()).as("failure %d", i).isEqualTo(false);
            health.succeeded(now);
            health.succeeded(now);
        }
    }

    @Test
    void halfOfTwentyAnswersFailingIsTooMany() {
        boolean tooMany = false;
        int answers = 0;
        while (!tooMany) {
            health.succeeded(now);
            tooMany = fails();
            answers += 2;
        }
        assertThat(answers).isEqualTo(20);
    }

    @Test
    void failuresOfLongAgoDoNotCount() {
        for (int i = 0; i < 12; i++) {
            fails();
            health.succeeded(now);
        }
        later(Duration.ofSeconds(11));
        health.succeeded(now);
        assertThat(fails()).isFalse();
    }

    @Test
    void aSlowlyGrowingPenaltyComesBeforeTheEjection() {
        assertThat(health.penalty()).isEqualTo(1);
        fails();
        fails();
        assertThat(health.penalty()).isEqualTo(9);
        health.succeeded(now);
        assertThat(health.penalty()).isEqualTo(1);
    }

    @Test
    void eachFailedTrialDoublesTheTimeUpToTheMost() {
        health.eject(now, "why");
        assertThat(health.reason()).isEqualTo("why; out for 5000 ms");
        long seconds = 5;
        for (int i = 0; i < 8; i++) {
            later(Duration.ofSeconds(seconds).minusNanos(1));
            assertThat(health.takeTrial(now, true))
                    .as("just before %d s", seconds)
                    .isFalse();
            later(Duration.ofNanos(1));
            assertThat(health.takeTrial(now, true)).as("after %d s", seconds).isTrue();
            fails();
            assertThat(health.isUp()).isFalse();
            seconds = Math.min(seconds * 2, 120);
            assertThat(health.reason()).isEqualTo("why, and failed its trial; out for " + seconds + "000 ms");
        }
    }

    @Test
    void goodBehaviourShortensTheNextTime() {
        for (int i = 0; i < 4; i++) {
            out();
            later(Duration.ofMinutes(2));
            back();
        }
        out();
        assertThat(health.reason()).endsWith("out for 80000 ms");
        later(Duration.ofMinutes(2));
        back();
        later(Duration.ofSeconds(30)); // three times twice the ejection
        out();
        assertThat(health.reason()).endsWith("out for 20000 ms");
        later(Duration.ofMinutes(2));
        back();
        later(Duration.ofHours(1));
        out();
        assertThat(health.reason()).endsWith("out for 5000 ms");
    }

    @Test
    void oneTrialAtATime() {
        out();
        later(Configs.EJECTION);
        assertThat(health.takeTrial(now, true)).isTrue();
        assertThat(health.takeTrial(now, true)).isFalse();
        health.trialUndecided(now);
        assertThat(health.takeTrial(now, true)).isTrue();
        assertThat(health.succeeded(now)).isTrue();
        assertThat(health.isUp()).isTrue();
    }

    @Test
    void aTrialThatNobodyReportsOnIsFollowedByAnother() {
        out();
        later(Configs.EJECTION);
        assertThat(health.takeTrial(now, true)).isTrue();
        assertThat(health.takeTrial(now, true)).as("one at a time").isFalse();
        later(config.ejectionMax());
        assertThat(health.takeTrial(now, true)).as("the first is lost").isTrue();
        health.trialUndecided(now);
        assertThat(health.takeTrial(now, true)).as("the second told nothing").isTrue();
    }

    @Test
    void aRequestThatCannotBeRepeatedIsATrialOnlyWhenNoOtherCame() {
        out();
        later(Configs.EJECTION);
        assertThat(health.takeTrial(now, false)).isFalse();
        later(Configs.EJECTION);
        assertThat(health.takeTrial(now, false)).isTrue();
    }

    @Test
    void aStragglersGoodAnswerIsNoTrial() {
        out();
        assertThat(health.succeeded(now)).isFalse();
        assertThat(health.isUp()).isFalse();
    }

    @Test
    void whoCameBackWarmsUp() {
        assertThat(health.warmth(now)).isEqualTo(1);
        out();
        later(Configs.EJECTION);
        back();
        assertThat(health.warmth(now)).isEqualTo(0.1);
        later(Duration.ofSeconds(5));
        assertThat(health.warmth(now)).isCloseTo(0.5, within(0.01));
        later(Duration.ofSeconds(5));
        assertThat(health.warmth(now)).isEqualTo(1);
    }

    @Test
    void anOriginThatAsksForRestGetsItForAMinuteAtMost() {
        health.rest(now, 1_000_000);
        assertThat(health.isResting(now)).isTrue();
        later(Duration.ofSeconds(59));
        assertThat(health.isResting(now)).isTrue();
        later(Duration.ofSeconds(2));
        assertThat(health.isResting(now)).isFalse();
    }

    @Test
    void probesTakeItOutAfterThreeAndBringItBackAfterTwo() {
        assertThat(health.probed(now, false, "x")).isFalse();
        assertThat(health.probed(now, false, "x")).isFalse();
        assertThat(health.probed(now, true, "")).isFalse();
        assertThat(health.probed(now, false, "x")).isFalse();
        assertThat(health.probed(now, false, "x")).isFalse();
        assertThat(health.isUp()).isTrue();
        assertThat(health.probed(now, false, "the reason")).isTrue();
        assertThat(health.isUp()).isFalse();
        assertThat(health.reason()).isEqualTo("the reason");
        assertThat(health.probed(now, false, "x")).isFalse();
        assertThat(health.probed(now, true, "")).isFalse();
        assertThat(health.isUp()).isFalse();
        assertThat(health.probed(now, true, "")).isTrue();
        assertThat(health.isUp()).isTrue();
        assertThat(health.reason()).isEmpty();
        assertThat(health.warmth(now)).isEqualTo(0.1);
    }

    @Test
    void noTrialWhileProbesFail() {
        out();
        for (int i = 0; i < 3; i++) {
            health.probed(now, false, "x");
        }
        later(Duration.ofMinutes(1));
        assertThat(health.takeTrial(now, true)).isFalse();
    }

    @Test
    void anOperatorsEnablingForgetsAll() {
        out();
        for (int i = 0; i < 3; i++) {
            health.probed(now, false, "x");
        }
        health.reset(0);
        assertThat(health.isUp()).isTrue();
        assertThat(health.warmth(now)).isEqualTo(1);
        out();
        assertThat(health.reason()).endsWith("out for 5000 ms");
    }

    private void out() {
        health.eject(now, "why");
    }

    private void back() {
        assertThat(health.takeTrial(now, true)).isTrue();
        assertThat(health.succeeded(now)).isTrue();
    }

    private void later(Duration time) {
        now += time.toNanos();
    }

    private boolean fails() {
        return health.failed(now, FAILURE);
    }
}
