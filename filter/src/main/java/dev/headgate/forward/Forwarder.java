package dev.headgate.forward;

import dev.headgate.cache.Claim;
import dev.headgate.cache.ContentSink;
import dev.headgate.cache.Fetch;
import dev.headgate.cache.ResponseCache;
import dev.headgate.config.GatewayConfig;
import dev.headgate.config.RetryConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import dev.headgate.exchange.TrustedProxies;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.limit.Admission;
import dev.headgate.limit.Permit;
import dev.headgate.route.Route;
import dev.headgate.route.RouteMatch;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.OriginConnection;
import dev.headgate.upstream.Upstream;
import dev.headgate.upstream.Watchdog;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;

/**
 * Takes an exchange to an origin and its response back to the client. Thread-safe.
 *
 * <p>When {@link #forward} returns, the client has been handed a whole response. When it throws, the response is either
 * untouched by the origin's fields, or committed and cut; {@code HttpServletResponse.isCommitted} tells which.
 */
public final class Forwarder {

    /** How long an origin may think about {@code Expect: 100-continue} before the content is sent unasked. */
    private static final Duration CONTINUE_PATIENCE = Duration.ofSeconds(1);

    /** One route's rules, made once. */
    private record Rules(
            RouteConfig config, Upstream upstream, Affinity affinity, RequestRules request, ResponseRules response) {}

    /** By {@link Route#index()}. */
    private final Rules[] rules;

    /** Null where no route has one. */
    private final ResponseCache cache;

    private final Admission admission;
    private final Purge purge;

    private final RelayBuffers buffers = new RelayBuffers();
    private final InterimRelay interim;
    private final Watchdog watchdog;
    private final LongSupplier nanoSource;

    /**
     * @param cache null where no route has one
     * @param upstreams by name; every upstream of the routes is there
     * @param admission asked for what nobody waits for; everything else has been let in
     * @param sessionCookie the name of the app's own session cookie
     */
    public Forwarder(
            GatewayConfig config,
            List<Route> routes,
            Map<String, Upstream> upstreams,
            ResponseCache cache,
            Admission admission,
            ServletContext context,
            String sessionCookie,
            Watchdog watchdog,
            LongSupplier nanoSource) {
        this.cache = cache;
        this.admission = admission;
        this.watchdog = watchdog;
        this.purge = new Purge(cache, config.cacheStore());
        this.interim = new InterimRelay(context);
        this.nanoSource = nanoSource;
        TrustedProxies proxies = new TrustedProxies(config.trustedProxies());
        ForwardedFields forwarded = new ForwardedFields(proxies);
        this.rules = new Rules[routes.size()];
        for (Route route : routes) {
            RouteConfig own = route.config();
            Upstream upstream = upstreams.get(own.upstream());
            CookieRules cookies = new CookieRules(own.cookies(), sessionCookie, own.upstream());
            rules[route.index()] = new Rules(
                    own,
                    upstream,
                    new Affinity(upstream.name(), upstream.config().balance(), proxies),
                    new RequestRules(own, config.viaName(), config.requestIdField(), forwarded, cookies),
                    new ResponseRules(own, cookies, config.requestIdField()));
        }
    }

    /**
     * Answers from the store where that is all it takes, so that a hit costs none of the threads that wait for upstreams.
     * Otherwise says who else asks for the same.
     *
     * @param earlier what this said before the exchange waited; null: it has not waited
     * @return null when the cache has nothing to say before the request is on its way
     * @throws GatewayFailure as {@link #forward} does
     */
    public Claim claim(RouteMatch match, Exchange exchange, Claim earlier) throws GatewayFailure {
        Rules route = rules[match.route().index()];
        HttpServletRequest request = exchange.request();
        String method = request.getMethod();
        if (!route.config().cache().enabled()
                || !method.equals("GET") && !method.equals("HEAD")
                || request.getContentLengthLong() > 0
                || exchange.fields().has("Transfer-Encoding")
                || RequestRules.expectsContinue(exchange)
                || (request.getProtocol().startsWith("HTTP/1.")
                        ? RequestContent.mayHaveLostItsLength(exchange)
                        : request.getContentLengthLong() != 0 && !RequestContent.hasEnded(request))) {
            return null;
        }
        route.request().check(exchange);
        OutgoingRequest outgoing = withoutContent(route, match, exchange);
        ClientDelivery client = delivery(route, match, exchange);
        try (client) {
            Claim claim = cache.claim(
                    CachedExchange.request(route.config().cache(), route.request(), outgoing, match, exchange),
                    new OriginFetch(route, outgoing, route.affinity().of(match, exchange), match, exchange),
                    client,
                    earlier);
            client.finish();
            return claim;
        } catch (GatewayFailure e) {
            if (!exchange.response().isCommitted()) {
                client.undo();
            }
            throw e;
        }
    }

