package dev.headgate.limit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.config.ConcurrencyConfig;
import dev.headgate.config.ConcurrencyConfig.Order;
import dev.headgate.config.RouteLimits.Priority;
import dev.headgate.limit.Gate.Outcome;
import dev.headgate.limit.Gate.Refusal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class GateTest {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final List<String> admitted = new CopyOnWriteArrayList<>();

    @Test
    void noMoreThanThePlacesGetIn() {
        Gate gate = gate(2, 0, LONG, Order.FIFO);
        assertThat(gate.enter(Priority.NORMAL)).isNull();
        assertThat(gate.enter(Priority.NORMAL)).isNull();
        assertThat(gate.enter(Priority.HIGH)).isEqualTo(Refusal.FULL);
        gate.leave(0, 1, Outcome.ANSWERED);
        assertThat(gate.enter(Priority.NORMAL)).isNull();
        assertThat(gate.taken()).isEqualTo(2);
    }

    @Test
    void whoWaitsTooLongIsSentAway() {
        Gate gate = gate(1, 5, Duration.ofMillis(20), Order.FIFO);
        gate.enter(Priority.NORMAL);
        assertThat(gate.enter(Priority.NORMAL)).isEqualTo(Refusal.TOO_LATE);
        assertThat(gate.waiting()).isZero();
    }

    @Test
    void firstComeIsFirstServed() {
        Gate gate = gate(1, 5, LONG, Order.FIFO);
        gate.enter(Priority.NORMAL);
        queue(gate, "a", Priority.NORMAL);
        queue(gate, "b", Priority.NORMAL);
        queue(gate, "c", Priority.NORMAL);
        release(gate, 3);
        assertThat(admitted).containsExactly("a", "b", "c");
    }

    @Test
    void newestFirstServesWhoCameLast() {
        Gate gate = gate(1, 5, LONG, Order.NEWEST_FIRST);
        gate.enter(Priority.NORMAL);
        queue(gate, "a", Priority.NORMAL);
        queue(gate, "b", Priority.NORMAL);
        queue(gate, "c", Priority.NORMAL);
        release(gate, 3);
        assertThat(admitted).containsExactly("c", "b", "a");
    }

    @Test
    void theImportantGoFirst() {
        Gate gate = gate(1, 5, LONG, Order.FIFO);
        gate.enter(Priority.NORMAL);
        queue(gate, "low", Priority.LOW);
        queue(gate, "normal", Priority.NORMAL);
        queue(gate, "high", Priority.HIGH);
        release(gate, 3);
        assertThat(admitted).containsExactly("high", "normal", "low");
    }

    @Test
    void theImportantDisplaceTheLessImportantFromAFullQueue() throws Exception {
        Gate gate = gate(1, 2, LONG, Order.FIFO);
        gate.enter(Priority.NORMAL);
        queue(gate, "low 1", Priority.LOW);
        CompletableFuture<Refusal> shed = queue(gate, "low 2", Priority.LOW);
        CompletableFuture<Refusal> high = CompletableFuture.supplyAsync(() -> enter(gate, "high", Priority.HIGH));
        assertThat(shed.get()).isEqualTo(Refusal.DISPLACED);
        assertThat(gate.enter(Priority.LOW)).isEqualTo(Refusal.FULL);
        release(gate, 2);
        assertThat(high.get()).isNull();
        assertThat(admitted).containsExactly("high", "low 1");
    }

    @Test
    void theNewestDisplacesTheOldestOfItsKindFromAFullQueue() throws Exception {
        Gate gate = gate(1, 2, LONG, Order.NEWEST_FIRST);
        gate.enter(Priority.NORMAL);
        CompletableFuture<Refusal> shed = queue(gate, "oldest", Priority.NORMAL);
        queue(gate, "older", Priority.NORMAL);
        CompletableFuture<Refusal> newest = CompletableFuture.supplyAsync(() -> enter(gate, "newest", Priority.NORMAL));
        assertThat(shed.get()).isEqualTo(Refusal.DISPLACED);
        release(gate, 2);
        assertThat(newest.get()).isNull();
        assertThat(admitted).containsExactly("newest", "older");
    }

    /**
     * An upstream that serves so many requests at once, each in 10 ms, and makes others queue. Time is simulated: as many
     * requests are in progress as the gate allows.
     */
    @Test
    void adaptiveGateFollowsTheUpstreamsCapacity() {
        Gate gate = new Gate(new ConcurrencyConfig(200, true, 2, 0, Duration.ZERO, Order.FIFO), () -> 0);
        Simulation simulation = new Simulation(gate);

        int wide = simulation.run(60, 40);
        int narrow = simulation.run(8, 40);
        int wideAgain = simulation.run(60, 40);

        assertThat(wide).isBetween(40, 130);
        // With as few as 8 servers a queue of several requests each is within what Vegas takes for noise.
        assertThat(narrow).isBetween(4, 50);
        assertThat(wideAgain).isBetween(40, 130);
    }

    @Test
    void adaptiveGateFollowsACapacityThatHalvesAndReturns() {
        Gate gate = new Gate(new ConcurrencyConfig(0, true, 2, 0, Duration.ZERO, Order.FIFO), () -> 0);
        Simulation simulation = new Simulation(gate);

        int whole = simulation.run(60, 20);
        int half = simulation.run(30, 20);
        int again = simulation.run(60, 20);
        int later = simulation.run(60, 300);

        assertThat(whole).isBetween(50, 100);
        assertThat(half).isBetween(25, 50);
        assertThat(again).isBetween(51, 100);
        assertThat(later).as("it does not creep up").isBetween(50, 130);
    }

    /** As some services do: a quick 503 for whatever is too much. */
    @Test
    void quickRefusalsOfTheUpstreamAreNotTakenForSpeed() {
        Gate gate = new Gate(new ConcurrencyConfig(0, true, 2, 0, Duration.ZERO, Order.FIFO), () -> 0);
        Simulation simulation = new Simulation(gate);

        assertThat(simulation.run(30, 30, 30)).isBetween(15, 40);
        assertThat(simulation.run(10, 30, 10)).isBetween(3, 20);
        assertThat(simulation.run(30, 60, 30)).isBetween(15, 40);
        assertThat(simulation.run(60, 120)).isBetween(40, 130);
    }

    private static final class Simulation {

        private static final long SERVICE_NANOS = 10_000_000;

        private final Gate gate;
        private long now = 1;

        Simulation(Gate gate) {
            this.gate = gate;
        }

        private record Job(long entered, long ends, Outcome outcome) {}

        /** Runs for so many seconds; the number of places at the end. */
        int run(int capacity, int seconds) {
            return run(capacity, seconds, Integer.MAX_VALUE);
        }

        /** @param most with more than that, the upstream refuses in a millisecond */
        int run(int capacity, int seconds, int most) {
            PriorityQueue<Job> served = new PriorityQueue<>((a, b) -> Long.compare(a.ends(), b.ends()));
            Queue<Long> queued = new ArrayDeque<>();
            long end = now + seconds * 1_000_000_000L;
            int busy = 0;
            while (now < end) {
                while (gate.enter(Priority.NORMAL) == null) {
                    if (busy + queued.size() < most) {
                        queued.add(now);
                    } else {
                        served.add(new Job(now, now + SERVICE_NANOS / 10, Outcome.OVERLOADED));
                    }
                }
                while (busy < capacity && !queued.isEmpty()) {
                    served.add(new Job(queued.remove(), now + SERVICE_NANOS, Outcome.ANSWERED));
                    busy++;
                }
                Job next = served.remove();
                now = next.ends();
                busy -= next.outcome() == Outcome.ANSWERED ? 1 : 0;
                gate.leave(next.entered(), now - next.entered(), next.outcome());
            }
            int places = gate.places();
            served.forEach(job -> gate.leave(0, 0, Outcome.UNKNOWN));
            queued.forEach(entered -> gate.leave(0, 0, Outcome.UNKNOWN));
            return places;
        }
    }

    private static Gate gate(int places, int queue, Duration time, Order order) {
        return new Gate(new ConcurrencyConfig(places, false, 1, queue, time, order), System::nanoTime);
    }

    private CompletableFuture<Refusal> queue(Gate gate, String name, Priority priority) {
        int before = gate.waiting();
        CompletableFuture<Refusal> result = new CompletableFuture<>();
        Thread thread = new Thread(() -> result.complete(enter(gate, name, priority)), name);
        thread.setDaemon(true);
        thread.start();
        await().until(() -> gate.waiting() == before + 1);
        return result;
    }

    private Refusal enter(Gate gate, String name, Priority priority) {
        Refusal refusal = gate.enter(priority);
        if (refusal == null) {
            admitted.add(name);
        }
        return refusal;
    }

    private void release(Gate gate, int times) {
        for (int i = 1; i <= times; i++) {
            int count = i;
            gate.leave(0, 1, Outcome.ANSWERED);
            await().until(() -> admitted.size() == count);
        }
    }
}
