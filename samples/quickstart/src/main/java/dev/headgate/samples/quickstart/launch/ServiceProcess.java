package dev.headgate.samples.quickstart.launch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** One {@link Service} as a child process that can be made to fail in several ways, and to recover. Thread-safe. */
final class ServiceProcess implements AutoCloseable {

    /** What may be wrong with it. */
    enum State {
        /** Nothing is. */
        WELL,
        /** The process is gone, its port refuses connections. */
        KILLED,
        /** The process is stopped: its port accepts connections, and nobody answers. */
        FROZEN,
        /** Every answer takes a while. */
        SLOW,
        /** Every answer is a 500. */
        BROKEN
    }

    /** The signals for it are those of POSIX. */
    static final boolean CAN_FREEZE =
            !System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");

    private final String name;
    private int port;
    private Process process;
    private State state;
    private Duration delay;
    /** A shell that keeps the process stopped, and lets it run when its own input ends; null unless frozen. */
    private Process ice;

    /** Starts the service on a free loopback port. */
    ServiceProcess(String name) throws IOException {
        this.name = name;
        start();
    }

    /** Puts it into a state. @param wanted the delay of {@link State#SLOW}; otherwise of no meaning, and may be null */
    synchronized void become(State next, Duration wanted) throws IOException {
        if (next == State.KILLED) {
            kill();
            return;
        }
        thaw();
        start();
        switch (next) {
            case FROZEN -> freeze();
            case SLOW -> tell("slow " + wanted.toMillis());
            case BROKEN -> tell("broken");
            default -> tell("well");
        }
        state = next;
        delay = next == State.SLOW ? wanted : Duration.ZERO;
    }

    /** Starts the process and returns once it listens; nothing when it runs already. */
    private void start() throws IOException {
        if (process != null && process.isAlive()) {
            return;
        }
        // The services need only the JDK and this module's own classes, wherever those come from.
        String classPath;
        try {
            classPath = Path.of(Service.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        process = started(
                java, "-Xmx64m", "-XX:+UseSerialGC", "-cp", classPath, Service.class.getName(), name, "" + port);
        port = Integer.parseInt(firstLine(process));
        state = State.WELL;
        delay = Duration.ZERO;
    }

    /** Ends the process without a chance to finish anything (SIGKILL where there are signals). */
    private void kill() {
        end(process);
        thaw();
        state = State.KILLED;
        delay = Duration.ZERO;
    }

    /** SIGSTOP. However this process dies, the shell's input ends with it, so that no stopped process stays behind. */
    private void freeze() throws IOException {
        if (!CAN_FREEZE) {
            throw new IOException("this system has no signal to stop a process with");
        }
        ice = started(
                "sh", "-c", "kill -STOP $0 || exit 1; echo stopped; read -r end; kill -CONT $0", "" + process.pid());
        firstLine(ice);
    }

    /** SIGCONT. */
    private void thaw() {
        if (ice == null) {
            return;
        }
        try {
            ice.getOutputStream().close();
            ice.waitFor(5, TimeUnit.SECONDS);
        } catch (IOException e) {
            throw new IllegalStateException("closing a pipe failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        ice = null;
    }

    private void tell(String what) throws IOException {
        process.getOutputStream().write((what + "\n").getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
    }

    private static Process started(String... command) throws IOException {
        return new ProcessBuilder(List.of(command))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private String firstLine(Process child) throws IOException {
        BufferedReader output =
                new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII));
        String line = output.readLine();
        if (line == null) {
            throw new IOException(name + ": the child process ended at once");
        }
        return line;
    }

    private static void end(Process child) {
        child.destroyForcibly();
        try {
            child.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    String name() {
        return name;
    }

    /** {@link State#KILLED} also when it ended by itself, or somebody else ended it. */
    synchronized State state() {
        return process.isAlive() ? state : State.KILLED;
    }

    /** What every answer takes; zero unless it is slow. */
    synchronized Duration delay() {
        return delay;
    }

    synchronized String address() {
        return "http://127.0.0.1:" + port;
    }

    /** Of the latest process, which may have ended. */
    synchronized long id() {
        return process.pid();
    }

    @Override
    public synchronized void close() {
        kill();
    }
}
