package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/**
 * What stands before the gateway and changes request and response: filters that wrap them the way it was done before
 * Servlet 3.1, and by half; containers that compress.
 */
class OldFiltersTest {

    private static final String TEXT = "one and the same line\n".repeat(500);

    private static Scene behind(Container container, Filter old, RawOrigin origin) throws IOException {
        return Scene.of(AppServer.on(container).filter(old, false, "/*"), origin);
    }

    /** How the old filter changes the request. */
    private interface Change {
        HttpServletRequest of(HttpServletRequest request) throws IOException;
    }

    private static Filter changing(Change change) {
        return (request, response, chain) -> chain.doFilter(change.of((HttpServletRequest) request), response);
    }

    @OnEachContainer
    void fieldThatAFilterAddsGoesUpOnceAndInPlaceOfTheClientsOwn(Container container) throws IOException {
        for (boolean allValues : new boolean[] {true, false}) {
            Filter old = changing(request -> new SigningOn(request, allValues));
            try (Scene scene = behind(container, old, RawOrigin.ok())) {
                assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
                assertThat(scene.client().get("/api/x", "x-user: mallory").status())
                        .isEqualTo(200);
                for (int i = 0; i < 2; i++) {
                    assertThat(scene.origin().request(i).fields("X-User")).containsExactly("alice");
                }
            }
        }
    }

