package dev.headgate.testing;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.Wrapper;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.IntrospectionUtils;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.gzip.GzipHandler;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * A web app in an embedded container on a free loopback port, over HTTP/1.1 and HTTP/2 without TLS. Unless told
 * otherwise it has one servlet, which answers {@code app:}, the method and the request URI.
 */
public final class AppServer implements AutoCloseable {

    /** Clients who find less room than that to be accepted try again after a second, so that a crowd takes half a minute. */
    private static final int BACKLOG = 1024;

    /** Stops the container. */
    private interface Stop {
        void run() throws Exception;
    }

    /** Held, because loggers are held weakly elsewhere. The second one complains of missing --add-opens. */
    private static final List<Logger> QUIETER =
            List.of(Logger.getLogger("org.apache"), Logger.getLogger("org.apache.catalina.loader"));

    static {
        QUIETER.get(0).setLevel(Level.WARNING);
        QUIETER.get(1).setLevel(Level.SEVERE);
    }

    private final int port;
    private final Stop stop;

    private AppServer(int port, Stop stop) {
        this.port = port;
        this.stop = stop;
    }

    public static Builder on(Container container) {
        return new Builder(container);
    }

    public int port() {
        return port;
    }

    public RawClient connect() throws IOException {
        return RawClient.connect(port);
    }

    @Override
    public void close() {
        try {
            stop.run();
        } catch (Exception e) {
            throw new AssertionError("the container did not stop", e);
        }
    }

    private record FilterEntry(
            Filter filter, boolean asyncSupported, String path, EnumSet<DispatcherType> dispatcherTypes) {}

    private record ServletEntry(String path, Servlet servlet) {}

    /** Collects what the app is made of. */
    public static final class Builder {

        private final Container container;
        private final List<FilterEntry> filters = new ArrayList<>();
        private final List<ServletEntry> servlets = new ArrayList<>();
        private final Map<String, String> resources = new LinkedHashMap<>();
        private String contextPath = "";
        private boolean asyncSupported = true;
        private boolean lenient;
        private String errorPage;
        private String sessionCookie;
        private int threads = 32;
        private boolean virtualThreads;
        private Duration patience;
        private boolean compressing;

        private Builder(Container container) {
            this.container = container;
        }

        /** Empty, or a path that begins with a slash. */
        public Builder contextPath(String path) {
            contextPath = path;
            return this;
        }

        /** A filter on every path, with async support, after those that are already here. */
        public Builder filter(Filter filter) {
            return filter(filter, true, "/*");
        }

        public Builder filter(Filter filter, boolean async, String path, DispatcherType... types) {
            EnumSet<DispatcherType> dispatcherTypes = EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC);
            if (types.length > 0) {
                dispatcherTypes = EnumSet.copyOf(List.of(types));
            }
            filters.add(new FilterEntry(filter, async, path, dispatcherTypes));
            return this;
        }

        /** The longest match wins; {@code /*} replaces the default servlet of the app. */
        public Builder servlet(String path, Servlet servlet) {
            servlets.add(new ServletEntry(path, servlet));
            return this;
        }

        /** Whether the app's servlets support async; true unless told otherwise. */
        public Builder servletsAsync(boolean supported) {
            asyncSupported = supported;
            return this;
        }

        /**
         * Lets the container hand on what it refuses by default: ambiguous paths, {@code []{}|} and the like in targets,
         * TRACE.
         */
        public Builder lenient() {
            lenient = true;
            return this;
        }

        /** How the app calls its session cookie. */
        public Builder sessionCookie(String name) {
            sessionCookie = name;
            return this;
        }

        /** A file of the app, such as {@code /WEB-INF/x}. */
        public Builder resource(String path, String content) {
            resources.put(path, content);
            return this;
        }

        /** Where errors are dispatched to. */
        public Builder errorPage(String path) {
            errorPage = path;
            return this;
        }

        /** How many requests the container handles at once; 32 unless told otherwise. */
        public Builder threads(int count) {
            threads = count;
            return this;
        }

        /** Has requests run on virtual threads, where Java has them (21 and later). */
        public Builder virtualThreads() {
            virtualThreads = true;
            return this;
        }

