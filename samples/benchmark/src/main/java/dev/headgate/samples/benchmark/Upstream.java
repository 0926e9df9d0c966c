package dev.headgate.samples.benchmark;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.io.IoCallback;
import io.undertow.io.Sender;
import io.undertow.server.HttpServerExchange;
import io.undertow.util.Headers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The service behind every peer: an event loop that answers from memory, so that it is never the bottleneck.
 *
 * <ul>
 *   <li>{@code /1k}, {@code /100k}, {@code /10m}: content of that size; {@code /cached/1k} and so on: the same, to be stored
 *   <li>{@code /chunked/1k} and so on: the same, its length not said in advance
 *   <li>{@code /delay/1k}: after 500 ms
 *   <li>{@code /post}: reads all content, answers 1 KB
 *   <li>{@code /events}: an event each second, that says when it was sent
 * </ul>
 */
final class Upstream {

    private static final Map<String, ByteBuffer> CONTENT = new ConcurrentHashMap<>();

    private Upstream() {}

    /** @param args the port to listen on */
    public static void main(String[] args) {
        Undertow.builder()
                .addHttpListener(Integer.parseInt(args[0]), "127.0.0.1")
                .setIoThreads(Runtime.getRuntime().availableProcessors())
                .setServerOption(UndertowOptions.ALWAYS_SET_KEEP_ALIVE, false)
                .setSocketOption(org.xnio.Options.BACKLOG, 4096)
                .setHandler(Upstream::handle)
                .build()
                .start();
    }

    private static void handle(HttpServerExchange exchange) {
        String path = exchange.getRequestPath();
        exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "application/octet-stream");
        if (path.startsWith("/cached/")) {
            exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "max-age=86400");
        }
        if (path.startsWith("/chunked/")) {
            exchange.getResponseHeaders().put(Headers.TRANSFER_ENCODING, "chunked");
        }
        if (path.equals("/post")) {
            exchange.getRequestReceiver().receiveFullBytes((whole, bytes) -> send(whole, "/1k"));
        } else if (path.startsWith("/delay/")) {
            // Keeps the exchange open past the end of this method.
            exchange.dispatch(exchange.getIoThread(), () -> exchange.getIoThread()
                    .executeAfter(() -> send(exchange, path), 500, TimeUnit.MILLISECONDS));
        } else if (path.equals("/events")) {
            exchange.getResponseHeaders().put(Headers.CONTENT_TYPE, "text/event-stream");
            exchange.getResponseHeaders().put(Headers.CACHE_CONTROL, "no-store");
            exchange.dispatch(exchange.getIoThread(), () -> new Events(exchange).run());
        } else {
            send(exchange, path);
        }
    }

    private static void send(HttpServerExchange exchange, String path) {
        ByteBuffer content = CONTENT.computeIfAbsent(
                path.substring(path.lastIndexOf('/') + 1), name -> ByteBuffer.allocateDirect(Sizes.of(name)));
        exchange.getResponseSender().send(content.duplicate());
    }

    /** One event stream: the first event at once, then one a second until the client has gone. */
    private static final class Events implements Runnable, IoCallback {

        private final HttpServerExchange exchange;

        Events(HttpServerExchange exchange) {
            this.exchange = exchange;
        }

        @Override
        public void run() {
            // System.nanoTime() of all JVMs on one Linux machine counts from the same moment.
            String event = "data: " + System.nanoTime() + "\n\n";
            exchange.getResponseSender().send(ByteBuffer.wrap(event.getBytes(StandardCharsets.US_ASCII)), this);
        }

        @Override
        public void onComplete(HttpServerExchange sent, Sender sender) {
            exchange.getIoThread().executeAfter(this, 1, TimeUnit.SECONDS);
        }

        @Override
        public void onException(HttpServerExchange failed, Sender sender, java.io.IOException e) {
            exchange.endExchange();
        }
    }
}
