package dev.headgate;

import dev.headgate.config.ErrorConfig;
import dev.headgate.config.ErrorConfig.Fallback;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.AttemptReport;
import dev.headgate.failure.ErrorPage;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.FailureReport;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.failure.StaticFallback;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** What one route's clients get when there is no response: what the settings name, in order, and at last the page. */
final class Fallbacks {

    /** RFC 9110 §9.2.2. */
    private static final Set<String> IDEMPOTENT = Set.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS");

    /** Marks a request that comes again, for the app to answer. */
    private static final String LEFT_TO_APP = "dev.headgate.left-to-app";

    private final ErrorPage page;
    private final List<Fallback> order;
    private final Map<String, StaticFallback> resources = new HashMap<>();
    private final LongSupplier nanoSource;
    private final Clock clock;

    Fallbacks(String proxyName, ErrorConfig config, ServletContext app, LongSupplier nanoSource, Clock clock) {
        this.page = new ErrorPage(proxyName, config, app);
        this.order = config.fallbacks();
        this.nanoSource = nanoSource;
        this.clock = clock;
        for (Fallback fallback : order) {
            if (fallback.kind() == Fallback.Kind.STATIC) {
                resources.put(fallback.path(), new StaticFallback(fallback.path(), app));
            }
        }
    }

    /** Whether the gateway had this request before and the app is to answer it. */
    static boolean isLeftToApp(HttpServletRequest request) {
        return request.getDispatcherType() == DispatcherType.ASYNC && request.getAttribute(LEFT_TO_APP) != null;
    }

    /** Answers. The response must not be committed. */
    void answer(Exchange exchange, GatewayFailure failure, FilterChain chain) throws IOException, ServletException {
        FailureReport report = report(exchange, failure);
        if (isServiceMissing(failure.kind())) {
            for (Fallback fallback : order) {
                boolean answered =
                        switch (fallback.kind()) {
                            case STATIC -> sendResource(fallback, report, exchange);
                            case CHAIN -> askApp(report, exchange, chain);
                        };
                if (answered) {
                    return;
                }
            }
        }
        page.send(report, exchange.request(), exchange.response());
    }

    /**
     * Answers with the page, whatever else there is.
     *
     * @return whether it is written; false where the container will write it
     */
    boolean page(Exchange exchange, GatewayFailure failure) throws IOException {
        return page.send(report(exchange, failure), exchange.request(), exchange.response());
    }

    /** What the client or the gateway's own settings did wrong is not made good by another answer. */
    private static boolean isServiceMissing(FailureKind kind) {
        return kind.side() == FailureKind.Side.UPSTREAM || kind == FailureKind.CONNECTION_LIMIT_REACHED;
    }

    private boolean sendResource(Fallback fallback, FailureReport report, Exchange exchange) throws IOException {
        page.markProxyStatus(report, exchange.response());
        return resources.get(fallback.path()).send(exchange.request(), exchange.response());
    }

    /** Whatever an origin may have carried out already is not given to the app to be carried out again. */
    private boolean askApp(FailureReport report, Exchange exchange, FilterChain chain)
            throws IOException, ServletException {
        boolean onlyOnce = !IDEMPOTENT.contains(exchange.request().getMethod());
        if (onlyOnce && !exchange.attempts().stream().allMatch(Attempt::isUnsent)) {
            return false;
        }
        HttpServletRequest request = exchange.replay();
        if (request == null) {
            return false;
        }
        if (exchange.request().isAsyncStarted()) {
            // This is not the container's thread, and the chain belongs to that. The container runs the app again from
            // the start, for which the content would have to be there again.
            if (request != exchange.request()) {
                return false;
            }
            request.setAttribute(LEFT_TO_APP, Boolean.TRUE);
            exchange.leaveToApp();
        }
        exchange.response().resetBuffer();
        page.markProxyStatus(report, exchange.response());
        if (!exchange.isLeftToApp()) {
            chain.doFilter(request, exchange.response());
        }
        return true;
    }

    private FailureReport report(Exchange exchange, GatewayFailure failure) {
        return new FailureReport(
                failure,
                exchange.requestId(),
                exchange.route(),
                exchange.attempts().stream().map(Fallbacks::report).toList(),
                Duration.ofNanos(nanoSource.getAsLong() - exchange.startNanos()),
                clock.instant(),
                page.showsDetailsTo(exchange.request()));
    }

    private static AttemptReport report(Attempt attempt) {
        GatewayFailure failure = attempt.failure();
        return new AttemptReport(
                attempt.origin(),
                attempt.stage().name().toLowerCase(Locale.ROOT),
                TimeUnit.NANOSECONDS.toMillis(attempt.durationNanos()),
                attempt.status(),
                attempt.isUnsent(),
                failure == null ? null : failure.kind(),
                failure == null ? null : failure.getMessage());
    }
}
