package dev.headgate.samples.builder;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.Test;

class EmbeddedAppTest {

    @Test
    void gatewayBuiltInJavaForwardsItsRouteAndNothingElse() throws Exception {
        HttpServer service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        service.createContext("/", exchange -> {
            try (exchange) {
                byte[] answer = ("the service: " + exchange.getRequestURI()).getBytes(UTF_8);
                exchange.sendResponseHeaders(200, answer.length);
                exchange.getResponseBody().write(answer);
            }
        });
        service.start();
        Tomcat app =
                EmbeddedApp.start(0, "http://127.0.0.1:" + service.getAddress().getPort());
        try {
            String address = "http://127.0.0.1:" + app.getConnector().getLocalPort();
            assertThat(get(address + "/api/orders?id=7")).isEqualTo("the service: /orders?id=7");
            assertThat(get(address + "/orders")).isEqualTo("the app");
        } finally {
            app.stop();
            app.destroy();
            service.stop(0);
        }
    }

    private static String get(String uri) throws Exception {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.ofString())
                .body();
    }
}
