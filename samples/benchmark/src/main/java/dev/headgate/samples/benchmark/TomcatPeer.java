package dev.headgate.samples.benchmark;

import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/** An embedded Tomcat as it comes, but that connections stay open for as long as a benchmark likes. */
final class TomcatPeer {

    private TomcatPeer() {}

    /** @param args the kind of {@link App}, the port to listen on, and the upstream's URL */
    public static void main(String[] args) throws Exception {
        App app = App.of(args[0], args[2]);
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
        tomcat.setPort(Integer.parseInt(args[1]));
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        tomcat.getConnector().setProperty("maxKeepAliveRequests", "-1");
        tomcat.getConnector().setProperty("acceptCount", "4096");
        Context context = tomcat.addContext("", null);
        if (app.filter() != null) {
            FilterDef filter = new FilterDef();
            filter.setFilterName("filter");
            filter.setFilter(app.filter());
            filter.setAsyncSupported("true");
            app.filterParams().forEach(filter::addInitParameter);
            context.addFilterDef(filter);
            FilterMap everything = new FilterMap();
            everything.setFilterName("filter");
            everything.addURLPattern("/*");
            context.addFilterMap(everything);
        }
        Wrapper servlet = Tomcat.addServlet(context, "app", app.servlet());
        app.servletParams().forEach(servlet::addInitParameter);
        servlet.setAsyncSupported(true);
        servlet.addMapping("/*");
        tomcat.start();
        tomcat.getServer().await();
    }
}
