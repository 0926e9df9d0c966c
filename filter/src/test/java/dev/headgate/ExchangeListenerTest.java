package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.failure.FailureKind;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import dev.headgate.testing.LogLines;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawClient;
import dev.headgate.testing.RawMessage;
import dev.headgate.testing.RawOrigin;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** What listeners are told of an exchange, and when. */
class ExchangeListenerTest {

    /** What happened, one word each, and the last exchange as it was when it ended. */
    private static final class Records implements ExchangeListener {

        private final List<String> events = new CopyOnWriteArrayList<>();
        private volatile Exchange last;
        private volatile Exchange current;

        @Override
        public void began(Exchange exchange) {
            events.add("began");
        }

        @Override
        public void attemptBegan(Exchange exchange, Attempt attempt) {
            current = exchange;
            events.add("asks");
            attempt.tell("Traceparent", "of-attempt-" + exchange.attempts().size());
        }

        @Override
        public void attemptEnded(Exchange exchange, Attempt attempt) {
            events.add(
                    attempt.failure() == null
                            ? "answered " + attempt.status()
                            : "failed " + attempt.failure().kind().word());
        }

        @Override
        public void ended(Exchange exchange) {
            events.add("ended " + exchange.status());
            last = exchange;
        }
    }

    /** A listener that throws harms neither the exchange nor the listeners after it. */
    private static final class Throws implements ExchangeListener {

        @Override
        public void began(Exchange exchange) {
            throw new IllegalStateException("began");
        }

        @Override
        public void ended(Exchange exchange) {
            throw new IllegalStateException("ended");
        }
    }

    @OnEachContainer
    void successIsToldInOrderWithItsTimesAndBytes(Container container) throws Exception {
        Records records = new Records();
        try (RawOrigin origin = RawOrigin.answering(RawOrigin.ok("content"));
                AppServer app = app(container, records, origin.url());
                RawClient client = app.connect()) {
            assertThat(client.post("/api/x", "12345", "Traceparent: of-client").text())
                    .isEqualTo("content");

            await().untilAsserted(() ->
                    assertThat(records.events).containsExactly("began", "asks", "answered 200", "ended 200"));
            Exchange exchange = records.last;
            assertThat(exchange.route()).isEqualTo("r");
            assertThat(exchange.upstream()).isEqualTo("r");
            assertThat(exchange.contentBytesReceived()).isEqualTo(5);
            assertThat(exchange.contentBytesSent()).isEqualTo(7);
            assertThat(exchange.queueNanos()).isPositive();
            assertThat(exchange.durationNanos()).isGreaterThanOrEqualTo(exchange.queueNanos());
            Attempt attempt = exchange.attempts().get(0);
            assertThat(attempt.connectNanos()).as("a new connection").isPositive();
            assertThat(attempt.headNanos()).isGreaterThan(attempt.connectNanos());
            assertThat(attempt.durationNanos()).isGreaterThanOrEqualTo(attempt.headNanos());
            assertThat(origin.request().fields("Traceparent")).containsExactly("of-attempt-1");
        }
    }

    @OnEachContainer
    void eachAttemptIsToldAndHasFieldsOfItsOwn(Container container) throws Exception {
        Records records = new Records();
        RawOrigin dead = RawOrigin.ok();
        dead.refuse();
        try (dead;
                RawOrigin well = RawOrigin.ok();
                AppServer app = app(container, records, dead.url() + ";weight=1000 " + well.url());
                RawClient client = app.connect()) {
            assertThat(client.get("/api/x").status()).isEqualTo(200);
            await().until(() -> records.last != null);
            List<String> events = List.copyOf(records.events);
            assertThat(events)
                    .containsExactly("began", "asks", "failed connection_refused", "asks", "answered 200", "ended 200");
            assertThat(well.request(well.requests() - 1).field("Traceparent")).isEqualTo("of-attempt-2");
        }
    }

