package dev.headgate.samples.quickstart.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.headgate.samples.quickstart.launch.ServiceProcess.State;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServiceProcessTest {

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @Test
    void killedServiceRefusesConnectionsAndComesBackOnItsPort() throws Exception {
        try (ServiceProcess service = new ServiceProcess("a")) {
            String address = service.address();
            long first = service.id();
            assertThat(whoami(address)).contains("\"name\":\"a\"", "\"process\":" + first);

            service.become(State.KILLED, null);
            assertThat(service.state()).isEqualTo(State.KILLED);
            assertThatThrownBy(() -> whoami(address)).isInstanceOf(ConnectException.class);

            service.become(State.WELL, null);
            assertThat(service.address()).isEqualTo(address);
            assertThat(service.id()).isNotEqualTo(first);
            assertThat(whoami(address)).contains("\"process\":" + service.id());
        }
    }

    @Test
    void frozenServiceAnswersNothingUntilItThaws() throws Exception {
        assumeTrue(ServiceProcess.CAN_FREEZE);
        try (ServiceProcess service = new ServiceProcess("a")) {
            service.become(State.FROZEN, null);
            CompletableFuture<HttpResponse<String>> answer =
                    client.sendAsync(request(service.address()), BodyHandlers.ofString());
            assertThatThrownBy(() -> answer.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

            service.become(State.WELL, null);
            assertThat(answer.get(10, TimeUnit.SECONDS).body()).contains("\"name\":\"a\"");
        }
    }

    @Test
    void brokenServiceAnswers500AndSlowOneTakesItsTimeUntilTheyAreWell() throws Exception {
        try (ServiceProcess service = new ServiceProcess("a")) {
            service.become(State.BROKEN, null);
            await().untilAsserted(() ->
                    assertThat(send(service.address()).statusCode()).isEqualTo(500));

            service.become(State.SLOW, Duration.ofMillis(300));
            await().untilAsserted(() -> {
                long begin = System.nanoTime();
                assertThat(send(service.address()).statusCode()).isEqualTo(200);
                assertThat(System.nanoTime() - begin).isGreaterThan(300_000_000);
            });

            service.become(State.WELL, null);
            await().untilAsserted(() -> {
                long begin = System.nanoTime();
                assertThat(send(service.address()).statusCode()).isEqualTo(200);
                assertThat(System.nanoTime() - begin).isLessThan(300_000_000);
            });
        }
    }

    private String whoami(String address) throws IOException, InterruptedException {
        return send(address).body();
    }

    private HttpResponse<String> send(String address) throws IOException, InterruptedException {
        return client.send(request(address), BodyHandlers.ofString());
    }

    private static HttpRequest request(String address) {
        return HttpRequest.newBuilder(URI.create(address + "/whoami")).build();
    }
}