        /** How long the container waits for a silent client: Tomcat's connectionTimeout, Jetty's idleTimeout. */
        public Builder patience(Duration limit) {
            patience = limit;
            return this;
        }

        /** The container compresses what it sends, and Jetty unpacks what it gets. */
        public Builder compressing() {
            compressing = true;
            return this;
        }

        public AppServer start() {
            if (servlets.stream().noneMatch(entry -> entry.path().equals("/*"))) {
                servlets.add(new ServletEntry("/*", new App()));
            }
            try {
                return switch (container) {
                    case TOMCAT -> tomcat();
                    case JETTY -> jetty();
                };
            } catch (Exception e) {
                throw new AssertionError(container + " did not start", e);
            }
        }

        private AppServer tomcat() throws LifecycleException, IOException {
            File base = Files.createTempDirectory("headgate-tomcat").toFile();
            Tomcat tomcat = new Tomcat();
            tomcat.setBaseDir(base.getPath());
            Connector connector = new Connector("org.apache.coyote.http11.Http11NioProtocol");
            connector.setPort(0);
            connector.setProperty("address", "127.0.0.1");
            connector.setProperty("maxThreads", Integer.toString(threads));
            connector.setProperty("minSpareThreads", "2");
            connector.setProperty("acceptCount", Integer.toString(BACKLOG));
            if (virtualThreads) {
                connector.setProperty("useVirtualThreads", "true");
            }
            if (compressing) {
                connector.setProperty("compression", "on");
            }
            if (patience != null) {
                connector.setProperty("connectionTimeout", Long.toString(patience.toMillis()));
            }
            AbstractHttp11Protocol<?> protocol = (AbstractHttp11Protocol<?>) connector.getProtocolHandler();
            // By default it says 100 (Continue) before the app is asked, and the gateway could not pass the question
            // on.
            connector.setProperty("continueResponseTiming", "onRead");
            // Tomcat drops trailers which nobody named.
            protocol.setAllowedTrailerHeaders("x-checksum,x-note");
            connector.addUpgradeProtocol(new Http2Protocol());
            if (lenient) {
                connector.setProperty("relaxedPathChars", "\"<>[\\]^`{|}");
                connector.setProperty("relaxedQueryChars", "\"<>[\\]^`{|}");
                connector.setEncodedSolidusHandling("passthrough");
                connector.setAllowBackslash(true);
                connector.setAllowTrace(true);
            }
            tomcat.getService().addConnector(connector);
            tomcat.setConnector(connector);
            writeResources(base);
            Context context = tomcat.addContext(contextPath, base.getPath());
            if (errorPage != null) {
                org.apache.tomcat.util.descriptor.web.ErrorPage page =
                        new org.apache.tomcat.util.descriptor.web.ErrorPage();
                page.setLocation(errorPage);
                context.addErrorPage(page);
            }
            // Their leak detection needs --add-opens.
            StandardContext standard = (StandardContext) context;
            // By name, because Tomcat 11 has this one no more.
            IntrospectionUtils.setProperty(standard, "clearReferencesObjectStreamClassCaches", "false");
            standard.setClearReferencesRmiTargets(false);
            standard.setClearReferencesThreadLocals(false);
            standard.setUnloadDelay(500);
            if (sessionCookie != null) {
                context.setSessionCookieName(sessionCookie);
            }
            int n = 0;
            for (FilterEntry entry : filters) {
                FilterDef definition = new FilterDef();
                definition.setFilterName("filter" + n++);
                definition.setFilter(entry.filter());
                definition.setAsyncSupported(Boolean.toString(entry.asyncSupported()));
                context.addFilterDef(definition);
                FilterMap mapping = new FilterMap();
                mapping.setFilterName(definition.getFilterName());
                mapping.addURLPattern(entry.path());
                entry.dispatcherTypes().forEach(type -> mapping.setDispatcher(type.name()));
                context.addFilterMap(mapping);
            }
            for (ServletEntry entry : servlets) {
                Wrapper wrapper = Tomcat.addServlet(context, "servlet" + n++, entry.servlet());
                wrapper.setAsyncSupported(asyncSupported);
                wrapper.setMultipartConfigElement(new MultipartConfigElement(base.getPath()));
                wrapper.addMapping(entry.path());
            }
            tomcat.start();
            return new AppServer(connector.getLocalPort(), () -> {
                tomcat.stop();
                tomcat.destroy();
                delete(base);
            });
        }

