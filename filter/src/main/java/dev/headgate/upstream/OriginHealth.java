package dev.headgate.upstream;

import dev.headgate.config.HealthConfig;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * What is known of one origin's health: from the traffic (out for a time that grows, then one trial) and from probes.
 *
 * <p>Thread-safe: its own monitor guards everything but the plain counters, and is never held during I/O. Good answers
 * from a healthy origin do not take it.
 */
final class OriginHealth {

    /** Fewer answers than this say nothing about a rate. */
    private static final int RATE_NEEDS = 20;

    private volatile HealthConfig config;
    private volatile long slowStartNanos;
    private final RollingCount answers = new RollingCount();
    private final RollingCount failures = new RollingCount();

    private volatile int consecutive;
    private volatile boolean out;
    private volatile boolean probedDown;
    private volatile long restUntil;
    private volatile long warmSince = Long.MIN_VALUE;

    private long outUntil;
    private int ejections;
    private long goodSince;
    private boolean trial;
    private int probesInRow;
    private volatile String reason = "";

    /** Why traffic took it out in the first place, whatever its trials add to that. */
    private String outBecause = "";

    /** Null where there was none since the last good answer. */
    private volatile OriginState.Failure lastFailure;

    private volatile long changedAt;
    private volatile long allEjections;

    OriginHealth(HealthConfig config, Duration slowStart) {
        this.config = config;
        this.slowStartNanos = slowStart.toNanos();
    }

    /** Goes by other settings from now on, and keeps what is known. */
    synchronized void configure(HealthConfig other, Duration slowStart) {
        config = other;
        slowStartNanos = slowStart.toNanos();
        if (other.probe().kind() == HealthConfig.Kind.NONE && probedDown) {
            // Nobody would ever say that it is back.
            probedDown = false;
            probesInRow = 0;
            reason = "";
        }
        if (!other.passive() && out) {
            out = false;
            trial = false;
            reason = "";
        }
    }

    // ---- questions ----

    /** Whether traffic may go there, as far as traffic and probes know. */
    boolean isUp() {
        return !out && !probedDown;
    }

    boolean isEjected() {
        return out;
    }

    /** Whether the origin asked, with Retry-After, to be left alone until later. */
    boolean isResting(long now) {
        return now < restUntil;
    }

    /** Why it is not up; empty while it is. */
    String reason() {
        return reason;
    }

    OriginState.Health state(long now) {
        return probedDown
                ? OriginState.Health.PROBES_FAIL
                : out
                        ? OriginState.Health.EJECTED
                        : isResting(now) ? OriginState.Health.RESTING : OriginState.Health.UP;
    }

    /** When it last became up, or ceased to be. */
    long changedAt() {
        return changedAt;
    }

    /** How many failures there were since the last good answer. */
    int consecutiveFailures() {
        return consecutive;
    }

    /** The last one of those; null without any. */
    OriginState.Failure lastFailure() {
        return lastFailure;
    }

    /** How often traffic took the origin out. */
    long ejections() {
        return allEjections;
    }

    /** How much dearer an origin is for the failures it just had. */
    double penalty() {
        int failed = consecutive;
        return failed == 0 ? 1 : 1 + 4.0 * failed;
    }

    /** From a tenth to one, while a returned origin warms up. */
    double warmth(long now) {
        long since = warmSince;
        if (since == Long.MIN_VALUE || slowStartNanos == 0) {
            return 1;
        }
        double part = (double) (now - since) / slowStartNanos;
        return part >= 1 ? 1 : Math.max(0.1, part);
    }

    // ---- what the traffic says ----

    /** @return whether the origin came back with this */
    boolean succeeded(long now) {
        answers.add(now);
        if (consecutive == 0 && !out) {
            return false;
        }
        synchronized (this) {
            consecutive = 0;
            lastFailure = null;
            if (!out || !trial) {
                // While it is out, only its trial counts: a straggler may have been answered before it went wrong.
                return false;
            }
            trial = false;
            out = false;
            reason = probedDown ? reason : "";
            goodSince = now;
            warmSince = now;
            changedAt = now;
            failures.clear();
            answers.clear();
            return true;
        }
    }

