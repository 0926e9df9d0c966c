package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.AppWithout;
import dev.headgate.testing.Container;
import dev.headgate.testing.OnEachContainer;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Scope;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import jakarta.servlet.Filter;
import java.io.IOException;
import java.lang.reflect.Array;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who can follow a request through the gateway. */
class TracingTest {

    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PARENT = "traceparent: 00-" + TRACE + "-00f067aa0ba902b7-01";
    private static final String STATE = "tracestate: vendor=1";

    private final InMemorySpanExporter spans = InMemorySpanExporter.create();

    private OpenTelemetrySdk telemetry() {
        return OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder()
                        .addSpanProcessor(SimpleSpanProcessor.create(spans))
                        .build())
                .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
                .build();
    }

    @AfterEach
    void forget() {
        GlobalOpenTelemetry.resetForTest();
    }

    @OnEachContainer
    void contextPassesAsItCameWhereNobodyTraces(Container container) throws IOException {
        try (Scene scene = Scene.of(container, RawOrigin.ok())) {
            scene.client().get("/api/x", PARENT, STATE);
            assertThat(scene.origin().request().fieldLines()).contains(PARENT, STATE);
            assertThat(GlobalOpenTelemetry.isSet())
                    .as("the gateway has taken the app's place to set it")
                    .isFalse();
        }
    }

    @OnEachContainer
    void exchangeAndAttemptsAreSpansOfTheClientsTrace(Container container) throws IOException {
        GlobalOpenTelemetry.set(telemetry());
        RawOrigin cut = RawOrigin.scripted(connection -> connection.readRequest());
        try (Scene scene = Scene.of(container, cut, "route.r.retry.attempts=1")) {
            scene.client().get("/api/x?a=b&password=SECRET", PARENT, STATE, "User-Agent: me");
            await().until(() -> spans.getFinishedSpanItems().size() == 2);
            SpanData attempt = spans.getFinishedSpanItems().get(0);
            SpanData exchange = spans.getFinishedSpanItems().get(1);

            assertThat(exchange.getKind()).isEqualTo(SpanKind.SERVER);
            assertThat(exchange.getName()).isEqualTo("GET /api/*");
            assertThat(exchange.getTraceId()).isEqualTo(TRACE);
            assertThat(exchange.getParentSpanId()).isEqualTo("00f067aa0ba902b7");
            assertThat(exchange.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
            assertThat(text(exchange, "http.request.method")).isEqualTo("GET");
            assertThat(text(exchange, "url.path")).isEqualTo("/api/x");
            assertThat(text(exchange, "url.query")).isEqualTo("a=b&password=***");
            assertThat(text(exchange, "http.route")).isEqualTo("/api/*");
            assertThat(text(exchange, "network.protocol.version")).isEqualTo("1.1");
            assertThat(text(exchange, "user_agent.original")).isEqualTo("me");
            assertThat(text(exchange, "error.type")).isEqualTo("connection_terminated");
            assertThat(text(exchange, "headgate.route")).isEqualTo("r");
            assertThat(number(exchange, "http.response.status_code")).isEqualTo(502);

            assertThat(attempt.getKind()).isEqualTo(SpanKind.CLIENT);
            assertThat(attempt.getName()).isEqualTo("GET");
            assertThat(attempt.getParentSpanId()).isEqualTo(exchange.getSpanId());
            assertThat(text(attempt, "server.address")).isEqualTo("127.0.0.1");
            assertThat(number(attempt, "server.port")).isEqualTo(cut.port());
            assertThat(text(attempt, "url.full")).isEqualTo(cut.url() + "/api/x?a=b&password=***");
            assertThat(text(attempt, "error.type")).isEqualTo("connection_terminated");
            assertThat(number(attempt, "http.request.resend_count")).isNull();
            assertThat(cut.request().fields("traceparent"))
                    .containsExactly("00-" + TRACE + "-" + attempt.getSpanId() + "-01");
            assertThat(cut.request().fields("tracestate")).containsExactly("vendor=1");
        }
    }

    @OnEachContainer
    void furtherAttemptIsASpanOfItsOwn(Container container) throws IOException {
        GlobalOpenTelemetry.set(telemetry());
        RawOrigin unwell = RawOrigin.answering("HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\r\n");
        try (RawOrigin well = RawOrigin.ok();
                Scene scene = Scene.of(
                        container,
                        unwell,
                        "route.r.to=" + unwell.url() + " " + well.url(),
                        "route.r.retry.statuses=503",
                        "route.r.retry.backoff=0",
                        "upstream.r.balance=round-robin")) {
            assertThat(scene.client().get("/api/x").status()).isEqualTo(200);
            await().until(() -> spans.getFinishedSpanItems().size() == 3);
            List<SpanData> all = spans.getFinishedSpanItems();
            assertThat(number(all.get(0), "http.response.status_code")).isEqualTo(503);
            assertThat(text(all.get(0), "error.type")).isEqualTo("503");
            assertThat(number(all.get(1), "http.response.status_code")).isEqualTo(200);
            assertThat(number(all.get(1), "http.request.resend_count")).isEqualTo(1);
            assertThat(all.get(1).getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
            assertThat(all.get(2).getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
            assertThat(all)
                    .extracting(SpanData::getTraceId)
                    .containsOnly(all.get(0).getTraceId());
        }
    }

    /** As an agent does it, or a filter of the app's. */
    @OnEachContainer
    void spanThatIsThereAlreadyIsTheParent(Container container) throws IOException {
        OpenTelemetrySdk telemetry = telemetry();
        GlobalOpenTelemetry.set(telemetry);
        Filter traces = (request, response, chain) -> {
            Span server = telemetry.getTracer("app").spanBuilder("app").startSpan();
            try (Scope current = server.makeCurrent()) {
                assertThat(current).isNotNull();
                chain.doFilter(request, response);
            } finally {
                server.end();
            }
        };
        try (Scene scene = Scene.of(AppServer.on(container).filter(traces), RawOrigin.ok())) {
            scene.client().get("/api/x");
            await().until(() -> spans.getFinishedSpanItems().size() == 3);
            List<SpanData> all = spans.getFinishedSpanItems();
            assertThat(all.get(1).getKind()).isEqualTo(SpanKind.INTERNAL);
            assertThat(all.get(1).getParentSpanId()).isEqualTo(all.get(2).getSpanId());
            assertThat(all.get(0).getParentSpanId()).isEqualTo(all.get(1).getSpanId());
        }
    }

    @Test
    void withoutTheApiNoClassOfItIsLoaded() throws Exception {
        AppWithout loader = new AppWithout("io.opentelemetry.");
        try (RawOrigin origin = RawOrigin.ok()) {
            Class<?> builder = loader.loadClass("dev.headgate.setup.GatewayBuilder");
            Object settings = builder.getMethod("create").invoke(null);
            for (String line : List.of(
                    "route.r.path=/api/*", "route.r.to=" + origin.url(), "close.grace=0s", "start-check=false")) {
                String[] parts = line.split("=", 2);
                builder.getMethod("set", String.class, String.class).invoke(settings, parts[0], parts[1]);
            }
            Object config = builder.getMethod("build").invoke(settings);
            Class<?> listener = loader.loadClass("dev.headgate.exchange.ExchangeListener");
            Filter filter = (Filter) loader.loadClass("dev.headgate.HeadgateFilter")
                    .getConstructor(config.getClass(), listener.arrayType())
                    .newInstance(config, Array.newInstance(listener, 0));
            try (Scene scene = Scene.assembled(AppServer.on(Container.JETTY).filter(filter), origin)) {
                assertThat(scene.client().get("/api/x", PARENT).status()).isEqualTo(200);
                assertThat(origin.request().fieldLines()).contains(PARENT);
            }
        }
        assertThat(loader.missed()).containsExactly("io.opentelemetry.api.GlobalOpenTelemetry");
    }

    private static String text(SpanData span, String name) {
        return span.getAttributes().get(AttributeKey.stringKey(name));
    }

    private static Integer number(SpanData span, String name) {
        return Optional.ofNullable(span.getAttributes().get(AttributeKey.longKey(name)))
                .map(Long::intValue)
                .orElse(null);
    }
}