    /**
     * Answers with the response that another exchange brings, which takes nothing of the upstream.
     *
     * @param claim says that there is such an exchange
     * @return false when nothing was sent, and {@link #forward} has to
     */
    public boolean follow(RouteMatch match, Exchange exchange, Claim claim) throws GatewayFailure {
        Rules route = rules[match.route().index()];
        OutgoingRequest outgoing = withoutContent(route, match, exchange);
        ClientDelivery client = delivery(route, match, exchange);
        try (client) {
            boolean answered = cache.follow(
                    CachedExchange.request(route.config().cache(), route.request(), outgoing, match, exchange),
                    claim,
                    client);
            client.finish();
            return answered;
        } catch (GatewayFailure e) {
            if (!exchange.isAbandoned() && !exchange.response().isCommitted()) {
                client.undo();
            }
            throw e;
        }
    }

    private static OutgoingRequest withoutContent(Rules route, RouteMatch match, Exchange exchange)
            throws GatewayFailure {
        String target = target(match, exchange.request());
        exchange.asksFor(target);
        return route.request().requestFor(target, match, exchange, RequestContent.none(exchange));
    }

    /**
     * @param claim what {@link #claim} has said; null: it was not asked, or had nothing to say
     * @throws GatewayFailure when there is no whole response
     */
    public void forward(RouteMatch match, Exchange exchange, Claim claim) throws GatewayFailure {
        Rules route = rules[match.route().index()];
        HttpServletRequest request = exchange.request();

        // 1. What cannot be forwarded is answered here.
        route.request().check(exchange);
        String target = target(match, request);
        exchange.asksFor(target);
        if (RequestRules.isLastHop(exchange)) {
            answerAsLastHop(exchange.response());
            if (route.config().cache().enabled()) {
                exchange.response().setHeader("Cache-Status", cache.answered("max-forwards"));
            }
            return;
        }

        if (route.config().cache().enabled() && purge.takes(request)) {
            try (ClientDelivery client = delivery(route, match, exchange)) {
                purge.answer(request, client);
            }
            return;
        }

        // 2. What origins are asked. The client's content is read as far as that needs.
        boolean overBefore = isTotalOver(route, exchange);
        RequestContent content = RequestContent.of(
                exchange,
                RequestRules.expectsContinue(exchange),
                route.config().retry().bufferBytes(),
                route.config().limits(),
                nanoSource);
        exchange.replayedBy(content::replay);
        if (!overBefore && content.isPresent() && isTotalOver(route, exchange)) {
            // No origin is to blame for the client, and none need be asked any more.
            throw new GatewayFailure(
                    FailureKind.CLIENT_TOO_SLOW,
                    "the client's content was waited for until "
                            + route.config().timeouts().total().toMillis() + " ms (timeout.total) were over");
        }
        OutgoingRequest outgoing = route.request().requestFor(target, match, exchange, content);
        String affinity = route.affinity().of(match, exchange);

        // 3. What is stored, or will be.
        if (route.config().cache().enabled()) {
            forwardCached(route, outgoing, affinity, match, exchange, claim);
            return;
        }

        // 4. An origin's answer, from the first that gives one.
        try (OriginResponse response = fetch(route, outgoing, affinity, exchange)) {

            // 5. The answer, on its way down.
            route.affinity().remember(affinity, response.origin(), match, exchange);
            deliver(
                    route,
                    response,
                    route.response().fields(response, match),
                    new BodyRelay(exchange, route.config().limits(), buffers, watchdog, nanoSource),
                    ContentSink.NONE,
                    match,
                    exchange);
        }
    }

