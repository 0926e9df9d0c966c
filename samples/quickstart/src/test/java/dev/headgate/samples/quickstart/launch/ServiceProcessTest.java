package dev.headgate.samples.quickstart.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;

class ServiceProcessTest {

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @Test
    void killedServiceRefusesConnectionsAndComesBackOnItsPort() throws Exception {
        try (ServiceProcess service = new ServiceProcess("a")) {
            String address = service.address();
            long first = service.id();
            assertThat(whoami(address)).contains("\"name\":\"a\"", "\"process\":" + first);

            service.kill();
            assertThatThrownBy(() -> whoami(address)).isInstanceOf(ConnectException.class);

            service.start();
            assertThat(service.address()).isEqualTo(address);
            assertThat(service.id()).isNotEqualTo(first);
            assertThat(whoami(address)).contains("\"process\":" + service.id());
        }
    }

    private String whoami(String address) throws IOException, InterruptedException {
        return client.send(
                        HttpRequest.newBuilder(URI.create(address + "/whoami")).build(), BodyHandlers.ofString())
                .body();
    }
}