    @OnEachContainer
    void fieldsGoUpOnceHoweverManyAFilterListsTwice(Container container) throws IOException {
        int many = 150;
        Filter old = changing(request -> new HttpServletRequestWrapper(request) {
            @Override
            public Enumeration<String> getHeaders(String name) {
                return name.regionMatches(true, 0, "X-Many-", 0, 7)
                        ? Collections.enumeration(List.of("value"))
                        : super.getHeaders(name);
            }

            @Override
            public Enumeration<String> getHeaderNames() {
                List<String> names = Collections.list(super.getHeaderNames());
                for (int i = 0; i < many; i++) {
                    names.add("X-Many-" + i);
                }
                for (int i = 0; i < many; i++) {
                    names.add("x-many-" + i);
                }
                return Collections.enumeration(names);
            }
        });
        try (Scene scene = behind(container, old, RawOrigin.ok())) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
            RawMessage sent = scene.origin().request();
            for (int i = 0; i < many; i++) {
                assertThat(sent.fields("X-Many-" + i)).containsExactly("value");
            }
        }
    }

    @OnEachContainer
    void fieldThatAFilterHidesInOneWayOnlyDoesNotGoUp(Container container) throws IOException {
        for (boolean allValues : new boolean[] {true, false}) {
            Filter old = changing(request -> new Hiding(request, allValues));
            try (Scene scene = behind(container, old, RawOrigin.ok())) {
                assertThat(scene.client()
                                .get("/api/x", "X-Secret: a", "X-Open: b", "X-Open: c")
                                .status())
                        .isEqualTo(200);
                assertThat(scene.origin().request().has("X-Secret")).isFalse();
                assertThat(scene.origin().request().fields("X-Open")).containsExactly("b", "c");
            }
        }
    }

    @OnEachContainer
    void contentThatAFilterCompressesOnItsWayDownIsWhole(Container container) throws IOException {
        try (Scene scene = behind(container, OldFiltersTest::compress, RawOrigin.answering(RawOrigin.ok(TEXT)))) {
            RawMessage response = scene.client().get("/api/x");
            assertThat(response.complete()).isTrue();
            assertThat(response.field("Content-Encoding")).isEqualTo("gzip");
            assertThat(new GZIPInputStream(new ByteArrayInputStream(response.content())).readAllBytes())
                    .asString(StandardCharsets.ISO_8859_1)
                    .isEqualTo(TEXT);
        }
    }

    @OnEachContainer
    void contentThatAFilterInflatesOnItsWayUpIsWhole(Container container) throws IOException {
        for (int told = 0; told < 3; told++) {
            int lengths = told;
            Filter old = changing(request -> new Inflated(request, lengths));
            try (Scene scene = behind(container, old, RawOrigin.ok())) {
                String packed = new String(gzip(TEXT), StandardCharsets.ISO_8859_1);
                int count = 0;
                for (String method : List.of("POST", "DELETE", "GET")) {
                    String request = RawClient.request(
                            method, "/api/x", "Content-Type: text/plain", "Content-Length: " + packed.length());
                    assertThat(scene.client()
                                    .exchange(request + "\r\n" + packed)
                                    .status())
                            .isEqualTo(200);
                    RawMessage sent = scene.origin().request(count++);
                    sent.awaitEnd();
                    assertThat(sent.text()).isEqualTo(TEXT);
                }
            }
        }
    }

    @OnEachContainer
    void contentThatIsLongerThanTheLengthThatAFilterHasLeftIsNotCutShort(Container container) throws IOException {
        Filter old = changing(request -> new Inflated(request, -1));
        for (String text : List.of(TEXT, TEXT.repeat(1_000))) {
            try (Scene scene = behind(container, old, RawOrigin.ok())) {
                String packed = new String(gzip(text), StandardCharsets.ISO_8859_1);
                RawMessage response = scene.client().post("/api/x", packed);
                assertThat(response.status()).isEqualTo(500);
                assertThat(response.field("Proxy-Status")).contains("proxy_configuration_error");
                if (scene.origin().requests() > 0) {
                    assertThat(scene.origin().request(0).awaitEnd()).isEqualTo(Ending.CUT);
                }
            }
        }
    }

    /** By a logging filter, for one. */
    @OnEachContainer
    void requestWithoutContentPassesThoughAFilterHasReadAndClosedItsStream(Container container) throws IOException {
        Filter old = changing(request -> {
            try (InputStream content = request.getInputStream()) {
                content.readAllBytes();
            }
            return new HttpServletRequestWrapper(request);
        });
        try (Scene scene = behind(container, old, RawOrigin.ok())) {
            for (String method : List.of("DELETE", "POST", "GET")) {
                String request = RawClient.request(method, "/api/x", "Content-Type: text/plain");
                assertThat(scene.client().exchange(request + "\r\n").status())
                        .as(method)
                        .isEqualTo(200);
            }
            assertThat(scene.origin().request(0).has("Transfer-Encoding")).isFalse();
        }
    }

    @OnEachContainer
    void contentTypeIsTheOriginsWhateverEncodingAFilterHasSetForAll(Container container) throws IOException {
        Filter encoding = (request, response, chain) -> {
            response.setCharacterEncoding("UTF-8");
            chain.doFilter(request, response);
        };
        Filter type = (request, response, chain) -> {
            response.setContentType("text/html;charset=UTF-8");
            chain.doFilter(request, response);
        };
        for (Filter old : List.of(encoding, type)) {
            List<String> types = List.of("image/png", "text/html", "text/html;charset=iso-8859-1");
            String[] responses = types.stream()
                    .map(each -> RawOrigin.ok("x", "Content-Type: " + each))
                    .toArray(String[]::new);
            try (Scene scene = behind(container, old, RawOrigin.answering(responses))) {
                for (String each : types) {
                    assertThat(scene.client().get("/api/x").field("Content-Type"))
                            .isEqualTo(each);
                }
            }
        }
    }

    @OnEachContainer
    void failurePageIsUtf8WhateverEncodingAFilterHasSetForAll(Container container) throws IOException {
        Filter old = (request, response, chain) -> {
            response.setCharacterEncoding("ISO-8859-15");
            chain.doFilter(request, response);
        };
        RawOrigin origin = RawOrigin.ok();
        try (Scene scene = behind(container, old, origin)) {
            origin.refuse();
            RawMessage page = scene.client().get("/api/x", "Accept: text/html");
            assertThat(page.status()).isEqualTo(502);
            assertThat(page.field("Content-Type")).isEqualToIgnoringCase("text/html;charset=utf-8");
        }
    }

    @OnEachContainer
    void contentThatTheContainerCompressesIsWhole(Container container) throws IOException {
        RawOrigin origin = RawOrigin.answering(RawOrigin.ok(TEXT, "Content-Type: text/plain"));
        try (Scene scene = Scene.of(AppServer.on(container).compressing(), origin)) {
            RawMessage response = scene.client().get("/api/x", "Accept-Encoding: gzip");
            assertThat(response.complete()).isTrue();
            assertThat(response.field("Content-Encoding")).isEqualTo("gzip");
            assertThat(new GZIPInputStream(new ByteArrayInputStream(response.content())).readAllBytes())
                    .asString(StandardCharsets.ISO_8859_1)
                    .isEqualTo(TEXT);
        }
    }

    @Test
    void contentThatJettyInflatesIsWhole() throws IOException {
        try (Scene scene = Scene.of(AppServer.on(Container.JETTY).compressing(), RawOrigin.ok())) {
            String packed = new String(gzip(TEXT), StandardCharsets.ISO_8859_1);
            assertThat(scene.client()
                            .post("/api/x", packed, "Content-Encoding: gzip")
                            .status())
                    .isEqualTo(200);
            assertThat(scene.origin().request().text()).isEqualTo(TEXT);
            assertThat(scene.origin().request().has("Content-Encoding")).isFalse();
        }
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(text.getBytes(StandardCharsets.ISO_8859_1));
        }
        return packed.toByteArray();
    }

    private static void compress(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        Compressing compressing = new Compressing((HttpServletResponse) response);
        chain.doFilter(request, compressing);
        compressing.finish();
    }

    /** Says who the user is, the way it is done in many an app: by one more name at the end. */
    private static final class SigningOn extends HttpServletRequestWrapper {

        private final boolean allValues;

        /** @param allValues whether it has thought of getHeaders */
        SigningOn(HttpServletRequest request, boolean allValues) {
            super(request);
            this.allValues = allValues;
        }

        @Override
        public String getHeader(String name) {
            return name.equalsIgnoreCase("X-User") ? "alice" : super.getHeader(name);
        }

        @Override
        public Enumeration<String> getHeaders(String name) {
            return allValues && name.equalsIgnoreCase("X-User")
                    ? Collections.enumeration(List.of("alice"))
                    : super.getHeaders(name);
        }

        @Override
        public Enumeration<String> getHeaderNames() {
            List<String> names = Collections.list(super.getHeaderNames());
            names.add("X-User");
            return Collections.enumeration(names);
        }
    }

    /** Keeps a field from whoever comes behind, by one of two ways to ask for it. */
    private static final class Hiding extends HttpServletRequestWrapper {

        private final boolean allValues;

        Hiding(HttpServletRequest request, boolean allValues) {
            super(request);
            this.allValues = allValues;
        }

        @Override
        public String getHeader(String name) {
            return !allValues && name.equalsIgnoreCase("X-Secret") ? null : super.getHeader(name);
        }

        @Override
        public Enumeration<String> getHeaders(String name) {
            return allValues && name.equalsIgnoreCase("X-Secret")
                    ? Collections.emptyEnumeration()
                    : super.getHeaders(name);
        }
    }

    /** Unpacks the content on its way. */
    private static final class Inflated extends HttpServletRequestWrapper {

        private final int lengths;
        private final InputStream content;

        /** @param lengths how many ways to ask for the length, and thereby the packed one's, it has thought of */
        Inflated(HttpServletRequest request, int lengths) throws IOException {
            super(request);
            this.lengths = lengths;
            this.content = new GZIPInputStream(request.getInputStream());
        }

        @Override
        public int getContentLength() {
            return lengths < 0 ? super.getContentLength() : -1;
        }

        @Override
        public long getContentLengthLong() {
            return lengths > 0 ? -1 : super.getContentLengthLong();
        }

        @Override
        public Enumeration<String> getHeaderNames() {
            List<String> names = Collections.list(super.getHeaderNames());
            names.removeIf(name -> lengths > 1 && name.equalsIgnoreCase("Content-Length"));
            return Collections.enumeration(names);
        }

        @Override
        public ServletInputStream getInputStream() {
            return new ServletInputStream() {
                @Override
                public boolean isFinished() {
                    return false;
                }

                @Override
                public boolean isReady() {
                    return true;
                }

                @Override
                public void setReadListener(ReadListener listener) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public int read() throws IOException {
                    return content.read();
                }
            };
        }
    }

    /** Packs the content on its way, and keeps its length from the container as far as Servlet 3.0 knew how to tell it. */
    private static final class Compressing extends HttpServletResponseWrapper {

        private GZIPOutputStream packing;

        Compressing(HttpServletResponse response) {
            super(response);
        }

        @Override
        public void setContentLength(int length) {
            // That of what is not packed yet.
        }

        @Override
        public ServletOutputStream getOutputStream() throws IOException {
            ServletOutputStream out = super.getOutputStream();
            setHeader("Content-Encoding", "gzip");
            GZIPOutputStream gzip = new GZIPOutputStream(out);
            packing = gzip;
            return new ServletOutputStream() {
                @Override
                public boolean isReady() {
                    return true;
                }

                @Override
                public void setWriteListener(WriteListener listener) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public void write(int b) throws IOException {
                    gzip.write(b);
                }
            };
        }

        void finish() throws IOException {
            if (packing != null) {
                packing.finish();
            }
        }
    }
}
