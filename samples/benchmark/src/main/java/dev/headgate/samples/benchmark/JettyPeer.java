package dev.headgate.samples.benchmark;

import jakarta.servlet.DispatcherType;
import java.util.EnumSet;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** An embedded Jetty as it comes. */
final class JettyPeer {

    private JettyPeer() {}

    /** @param args the kind of {@link App}, the port to listen on, and the upstream's URL */
    public static void main(String[] args) throws Exception {
        App app = App.of(args[0], args[2]);
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        connector.setPort(Integer.parseInt(args[1]));
        connector.setAcceptQueueSize(4096);
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        if (app.filter() != null) {
            FilterHolder filter = new FilterHolder(app.filter());
            filter.setAsyncSupported(true);
            filter.setInitParameters(app.filterParams());
            context.addFilter(filter, "/*", EnumSet.of(DispatcherType.REQUEST));
        }
        ServletHolder servlet = new ServletHolder(app.servlet());
        servlet.setInitParameters(app.servletParams());
        servlet.setAsyncSupported(true);
        context.addServlet(servlet, "/*");
        server.setHandler(context);
        server.start();
        server.join();
    }
}