        private AppServer jetty() throws Exception {
            QueuedThreadPool pool = new QueuedThreadPool(threads + 4, 4);
            if (virtualThreads) {
                pool.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
            }
            Server server = new Server(pool);
            HttpConfiguration configuration = new HttpConfiguration();
            configuration.setSendServerVersion(false);
            if (lenient) {
                configuration.setUriCompliance(UriCompliance.UNSAFE);
            }
            ServerConnector connector = new ServerConnector(
                    server,
                    1,
                    1,
                    new HttpConnectionFactory(configuration),
                    new HTTP2CServerConnectionFactory(configuration));
            connector.setHost("127.0.0.1");
            connector.setAcceptQueueSize(BACKLOG);
            connector.setShutdownIdleTimeout(100);
            if (patience != null) {
                connector.setIdleTimeout(patience.toMillis());
            }
            server.addConnector(connector);
            ServletContextHandler context = new ServletContextHandler(
                    contextPath.isEmpty() ? "/" : contextPath, ServletContextHandler.SESSIONS);
            File temporary = Files.createTempDirectory("headgate-jetty").toFile();
            context.setTempDirectory(temporary);
            // Of its own, since Jetty empties its temporary one.
            File base = Files.createTempDirectory("headgate-app").toFile();
            writeResources(base);
            context.setBaseResourceAsPath(base.toPath());
            context.getServletHandler().setDecodeAmbiguousURIs(lenient);
            if (sessionCookie != null) {
                context.getSessionHandler().getSessionCookieConfig().setName(sessionCookie);
            }
            if (errorPage != null) {
                org.eclipse.jetty.ee10.servlet.ErrorPageErrorHandler errors =
                        new org.eclipse.jetty.ee10.servlet.ErrorPageErrorHandler();
                errors.addErrorPage(400, 599, errorPage);
                context.setErrorHandler(errors);
            }
            for (FilterEntry entry : filters) {
                FilterHolder holder = new FilterHolder(entry.filter());
                holder.setAsyncSupported(entry.asyncSupported());
                context.addFilter(holder, entry.path(), entry.dispatcherTypes());
            }
            for (ServletEntry entry : servlets) {
                ServletHolder holder = new ServletHolder(entry.servlet());
                holder.setAsyncSupported(asyncSupported);
                holder.getRegistration().setMultipartConfig(new MultipartConfigElement(temporary.getPath()));
                context.addServlet(holder, entry.path());
            }
            server.setHandler(compressing ? compressing(context) : context);
            server.setStopTimeout(0);
            server.start();
            return new AppServer(connector.getLocalPort(), () -> {
                server.stop();
                delete(temporary);
                delete(base);
            });
        }

        /** Of the handler that most apps have, and not of the one that is to replace it. */
        @SuppressWarnings({"deprecation", "removal"})
        private static Handler compressing(Handler context) {
            GzipHandler gzip = new GzipHandler(context);
            gzip.setInflateBufferSize(4096);
            return gzip;
        }

        private void writeResources(File base) throws IOException {
            for (Map.Entry<String, String> resource : resources.entrySet()) {
                Path file = base.toPath().resolve(resource.getKey().substring(1));
                Files.createDirectories(file.getParent());
                Files.writeString(file, resource.getValue());
            }
        }

        private static void delete(File file) {
            File[] children = file.listFiles();
            if (children != null) {
                for (File child : children) {
                    delete(child);
                }
            }
            try {
                Files.deleteIfExists(file.toPath());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Answers {@code app:METHOD URI}, with the query when there is one. */
    public static final class App extends HttpServlet {

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            String query = request.getQueryString();
            String text =
                    "app:" + request.getMethod() + " " + request.getRequestURI() + (query == null ? "" : "?" + query);
            response.setContentType("text/plain;charset=UTF-8");
            response.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        }
    }
}
