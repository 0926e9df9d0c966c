package dev.headgate.samples.quickstart.launch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A small service behind the gateway, in a process of its own. It needs nothing but the JDK:
 *
 * <ul>
 *   <li>{@code GET /whoami}: who answers, and the request as it arrived here
 *   <li>{@code PUT /files/...}: counts and hashes the content while it streams in
 *   <li>{@code GET /events}: an event stream, one event a second until the client leaves
 * </ul>
 *
 * <p>What it is told on standard input makes it a bad service: {@code slow 2000} (every answer takes so many
 * milliseconds), {@code broken} (every answer is a 500), and {@code well} again.
 */
public final class Service {

    private static final Pattern FIRST_LETTERS = Pattern.compile("-[a-z]");

    private final String name;
    private final HttpServer server;
    private volatile long delayMillis;
    private volatile boolean broken;

    private Service(String name, int port) throws IOException {
        this.name = name;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        serve("/whoami", this::whoami);
        serve("/files/", this::store);
        serve("/events", this::events);
        server.start();
    }

    /**
     * Serves until its standard input ends, which happens however the parent process dies. Tells the parent its port
     * in the first line of standard output.
     *
     * @param args the service's name and its port, 0 for any that is free
     */
    public static void main(String[] args) throws IOException {
        Service service = new Service(args[0], Integer.parseInt(args[1]));
        System.out.println(service.server.getAddress().getPort());
        BufferedReader parent = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = parent.readLine(); line != null; line = parent.readLine()) {
            service.become(line);
        }
        System.exit(0);
    }

    private void become(String what) {
        broken = what.equals("broken");
        delayMillis = what.startsWith("slow ") ? Long.parseLong(what.substring(5)) : 0;
    }

    private void whoami(HttpExchange exchange) throws IOException {
        StringBuilder fields = new StringBuilder();
        Map<String, List<String>> sorted = new TreeMap<>(exchange.getRequestHeaders());
        sorted.forEach((field, values) -> values.forEach(value -> fields.append(fields.isEmpty() ? "" : ",")
                .append("[%s,%s]".formatted(quoted(usualCase(field)), quoted(value)))));
        String line = exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + exchange.getProtocol();
        answer(
                exchange,
                "{\"name\":%s,\"process\":%d,\"port\":%d,\"line\":%s,\"fields\":[%s]}"
                        .formatted(
                                quoted(name),
                                ProcessHandle.current().pid(),
                                server.getAddress().getPort(),
                                quoted(line),
                                fields));
    }

    private void store(HttpExchange exchange) throws IOException {
        MessageDigest digest = sha256();
        long size = 0;
        long begin = System.nanoTime();
        byte[] buffer = new byte[64 * 1024];
        InputStream content = exchange.getRequestBody();
        for (int n = content.read(buffer); n >= 0; n = content.read(buffer)) {
            digest.update(buffer, 0, n);
            size += n;
        }
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        answer(
                exchange,
                "{\"name\":%s,\"bytes\":%d,\"sha256\":%s,\"millis\":%d}"
                        .formatted(quoted(name), size, quoted(HexFormat.of().formatHex(digest.digest())), millis));
    }

    private void events(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(200, 0);
        OutputStream content = exchange.getResponseBody();
        try {
            for (int number = 1; true; number++) {
                String data = "{\"name\":%s,\"number\":%d,\"sentMillis\":%d}"
                        .formatted(quoted(name), number, System.currentTimeMillis());
                content.write(("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8));
                content.flush();
                TimeUnit.SECONDS.sleep(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(String path, HttpHandler handler) {
        server.createContext(path, exchange -> {
            exchange.getResponseHeaders().set("Answered-By", name);
            // A client that has left ends in an IOException, which the server handles by closing the connection.
            try (exchange) {
                TimeUnit.MILLISECONDS.sleep(delayMillis);
                if (broken) {
                    answer(exchange, 500, "{\"name\":%s,\"error\":\"broken on purpose\"}".formatted(quoted(name)));
                } else {
                    handler.handle(exchange);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private static void answer(HttpExchange exchange, String json) throws IOException {
        answer(exchange, 200, json);
    }

    private static void answer(HttpExchange exchange, int status, String json) throws IOException {
        byte[] content = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : content.length);
        if (!head) {
            exchange.getResponseBody().write(content);
        }
    }

    /** {@code X-User} where the JDK's server, which keeps no field name as it came, says {@code X-user}. */
    private static String usualCase(String field) {
        return FIRST_LETTERS.matcher(field).replaceAll(letter -> letter.group().toUpperCase(Locale.ROOT));
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < ' ') {
                json.append("\\u%04x".formatted((int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
