package dev.headgate.testing;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.util.Callback;

/** An HTTP/2 client without TLS (prior knowledge) that sends exactly the fields it is told. */
public final class H2Client implements AutoCloseable {

    /**
     * @param reset the error code when the stream was reset; -1 when it ended well
     * @param fields names in lower case, several values as a list
     */
    public record Response(
            int status,
            Map<String, List<String>> fields,
            byte[] content,
            Map<String, List<String>> trailers,
            int reset) {

        public String text() {
            return new String(content, StandardCharsets.ISO_8859_1);
        }

        public String field(String name) {
            List<String> values = fields.getOrDefault(name, List.of());
            return values.isEmpty() ? null : values.get(0);
        }
    }

    private final HTTP2Client client;
    private final Session session;
    private final int port;

    private H2Client(HTTP2Client client, Session session, int port) {
        this.client = client;
        this.session = session;
        this.port = port;
    }

    public static H2Client connect(int port) throws Exception {
        HTTP2Client client = new HTTP2Client();
        client.start();
        Session session = client.connect(new InetSocketAddress("127.0.0.1", port), new Session.Listener() {})
                .get(10, TimeUnit.SECONDS);
        return new H2Client(client, session, port);
    }

    /**
     * Sends one request and waits for its end.
     *
     * @param content null: none, and the stream is ended by the head
     * @param trailers empty: none
     */
    public Response exchange(
            String method, String target, Map<String, String> fields, String content, Map<String, String> trailers)
            throws Exception {
        HttpFields.Mutable head = HttpFields.build();
        fields.forEach(head::add);
        MetaData.Request request = new MetaData.Request(
                method, HttpURI.from("http://127.0.0.1:" + port + target), HttpVersion.HTTP_2, head);
        Answer answer = new Answer();
        Stream stream = session.newStream(new HeadersFrame(request, null, content == null), answer)
                .get(10, TimeUnit.SECONDS);
        if (content != null) {
            ByteBuffer data = ByteBuffer.wrap(content.getBytes(StandardCharsets.ISO_8859_1));
            stream.data(new DataFrame(stream.getId(), data, trailers.isEmpty())).get(10, TimeUnit.SECONDS);
            if (!trailers.isEmpty()) {
                HttpFields.Mutable tail = HttpFields.build();
                trailers.forEach(tail::add);
                stream.headers(
                        new HeadersFrame(stream.getId(), new MetaData(HttpVersion.HTTP_2, tail), null, true),
                        Callback.NOOP);
            }
        }
        return answer.done.get(10, TimeUnit.SECONDS);
    }

    /** Sends a request without content, whose response nobody waits for; running the result resets its stream. */
    public Runnable request(String method, String target) throws Exception {
        MetaData.Request request = new MetaData.Request(
                method, HttpURI.from("http://127.0.0.1:" + port + target), HttpVersion.HTTP_2, HttpFields.build());
        Stream stream = session.newStream(new HeadersFrame(request, null, true), new Answer())
                .get(10, TimeUnit.SECONDS);
        return () -> stream.reset(new ResetFrame(stream.getId(), ErrorCode.CANCEL_STREAM_ERROR.code), Callback.NOOP);
    }

    @Override
    public void close() {
        try {
            client.stop();
        } catch (Exception e) {
            throw new AssertionError("the client did not stop", e);
        }
    }

    private static final class Answer implements Stream.Listener {

        private final CompletableFuture<Response> done = new CompletableFuture<>();
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();
        private Map<String, List<String>> fields = Map.of();
        private Map<String, List<String>> trailers = Map.of();
        private int status;

        @Override
        public void onHeaders(Stream stream, HeadersFrame frame) {
            if (frame.getMetaData() instanceof MetaData.Response response) {
                status = response.getStatus();
                fields = map(response.getHttpFields());
            } else {
                trailers = map(frame.getMetaData().getHttpFields());
            }
            if (frame.isEndStream()) {
                finish(-1);
            } else if (status >= 200) {
                stream.demand();
            }
        }

        @Override
        public void onDataAvailable(Stream stream) {
            Stream.Data data = stream.readData();
            if (data == null) {
                stream.demand();
                return;
            }
            byte[] bytes = new byte[data.frame().getByteBuffer().remaining()];
            data.frame().getByteBuffer().get(bytes);
            content.writeBytes(bytes);
            data.release();
            if (data.frame().isEndStream()) {
                finish(-1);
            } else {
                stream.demand();
            }
        }

        @Override
        public void onReset(Stream stream, ResetFrame frame, Callback callback) {
            finish(frame.getError());
            callback.succeeded();
        }

        @Override
        public void onFailure(Stream stream, int error, String reason, Throwable failure, Callback callback) {
            finish(error);
            callback.succeeded();
        }

        private void finish(int reset) {
            done.complete(new Response(status, fields, content.toByteArray(), trailers, reset));
        }

        private static Map<String, List<String>> map(HttpFields from) {
            Map<String, List<String>> map = new TreeMap<>();
            from.forEach(field -> map.computeIfAbsent(field.getLowerCaseName(), name -> new ArrayList<>())
                    .add(field.getValue()));
            return map;
        }
    }
}
