package dev.headgate;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes one gateway's platform threads, and knows when they have ended. A pool says that it is over a moment before its last
 * thread is, and containers take what is alive then for a leak. Thread-safe.
 */
final class OwnThreads {

    private final String gatewayName;
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    OwnThreads(String gatewayName) {
        this.gatewayName = gatewayName;
    }

    /** Daemons that inherit nothing from whoever begins them, which may be a container's thread amid somebody's request. */
    ThreadFactory named(String purpose) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            String name = "headgate-" + gatewayName + "-" + purpose + "-" + number.incrementAndGet();
            Thread thread = new Thread(null, task, name, 0, false);
            thread.setDaemon(true);
            thread.setContextClassLoader(OwnThreads.class.getClassLoader());
            threads.removeIf(other -> other.getState() == Thread.State.TERMINATED);
            threads.add(thread);
            return thread;
        };
    }

    /** Waits for the end of threads whose pools are over, at most for the time given. */
    void awaitEnd(Duration most) throws InterruptedException {
        long until = System.nanoTime() + most.toNanos();
        for (Thread thread : threads) {
            long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
            if (thread.getState() != Thread.State.NEW) {
                thread.join(Math.max(1, left));
            }
        }
    }
}
