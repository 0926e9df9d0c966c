package dev.headgate.samples.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A server process of the benchmark, with its children; asks Linux' /proc what it uses. */
final class PeerProcess implements AutoCloseable {

    /** Of the kernel's clock in /proc: 100 a second on every Linux that Java runs on. */
    private static final long MICROS_PER_TICK = 10_000;

    private final Process process;
    private final Path log;
    private final int port;

    private PeerProcess(Process process, Path log, int port) {
        this.process = process;
        this.log = log;
        this.port = port;
    }

    static PeerProcess start(List<String> command, Path log, int port) throws IOException, InterruptedException {
        Files.createDirectories(log.getParent());
        PeerProcess started = new PeerProcess(
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start(),
                log,
                port);
        // None is left behind where the benchmark is broken off.
        Runtime.getRuntime().addShutdownHook(new Thread(started.process::destroy));
        started.awaitPort();
        return started;
    }

    private void awaitPort() throws IOException, InterruptedException {
        for (int tries = 0; tries < 600; tries++) {
            if (!process.isAlive()) {
                throw new IOException("it ended:\n" + Files.readString(log));
            }
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return;
            } catch (IOException e) {
                Thread.sleep(100);
            }
        }
        close();
        throw new IOException("nobody listens on " + port + ":\n" + Files.readString(log));
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    int port() {
        return port;
    }

    /** User and system time so far. */
    long cpuMicros() {
        return processes().mapToLong(PeerProcess::cpuMicros).sum();
    }

    long residentKilobytes() {
        return processes().mapToLong(pid -> status(pid, "VmRSS:")).sum();
    }

    int threads() {
        return (int) processes().mapToLong(pid -> status(pid, "Threads:")).sum();
    }

    /** What is left on the heap after a collection, by the JDK's own jcmd. */
    long heapKilobytes(Path jdk) throws IOException, InterruptedException {
        jcmd(jdk, "GC.run");
        String info = jcmd(jdk, "GC.heap_info");
        var used = java.util.regex.Pattern.compile("used (\\d+)K").matcher(info);
        return used.find() ? Long.parseLong(used.group(1)) : 0;
    }

    private String jcmd(Path jdk, String command) throws IOException, InterruptedException {
        return output(List.of(jdk.resolve("bin/jcmd").toString(), Long.toString(process.pid()), command));
    }

    static String output(List<String> command) throws IOException, InterruptedException {
        Process run = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(run.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (run.waitFor() != 0) {
            throw new IOException(command + " failed:\n" + output);
        }
        return output;
    }

    private Stream<Long> processes() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants())
                .map(ProcessHandle::pid);
    }

    private static long cpuMicros(long pid) {
        String stat = read(pid, "stat");
        // The second field is a name in parentheses; the 14th and 15th are user and system time.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MICROS_PER_TICK;
    }

    private static long status(long pid, String field) {
        return read(pid, "status")
                .lines()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(
                        line.substring(field.length()).replace("kB", "").strip()))
                .findFirst()
                .orElse(0);
    }

    private static String read(long pid, String file) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(pid), file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return "process " + process.pid() + " on port " + port;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
