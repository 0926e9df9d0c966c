package dev.headgate.cache;

import dev.headgate.cache.ByteRanges.Brought;
import dev.headgate.cache.CacheStatus.Forward;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import java.util.List;

/**
 * What is to be done with a request, decided from values alone (RFC 9111 §4).
 *
 * @param action what to do first
 * @param stored the response that the request selects; null where there is none
 * @param forward why the origin is asked, or would have been; null when it need not be
 * @param ttlMillis what is left of the stored response's freshness lifetime, negative when stale; 0 without one
 */
record CachePlan(Action action, StoredResponse stored, Forward forward, long ttlMillis) {

    /** What to do first. */
    enum Action {
        /** Answer with what is stored. */
        SERVE,
        /** Answer with what is stored, stale as it is, and validate it in the background (RFC 5861 §3). */
        SERVE_AND_VALIDATE,
        /** Ask the origin whether what is stored still holds. */
        VALIDATE,
        /** Ask the origin, and store what comes. */
        FORWARD,
        /** Ask the origin, and neither use nor store anything. */
        BYPASS,
        /** Answer 504: the client wants a stored response only (RFC 9111 §5.2.1.7). */
        REFUSE
    }

    /** @param candidates everything that is stored under the request's key */
    static CachePlan decide(CacheRequest request, List<StoredResponse> candidates, long nowMillis) {
        Fields fields = request.fields();
        CacheControl wish = request.control();
        if (!request.isGet() && !request.isHead()) {
            return new CachePlan(Action.BYPASS, null, Forward.METHOD, 0);
        }
        if (!Storability.isCacheable(request)) {
            return new CachePlan(Action.BYPASS, null, Forward.BYPASS, 0);
        }
        StoredResponse stored = Variants.select(candidates, fields);
        if (stored == null) {
            return refuseOr(
                    wish,
                    new CachePlan(
                            Action.FORWARD, null, candidates.isEmpty() ? Forward.URI_MISS : Forward.VARY_MISS, 0));
        }
        long age = Freshness.ageMillis(stored, nowMillis);
        long ttl = Freshness.lifetimeMillis(stored, request.config()) - age;
        if (!Answer.canBeGiven(request, stored)) {
            return refuseOr(wish, new CachePlan(Action.FORWARD, stored, Forward.PARTIAL, ttl));
        }

        // What the client does not want, however fresh (RFC 9111 §5.2.1).
        if (wish.noCache()
                || wish.noStore()
                || wish.maxAge() != CacheControl.ABSENT && age > wish.maxAge() * 1000
                || wish.minFresh() != CacheControl.ABSENT && ttl < wish.minFresh() * 1000) {
            return refuseOr(wish, toOrigin(request, stored, Forward.REQUEST, ttl));
        }
        CacheControl control = stored.control();
        if (stored.softPurged()) {
            return refuseOr(wish, toOrigin(request, stored, Forward.STALE, Math.min(ttl, 0)));
        }
        if (ttl > 0 && !control.noCache()) {
            return new CachePlan(Action.SERVE, stored, null, ttl);
        }
        if (!control.forbidsStale()) {
            if (wish.maxStale() == CacheControl.ANY
                    || wish.maxStale() != CacheControl.ABSENT && -ttl <= wish.maxStale() * 1000) {
                return new CachePlan(Action.SERVE, stored, Forward.STALE, ttl);
            }
            // A client that names an age has said that it would rather wait.
            if (-ttl < control.staleWhileRevalidate() * 1000
                    && control.staleWhileRevalidate() > 0
                    && wish.maxAge() == CacheControl.ABSENT) {
                return new CachePlan(Action.SERVE_AND_VALIDATE, stored, Forward.STALE, ttl);
            }
        }
        return refuseOr(wish, toOrigin(request, stored, Forward.STALE, ttl));
    }