    @OnEachContainer
    void failureIsToldWithItsKindAndTheStatusOfThePage(Container container) throws Exception {
        Records records = new Records();
        RawOrigin dead = RawOrigin.ok();
        dead.refuse();
        try (dead;
                AppServer app = app(container, records, dead.url());
                RawClient client = app.connect()) {
            assertThat(client.get("/api/x").status()).isEqualTo(502);
            await().untilAsserted(() -> assertThat(records.events.get(0)).isEqualTo("began"));
            await().untilAsserted(() ->
                    assertThat(records.events.get(records.events.size() - 1)).isEqualTo("ended 502"));
            assertThat(records.last.failure().kind()).isEqualTo(FailureKind.CONNECTION_REFUSED);
        }
    }

    @OnEachContainer
    void cutResponseEndsItsAttemptAsFailed(Container container) throws Exception {
        Records records = new Records();
        try (RawOrigin origin = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
                });
                AppServer app = app(container, records, origin.url());
                RawClient client = app.connect()) {
            RawMessage answer = client.get("/api/x");
            assertThat(answer.complete()).isFalse();
            await().untilAsserted(() -> assertThat(records.events)
                    .containsExactly("began", "asks", "failed http_response_incomplete", "ended 200"));
        }
    }

    @OnEachContainer
    void clientThatLeavesBeforeTheHeadIsNoFaultOfTheOrigin(Container container) throws Exception {
        Records records = new Records();
        CountDownLatch asked = new CountDownLatch(1);
        try (RawOrigin silent = RawOrigin.scripted(connection -> {
                    connection.readRequest();
                    asked.countDown();
                    connection.readRequest();
                });
                AppServer app = app(container, records, silent.url());
                RawClient client = app.connect()) {
            client.send(RawClient.request("GET", "/api/x") + "\r\n");
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
            records.current.abandon(); // what a container does over HTTP/2 when the client cancels

            await().until(() -> records.last != null);
            assertThat(records.last.attempts()).hasSize(1);
            assertThat(records.last.attempts().get(0).failure().kind()).isEqualTo(FailureKind.CLIENT_LEFT);
            assertThat(records.last.failure().kind()).isEqualTo(FailureKind.CLIENT_LEFT);
        }
    }

    @OnEachContainer
    void requestThatNoRouteTakesIsNotTold(Container container) throws Exception {
        Records records = new Records();
        try (RawOrigin origin = RawOrigin.ok();
                AppServer app = app(container, records, origin.url());
                RawClient client = app.connect()) {
            assertThat(client.get("/other").status()).isEqualTo(200);
            assertThat(client.get("/api/x").status()).isEqualTo(200);
            await().untilAsserted(() ->
                    assertThat(records.events).containsExactly("began", "asks", "answered 200", "ended 200"));
        }
    }

    /** A bug in a listener of the app's own is told with its stack, and does not fill the disk. */
    @OnEachContainer
    void listenerThatFailsEachTimeIsToldOnceAndCounted(Container container) throws Exception {
        Records records = new Records();
        try (LogLines log = LogLines.of("dev.headgate.observe", "warn")) {
            try (RawOrigin origin = RawOrigin.ok();
                    AppServer app = app(container, records, origin.url());
                    RawClient client = app.connect()) {
                for (int i = 0; i < 5; i++) {
                    assertThat(client.get("/api/x").status()).isEqualTo(200);
                }
                await().until(() -> records.events.stream()
                                .filter(event -> event.startsWith("ended"))
                                .count()
                        == 5);
                assertThat(log.lines())
                        .containsExactly("WARN The exchange listener " + Throws.class.getName() + " failed");
                assertThat(log.text()).contains("IllegalStateException: began", "ExchangeListenerTest.java");
            }
            assertThat(log.lines())
                    .last()
                    .isEqualTo("WARN The exchange listener " + Throws.class.getName()
                            + " failed 9 more times with java.lang.IllegalStateException in the last minute");
        }
    }

    private static AppServer app(Container container, ExchangeListener listener, String origins) throws IOException {
        return AppServer.on(container)
                .filter(new HeadgateFilter(
                        GatewayBuilder.create()
                                .set("route.r.path", "/api/*")
                                .set("route.r.to", origins)
                                .set("upstream.r.health.failures", "100")
                                .set("upstream.r.balance", "round-robin")
                                .set("close.grace", "0s")
                                .build(),
                        new Throws(),
                        listener))
                .start();
    }
}
