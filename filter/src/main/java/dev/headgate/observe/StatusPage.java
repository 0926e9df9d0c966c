package dev.headgate.observe;

import dev.headgate.config.GatewayConfig;
import dev.headgate.config.StatusConfig;
import dev.headgate.exchange.TrustedProxies;
import dev.headgate.failure.AnswerForm;
import dev.headgate.failure.Json;
import dev.headgate.upstream.Diagnosis;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.Principal;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The status page: says who may see it, shows how everything is, and acts on what is asked of it. The gateway answers it
 * by itself, on the container's thread; it is no exchange, so nothing counts it.
 *
 * <p>Whoever may not see it gets the 404 that every missing page of the app gets, so that nobody learns that it is there.
 *
 * <p>A request that changes something must come from the page itself. It carries a token that says which user, or without
 * one which address, it was made for: an HMAC under a secret of this gateway, so nothing has to be kept and no session is
 * begun. Another site can have a browser send a request, with the user's cookies, but cannot read the token. It also makes
 * sure that a button acts on the gateway that was looked at, where several stand behind one name.
 *
 * <p>Thread-safe.
 */
public final class StatusPage {

    private static final Logger LOG = LoggerFactory.getLogger(StatusPage.class);

    /** A token is good for this long, and at most as long again. */
    private static final Duration TOKEN_TIME = Duration.ofHours(6);

    private static final String TOKEN_FIELD = "X-Headgate-Token";

    /** What tells of a client behind the peer, also where nobody may be believed. */
    private static final List<String> FORWARDING_FIELDS = List.of("X-Forwarded-For", "Forwarded", "X-Real-IP");

    private final ManagedGateway gateway;
    private final Supplier<StatusView> view;
    private final Clock clock;
    private final StatusActions actions;
    private final SecretKeySpec secret;

    /** @param view all that the page tells, of this moment */
    public StatusPage(ManagedGateway gateway, Supplier<StatusView> view, Clock clock) {
        this.gateway = gateway;
        this.view = view;
        this.clock = clock;
        this.actions = new StatusActions(gateway);
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        this.secret = new SecretKeySpec(random, "HmacSHA256");
    }

    /** Whether a request is for the page. Allocates nothing. */
    public static boolean takes(StatusConfig config, HttpServletRequest request) {
        if (!config.enabled()) {
            return false;
        }
        String uri = request.getRequestURI();
        return uri.endsWith(config.path())
                && uri.length()
                        == request.getContextPath().length() + config.path().length()
                && request.getDispatcherType() == DispatcherType.REQUEST;
    }

