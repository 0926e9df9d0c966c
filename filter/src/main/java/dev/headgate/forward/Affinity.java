package dev.headgate.forward;

import dev.headgate.config.BalanceConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.route.RouteMatch;
import dev.headgate.upstream.Origin;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What ties a request to an origin: a key to hash, or the origin that a cookie or the session remembers. Immutable and
 * thread-safe.
 */
final class Affinity {

    private final BalanceConfig config;
    private final String name;
    private final SecretKeySpec secret;

    Affinity(String upstream, BalanceConfig config) {
        this.config = config;
        this.name = "hg." + upstream + ".origin";
        if (config.method() == BalanceConfig.Method.STICKY) {
            byte[] key = config.secret().getBytes(StandardCharsets.UTF_8);
            if (key.length == 0) {
                key = new byte[32];
                new SecureRandom().nextBytes(key);
            }
            this.secret = new SecretKeySpec(key, "HmacSHA256");
        } else {
            this.secret = null;
        }
    }

    /** The key or origin id that this request goes by; null for none. */
    String of(RouteMatch match, Exchange exchange) {
        HttpServletRequest request = exchange.request();
        return switch (config.method()) {
            case HASH -> key(match, request);
            case STICKY -> verified(Exchange.cookie(request, name));
            case STICKY_SESSION -> {
                HttpSession session = request.getSession(false);
                Object id = session == null ? null : session.getAttribute(name);
                yield id == null ? null : id.toString();
            }
            default -> null;
        };
    }

    /**
     * Has the client come back to the origin that answered. Before the response is committed.
     *
     * @param before what {@link #of} gave
     */
    void remember(String before, Origin origin, RouteMatch match, Exchange exchange) {
        if (origin.id().equals(before)) {
            return;
        }
        if (config.method() == BalanceConfig.Method.STICKY) {
            // Path: every route of this app that uses the upstream.
            String path = exchange.request().getContextPath();
            exchange.response()
                    .addHeader(
                            "Set-Cookie",
                            name + "=" + origin.id() + "." + signature(origin.id()) + "; Path="
                                    + (path.isEmpty() ? "/" : path) + "; HttpOnly; SameSite=Lax"
                                    + (exchange.request().isSecure() ? "; Secure" : ""));
        } else if (config.method() == BalanceConfig.Method.STICKY_SESSION) {
            HttpSession session = exchange.request().getSession(false);
            if (session != null) {
                session.setAttribute(name, origin.id());
            }
        }
    }

    private String key(RouteMatch match, HttpServletRequest request) {
        String kind = config.hashKey();
        int colon = kind.indexOf(':');
        String argument = kind.substring(colon + 1);
        return switch (colon < 0 ? kind : kind.substring(0, colon)) {
            case "address" -> request.getRemoteAddr();
            case "principal" -> request.getRemoteUser();
            case "field" -> request.getHeader(argument);
            case "cookie" -> Exchange.cookie(request, argument);
            case "path" -> match.capture(argument);
            default -> null;
        };
    }

    /** The origin id of a cookie that this gateway, or one with the same secret, has signed. */
    private String verified(String value) {
        int dot = value == null ? -1 : value.indexOf('.');
        if (dot < 0) {
            return null;
        }
        String id = value.substring(0, dot);
        byte[] given = value.substring(dot + 1).getBytes(StandardCharsets.ISO_8859_1);
        boolean genuine = MessageDigest.isEqual(given, signature(id).getBytes(StandardCharsets.ISO_8859_1));
        return genuine ? id : null;
    }

    private String signature(String id) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(secret);
            mac.update(name.getBytes(StandardCharsets.UTF_8));
            byte[] full = mac.doFinal(id.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(full).substring(0, 22);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }
}
