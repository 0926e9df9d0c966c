package dev.headgate.chaos;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A process of its own that answers with its name, as fast and as well as it was told:
 * {@code /control?DELAY_MILLIS,STATUS}.
 */
final class ChaosOrigin {

    private final String name;
    private volatile int delayMillis;
    private volatile int status = 200;

    private ChaosOrigin(String name) {
        this.name = name;
    }

    /** @param arguments a port and a name */
    public static void main(String[] arguments) throws IOException {
        ChaosOrigin origin = new ChaosOrigin(arguments[1]);
        HttpServer server = HttpServer.create(
                new InetSocketAddress(InetAddress.getByName("127.0.0.1"), Integer.parseInt(arguments[0])), 200);
        server.setExecutor(Executors.newFixedThreadPool(64));
        server.createContext("/", origin::answer);
        server.createContext("/control", origin::control);
        server.start();
    }

    private void control(HttpExchange exchange) throws IOException {
        String[] order = exchange.getRequestURI().getQuery().split(",");
        delayMillis = Integer.parseInt(order[0]);
        status = Integer.parseInt(order[1]);
        send(exchange, 200, "done");
    }

    private void answer(HttpExchange exchange) throws IOException {
        exchange.getRequestBody().readAllBytes();
        try {
            TimeUnit.MILLISECONDS.sleep(2 + delayMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        send(exchange, status, name);
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] content = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, content.length);
        exchange.getResponseBody().write(content);
        exchange.close();
    }
}