    /** Answers a request that it {@link #takes}. */
    public void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        GatewayConfig config = gateway.config();
        String client = new TrustedProxies(config.trustedProxies()).clientAddress(request);
        if (!mayEnter(config, request, client)) {
            response.sendError(HttpServletResponse.SC_NOT_FOUND);
            return;
        }
        Principal user = request.getUserPrincipal();
        String who = user == null ? "address " + client : "user " + user.getName();
        switch (request.getMethod()) {
            case "GET", "HEAD" -> show(request, response, who, null);
            case "POST" -> show(request, response, who, act(request, who));
            default -> {
                response.setHeader("Allow", "GET, HEAD, POST");
                show(
                        request,
                        response,
                        who,
                        new StatusActions.Result(405, "Only GET, HEAD and POST are answered here.", null));
            }
        }
    }

    // ---- who may ----

    private static boolean mayEnter(GatewayConfig config, HttpServletRequest request, String client) {
        StatusConfig status = config.status();
        if (status.roles().stream().anyMatch(request::isUserInRole)) {
            return true;
        }
        // A proxy that nobody named in the settings: its address is not that of the client, who may be anybody.
        boolean hidden = FORWARDING_FIELDS.stream().anyMatch(name -> request.getHeader(name) != null)
                && !new TrustedProxies(config.trustedProxies()).isTrusted(request);
        return !hidden && status.addresses().stream().anyMatch(range -> range.contains(client));
    }

    private StatusActions.Result act(HttpServletRequest request, String who) throws IOException {
        String objection = otherSite(request);
        if (objection == null) {
            if (request.getCharacterEncoding() == null) {
                request.setCharacterEncoding("UTF-8");
            }
            try {
                String token = request.getHeader(TOKEN_FIELD);
                if (isToken(token == null ? request.getParameter("token") : token, who)) {
                    return perform(request, who);
                }
                objection = "the page is too old, or another instance of the app made it. Open it again";
            } catch (RuntimeException e) {
                LOG.debug("A form of the status page could not be read", e);
                return new StatusActions.Result(StatusActions.BAD, "The form cannot be read.", null);
            }
        }
        return new StatusActions.Result(403, "Nothing was done: " + objection + ".", null);
    }

    private StatusActions.Result perform(HttpServletRequest request, String who) {
        String action = RequestText.brief(String.valueOf(request.getParameter("action")));
        StatusActions.Result result;
        try {
            result = actions.perform(request::getParameter);
        } catch (RuntimeException e) {
            LOG.warn("Status page: {} by {} failed", action, RequestText.brief(who), e);
            return new StatusActions.Result(500, "That failed; the log says why.", null);
        }
        LOG.info("Status page: {} by {}: {}", action, RequestText.brief(who), RequestText.brief(result.message()));
        return result;
    }

    /**
     * What browsers say of where a request comes from. The token is what counts; this is for the day it leaks.
     *
     * @return null when nothing speaks against it
     */
    private static String otherSite(HttpServletRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        if (site != null) {
            return site.equals("same-origin") ? null : "the browser says that another site asked for it";
        }
        String origin = request.getHeader("Origin");
        return "null".equals(origin) ? "the browser does not say which site asked for it" : null;
    }

    private String token(String who, long period) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(secret);
            byte[] digest = mac.doFinal((period + " " + who).getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has HmacSHA256", e);
        }
    }

    private boolean isToken(String given, String who) {
        long period = period();
        return given != null && (same(given, token(who, period)) || same(given, token(who, period - 1)));
    }

    private static boolean same(String given, String token) {
        return MessageDigest.isEqual(given.getBytes(StandardCharsets.UTF_8), token.getBytes(StandardCharsets.UTF_8));
    }

    private long period() {
        return clock.millis() / TOKEN_TIME.toMillis();
    }

    // ---- showing ----

    /** @param result what became of an action; null for none */
    private void show(HttpServletRequest request, HttpServletResponse response, String who, StatusActions.Result result)
            throws IOException {
        boolean html = AnswerForm.choose(Collections.list(request.getHeaders("Accept"))) == AnswerForm.HTML;
        response.setStatus(result == null ? HttpServletResponse.SC_OK : result.status());
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("Vary", "Accept");
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("X-Frame-Options", "DENY");
        response.setHeader("Referrer-Policy", "same-origin");
        response.setHeader("X-Robots-Tag", "noindex");
        response.setHeader("Content-Security-Policy", StatusHtml.POLICY);
        String text;
        if (html) {
            response.setContentType("text/html;charset=utf-8");
            text = StatusHtml.fill(view.get(), request.getRequestURI(), token(who, period()), result);
        } else {
            response.setContentType("application/json");
            text = Json.text(result == null ? json(who) : json(result)) + "\n";
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        response.setContentLength(bytes.length);
        if (!request.getMethod().equals("HEAD")) {
            response.getOutputStream().write(bytes);
        }
    }

    private Map<String, Object> json(String who) {
        Map<String, Object> json = view.get().json();
        json.put("token", token(who, period()));
        return json;
    }

    private static Map<String, Object> json(StatusActions.Result result) {
        Map<String, Object> json = StatusView.object("done", result.good(), "message", result.message());
        Diagnosis diagnosis = result.diagnosis();
        if (diagnosis != null) {
            List<Object> steps = new ArrayList<>();
            for (Diagnosis.Step step : diagnosis.steps()) {
                steps.add(StatusView.object(
                        "stage", step.stage().name().toLowerCase(Locale.ROOT),
                        "passed", step.passed(),
                        "millis", step.took().toMillis(),
                        "found", step.found(),
                        "meaning", step.meaning()));
            }
            json.put("passed", diagnosis.passed());
            json.put("steps", steps);
        }
        return json;
    }
}
