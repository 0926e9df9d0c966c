package dev.headgate.cache;

import dev.headgate.cache.ByteRanges.Span;
import dev.headgate.cache.CachePlan.Action;
import dev.headgate.cache.CacheStatus.Forward;
import dev.headgate.cache.Flight.Landing;
import dev.headgate.cache.StoredResponse.Part;
import dev.headgate.config.CacheConfig;
import dev.headgate.config.CacheStoreConfig;
import dev.headgate.exchange.Fields;
import dev.headgate.exchange.ResponseHead;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cache of one gateway: acts on what {@link CachePlan} decides. Thread-safe.
 *
 * <p>{@link #handle} takes an exchange from its request to the last byte of the response. Content is stored while it goes
 * to the client, and never delays it. Requests for what is on its way already wait for that response's head and then
 * follow its content; they go to the origin themselves when it turns out to be of no use to them.
 */
public final class ResponseCache implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ResponseCache.class);

    private static final int BACKGROUND_THREADS = 4;
    private static final int BACKGROUND_QUEUE = 64;

    /** How many responses may be read for others at once while their own client is slow. */
    private static final int PUMPS = 64;

    /** How many keys are remembered whose responses nobody could share, so that nobody waits for them again. */
    private static final int UNSHARED_KEYS = 10_000;

    private static final long UNSHARED_MILLIS = 30_000;

    private static final int COPY_BYTES = 16 * 1024;

    /** How many chunks of a stored response are read before its head is sent: as long as there are more, it may be cut. */
    static final int AHEAD_CHUNKS = 2;

    /** As {@code Cache-Status} spells it. */
    private final String name;

    private volatile Map<String, CacheConfig> routes;
    private final InstantSource clock;
    private final CacheCounters counters = new CacheCounters();
    private final Store store;
    private final ThreadPoolExecutor background;

    /** Wakes those who wait for others without a thread. One, because waking is quick; never full. */
    private final ThreadPoolExecutor wakers;

    /** Read what slow clients do not let the threads of their own exchanges read on. */
    private final ThreadPoolExecutor pumps;

    private final Map<String, Flight> flights = new ConcurrentHashMap<>();
    private final Set<String> validating = ConcurrentHashMap.newKeySet();

    /** By resource; a recording is here until it is stored. */
    private final Map<String, Set<Recording>> recordings = new ConcurrentHashMap<>();

    /** Flight key to the end of its time; guarded by itself. */
    private final Map<String, Long> unshared = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > UNSHARED_KEYS;
        }
    };

    private ResponseCache(
            String name,
            CacheStoreConfig storage,
            Map<String, CacheConfig> routes,
            InstantSource clock,
            Function<String, ThreadFactory> threads) {
        this.name = CacheStatus.name(name);
        this.routes = Map.copyOf(routes);
        this.clock = clock;
        this.store = new Store(storage);
        this.background = new ThreadPoolExecutor(
                BACKGROUND_THREADS,
                BACKGROUND_THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(BACKGROUND_QUEUE),
                threads.apply("revalidation"));
        background.allowCoreThreadTimeOut(true);
        this.wakers =
                new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads.apply("waker"));
        wakers.allowCoreThreadTimeOut(true);
        this.pumps = new ThreadPoolExecutor(
                0, PUMPS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), threads.apply("reader"));
    }

    /**
     * Opens a cache.
     *
     * @param name what the gateway calls itself in {@code Cache-Status}
     * @param routes the settings of the routes that have a cache, by name
     * @param threads makes threads for a purpose, daemons that inherit nothing
     * @throws IllegalArgumentException when its library is missing or its disk cannot be used
     */
    public static ResponseCache open(
            String name,
            CacheStoreConfig storage,
            Map<String, CacheConfig> routes,
            InstantSource clock,
            Function<String, ThreadFactory> threads) {
        try {
            return new ResponseCache(name, storage, routes, clock, threads);
        } catch (NoClassDefFoundError e) {
            throw new IllegalArgumentException(
                    "route " + String.join(", ", routes.keySet()) + " has a cache, which needs the library"
                            + " org.ehcache:ehcache 3.12 or newer in WEB-INF/lib; add it or set cache=false",
                    e);
        }
    }

    /**
     * Goes on with other settings of the routes that have a cache. What is stored stays, except that of routes which have
     * no cache any more, and of those where something else than before separates one entry from another.
     *
     * @param changed by name, in place of all earlier ones
     */
    public void routes(Map<String, CacheConfig> changed) {
        Map<String, CacheConfig> before = routes;
        routes = Map.copyOf(changed);
        before.forEach((route, config) -> {
            CacheConfig now = changed.get(route);
            if (now == null || !now.enabled() || !separates(config).equals(separates(now))) {
                purgeRoute(route, false);
            }
        });
    }

    /** The settings that decide which request an entry is for, and what of a user may be in it. */
    private static List<Object> separates(CacheConfig config) {
        return List.of(config.share(), config.ignoreParameters(), config.sortParameters(), config.setCookie());
    }

    /** What the cache has done so far and what it holds; cheap enough to be asked every second. */
    public CacheStatistics statistics() {
        return counters.with(store);
    }

    // ---- one exchange ----

    /**
     * Answers a request, from the store, from the origin, or from another exchange's response.
     *
     * @param claim what {@link #claim} has said of this request; null: it was not asked
     * @throws GatewayFailure when there is no whole response
     */
    public void handle(CacheRequest request, Claim claim, Fetch fetch, Delivery delivery) throws GatewayFailure {
        CacheKey key = CacheKey.of(request);
        CachePlan plan = CachePlan.decide(request, store.find(key), clock.millis());
        try {
            act(request, key, plan, claim, fetch, delivery);
        } catch (GatewayFailure failure) {
            CacheStatus status =
                    plan.forward() == null ? CacheStatus.hit(plan.ttlMillis()) : CacheStatus.forwarded(plan.forward());
            delivery.failed(status.withDetail(failure.kind().word()).field(name));
            throw failure;
        }
    }

    private void act(CacheRequest request, CacheKey key, CachePlan plan, Claim claim, Fetch fetch, Delivery delivery)
            throws GatewayFailure {
        switch (plan.action()) {
            case SERVE, SERVE_AND_VALIDATE -> {
                CachePlan otherwise = new CachePlan(Action.FORWARD, null, Forward.MISS, 0); // its content was evicted
                try (Opened opened = open(request, key, plan.stored())) {
                    if (opened != null) {
                        if (plan.action() == Action.SERVE || validateLater(request, key, plan.stored(), fetch)) {
                            opened.send(CacheStatus.hit(plan.ttlMillis()), fetch, delivery);
                            return;
                        }
                        otherwise = CachePlan.toOrigin(request, plan.stored(), Forward.STALE, plan.ttlMillis());
                    }
                }
                if (otherwise.stored() == null && request.control().onlyIfCached()) {
                    refuse(request, delivery, Forward.MISS);
                    return;
                }
                act(request, key, otherwise, claim, fetch, delivery);
                return;
            }
            case REFUSE -> {
                refuse(request, delivery, plan.forward());
                return;
            }
            case BYPASS -> {
                bypass(request, key, plan.forward(), fetch);
                return;
            }
            case VALIDATE, FORWARD -> {
                // Below.
            }
        }
        if (!isShareable(request, plan)) {
            fetch(new Turn(request, key, plan, null), fetch, delivery);
            return;
        }
        share(request, key, plan, claim, fetch, delivery);
    }

    /**
     * Answers a request if that takes the store only, and no wait. Otherwise says whether another exchange is at the origin
     * for the same thing, or else that this one is to be.
     *
     * @param fetch for validation in the background
     * @param earlier what became of the same request before it waited; null: it has not waited
     */
    public Claim claim(CacheRequest request, Fetch fetch, Delivery delivery, Claim earlier) throws GatewayFailure {
        CacheKey key = CacheKey.of(request);
        CachePlan plan = CachePlan.decide(request, store.find(key), clock.millis());
        if (plan.action() == Action.SERVE || plan.action() == Action.SERVE_AND_VALIDATE) {
            try (Opened opened = open(request, key, plan.stored())) {
                if (opened != null
                        && (plan.action() == Action.SERVE || validateLater(request, key, plan.stored(), fetch))) {
                    opened.send(CacheStatus.hit(plan.ttlMillis()), fetch, delivery);
                    return Claim.answered();
                }
            }
        }
        if (plan.action() != Action.VALIDATE && plan.action() != Action.FORWARD || !isShareable(request, plan)) {
            return Claim.alone();
        }
        String flightKey = flightKey(key, plan, request);
        if (isUnshared(flightKey)) {
            return Claim.alone();
        }
        long until = earlier != null
                ? earlier.untilMillis()
                : clock.millis() + request.config().collapseWait().toMillis();
        Flight mine = new Flight(wakers);
        Flight leader = flights.putIfAbsent(flightKey, mine);
        return leader == null
                ? Claim.leads(mine, plan.forward(), until, () -> end(flightKey, mine, Landing.LEADERLESS))
                : Claim.follows(leader, plan.forward(), until);
    }

    /**
     * Answers a request with the response that another exchange brings, if that can be: this needs nothing of the origin.
     *
     * @return false when nothing was sent
     */
    public boolean follow(CacheRequest request, Claim claim, Delivery delivery) throws GatewayFailure {
        Landing landing = await(claim.flight(), Duration.ofMillis(claim.untilMillis() - clock.millis()), delivery);
        if (landing == null || landing == Landing.USELESS || landing == Landing.LEADERLESS) {
            return false;
        }
        return Variants.matches(landing.head(), request.fields())
                && follow(request, CacheKey.of(request), claim.reason(), landing, claim.untilMillis(), delivery);
    }

    /**
     * What {@code Cache-Status} says about a request that never came here.
     *
     * @return empty for a route without a cache
     */
    public Optional<String> refused(String route, GatewayFailure why) {
        return routes.containsKey(route)
                ? Optional.of(CacheStatus.forwarded(Forward.BYPASS)
                        .withDetail(why.kind().word())
                        .field(name))
                : Optional.empty();
    }

    /**
     * What {@code Cache-Status} says about a request that the gateway has answered by itself, with neither a stored
     * response nor a failure.
     *
     * @param how one token
     */
    public String answered(String how) {
        return CacheStatus.answered(how).field(name);
    }

    /** Whether others may want the very response that this request will bring. */
    private static boolean isShareable(CacheRequest request, CachePlan plan) {
        return request.isGet()
                && !request.config().collapseWait().isZero()
                && plan.forward() != Forward.REQUEST
                && !request.fields().has("Range")
                && !request.fields().has("Authorization")
                && !request.control().noStore()
                // The origin may answer 304, which is for this client only.
                && (plan.action() == Action.VALIDATE
                        || !request.fields().has("If-None-Match")
                                && !request.fields().has("If-Modified-Since"));
    }

    /** Leads, or follows whoever leads. */
    private void share(CacheRequest request, CacheKey key, CachePlan plan, Claim claim, Fetch fetch, Delivery delivery)
            throws GatewayFailure {
        String flightKey = flightKey(key, plan, request);
        if (claim != null && claim.leads()) {
            lead(flightKey, claim.flight(), new Turn(request, key, plan, claim.flight()), fetch, delivery);
            return;
        }
        Flight joined = claim != null && claim.follows() ? claim.flight() : null;
        long until = joined != null
                ? claim.untilMillis()
                : clock.millis() + request.config().collapseWait().toMillis();
        // Twice at most: the second time with the Vary that the first leader's response has shown.
        for (int round = 0; round < 2 && !isUnshared(flightKey); ) {
            Flight mine = new Flight(wakers);
            Flight leader = joined != null ? joined : flights.putIfAbsent(flightKey, mine);
            joined = null;
            if (leader == null) {
                lead(flightKey, mine, new Turn(request, key, plan, mine), fetch, delivery);
                return;
            }
            Landing landing = await(leader, Duration.ofMillis(until - clock.millis()), delivery);
            if (landing == Landing.LEADERLESS) {
                continue;
            }
            if (landing == null || landing == Landing.USELESS) {
                break;
            }
            round++;
            if (Variants.matches(landing.head(), request.fields())) {
                if (follow(request, key, plan.forward(), landing, until, delivery)) {
                    return;
                }
                break;
            }
            flightKey = key.text() + Variants.selecting(landing.head().fields(), request.fields());
        }
        fetch(new Turn(request, key, plan, null), fetch, delivery);
    }

    private void lead(String flightKey, Flight mine, Turn turn, Fetch fetch, Delivery delivery) throws GatewayFailure {
        try {
            // Between the look into the store and the take-off another leader may have landed.
            StoredResponse late = Variants.select(store.find(turn.key), turn.request.fields());
            if (late != null && !late.equals(turn.plan.stored())) {
                CachePlan now = CachePlan.decide(turn.request, List.of(late), clock.millis());
                if (now.action() == Action.SERVE) {
                    mine.land(new Landing(null, late));
                    if (serve(turn.request, turn.key, late, CacheStatus.hit(now.ttlMillis()), fetch, delivery)) {
                        return;
                    }
                }
            }
            if (!fetch(turn, fetch, delivery)) {
                remember(flightKey);
            }
        } finally {
            end(flightKey, mine, delivery.isGone() ? Landing.LEADERLESS : Landing.USELESS);
        }
    }

    /** @param landing where it has not landed */
    private void end(String flightKey, Flight mine, Landing landing) {
        flights.remove(flightKey, mine); // first: whoever hears that nobody leads looks for a new leader
        mine.land(landing);
        mine.end();
    }

    /** @return null when the wait is over first */
    private static Landing await(Flight leader, Duration limit, Delivery delivery) throws GatewayFailure {
        try {
            Landing landing = leader.await(limit, delivery::isGone);
            if (delivery.isGone()) {
                throw new GatewayFailure(FailureKind.CLIENT_LEFT, "the client left while it waited for another");
            }
            return landing;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "interrupted while it waited for another", e);
        }
    }

    private String flightKey(CacheKey key, CachePlan plan, CacheRequest request) {
        Fields vary = plan.stored() == null
                ? store.find(key).stream().findAny().map(StoredResponse::fields).orElse(Fields.NONE)
                : plan.stored().fields();
        return key.text() + Variants.selecting(vary, request.fields());
    }

    private boolean isUnshared(String flightKey) {
        synchronized (unshared) {
            Long until = unshared.get(flightKey);
            return until != null && until > clock.millis();
        }
    }

    private void remember(String flightKey) {
        synchronized (unshared) {
            unshared.remove(flightKey);
            unshared.put(flightKey, clock.millis() + UNSHARED_MILLIS);
        }
    }

    /**
     * @param untilMillis when the first of the content has to be here
     * @return false when nothing was sent
     */
    private boolean follow(
            CacheRequest request, CacheKey key, Forward reason, Landing landing, long untilMillis, Delivery delivery)
            throws GatewayFailure {
        CacheStatus status = CacheStatus.forwarded(reason).withCollapsed();
        if (landing.validated() != null) {
            return Answer.canBeGiven(request, landing.validated())
                    && serve(request, key, landing.validated(), status, null, delivery);
        }
        Recording recording = landing.recording();
        StoredResponse head = recording.head();
        if (head.status() == 200 && Validators.clientHasIt(request.fields(), head.fields(), head.responseMillis())) {
            Answer answer = Answer.of(request, head);
            counters.collapsed(reason);
            delivery.head(finished(answer.head(), head, status), -1);
            return true;
        }
        try (Recording.Follower follower = recording.follow(delivery::isGone)) {
            if (follower == null) {
                return false;
            }
            // Before the head: as long as nothing is sent, the client can have a response of its own.
            byte[] buffer = new byte[COPY_BYTES];
            int first = follower.read(buffer, untilMillis - clock.millis());
            if (first < 0) {
                return false;
            }
            counters.collapsed(reason);
            delivery.head(
                    finished(new ResponseHead(head.status(), head.fields().without("Content-Length")), head, status),
                    head.status() == 204 ? -1 : recording.expected());
            if (first > 0) {
                delivery.write(buffer, 0, first);
            }
            if (first == 0 || copy(follower, buffer, delivery)) {
                return true;
            }
            throw delivery.isGone()
                    ? new GatewayFailure(FailureKind.CLIENT_LEFT, "the client left while it followed another")
                    : new GatewayFailure(
                            FailureKind.HTTP_RESPONSE_INCOMPLETE, "the response that this one followed was cut");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "interrupted while it followed another", e);
        }
    }

    /** @return false when the content ended badly */
    private static boolean copy(Recording.Follower follower, byte[] buffer, Delivery delivery)
            throws GatewayFailure, InterruptedException {
        while (true) {
            if (follower.wouldWait()) {
                delivery.flush();
            }
            int count = follower.read(buffer);
            if (count <= 0) {
                return count == 0;
            }
            delivery.write(buffer, 0, count);
        }
    }

    // ---- to the origin ----

    /**
     * One request to the origin.
     *
     * @param flight of those who wait for it; null where nobody does
     */
    private record Turn(CacheRequest request, CacheKey key, CachePlan plan, Flight flight) {
        void land(Landing landing) {
            if (flight != null) {
                flight.land(landing);
            }
        }
    }

    /**
     * Asks the origin, answers the client and stores what may be stored.
     *
     * @param delivery null where there is no client
     * @return false when the response was of no use to others
     */
    private boolean fetch(Turn turn, Fetch fetch, Delivery delivery) throws GatewayFailure {
        CacheRequest request = turn.request;
        StoredResponse stored = turn.plan.stored();
        boolean validates = turn.plan.action() == Action.VALIDATE;
        boolean completes = delivery != null
                && turn.plan.completes(request)
                && store.has(stored, List.of(new Span(0, stored.beginning())));
        if (delivery == null) {
            counters.backgroundFetches.increment();
        } else {
            counters.forwarded(turn.plan.forward());
        }
        while (true) {
            long requestMillis = clock.millis();
            CacheRequest asked = validates
                    ? CachePlan.validation(request, stored)
                    : completes ? CachePlan.completion(request, stored) : request;
            Fetch.Response response;
            try {
                response = fetch.ask(asked.fields());
            } catch (GatewayFailure failure) {
                if (delivery != null && delivery.isGone()) {
                    throw failure; // another leads
                }
                turn.land(Landing.USELESS);
                if (delivery != null
                        && isOriginsFault(failure)
                        && serveStale(turn, 0, failure.kind().errorType(), delivery)) {
                    // The attempts that failed are in the failure log, and Cache-Status in the access log.
                    LOG.debug("A request is answered with a stale response: {}", failure.getMessage());
                    return true;
                }
                throw failure;
            }
            try (response) {
                ResponseHead head = response.head();
                long responseMillis = clock.millis();
                if (validates && head.status() == 304) {
                    StoredResponse updated =
                            Freshening.byNotModified(stored, head, request.fields(), requestMillis, responseMillis);
                    if (updated != null && serveValidated(turn, updated, fetch, delivery)) {
                        return true;
                    }
                    // It speaks of other content, or the content was evicted: once more, without the condition.
                    validates = false;
                    if (updated == null) {
                        forget(turn.key, stored);
                    }
                    response.drain(ContentSink.NONE);
                    continue;
                }
                if (completes && CachePlan.isCompletion(stored, head, responseMillis)) {
                    complete(turn, asked, response, requestMillis, responseMillis, fetch, delivery);
                    return true;
                }
                if (completes && (head.status() == 206 || head.status() == 416)) {
                    completes = false; // some other end: once more, for all of it
                    continue;
                }
                if (CachePlan.isError(head.status())
                        && delivery != null
                        && serveStale(turn, head.status(), "origin-error", delivery)) {
                    turn.land(Landing.USELESS);
                    return true;
                }
                if (request.isHead() && head.status() == 200) {
                    freshenByHead(turn, head, requestMillis, responseMillis);
                }
                Recording recording = record(turn, asked, head, requestMillis, responseMillis);
                relay(turn, response, recording, delivery);
                return recording != null && !recording.trickles();
            }
        }
    }

    /** Sends the stored beginning, and behind it the end that the origin sends; stores that end, too. */
    private void complete(
            Turn turn,
            CacheRequest asked,
            Fetch.Response response,
            long requestMillis,
            long responseMillis,
            Fetch fetch,
            Delivery delivery)
            throws GatewayFailure {
        StoredResponse stored = turn.plan.stored();
        StoredResponse updated =
                Freshening.byNotModified(stored, response.head(), turn.request.fields(), requestMillis, responseMillis);
        ResponseHead head = new ResponseHead(200, updated.fields().without("Content-Length"));
        CacheStatus status = CacheStatus.forwarded(turn.plan.forward()).withForwardStatus(206);
        Recording recording = record(turn, asked, response.head(), requestMillis, responseMillis);
        Set<Recording> ofResource = recording == null ? null : enter(recording);
        try {
            if (recording != null) {
                status = status.withStored(Freshness.lifetimeMillis(updated, turn.request.config())
                        - Freshness.ageMillis(updated, clock.millis()));
            }
            delivery.head(finished(head, updated, status), stored.completeLength());
            write(turn.request, stored, new Span(0, stored.beginning()), List.of(), fetch, delivery);
            delivery.flush();
            Excerpt rest =
                    new Excerpt(stored.beginning(), new Span(stored.beginning(), stored.completeLength()), delivery);
            response.drain((bytes, offset, length) -> {
                if (recording != null) {
                    recording.content(bytes, offset, length);
                }
                rest.content(bytes, offset, length);
            });
            if (recording != null) {
                completed(recording);
            }
            rest.finish();
        } finally {
            if (recording != null) {
                recording.fail(); // nothing, once it is complete
                leave(recording, ofResource);
            }
        }
        StoredResponse whole = Variants.select(store.find(turn.key), turn.request.fields());
        turn.land(whole != null && whole.isComplete() ? new Landing(null, whole) : Landing.USELESS);
    }

    private static boolean isOriginsFault(GatewayFailure failure) {
        return failure.kind().side() == FailureKind.Side.UPSTREAM
                || failure.kind() == FailureKind.CONNECTION_LIMIT_REACHED;
    }

    private boolean serveValidated(Turn turn, StoredResponse updated, Fetch fetch, Delivery delivery)
            throws GatewayFailure {
        StoredResponse stored = turn.plan.stored();
        if (Storability.forbidden(updated.status(), updated.control()) != null) {
            return serveWithdrawn(turn, updated, fetch, delivery);
        }
        store.change(turn.key, before -> before.stream()
                .map(each -> isOf(stored, each) ? updated : each)
                .toList());
        turn.land(new Landing(null, updated));
        if (delivery == null) {
            return true;
        }
        counters.validated.increment();
        long ttl =
                Freshness.lifetimeMillis(updated, turn.request.config()) - Freshness.ageMillis(updated, clock.millis());
        CacheStatus status = CacheStatus.forwarded(turn.plan.forward())
                .withForwardStatus(304)
                .withStored(ttl);
        return serve(turn.request, turn.key, updated, status, fetch, delivery);
    }

    /** What is stored is still good, for this one client: with the same word the origin has forbidden to keep it. */
    private boolean serveWithdrawn(Turn turn, StoredResponse updated, Fetch fetch, Delivery delivery)
            throws GatewayFailure {
        turn.land(Landing.USELESS);
        try {
            if (delivery == null) {
                return true;
            }
            CacheStatus status = CacheStatus.forwarded(turn.plan.forward()).withForwardStatus(304);
            return serve(turn.request, turn.key, updated, status, fetch, delivery);
        } finally {
            forget(turn.key, turn.plan.stored());
        }
    }

    /** Whether both are the same content for the same requests, whatever their other fields say. */
    private static boolean isOf(StoredResponse stored, StoredResponse other) {
        return other.parts().equals(stored.parts()) && other.selecting().equals(stored.selecting());
    }

    private boolean serveStale(Turn turn, int status, String detail, Delivery delivery) throws GatewayFailure {
        StoredResponse stored = turn.plan.stored();
        if (!CachePlan.servesOnError(turn.request, stored, clock.millis())) {
            return false;
        }
        CacheStatus said = CacheStatus.forwarded(turn.plan.forward())
                .withTtl(turn.plan.ttlMillis())
                .withForwardStatus(status)
                .withDetail(detail);
        if (!serve(turn.request, turn.key, stored, said, null, delivery)) {
            return false;
        }
        counters.staleOnError.increment();
        return true;
    }

    private void freshenByHead(Turn turn, ResponseHead head, long requestMillis, long responseMillis) {
        StoredResponse stored = turn.plan.stored();
        if (stored == null || !stored.isComplete() || stored.status() != 200) {
            return;
        }
        StoredResponse updated = Freshening.byHead(stored, head, turn.request.fields(), requestMillis, responseMillis);
        if (updated != null && Storability.forbidden(updated.status(), updated.control()) != null) {
            forget(turn.key, stored);
            return;
        }
        store.change(turn.key, before -> before.stream()
                .map(each -> !each.equals(stored) ? each : updated == null ? stored.purgedSoftly() : updated)
                .toList());
    }

    /** @return null when the response must not, or need not, be stored */
    private Recording record(
            Turn turn, CacheRequest asked, ResponseHead head, long requestMillis, long responseMillis) {
        CacheRequest request = turn.request;
        if (Storability.objection(request, head, responseMillis) != null) {
            return null;
        }
        long limit = request.config().maxObjectSizeBytes();
        Long length = CacheControl.deltaSeconds(head.fields().first("Content-Length"));
        long expected = contentLength(head);
        if (expected > limit || length == null && head.fields().has("Content-Length")) {
            return null;
        }
        boolean partial = head.status() == 206;
        Fields kept = Storability.storedFields(head.fields());
        StoredResponse metadata = new StoredResponse(
                CacheKey.normalised(request.target(), request.config()),
                partial ? 200 : head.status(),
                partial ? kept.without("Content-Range").without("Content-Length") : kept,
                Variants.selecting(head.fields(), request.fields()),
                requestMillis,
                responseMillis,
                expected,
                List.of(),
                false,
                store.lineage(turn.key));
        return new Recording(
                store,
                turn.key,
                request.fields(),
                metadata,
                expected,
                limit,
                partial ? ByteRanges.brought(head.fields().first("Content-Range")) : null,
                expected < 0 && metadata.explicitMillis() < 0 ? clock : null);
    }

    /** -1: not announced. */
    private static long contentLength(ResponseHead head) {
        if (head.status() == 204) {
            return 0;
        }
        String length = head.fields().first("Content-Length");
        return length == null || !length.matches("\\d{1,18}") ? -1 : Long.parseLong(length);
    }

    private void relay(Turn turn, Fetch.Response response, Recording recording, Delivery delivery)
            throws GatewayFailure {
        ResponseHead head = response.head();
        CacheStatus status = CacheStatus.forwarded(turn.plan.forward());
        if (recording == null) {
            turn.land(Landing.USELESS);
            send(response, said(head, status), ContentSink.NONE, () -> false, delivery);
            return;
        }
        Set<Recording> ofResource = enter(recording);
        try {
            long ttl = Freshness.lifetimeMillis(recording.head(), turn.request.config())
                    - Freshness.ageMillis(recording.head(), clock.millis());
            if (head.status() == 206) {
                turn.land(Landing.USELESS);
            } else {
                turn.land(new Landing(recording, null));
            }
            if (delivery != null) {
                recording.mayBePumped(pumps, () -> pump(response, recording), delivery::isGone);
            }
            try {
                if (!send(
                        response, said(head, status.withStored(ttl)), recording, recording::outlivesClient, delivery)) {
                    sendRest(recording, delivery); // another thread reads on, because this client is slow
                    return;
                }
            } catch (GatewayFailure failure) {
                boolean left =
                        failure.kind() == FailureKind.CLIENT_LEFT || failure.kind() == FailureKind.CLIENT_TOO_SLOW;
                recording.firstLeaves();
                if (!left || delivery == null) {
                    throw failure;
                }
                // The client is gone, but others may want the rest.
                boolean wanted = recording.outlivesClient();
                response.leaveClient();
                if (wanted && response.drain(recording.heirsSink())) {
                    completed(recording);
                }
                throw failure;
            }
            completed(recording);
        } finally {
            recording.firstLeaves();
            recording.awaitPump();
            recording.fail(); // nothing, once it is complete
            leave(recording, ofResource);
        }
    }

    private void completed(Recording recording) {
        if (recording.complete()) {
            counters.stored.increment();
        }
    }

    /** Reads a response to its end for those who follow it. */
    private void pump(Fetch.Response response, Recording recording) {
        try {
            if (response.drain(recording.pumpSink())) {
                completed(recording);
            } else {
                recording.fail();
            }
        } catch (GatewayFailure failure) {
            recording.fail(failure);
        } catch (RuntimeException e) {
            recording.fail(GatewayFailure.unexpected(e));
        } finally {
            recording.fail(); // nothing, once it is complete; whatever was thrown, nobody waits for more
            recording.pumpEnded();
        }
    }

    private static void sendRest(Recording recording, Delivery delivery) throws GatewayFailure {
        try {
            if (!copy(recording.rest(), new byte[COPY_BYTES], delivery)) {
                if (delivery.isGone()) {
                    throw new GatewayFailure(FailureKind.CLIENT_LEFT, "the client left while another read on");
                }
                throw recording.failure() != null ? recording.failure() : evicted();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "interrupted while another read on", e);
        }
    }

    private static boolean send(
            Fetch.Response response, ResponseHead head, ContentSink sink, BooleanSupplier heir, Delivery delivery)
            throws GatewayFailure {
        return delivery == null ? response.drain(sink) : response.relay(head, sink, heir);
    }

    private Set<Recording> enter(Recording recording) {
        return recordings.compute(recording.key().resource(), (resource, running) -> {
            Set<Recording> all = running == null ? ConcurrentHashMap.newKeySet() : running;
            all.add(recording);
            return all;
        });
    }

    private void leave(Recording recording, Set<Recording> ofResource) {
        recordings.computeIfPresent(recording.key().resource(), (resource, running) -> {
            running.remove(recording);
            return running.isEmpty() ? null : running;
        });
        ofResource.remove(recording);
    }

    /** Requests that the cache has no part in, but whose success may change what is stored (RFC 9111 §4.4). */
    private void bypass(CacheRequest request, CacheKey key, Forward reason, Fetch fetch) throws GatewayFailure {
        long requestMillis = clock.millis();
        counters.forwarded(reason);
        try (Fetch.Response response = fetch.ask(request.fields())) {
            ResponseHead head = response.head();
            if (isUnsafe(request.method()) && head.status() < 400) {
                invalidate(request, request.target());
                for (String field : List.of("Location", "Content-Location")) {
                    String target = CacheKey.sameOrigin(request, head.fields().first(field));
                    if (target != null) {
                        invalidate(request, target);
                    }
                }
            }
            Turn turn = new Turn(request, key, new CachePlan(Action.BYPASS, null, reason, 0), null);
            relay(turn, response, record(turn, request, head, requestMillis, clock.millis()), DISCARD);
        }
    }

    /** Stands for the client where only whether there is one matters. */
    private static final Delivery DISCARD = new Delivery() {
        @Override
        public void head(ResponseHead head, long length) {}

        @Override
        public void write(byte[] bytes, int offset, int length) {}

        @Override
        public void flush() {}
    };

    /** RFC 9110 §9.2.1; a method that nobody knows may change anything. */
    private static boolean isUnsafe(String method) {
        return switch (method) {
            case "GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY" -> false;
            default -> true;
        };
    }

    private void invalidate(CacheRequest request, String target) {
        // The same target may be reached by another route, such as one for writes.
        routes.forEach((route, config) -> {
            String resource = CacheKey.resource(route, request.origin(), target, config);
            Set<Recording> running = recordings.get(resource);
            if (running != null) {
                running.forEach(Recording::revoke);
            }
            store.remove(resource);
        });
    }

    @SuppressWarnings("try") // the place is only there to be closed
    private boolean validateLater(CacheRequest request, CacheKey key, StoredResponse stored, Fetch fetch) {
        String what = key.text() + stored.selecting();
        if (!validating.add(what)) {
            return true; // under way
        }
        Fetch detached = fetch.detached();
        if (detached == null) {
            validating.remove(what);
            return false;
        }
        // The client's own conditions and ranges are not what is asked in the background.
        CacheRequest whole = request.withFields(request.fields()
                .without("Range")
                .without("If-Range")
                .without("If-None-Match")
                .without("If-Modified-Since"));
        CachePlan plan = CachePlan.toOrigin(whole, stored, Forward.STALE, 0);
        try {
            background.execute(() -> {
                try (Fetch.Place place = detached.placeToSpare()) {
                    if (place != null) { // a later request tries again
                        fetch(new Turn(whole, key, plan, null), detached, null);
                    }
                } catch (GatewayFailure | RuntimeException e) {
                    LOG.debug("A stored response could not be validated in the background", e);
                } finally {
                    validating.remove(what);
                }
            });
        } catch (RejectedExecutionException e) {
            validating.remove(what); // enough is under way; a later request tries again
        }
        return true;
    }

    // ---- to the client ----

    /**
     * @param fetch brings what is evicted while it is sent; null: nothing can
     * @return false when nothing was sent, because the content is gone
     */
    private boolean serve(
            CacheRequest request,
            CacheKey key,
            StoredResponse stored,
            CacheStatus status,
            Fetch fetch,
            Delivery delivery)
            throws GatewayFailure {
        try (Opened opened = open(request, key, stored)) {
            if (opened == null) {
                return false;
            }
            opened.send(status, fetch, delivery);
            return true;
        }
    }

    /**
     * Makes sure of what is to be sent: whatever replaces, invalidates or purges the stored response from now on, its
     * content stays until it is closed. Evicted it may be.
     *
     * @return null when the content is gone
     */
    private Opened open(CacheRequest request, CacheKey key, StoredResponse stored) {
        Answer answer = Answer.of(request, stored);
        if (answer.spans().isEmpty()) {
            return new Opened(request, stored, answer, List.of(), List.of());
        }
        // Mostly that is all there is, and nothing has to be held and looked for.
        List<byte[]> ahead = new ArrayList<>(AHEAD_CHUNKS);
        Span first = answer.spans().get(0);
        long at = first.from();
        while (at < first.end() && ahead.size() < AHEAD_CHUNKS) {
            Part part = Store.partAt(stored, at);
            long number = part == null ? 0 : Store.chunkAt(part, at);
            byte[] chunk = part == null ? null : store.chunk(part.generation(), number);
            if (chunk == null) {
                forget(key, stored);
                return null;
            }
            ahead.add(chunk);
            at = part.offset() + number * Store.CHUNK_BYTES + chunk.length;
        }
        if (answer.spans().size() == 1 && at >= first.end()) {
            return new Opened(request, stored, answer, ahead, List.of());
        }
        stored.parts().forEach(store::hold);
        Opened opened = new Opened(request, stored, answer, ahead, stored.parts());
        if (!store.has(stored, answer.spans())) {
            opened.close();
            forget(key, stored);
            return null;
        }
        return opened;
    }

    /** A stored response that can be sent. */
    private final class Opened implements AutoCloseable {

        private final CacheRequest request;
        private final StoredResponse stored;
        private final Answer answer;

        /** The chunks where the first span begins; empty: no content. */
        private final List<byte[]> ahead;

        private final List<Part> held;

        Opened(CacheRequest request, StoredResponse stored, Answer answer, List<byte[]> ahead, List<Part> held) {
            this.request = request;
            this.stored = stored;
            this.answer = answer;
            this.ahead = ahead;
            this.held = held;
        }

        /** @param fetch brings what is evicted meanwhile; null: nothing can */
        void send(CacheStatus status, Fetch fetch, Delivery delivery) throws GatewayFailure {
            if (status.hit()) {
                counters.hit(status.ttlSeconds() < 0);
            } else if (status.collapsed()) {
                counters.collapsed(status.forward());
            }
            delivery.head(finished(answer.head(), stored, status), answer.length());
            if (request.isHead()) {
                return;
            }
            List<byte[]> next = ahead;
            for (Span span : answer.spans()) {
                if (answer.boundary() != null) {
                    write(
                            answer.partHead(span, stored.fields().first("Content-Type"), stored.completeLength()),
                            delivery);
                }
                write(request, stored, span, next, fetch, delivery);
                next = List.of();
            }
            if (answer.boundary() != null) {
                write(answer.end(), delivery);
            }
        }

        @Override
        public void close() {
            for (Part part : held) {
                store.letGo(part);
            }
        }
    }

    /** @param ahead the chunks where the span begins, as many as have been read */
    private void write(
            CacheRequest request, StoredResponse stored, Span span, List<byte[]> ahead, Fetch fetch, Delivery delivery)
            throws GatewayFailure {
        long at = span.from();
        for (int i = 0; at < span.end(); i++) {
            Part part = Store.partAt(stored, at);
            long number = Store.chunkAt(part, at);
            byte[] chunk = i < ahead.size() ? ahead.get(i) : store.chunk(part.generation(), number);
            if (chunk == null) {
                writeRest(request, stored, new Span(at, span.end()), fetch, delivery);
                return;
            }
            int from = (int) (at - part.offset() - number * Store.CHUNK_BYTES);
            int count = (int) Math.min(chunk.length - from, span.end() - at);
            delivery.write(chunk, from, count);
            at += count;
        }
    }

    /**
     * Sends from the origin what was evicted after the head had gone out: the same bytes, as a strong entity tag says
     * (RFC 9110 §13.1.5), or none.
     */
    private static void writeRest(
            CacheRequest request, StoredResponse stored, Span rest, Fetch fetch, Delivery delivery)
            throws GatewayFailure {
        String tag = stored.entityTag();
        Fetch again = fetch == null || !Validators.isStrong(tag) ? null : fetch.detached();
        if (again == null) {
            throw evicted();
        }
        Fields fields = request.fields()
                .without("If-None-Match")
                .without("If-Modified-Since")
                .with("Range", "bytes=" + rest.from() + "-" + (rest.end() - 1))
                .with("If-Range", tag);
        try (Fetch.Response response = again.ask(fields)) {
            ResponseHead head = response.head();
            String range = String.valueOf(head.fields().first("Content-Range"));
            boolean rested =
                    head.status() == 206 && range.startsWith("bytes " + rest.from() + "-" + (rest.end() - 1) + "/");
            if (!rested && head.status() != 200 || !tag.equals(head.fields().first("ETag"))) {
                throw evicted();
            }
            Excerpt excerpt = new Excerpt(rested ? rest.from() : 0, rest, delivery);
            response.drain(excerpt);
            excerpt.finish();
        }
    }

    private static GatewayFailure evicted() {
        return new GatewayFailure(FailureKind.PROXY_INTERNAL_ERROR, "a stored response was evicted while it was sent");
    }

    /** Passes on of some content what lies in a span. */
    private static final class Excerpt implements ContentSink {

        private final Span span;
        private final Delivery delivery;
        private long at;
        private long sent;
        private GatewayFailure failure;

        /** @param at where the content begins */
        Excerpt(long at, Span span, Delivery delivery) {
            this.at = at;
            this.span = span;
            this.delivery = delivery;
        }

        @Override
        public void content(byte[] bytes, int offset, int length) {
            long from = Math.max(at, span.from());
            long end = Math.min(at + length, span.end());
            if (from < end && failure == null) {
                try {
                    delivery.write(bytes, (int) (offset + from - at), (int) (end - from));
                    sent += end - from;
                } catch (GatewayFailure e) {
                    failure = e;
                }
            }
            at += length;
        }

        void finish() throws GatewayFailure {
            if (failure != null) {
                throw failure;
            }
            if (sent != span.length()) {
                throw evicted();
            }
        }
    }

    private static void write(String text, Delivery delivery) throws GatewayFailure {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        delivery.write(bytes, 0, bytes.length);
    }

    private void forget(CacheKey key, StoredResponse stored) {
        store.change(
                key,
                before -> before.stream().filter(each -> !isOf(stored, each)).toList());
    }

    private ResponseHead finished(ResponseHead head, StoredResponse stored, CacheStatus status) {
        long age = Freshness.ageMillis(stored, clock.millis()) / 1000;
        return new ResponseHead(
                head.status(), head.fields().with("Age", Long.toString(age)).plus("Cache-Status", status.field(name)));
    }

    /** Each cache on the way adds its own, the one nearest to the client last (RFC 9211 §2). */
    private ResponseHead said(ResponseHead head, CacheStatus status) {
        return head.withFields(head.fields().plus("Cache-Status", status.field(name)));
    }

    private void refuse(CacheRequest request, Delivery delivery, Forward reason) throws GatewayFailure {
        counters.forwarded(reason);
        byte[] text = "504 There is no stored response for this request, and it asks for nothing else.\n"
                .getBytes(StandardCharsets.US_ASCII);
        Fields fields = Fields.of("Content-Type", "text/plain;charset=utf-8", "Cache-Control", "no-store");
        CacheStatus status = CacheStatus.forwarded(reason).withDetail("only-if-cached");
        delivery.head(said(new ResponseHead(504, fields), status), text.length);
        if (!request.isHead()) {
            delivery.write(text, 0, text.length);
        }
    }

    // ---- purging ----

    /**
     * Forgets a URL in every variant and partition, for every host.
     *
     * @param target raw path, with the query where there is one, in any spelling that is one for the cache
     * @param soft keeps what is stored, to be validated before it is used again
     * @return how many responses it was
     */
    public int purge(String target, boolean soft) {
        Set<String> spellings = new HashSet<>();
        routes.values().forEach(config -> spellings.add(CacheKey.normalised(target, config)));
        return purge(stored -> spellings.contains(stored.target()), soft);
    }

    /** Forgets every URL whose path and query begin like this; see {@link #purge(String, boolean)}. */
    public int purgePrefix(String prefix, boolean soft) {
        return purge(stored -> stored.target().startsWith(prefix), soft);
    }

    /**
     * Forgets every response with one of these tags, in {@code Cache-Tag} or {@code Surrogate-Key}; see {@link
     * #purge(String, boolean)}.
     */
    public int purgeTags(Set<String> tags, boolean soft) {
        Set<String> wanted = Set.copyOf(tags);
        return purge(stored -> stored.hasTag(wanted), soft);
    }

    /** Forgets everything of a route; see {@link #purge(String, boolean)}. */
    public int purgeRoute(String route, boolean soft) {
        revoke(recording -> recording.key().isOf(route));
        return store.purgeRoute(route, soft);
    }

    /** Forgets everything; see {@link #purge(String, boolean)}. */
    public int purgeAll(boolean soft) {
        return purge(stored -> true, soft);
    }

    private int purge(Predicate<StoredResponse> which, boolean soft) {
        revoke(recording -> which.test(recording.head()));
        return store.purge(which, soft);
    }

    private void revoke(Predicate<Recording> which) {
        recordings.values().forEach(running -> running.stream().filter(which).forEach(Recording::revoke));
    }

    /** For tests, which evict from it. */
    Store store() {
        return store;
    }

    /** How many responses are stored; counts them all, so not for every request. */
    public long size() {
        return store.count();
    }

    /** Ends background work and frees all memory; what is on disk stays. */
    @Override
    public void close() {
        background.shutdownNow();
        wakers.shutdown(); // whoever waits is woken
        pumps.shutdown(); // they end with their connections
        try {
            background.awaitTermination(5, TimeUnit.SECONDS);
            wakers.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        store.close();
    }
}