    /** To the origin, with the validators of what is stored where that can be: {@link Action#VALIDATE} or FORWARD. */
    static CachePlan toOrigin(CacheRequest request, StoredResponse stored, Forward reason, long ttl) {
        // HEAD goes as it is and freshens what is stored (RFC 9111 §4.3.5).
        boolean validates = request.isGet() && stored.hasValidator() && stored.isComplete();
        return new CachePlan(validates ? Action.VALIDATE : Action.FORWARD, stored, reason, ttl);
    }

    private static CachePlan refuseOr(CacheControl wish, CachePlan otherwise) {
        return wish.onlyIfCached()
                ? new CachePlan(Action.REFUSE, null, otherwise.forward, otherwise.ttlMillis)
                : otherwise;
    }

    /** The request that validates the stored response (RFC 9111 §4.3.1). */
    static CacheRequest validation(CacheRequest request, StoredResponse stored) {
        Fields fields = request.fields().without("If-None-Match").without("If-Modified-Since");
        if (stored.entityTag() != null) {
            fields = fields.plus("If-None-Match", stored.entityTag());
        }
        String modified = stored.fields().first("Last-Modified");
        if (modified != null) {
            fields = fields.plus("If-Modified-Since", modified);
        }
        return request.withFields(fields);
    }

    /**
     * Whether only the end of a stored response is to be asked for, since its beginning is here and fresh (RFC 9111 §3.4).
     */
    boolean completes(CacheRequest request) {
        CacheControl wish = request.control();
        return forward == Forward.PARTIAL
                && request.isGet()
                && ttlMillis > 0
                && !stored.softPurged()
                && !stored.control().noCache()
                && stored.status() == 200
                && stored.beginning() > 0
                && stored.completeLength() > stored.beginning()
                && !wish.noCache()
                && !wish.noStore()
                && !request.fields().has("Range")
                && !request.fields().has("If-None-Match")
                && !request.fields().has("If-Modified-Since");
    }

    /** The request for what is missing at the end of a stored response. */
    static CacheRequest completion(CacheRequest request, StoredResponse stored) {
        Fields fields = request.fields().with("Range", "bytes=" + stored.beginning() + "-");
        return request.withFields(
                Validators.isStrong(stored.entityTag()) ? fields.with("If-Range", stored.entityTag()) : fields);
    }

    /** Whether a response brings what {@link #completion} has asked for, of the very same content (RFC 9110 §15.3.7.3). */
    static boolean isCompletion(StoredResponse stored, ResponseHead head, long responseMillis) {
        Brought brought = ByteRanges.brought(head.fields().first("Content-Range"));
        return head.status() == 206
                && brought != null
                && brought.first() == stored.beginning()
                && brought.last() == stored.completeLength() - 1
                && brought.length() == stored.completeLength()
                && Validators.sameStrongly(stored.fields(), head.fields(), responseMillis);
    }

    /**
     * Whether a stored response that is stale may be used because the origin fails (RFC 5861 §4, RFC 9111 §4.2.4).
     *
     * @param stored null: no
     */
    static boolean servesOnError(CacheRequest request, StoredResponse stored, long nowMillis) {
        if (stored == null || stored.status() >= 500 || !Answer.canBeGiven(request, stored)) {
            return false;
        }
        CacheControl control = stored.control();
        if (control.forbidsStale() || request.control().noCache()) {
            return false;
        }
        long staleMillis = Freshness.ageMillis(stored, nowMillis) - Freshness.lifetimeMillis(stored, request.config());
        long origins = control.staleIfError() != CacheControl.ABSENT
                ? control.staleIfError()
                : request.config().staleOnError().toSeconds();
        long allowed = Math.max(origins, request.control().staleIfError());
        return allowed > 0 && staleMillis <= allowed * 1000;
    }

    /** Statuses by which an origin says that it has failed (RFC 5861 §4). */
    static boolean isError(int status) {
        return status == 500 || status == 502 || status == 503 || status == 504;
    }
}