    /** @return whether this was one failure too many */
    boolean failed(long now, OriginState.Failure failure) {
        answers.add(now);
        failures.add(now);
        synchronized (this) {
            consecutive++;
            lastFailure = failure;
            if (out) {
                // The trial failed, or a straggler from before.
                if (trial) {
                    trial = false;
                    eject(now, outBecause + ", and failed its trial");
                }
                return false;
            }
            if (!config.passive()) {
                return false;
            }
            if (consecutive >= config.failures()) {
                return true;
            }
            long all = answers.sum(now);
            return all >= RATE_NEEDS && failures.sum(now) * 100 >= all * config.failurePercent();
        }
    }

    /** Takes the origin out. */
    synchronized void eject(long now, String why) {
        if (!out && ejections > 0) {
            // Good behaviour since the last time makes the next one shorter.
            long steps = (now - goodSince) / Math.max(1, 2 * config.ejection().toNanos());
            ejections = (int) Math.max(0, ejections - steps);
        }
        long time = config.ejection().toNanos();
        for (int i = 0; i < ejections && time < config.ejectionMax().toNanos(); i++) {
            time *= 2;
        }
        time = Math.min(time, config.ejectionMax().toNanos());
        ejections++;
        if (!out) {
            allEjections++;
            changedAt = now;
            outBecause = why;
        }
        out = true;
        trial = false;
        outUntil = now + time;
        reason = why + "; out for " + Duration.ofNanos(time).toMillis() + " ms";
    }

    /**
     * Takes the one trial that an origin gets when its time is over; whoever takes it reports how it went.
     *
     * @param repeatable whether the request can be tried elsewhere should the trial fail; others are taken only when no
     *     such request has come for as long again as the first ejection lasts
     */
    boolean takeTrial(long now, boolean repeatable) {
        if (!out || probedDown) {
            return false;
        }
        synchronized (this) {
            long from = repeatable ? outUntil : outUntil + config.ejection().toNanos();
            if (!out || now < from) {
                return false;
            }
            trial = true;
            // One at a time, but one that nobody ever reports on does not keep the origin out for good.
            outUntil = now + config.ejectionMax().toNanos();
            return true;
        }
    }

    /** The trial ended without telling anything about the origin: the client left, for instance. */
    synchronized void trialUndecided(long now) {
        if (trial) {
            trial = false;
            outUntil = now;
        }
    }

    void rest(long now, long seconds) {
        restUntil = now + TimeUnit.SECONDS.toNanos(Math.min(seconds, 60));
    }

    // ---- what probes say ----

    /** @return whether this changed anything */
    synchronized boolean probed(long now, boolean good, String why) {
        HealthConfig.Probe probe = config.probe();
        probesInRow = good ? Math.max(1, probesInRow + 1) : Math.min(-1, probesInRow - 1);
        if (probedDown && probesInRow >= probe.rise()) {
            probedDown = false;
            // What asked for it answers again: no reason to keep it out for older sins.
            out = false;
            trial = false;
            consecutive = 0;
            lastFailure = null;
            reason = "";
            goodSince = now;
            warmSince = now;
            changedAt = now;
            return true;
        }
        if (!probedDown && -probesInRow >= probe.fall()) {
            probedDown = true;
            reason = why;
            changedAt = now;
            return true;
        }
        return false;
    }

    /** Forgets everything, as an operator may ask. */
    synchronized void reset(long now) {
        if (!isUp()) {
            changedAt = now;
        }
        out = false;
        probedDown = false;
        trial = false;
        consecutive = 0;
        lastFailure = null;
        ejections = 0;
        probesInRow = 0;
        restUntil = 0;
        warmSince = Long.MIN_VALUE;
        reason = "";
        answers.clear();
        failures.clear();
    }
}
