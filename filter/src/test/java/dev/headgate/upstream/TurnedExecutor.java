package dev.headgate.upstream;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Keeps what is scheduled until the test runs it, on its own thread. */
final class TurnedExecutor extends ScheduledThreadPoolExecutor {

    record Task(Runnable what, long delayNanos) {}

    private List<Task> tasks = new ArrayList<>();

    TurnedExecutor() {
        super(1);
    }

    @Override
    public synchronized ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
        tasks.add(new Task(command, unit.toNanos(delay)));
        return null;
    }

    /** What waits to be run. */
    synchronized List<Task> tasks() {
        return List.copyOf(tasks);
    }

    /** Runs all that waits, but not what that schedules in turn. */
    void turn() {
        List<Task> due;
        synchronized (this) {
            due = tasks;
            tasks = new ArrayList<>();
        }
        due.forEach(task -> task.what().run());
    }
}
