package dev.headgate.forward;

import dev.headgate.config.GatewayConfig;
import dev.headgate.config.RouteConfig;
import dev.headgate.exchange.Attempt;
import dev.headgate.exchange.Exchange;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.route.Route;
import dev.headgate.route.RouteMatch;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.OriginConnection;
import dev.headgate.upstream.Upstream;
import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;

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
    private record Rules(RouteConfig config, Upstream upstream, RequestRules request, ResponseRules response) {}

    /** By {@link Route#index()}. */
    private final Rules[] rules;

    private final InterimRelay interim;
    private final LongSupplier nanoSource;

    /**
     * @param upstreams by name; every upstream of the routes is there
     * @param sessionCookie the name of the app's own session cookie
     */
    public Forwarder(
            GatewayConfig config,
            List<Route> routes,
            Map<String, Upstream> upstreams,
            ServletContext context,
            String sessionCookie,
            LongSupplier nanoSource) {
        this.interim = new InterimRelay(context);
        this.nanoSource = nanoSource;
        ForwardedFields forwarded = new ForwardedFields(config.trustedProxies());
        this.rules = new Rules[routes.size()];
        for (Route route : routes) {
            RouteConfig own = route.config();
            CookieRules cookies = new CookieRules(own.cookies(), sessionCookie, own.upstream());
            rules[route.index()] = new Rules(
                    own,
                    upstreams.get(own.upstream()),
                    new RequestRules(own, config.viaName(), config.requestIdField(), forwarded, cookies),
                    new ResponseRules(own, cookies, config.requestIdField()));
        }
    }

    /** @throws GatewayFailure when there is no whole response */
    @SuppressWarnings("try") // the wait is only there to be closed, before the connection is given back
    public void forward(RouteMatch match, Exchange exchange) throws GatewayFailure {
        Rules route = rules[match.route().index()];
        HttpServletRequest request = exchange.request();

        // 1. What cannot be forwarded is answered here.
        route.request().check(request);
        String target = target(match, request);
        if (RequestRules.isLastHop(request)) {
            answerAsLastHop(exchange.response());
            return;
        }

        // 2. The client's content, as far as it must be known before an origin is asked.
        boolean askFirst = RequestRules.expectsContinue(request);
        RequestContent content = RequestContent.of(exchange, askFirst);

        // 3. An origin, and a connection to it.
        Origin origin = route.upstream().choose();
        Attempt attempt = exchange.attempt(origin.name(), nanoSource.getAsLong());
        GatewayFailure failure = null;
        FieldSnapshot before = null;
        try (OriginConnection connection =
                        route.upstream().connect(origin, route.config().timeouts(), exchange.startNanos(), attempt);
                Exchange.Wait wait = exchange.breakableBy(connection::abort)) {

            // 4. The request.
            attempt.reached(Attempt.Stage.REQUEST);
            content.goesTo(connection);
            ClassicHttpRequest upstreamRequest = route.request().requestFor(origin, target, match, exchange, content);
            boolean contentLater = askFirst && content.isPresent();
            connection.send(upstreamRequest, contentLater);

            // 5. The response head.
            boolean forHead = request.getMethod().equals("HEAD");
            OriginConnection.InterimResponses onInterim = head -> interim.relay(head, exchange.response());
            ClassicHttpResponse head = null;
            if (contentLater) {
                if (connection.awaitAnswer(CONTINUE_PATIENCE)) {
                    head = connection.receive(onInterim, true, forHead);
                }
                if (head == null) {
                    connection.sendLater(upstreamRequest);
                }
            }
            attempt.reached(Attempt.Stage.RESPONSE);
            if (head == null) {
                head = connection.receive(onInterim, false, forHead);
            }
            attempt.answered(head.getCode());

            // 6. The response, on its way down.
            attempt.reached(Attempt.Stage.CONTENT);
            before = new FieldSnapshot(exchange.response());
            String sentHost = route.request().hostFor(origin, request);
            route.response().apply(head, origin, sentHost, match, exchange);
            BodyRelay relay = new BodyRelay(exchange);
            if (head.getEntity() == null) {
                relay.withoutContent(head);
            } else {
                relay.relay(head, connection);
            }
        } catch (GatewayFailure e) {
            failure = e;
            if (before != null && !exchange.response().isCommitted()) {
                before.restore(exchange.response());
            }
            throw e;
        } finally {
            attempt.ended(nanoSource.getAsLong(), failure);
        }
    }

    /** The path as the route maps it, and the query as it came; {@code ?} with nothing behind it stays. */
    private static String target(RouteMatch match, HttpServletRequest request) throws GatewayFailure {
        String path = match.targetPath();
        String query = request.getQueryString();
        return RequestRules.checked(query == null ? path : path + "?" + query);
    }

    /** RFC 9110 §7.6.2: with Max-Forwards at zero, OPTIONS is answered by whoever has it. */
    private static void answerAsLastHop(HttpServletResponse response) {
        response.setStatus(204);
        response.setHeader("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    }
}
