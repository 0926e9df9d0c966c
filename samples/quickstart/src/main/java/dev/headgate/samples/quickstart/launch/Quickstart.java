package dev.headgate.samples.quickstart.launch;

import java.io.IOException;
import java.net.BindException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.ee10.webapp.WebAppContext;
import org.eclipse.jetty.security.HashLoginService;
import org.eclipse.jetty.security.UserStore;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.security.Credential;

/**
 * Runs the quickstart: three services, each a process of its own, and a container with the WAR, all on the loopback
 * interface.
 *
 * <p>The system property {@code port} chooses the port; without it 8080 is taken, or any free one when 8080 is not.
 */
public final class Quickstart {

    private static final int USUAL_PORT = 8080;
    // Held here because java.util.logging itself forgets loggers, and their levels with them.
    private static final Logger CONTAINER_LOG = Logger.getLogger("org.eclipse.jetty");
    private static final Logger ORIGINS_LOG = Logger.getLogger("dev.headgate.upstream");

    private Quickstart() {}

    /** @param args the directory with the unpacked WAR */
    public static void main(String[] args) throws Exception {
        // One line for each message, the gateway's among them; of the container only what is wrong.
        System.setProperty("java.util.logging.SimpleFormatter.format", "  %4$s %5$s%6$s%n");
        CONTAINER_LOG.setLevel(Level.WARNING);

        List<ServiceProcess> services = new CopyOnWriteArrayList<>();
        Server server = new Server();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(server, services), "quickstart-close"));

        ServerConnector connector = listen(server);
        for (int number = 1; number <= 3; number++) {
            services.add(new ServiceProcess("service-" + number));
        }
        // WEB-INF/headgate.properties asks for this one.
        System.setProperty(
                "quickstart.services",
                String.join(" ", services.stream().map(ServiceProcess::address).toList()));

        WebAppContext app = new WebAppContext(Path.of(args[0]).toString(), "/");
        app.setThrowUnavailableOnStartupException(true);
        ServiceControl.Notices notices = new ServiceControl.Notices();
        ORIGINS_LOG.addHandler(notices);
        // Whoever starts the processes can end them: this servlet is the launcher's, beside those of the WAR.
        app.addServlet(new ServletHolder(new ServiceControl(services, notices)), "/app/services/*");
        server.setHandler(app);
        server.addBean(users());
        server.start();

        System.out.printf(
                "%n  Headgate quickstart: http://localhost:%d/   (sign in as demo, password demo)%n%n",
                connector.getLocalPort());
        for (ServiceProcess service : services) {
            System.out.printf("  service at %s is process %d%n", service.address(), service.id());
        }
        System.out.printf("%n  Ctrl-C ends everything.%n%n");
        server.join();
    }

    private static HashLoginService users() {
        UserStore users = new UserStore();
        users.addUser("demo", Credential.getCredential("demo"), new String[] {"user", "operator"});
        HashLoginService realm = new HashLoginService("quickstart");
        realm.setUserStore(users);
        return realm;
    }

    private static ServerConnector listen(Server server) throws Exception {
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        Integer wanted = Integer.getInteger("port");
        connector.setPort(wanted == null ? USUAL_PORT : wanted);
        try {
            connector.open();
        } catch (IOException e) {
            if (!(e.getCause() instanceof BindException)) {
                throw e;
            }
            if (wanted != null) {
                System.err.printf("%n  Port %d is taken. Choose another one, or leave out -Dport.%n%n", wanted);
                System.exit(1);
            }
            connector.setPort(0);
            connector.open();
        }
        return connector;
    }

    private static void close(Server server, List<ServiceProcess> services) {
        services.forEach(ServiceProcess::close);
        try {
            server.stop();
        } catch (Exception e) {
            System.err.println("The server did not stop cleanly: " + e);
        }
    }
}
