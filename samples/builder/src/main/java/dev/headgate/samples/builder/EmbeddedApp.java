package dev.headgate.samples.builder;

import dev.headgate.HeadgateFilter;
import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.GatewayBuilder;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/** An app in an embedded Tomcat that gives {@code /api/*} to a service. */
public final class EmbeddedApp {

    private EmbeddedApp() {}

    /** @param args the port to listen on, and the service, such as {@code http://localhost:9090} */
    public static void main(String[] args) throws LifecycleException {
        start(Integer.parseInt(args[0]), args[1]).getServer().await();
    }

    static Tomcat start(int port, String service) throws LifecycleException {
        GatewayConfig config = GatewayBuilder.create()
                .route("api", route -> route.path("/api/*")
                        .to(service)
                        .targetPath("strip")
                        .timeoutConnect(Duration.ofSeconds(1)))
                .build();

        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
        tomcat.setPort(port);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        Context app = tomcat.addContext("", null);

        FilterDef gateway = new FilterDef();
        gateway.setFilterName("headgate");
        gateway.setFilter(new HeadgateFilter(config));
        gateway.setAsyncSupported("true");
        app.addFilterDef(gateway);
        FilterMap everything = new FilterMap();
        everything.setFilterName("headgate");
        everything.addURLPattern("/*");
        app.addFilterMap(everything);

        Tomcat.addServlet(app, "app", new App()).addMapping("/");
        tomcat.start();
        return tomcat;
    }

    private static final class App extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.setContentType("text/plain");
            response.getWriter().print("the app");
        }
    }
}