    private void forwardCached(
            Rules route, OutgoingRequest outgoing, String affinity, RouteMatch match, Exchange exchange, Claim claim)
            throws GatewayFailure {
        ClientDelivery client = delivery(route, match, exchange);
        try (client) {
            cache.handle(
                    CachedExchange.request(route.config().cache(), route.request(), outgoing, match, exchange),
                    claim,
                    new OriginFetch(route, outgoing, affinity, match, exchange),
                    client);
            client.finish();
        } catch (GatewayFailure e) {
            // An abandoned exchange may have given its response back.
            if (!exchange.isAbandoned() && !exchange.response().isCommitted()) {
                client.undo();
                client.tellFailure();
            }
            throw e;
        }
    }

    private ClientDelivery delivery(Rules route, RouteMatch match, Exchange exchange) {
        ClientOutput client = new ClientOutput(exchange, route.config().limits(), watchdog, nanoSource);
        return new ClientDelivery(route.response(), match, exchange, client);
    }

    /** The cache's way to the origins. */
    private final class OriginFetch implements Fetch {

        private final Rules route;
        private final OutgoingRequest outgoing;
        private final String affinity;
        private final RouteMatch match;
        private final Exchange exchange;

        OriginFetch(Rules route, OutgoingRequest outgoing, String affinity, RouteMatch match, Exchange exchange) {
            this.route = route;
            this.outgoing = outgoing;
            this.affinity = affinity;
            this.match = match;
            this.exchange = exchange;
        }

        @Override
        public Response ask(Fields fields) throws GatewayFailure {
            OriginResponse response = fetch(route, outgoing.withFields(fields), affinity, exchange);
            ResponseHead head;
            try {
                Fields seen = route.response().fields(response, match);
                long length = response.contentLength();
                Fields told = length < 0 ? seen : seen.plus("Content-Length", Long.toString(length));
                head = new ResponseHead(response.head().getCode(), told);
            } catch (RuntimeException e) {
                response.close(); // nobody else has it yet
                throw e;
            }
            BodyRelay body = new BodyRelay(exchange, route.config().limits(), buffers, watchdog, nanoSource);
            return new Response() {

                @Override
                public ResponseHead head() {
                    return head;
                }

                @Override
                public boolean relay(ResponseHead sent, ContentSink sink, BooleanSupplier heir) throws GatewayFailure {
                    exchange.inheritedBy(heir);
                    route.affinity().remember(affinity, response.origin(), match, exchange);
                    return deliver(
                            route, response, sent.fields().without("Content-Length"), body, sink, match, exchange);
                }

                @Override
                public void leaveClient() {
                    exchange.release();
                }

                @Override
                public boolean drain(ContentSink sink) throws GatewayFailure {
                    if (response.head().getEntity() != null) {
                        try {
                            return body.drain(response, sink);
                        } catch (GatewayFailure e) {
                            response.failed(e);
                            response.attempt().ended(nanoSource.getAsLong(), e);
                            throw e;
                        }
                    }
                    return true;
                }

                @Override
                public void close() {
                    if (!response.attempt().isEnded()) {
                        response.attempt().ended(nanoSource.getAsLong(), null);
                    }
                    response.close();
                }
            };
        }

        @Override
        public Fetch detached() {
            if (outgoing.content().isPresent()) {
                return null;
            }
            return new OriginFetch(route, outgoing, affinity, match, exchange.withoutClient(nanoSource.getAsLong()));
        }

        @Override
        public Place placeToSpare() {
            Permit permit = admission.enterIfFree(match.route().index(), exchange);
            return permit == null ? null : permit::close;
        }
    }

