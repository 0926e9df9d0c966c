package dev.headgate.testing;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import dev.headgate.HeadgateFilter;
import dev.headgate.setup.GatewayBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.management.remote.JMXServiceURL;

/**
 * An app with a gateway in a JVM of its own. Unless it has other settings, its route {@code r} sends {@code /api/*} to an
 * origin. It ends with this object, or with the JVM that holds it.
 */
public final class GatewayProcess implements AutoCloseable {

    private final Process process;
    private final BufferedReader answers;
    private final Writer questions;
    private final int port;

    private GatewayProcess(Process process) throws IOException {
        this.process = process;
        this.answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.questions = process.outputWriter(StandardCharsets.UTF_8);
        this.port = Integer.parseInt(answer());
    }

    /** @param options of the JVM, such as {@code -Xmx64m} */
    public static GatewayProcess start(Container container, String originUrl, String... options) throws IOException {
        return start(container, Map.of("route.r.path", "/api/*", "route.r.to", originUrl), options);
    }

    /** @param settings of the gateway, all of them */
    public static GatewayProcess start(Container container, Map<String, String> settings, String... options)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        // Surefire runs tests from a jar that only names the others.
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        command.addAll(List.of("-cp", classPath, GatewayProcess.class.getName(), container.name()));
        settings.forEach((key, value) -> command.add(key + "=" + value));
        return new GatewayProcess(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    public int port() {
        return port;
    }

    /** What a monitoring agent on the same machine connects to. */
    public JMXServiceURL management() throws IOException {
        try {
            VirtualMachine machine = VirtualMachine.attach(Long.toString(process.pid()));
            try {
                return new JMXServiceURL(machine.startLocalManagementAgent());
            } finally {
                machine.detach();
            }
        } catch (AttachNotSupportedException e) {
            throw new IOException(e);
        }
    }

    /** The most heap that was in use at any time so far, garbage included; it cannot exceed {@code -Xmx}. */
    public long peakHeapBytes() throws IOException {
        questions.write("peak\n");
        questions.flush();
        return Long.parseLong(answer());
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new AssertionError("the gateway's process has ended: " + process);
        }
        return line;
    }

    @Override
    public void close() throws IOException {
        questions.close();
        try {
            process.onExit().get(10, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            process.destroyForcibly();
        }
    }

    /** The other side. */
    public static void main(String[] arguments) throws IOException {
        GatewayBuilder settings = GatewayBuilder.create();
        for (String setting : List.of(arguments).subList(1, arguments.length)) {
            int equals = setting.indexOf('=');
            settings.set(setting.substring(0, equals), setting.substring(equals + 1));
        }
        try (AppServer app = AppServer.on(Container.valueOf(arguments[0]))
                .filter(new HeadgateFilter(settings.build()))
                .start()) {
            System.out.println(app.port());
            BufferedReader questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            while (questions.readLine() != null) {
                System.out.println(ManagementFactory.getMemoryPoolMXBeans().stream()
                        .filter(pool -> pool.getType() == MemoryType.HEAP)
                        .mapToLong(pool -> pool.getPeakUsage().getUsed())
                        .sum());
            }
        }
        System.exit(0);
    }
}
