package dev.headgate.cache;

import dev.headgate.cache.CacheStatus.Forward;
import dev.headgate.cache.Flight.Landing;

/**
 * What became of a request when it was shown to the cache: it is answered, or goes to the origin for everybody who asks
 * for the same, or may wait for the one that does, or has nothing to do with others. To be closed when the exchange is
 * over, so that others may go first then. Thread-safe.
 */
public final class Claim implements AutoCloseable {

    private enum Role {
        ANSWERED,
        ALONE,
        LEADS,
        FOLLOWS
    }

    private static final Claim ANSWERED = new Claim(Role.ANSWERED, null, null, 0, () -> {});
    private static final Claim ALONE = new Claim(Role.ALONE, null, null, 0, () -> {});

    private final Role role;
    private final Flight flight;
    private final Forward reason;
    private final long untilMillis;
    private final Runnable letGo;

    /**
     * @param flight that it leads or follows; null for neither
     * @param reason why the store alone does not do; null where there is no flight
     * @param untilMillis when its wait has to end, since the epoch
     */
    private Claim(Role role, Flight flight, Forward reason, long untilMillis, Runnable letGo) {
        this.role = role;
        this.flight = flight;
        this.reason = reason;
        this.untilMillis = untilMillis;
        this.letGo = letGo;
    }

    static Claim answered() {
        return ANSWERED;
    }

    static Claim alone() {
        return ALONE;
    }

    static Claim leads(Flight mine, Forward reason, long untilMillis, Runnable letGo) {
        return new Claim(Role.LEADS, mine, reason, untilMillis, letGo);
    }

    static Claim follows(Flight leader, Forward reason, long untilMillis) {
        return new Claim(Role.FOLLOWS, leader, reason, untilMillis, () -> {});
    }

    /** Whether the client has been sent a whole response. */
    public boolean isAnswered() {
        return role == Role.ANSWERED;
    }

    boolean leads() {
        return role == Role.LEADS;
    }

    /** Whether another exchange is at the origin for the same thing. */
    public boolean follows() {
        return role == Role.FOLLOWS;
    }

    /** Whether there is nothing to wait for any more: the other's response head has come, or never will. */
    public boolean hasLanded() {
        return flight.landing() != null;
    }

    /** Whether the other one's response turned out to be of no use to anybody else. */
    public boolean wasInVain() {
        return follows() && flight.landing() == Landing.USELESS;
    }

    /** When the wait has to end, in milliseconds since the epoch. */
    public long untilMillis() {
        return untilMillis;
    }

    Flight flight() {
        return flight;
    }

    Forward reason() {
        return reason;
    }

    /** @param wake is called once, on another thread, when the other's response head has come or never will */
    public void whenLanded(Runnable wake) {
        flight.whenLanded(wake);
    }

    /** @param wake is called once, on another thread, when the other one's response is stored, or never will be */
    public void whenOver(Runnable wake) {
        flight.whenOver(wake);
    }

    @Override
    public void close() {
        letGo.run();
    }
}