    /**
     * Asks origins until one answers, as often as the route, the upstream's budget, the request and the clock allow.
     *
     * @return the first answer worth having, or the last one there is
     */
    private OriginResponse fetch(Rules route, OutgoingRequest outgoing, String affinity, Exchange exchange)
            throws GatewayFailure {
        RetryConfig retry = route.config().retry();
        Upstream upstream = route.upstream();
        boolean repeatable = outgoing.isIdempotent() || retry.anyMethod();
        List<Origin> tried = new ArrayList<>(2);
        for (int number = 1; ; number++) {
            Origin origin = upstream.choose(affinity, tried, repeatable && number < retry.attempts());
            tried.add(origin);
            long now = nanoSource.getAsLong();
            Attempt attempt = exchange.attempt(origin.name(), now);
            boolean last = number >= retry.attempts();
            OriginResponse response = null;
            GatewayFailure failure = null;
            try {
                response = attempt(
                        route, outgoing, origin, attempt, exchange, repeatable && !last && upstream.hasSeveral());
            } catch (GatewayFailure e) {
                failure = e;
            } catch (RuntimeException e) {
                failure = GatewayFailure.unexpected(e);
            }
            if (failure != null) {
                attempt.ended(nanoSource.getAsLong(), failure);
                Outcome.failed(upstream, origin, failure);
            }
            if (response != null && !retry.statuses().contains(response.head().getCode())) {
                return response;
            }

            // A failure, or an answer that stands for one.
            boolean again = !last
                    && !exchange.isAbandoned()
                    && !(exchange.hasClient() && exchange.response().isCommitted())
                    && outgoing.content().canBeSentAgain()
                    && remaining(route, exchange) > 0
                    && (response != null
                            ? repeatable && upstream.hasOther(tried)
                            : allows(failure, attempt, repeatable))
                    && upstream.mayRetry();
            if (!again) {
                if (response != null) {
                    return response;
                }
                throw failure;
            }
            if (response != null) {
                obeyRetryAfter(response, upstream, origin);
                attempt.ended(nanoSource.getAsLong(), null);
                response.close();
            }
            pause(retry, number);
        }
    }

    private static boolean allows(GatewayFailure failure, Attempt attempt, boolean repeatable) {
        return switch (failure.kind().retry()) {
            case NEVER -> false;
            case ALWAYS -> true;
            case IF_UNSENT_OR_IDEMPOTENT -> repeatable || attempt.isUnsent();
        };
    }

    /** One attempt, up to the response head. */
    private OriginResponse attempt(
            Rules route, OutgoingRequest outgoing, Origin origin, Attempt attempt, Exchange exchange, boolean elsewhere)
            throws GatewayFailure {
        if (outgoing.isIdempotent() && !outgoing.content().isPresent()) {
            // Costs nothing to send again, so the pool need not make sure that the origin has not closed its
            // connection.
            OriginResponse response = attempt(route, outgoing, origin, attempt, exchange, elsewhere, false);
            if (response != null) {
                return response;
            }
        }
        return attempt(route, outgoing, origin, attempt, exchange, elsewhere, true);
    }

    /**
     * @param certain whether a connection that the origin has closed must not be used
     * @return null, unless certain, when one was used
     */
    @SuppressWarnings("try") // the first wait is only there to be closed
    private OriginResponse attempt(
            Rules route,
            OutgoingRequest outgoing,
            Origin origin,
            Attempt attempt,
            Exchange exchange,
            boolean elsewhere,
            boolean certain)
            throws GatewayFailure {
        long responseNanos = exchange.attempts().size() == 1
                ? route.config().timeouts().response().toNanos()
                : remaining(route, exchange);
        OriginConnection connection;
        try (Exchange.Wait wait = exchange.interruptible()) {
            connection = route.upstream()
                    .connect(origin, route.config().timeouts(), exchange.startNanos(), responseNanos, certain, attempt);
        } catch (GatewayFailure e) {
            throw exchange.isAbandoned()
                    ? new GatewayFailure(
                            FailureKind.CLIENT_LEFT, "the client left while a connection was waited for", e)
                    : e;
        }
        Exchange.Wait wait = exchange.breakableBy(connection::abort);
        boolean handedOver = false;
        try {
            // The request, its content perhaps only after the origin has agreed to it.
            attempt.sends(connection.sendFromNanos());
            outgoing.content().goesTo(connection);
            ClassicHttpRequest request = outgoing.at(origin, attempt.told());
            connection.send(request, outgoing.expectsContinue());

            // The response head.
            OriginConnection.InterimResponses onInterim = head -> {
                if (exchange.hasClient()) {
                    interim.relay(head, exchange.request(), exchange.response());
                }
            };
            ClassicHttpResponse head = null;
            if (outgoing.expectsContinue()) {
                if (connection.awaitAnswer(CONTINUE_PATIENCE)) {
                    head = connection.receive(onInterim, true, outgoing.isHead(), false);
                }
                if (head == null) {
                    connection.sendLater(request);
                }
            }
            attempt.awaitsResponse();
            if (head == null) {
                head = connection.receive(onInterim, false, outgoing.isHead(), elsewhere);
            }
            attempt.answered(head.getCode(), connection.answeredNanos());
            if (!Outcome.isFailure(head.getCode())) {
                route.upstream().answersTrial(origin);
            }
            exchange.answered(connection.answeredNanos());
            handedOver = true;
            return new OriginResponse(
                    route.upstream(), origin, outgoing.hostFor(origin), connection, wait, head, attempt);
        } catch (GatewayFailure e) {
            if (!certain && connection.hadEndedBefore(e) && !exchange.isAbandoned()) {
                return null;
            }
            throw blamed(e, exchange);
        } finally {
            if (!handedOver) {
                attempt.sent(connection.hasWritten());
                wait.close();
                connection.close();
            }
        }
    }

