package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** The filter as a citizen of a filter chain. */
class FilterChainTest {

    @OnEachContainer
    void requestThatNoRouteMatchesGoesOnWithTheVerySameObjects(Container container) throws IOException {
        AtomicReference<List<Object>> before = new AtomicReference<>();
        AtomicReference<List<Object>> after = new AtomicReference<>();
        RawOrigin origin = RawOrigin.ok();
        AppServer.Builder app = AppServer.on(container)
                .filter((request, response, chain) -> {
                    before.set(List.of(request, response));
                    chain.doFilter(request, response);
                })
                .filter(Scene.gateway(origin))
                .filter((request, response, chain) -> {
                    after.set(List.of(request, response));
                    chain.doFilter(request, response);
                });
        try (Scene scene = Scene.assembled(app, origin)) {
            RawMessage response = scene.client().get("/other");
            assertThat(response.text()).isEqualTo("app:GET /other");
            assertThat(response.has("Via")).isFalse();
            assertThat(response.has("X-Request-Id")).isFalse();
            assertThat(after.get().get(0)).isSameAs(before.get().get(0));
            assertThat(after.get().get(1)).isSameAs(before.get().get(1));
        }
    }

    @OnEachContainer
    void requestThatARouteTakesDoesNotReachTheRestOfTheChain(Container container) throws IOException {
        AtomicReference<Object> after = new AtomicReference<>();
        RawOrigin origin = RawOrigin.ok();
        AppServer.Builder app = AppServer.on(container)
                .filter(Scene.gateway(origin))
                .filter((request, response, chain) -> after.set(request));
        try (Scene scene = Scene.assembled(app, origin)) {
            assertThat(scene.client().get("/api/x").text()).isEqualTo("ok");
            assertThat(after.get()).isNull();
        }
    }

    @OnEachContainer
    void worksWithoutAsyncSupportOfItsOwn(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        AppServer.Builder app = AppServer.on(container).filter(Scene.gateway(origin), false, "/*");
        try (Scene scene = Scene.assembled(app, origin)) {
            assertThat(scene.client().post("/api/x", "content").text()).isEqualTo("ok");
            assertThat(origin.request().text()).isEqualTo("content");
        }
    }

    @OnEachContainer
    void worksBehindAnOldFilterAndAnOldServletWithoutAsyncSupport(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        AppServer.Builder app = AppServer.on(container)
                .servletsAsync(false)
                .filter((request, response, chain) -> chain.doFilter(request, response), false, "/*")
                .filter(Scene.gateway(origin));
        try (Scene scene = Scene.assembled(app, origin)) {
            assertThat(scene.client().post("/api/x", "content").text()).isEqualTo("ok");
            assertThat(scene.client().get("/api/y").text()).isEqualTo("ok");
        }
    }

    @OnEachContainer
    void worksOnANarrowMapping(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        AppServer.Builder app =
                AppServer.on(container).contextPath("/app").filter(Scene.gateway(origin), true, "/api/*");
        try (Scene scene = Scene.assembled(app, origin)) {
            assertThat(scene.client().get("/app/api/x").text()).isEqualTo("ok");
            assertThat(scene.client().get("/app/other").text()).isEqualTo("app:GET /app/other");
        }
    }

    @OnEachContainer
    void twoInstancesInOneAppServeTheirOwnRoutes(Container container) throws IOException {
        RawOrigin first = RawOrigin.answering(RawOrigin.ok("first"));
        try (RawOrigin second = RawOrigin.answering(RawOrigin.ok("second"))) {
            AppServer.Builder app = AppServer.on(container)
                    .filter(Scene.gateway(first, "route.r.path=/one/*"))
                    .filter(Scene.gateway(second, "route.r.path=/two/*"));
            try (Scene scene = Scene.assembled(app, first)) {
                assertThat(scene.client().get("/one/x").text()).isEqualTo("first");
                assertThat(scene.client().get("/two/x").text()).isEqualTo("second");
                assertThat(scene.client().get("/three").text()).isEqualTo("app:GET /three");
            }
        }
    }

    @OnEachContainer
    void fieldsThatAWrapperAddsAreSentAndThoseItHidesAreNot(Container container) throws IOException {
        Filter wrapping =
                (request, response, chain) -> chain.doFilter(new Renaming((HttpServletRequest) request), response);
        try (Scene scene = Scene.of(AppServer.on(container).filter(wrapping), RawOrigin.ok())) {
            assertThat(scene.client().get("/api/x", "X-Old: a").status()).isEqualTo(200);
            RawMessage sent = scene.origin().request();
            assertThat(sent.has("X-Old")).isFalse();
            assertThat(sent.field("X-New")).isEqualTo("a");
        }
    }

