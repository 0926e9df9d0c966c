package dev.headgate.cache;

import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheConfig.SetCookie;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What may be stored (RFC 9111 §3), and which of its fields. */
final class Storability {

    /** Statuses whose caching rules this cache implements, for {@code must-understand} (RFC 9111 §5.2.2.3). */
    private static final Set<Integer> UNDERSTOOD = Set.of(
            200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407,
            408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 425, 426, 428, 429, 431, 451, 500, 501, 502,
            503, 504, 505, 506, 507, 508, 511);

    /** Fields of one connection, or of one hop (RFC 9111 §3.1). */
    private static final Set<String> NEVER_STORED = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authentication-info",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "cache-status");

    /** Fields by which some frameworks let the client change what a request means. */
    private static final List<String> OVERRIDES =
            List.of("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override");

    private Storability() {}

    /** Whether a request may be answered from, and its response go into, the cache at all. */
    static boolean isCacheable(CacheRequest request) {
        if (!request.isGet() && !request.isHead() || request.hasContent()) {
            return false;
        }
        if (request.isPlain()) {
            return true; // it has none of the following
        }
        for (String override : OVERRIDES) {
            if (request.fields().has(override)) {
                return false;
            }
        }
        // These ask about the state at the origin; a cache cannot tell (RFC 9110 §13.2.1).
        return !request.fields().has("If-Match") && !request.fields().has("If-Unmodified-Since");
    }

    /**
     * Why a response must not be stored.
     *
     * @return null when it may
     */
    static String objection(CacheRequest request, ResponseHead head, long responseMillis) {
        CacheConfig config = request.config();
        Fields fields = head.fields();
        CacheControl control = CacheControl.ofResponse(fields);
        int status = head.status();
        if (!request.isGet() && !isPostForItself(request, head, control, responseMillis)) {
            return "method";
        }
        if (!isCacheable(request) && request.isGet()) {
            return "request";
        }
        if (status < 200 || status == 304 || status == 416) {
            return "status";
        }
        if (request.control().noStore()) {
            return "request-no-store";
        }
        String forbidden = forbidden(status, control);
        if (forbidden != null) {
            return forbidden;
        }
        if (request.fields().has("Authorization")
                && !control.isPublic()
                && !control.mustRevalidate()
                && control.sharedMaxAge() == CacheControl.ABSENT) {
            return "authorization";
        }
        if (fields.has("Set-Cookie") && config.setCookie() == SetCookie.REFUSE) {
            return "set-cookie";
        }
        if (Variants.names(fields) == null) {
            return "vary";
        }
        if (status == 206 && ByteRanges.brought(fields.first("Content-Range")) == null) {
            return "content-range";
        }
        return objectionToUse(head, control, responseMillis, config);
    }

    /**
     * What a response says against its being stored at all (RFC 9111 §5.2.2).
     *
     * @return null when it says nothing
     */
    static String forbidden(int status, CacheControl control) {
        if (control.mustUnderstand()) {
            if (!UNDERSTOOD.contains(status)) {
                return "not-understood";
            }
        } else if (control.noStore()) {
            return "no-store";
        }
        return control.isPrivate() ? "private" : null;
    }

    /** Storing what will never be used again would only push out what will. */
    private static String objectionToUse(
            ResponseHead head, CacheControl control, long responseMillis, CacheConfig config) {
        Fields fields = head.fields();
        long explicit = Freshness.explicitMillis(fields, control, responseMillis);
        long lifetime = Freshness.lifetimeMillis(head.status(), fields, control, responseMillis, config);
        String type = fields.first("Content-Type");
        if (explicit < 0 && type != null && isStream(type.toLowerCase(Locale.ROOT))) {
            return "event-stream";
        }
        boolean validator = fields.has("ETag") || fields.has("Last-Modified");
        boolean mayBeStored = explicit >= 0
                || lifetime > 0
                || control.isPublic()
                || Freshness.isHeuristicallyCacheable(head.status());
        if (!mayBeStored) {
            return "no-freshness";
        }
        if (lifetime > 0 && !control.noCache() || validator) {
            return null;
        }
        boolean staleUse = !control.forbidsStale()
                && explicit >= 0
                && (control.staleWhileRevalidate() > 0 || control.staleIfError() > 0);
        return staleUse ? null : "no-freshness";
    }

    /** Types of content that goes on for as long as somebody listens; what else trickles shows on its way. */
    private static boolean isStream(String type) {
        return type.startsWith("text/event-stream") || type.startsWith("multipart/x-mixed-replace");
    }

    /** A POST whose response is also that of a later GET (RFC 9110 §9.3.3). */
    private static boolean isPostForItself(
            CacheRequest request, ResponseHead head, CacheControl control, long responseMillis) {
        return request.method().equals("POST")
                && head.status() == 200
                && Freshness.explicitMillis(head.fields(), control, responseMillis) > 0
                && request.target()
                        .equals(CacheKey.sameOrigin(request, head.fields().first("Content-Location")));
    }

    /** The fields that are stored (RFC 9111 §3.1). */
    static Fields storedFields(Fields fields) {
        Set<String> dropped = new HashSet<>(CacheControl.ofResponse(fields).unstoredFields());
        for (String connection : fields.all("Connection")) {
            for (String option : connection.split(",")) {
                dropped.add(option.strip().toLowerCase(Locale.ROOT));
            }
        }
        return fields.only(name -> {
            String lower = name.toLowerCase(Locale.ROOT);
            return !NEVER_STORED.contains(lower) && !dropped.contains(lower) && !lower.equals("set-cookie");
        });
    }
}