    /**
     * Hands an origin's response to the client.
     *
     * @return false when the sink did not let it read all of the content; the attempt lasts then
     */
    private boolean deliver(
            Rules route,
            OriginResponse response,
            Fields fields,
            BodyRelay body,
            ContentSink sink,
            RouteMatch match,
            Exchange exchange)
            throws GatewayFailure {
        response.attempt().relaysContent();
        ClientHead head = new ClientHead(exchange.response());
        GatewayFailure failure = null;
        boolean whole = true;
        try {
            route.response().apply(response.head().getCode(), fields, match, exchange, head);
            if (response.head().getEntity() == null) {
                body.withoutContent(response.head());
            } else {
                whole = body.relay(response, sink);
            }
        } catch (GatewayFailure e) {
            failure = blamed(e, exchange);
        } catch (RuntimeException e) {
            failure = GatewayFailure.unexpected(e);
        }
        if (whole) {
            response.attempt().ended(nanoSource.getAsLong(), failure);
        }
        if (failure != null) {
            exchange.failed(failure);
            response.failed(failure);
            if (!exchange.isAbandoned() && !exchange.response().isCommitted()) {
                head.undo();
            }
            throw failure;
        }
        return whole;
    }

    /** Who abandons an exchange breaks its connection: that is no fault of the origin's, whatever it looks like. */
    private static GatewayFailure blamed(GatewayFailure failure, Exchange exchange) {
        return exchange.isAbandoned() && failure.kind().side() == FailureKind.Side.UPSTREAM
                ? new GatewayFailure(FailureKind.CLIENT_LEFT, "the client left", failure)
                : failure;
    }

    /** How much of the time for a response head is left to this exchange's further attempts. */
    private long remaining(Rules route, Exchange exchange) {
        return route.config().timeouts().response().toNanos() - (nanoSource.getAsLong() - exchange.startNanos());
    }

    private boolean isTotalOver(Rules route, Exchange exchange) {
        Duration total = route.config().timeouts().total();
        return !total.isZero() && nanoSource.getAsLong() - exchange.startNanos() >= total.toNanos();
    }

    /** RFC 9110 §10.2.3, the form in seconds: an origin that asks for rest gets it. */
    private static void obeyRetryAfter(OriginResponse response, Upstream upstream, Origin origin) {
        Header field = response.head().getFirstHeader("Retry-After");
        if (field != null && field.getValue().matches("\\d{1,6}")) {
            upstream.rest(origin, Long.parseLong(field.getValue()));
        }
    }

    /** Exponential backoff with full jitter: what failed together does not come back together. */
    private static void pause(RetryConfig retry, int number) throws GatewayFailure {
        long most = Math.min(retry.backoffMax().toNanos(), retry.backoff().toNanos() << Math.min(number - 1, 16));
        if (most > 0) {
            LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(most + 1));
        }
        if (Thread.interrupted()) {
            Thread.currentThread().interrupt();
            throw new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "interrupted between two attempts");
        }
    }

    /** The path as the route maps it, and the query as it came; {@code ?} with nothing behind it stays. */
    private static String target(RouteMatch match, HttpServletRequest request) throws GatewayFailure {
        String path = match.targetPath();
        String query = request.getQueryString();
        return query == null ? path : path + "?" + RouteMatch.bytesOf(query);
    }

    /** RFC 9110 §7.6.2: with Max-Forwards at zero, OPTIONS is answered by whoever has it. */
    private static void answerAsLastHop(HttpServletResponse response) {
        response.setStatus(204);
        response.setHeader("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    }
}
