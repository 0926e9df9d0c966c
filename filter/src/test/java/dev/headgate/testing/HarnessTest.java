package dev.headgate.testing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.RawMessage.Ending;
import dev.headgate.testing.RawMessage.Framing;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The harness tells whole from cut, or no other test here means anything. */
class HarnessTest {

    @ParameterizedTest
    @EnumSource
    void appAnswersUnderItsContextPath(Container container) throws IOException {
        try (AppServer app = AppServer.on(container).contextPath("/app").start();
                RawClient client = app.connect()) {
            RawMessage response = client.get("/app/x?y=1");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("app:GET /app/x?y=1");
            assertThat(response.complete()).isTrue();
            assertThat(client.get("/app/again").text()).isEqualTo("app:GET /app/again");
        }
    }

    @ParameterizedTest
    @EnumSource
    void appAnswersOverHttp2(Container container) throws Exception {
        try (AppServer app = AppServer.on(container).servlet("/*", new Echo()).start();
                H2Client client = H2Client.connect(app.port())) {
            H2Client.Response response =
                    client.exchange("POST", "/x", Map.of("x-a", "b"), "content without a length", Map.of());
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.text()).isEqualTo("content without a length");
        }
    }

    @Test
    void cutChunksAreNotComplete() throws IOException {
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                });
                RawClient client = RawClient.connect(origin.port())) {
            RawMessage response = client.get("/");
            assertThat(response.framing()).isEqualTo(Framing.CHUNKED);
            assertThat(response.text()).isEqualTo("abc");
            assertThat(response.ending()).isEqualTo(Ending.CUT);
        }
    }

    @Test
    void originSeesACutUpload() throws IOException {
        try (RawOrigin origin = RawOrigin.ok();
                RawClient client = RawClient.connect(origin.port())) {
            client.send(RawClient.request("POST", "/", "Content-Length: 10") + "\r\nabc");
            origin.request(0).awaitContent(3);
            client.reset();
            assertThat(origin.request(0).awaitEnd()).isEqualTo(Ending.CUT);
        }
    }

    /** Gives back what it gets. */
    static final class Echo extends HttpServlet {
        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            request.getInputStream().transferTo(response.getOutputStream());
        }
    }
}