    /** Such as a compressing or logging filter of the app: it sees every byte, in order, and what was set. */
    @OnEachContainer
    void responseGoesThroughTheWrapperOfAnEarlierFilter(Container container) throws IOException {
        Filter wrapping =
                (request, response, chain) -> chain.doFilter(request, new UpperCase((HttpServletResponse) response));
        RawOrigin origin = RawOrigin.answering("HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
        try (Scene scene = Scene.of(AppServer.on(container).filter(wrapping), origin)) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.text()).isEqualTo("HELLO WORLD");
            assertThat(response.field("X-A")).isEqualTo("b");
            assertThat(response.complete()).isTrue();
        }
    }

    @OnEachContainer
    void includesAndErrorPagesUnderARoutesPathStayInTheApp(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        AppServer.Builder app = AppServer.on(container)
                .filter(
                        Scene.gateway(origin),
                        true,
                        "/*",
                        DispatcherType.REQUEST,
                        DispatcherType.INCLUDE,
                        DispatcherType.ERROR)
                .servlet("/includes", new Including())
                .servlet("/fails", new Failing())
                .servlet("/api/fragment", new Fragment())
                .errorPage("/api/fragment");
        try (Scene scene = Scene.assembled(app, origin)) {
            assertThat(scene.client().get("/includes").text()).isEqualTo("before fragment");
            RawMessage failed = scene.client().get("/fails");
            assertThat(failed.status()).isEqualTo(418);
            assertThat(failed.text()).isEqualTo("fragment");
            assertThat(origin.requests()).isZero();
        }
    }

    @OnEachContainer
    void forwardDispatchIntoARouteIsTaken(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        AppServer.Builder app = AppServer.on(container)
                .filter(Scene.gateway(origin), true, "/*", DispatcherType.REQUEST, DispatcherType.FORWARD)
                .servlet("/old", new HttpServlet() {
                    @Override
                    protected void service(HttpServletRequest request, HttpServletResponse response)
                            throws ServletException, IOException {
                        request.getRequestDispatcher("/api/new").forward(request, response);
                    }
                });
        try (Scene scene = Scene.assembled(app, origin)) {
            assertThat(scene.client().get("/old").text()).isEqualTo("ok");
            assertThat(origin.request().target()).isEqualTo("/api/new");
        }
    }

    @OnEachContainer
    void asyncDispatchIntoARouteIsTaken(Container container) throws IOException {
        RawOrigin origin = RawOrigin.ok();
        AppServer.Builder app = AppServer.on(container)
                .filter(Scene.gateway(origin))
                .servlet("/old", new HttpServlet() {
                    @Override
                    protected void service(HttpServletRequest request, HttpServletResponse response) {
                        AsyncContext async = request.startAsync();
                        async.dispatch("/api/new");
                    }
                });
        try (Scene scene = Scene.assembled(app, origin)) {
            assertThat(scene.client().get("/old").text()).isEqualTo("ok");
            assertThat(origin.request().target()).isEqualTo("/api/new");
        }
    }

    @OnEachContainer
    void stoppingTheAppClosesUpstreamConnectionsAndThreads(Container container) throws Exception {
        RawOrigin origin = RawOrigin.ok();
        List<Thread> before = List.copyOf(Thread.getAllStackTraces().keySet());
        AppServer app = AppServer.on(container).filter(Scene.gateway(origin)).start();
        try (origin;
                var client = app.connect()) {
            assertThat(client.get("/api/x").text()).isEqualTo("ok");
            app.close();
            assertThat(origin.connection(0).awaitClosedByPeer(5_000)).isTrue();
            org.awaitility.Awaitility.await().untilAsserted(() -> assertThat(
                            Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> !before.contains(thread))
                    .filteredOn(thread ->
                            thread.getName().toLowerCase(java.util.Locale.ROOT).contains("headgate"))
                    .isEmpty());
        }
    }

    private static final class Renaming extends HttpServletRequestWrapper {

        Renaming(HttpServletRequest request) {
            super(request);
        }

        @Override
        public String getHeader(String name) {
            return switch (name.toLowerCase(java.util.Locale.ROOT)) {
                case "x-old" -> null;
                case "x-new" -> super.getHeader("X-Old");
                default -> super.getHeader(name);
            };
        }

        @Override
        public Enumeration<String> getHeaders(String name) {
            return switch (name.toLowerCase(java.util.Locale.ROOT)) {
                case "x-old" -> Collections.emptyEnumeration();
                case "x-new" -> super.getHeaders("X-Old");
                default -> super.getHeaders(name);
            };
        }

        @Override
        public Enumeration<String> getHeaderNames() {
            List<String> names = Collections.list(super.getHeaderNames());
            names.replaceAll(name -> name.equalsIgnoreCase("X-Old") ? "X-New" : name);
            return Collections.enumeration(names);
        }
    }

    private static final class UpperCase extends HttpServletResponseWrapper {

        UpperCase(HttpServletResponse response) {
            super(response);
        }

        @Override
        public ServletOutputStream getOutputStream() throws IOException {
            ServletOutputStream out = super.getOutputStream();
            return new ServletOutputStream() {
                @Override
                public boolean isReady() {
                    return out.isReady();
                }

                @Override
                public void setWriteListener(WriteListener listener) {
                    out.setWriteListener(listener);
                }

                @Override
                public void write(int b) throws IOException {
                    out.write(Character.toUpperCase(b));
                }

                @Override
                public void flush() throws IOException {
                    out.flush();
                }
            };
        }
    }

    private static final class Including extends HttpServlet {
        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response)
                throws ServletException, IOException {
            response.getWriter().write("before ");
            request.getRequestDispatcher("/api/fragment").include(request, response);
        }
    }

    private static final class Failing extends HttpServlet {
        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.sendError(418);
        }
    }

    private static final class Fragment extends HttpServlet {
        @Override
        public void service(ServletRequest request, ServletResponse response) throws IOException {
            response.getWriter().write("fragment");
        }
    }
}
