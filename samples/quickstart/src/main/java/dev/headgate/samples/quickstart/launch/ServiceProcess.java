package dev.headgate.samples.quickstart.launch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * One {@link Service} as a child process that can be killed and started again on the same port. For one thread at a
 * time.
 */
final class ServiceProcess implements AutoCloseable {

    private final String name;
    private int port;
    private Process process;

    /** Starts the service on a free loopback port. */
    ServiceProcess(String name) throws IOException {
        this.name = name;
        start();
    }

    /** Starts the process and returns once it listens; nothing when it runs already. */
    synchronized void start() throws IOException {
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
        process = new ProcessBuilder(
                        java, "-Xmx64m", "-XX:+UseSerialGC", "-cp", classPath, Service.class.getName(), name, "" + port)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
        String first = output.readLine();
        if (first == null) {
            throw new IOException(name + " did not start");
        }
        port = Integer.parseInt(first);
    }

    /** Ends the process without a chance to finish anything (SIGKILL where there are signals). */
    synchronized void kill() {
        process.destroyForcibly();
        try {
            process.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    synchronized String address() {
        return "http://127.0.0.1:" + port;
    }

    synchronized long id() {
        return process.pid();
    }

    @Override
    public void close() {
        kill();
    }
}
