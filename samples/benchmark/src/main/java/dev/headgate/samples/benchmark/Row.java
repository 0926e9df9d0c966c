package dev.headgate.samples.benchmark;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** One kind of work. */
enum Row {
    SMALL("1k", "1 KB", "/1k", 64),
    LARGE("100k", "100 KB", "/100k", 32),
    CHUNKED_SMALL("chunked-1k", "1 KB of unknown length", "/chunked/1k", 64),
    CHUNKED_LARGE("chunked-100k", "100 KB of unknown length", "/chunked/100k", 32),
    HUGE("10m", "10 MB", "/10m", 8),
    POST("post", "POST 10 KB up, 1 KB down", "/post", 64),
    HIT_SMALL("cache-1k", "cache hit, 1 KB", "/cached/1k", 64),
    HIT_LARGE("cache-100k", "cache hit, 100 KB", "/cached/100k", 32),
    DELAY("delay", "answers after 500 ms", "/delay/1k", 2000),
    EVENTS("sse", "event streams, one event a second", "/events", 5000);

    private final String id;
    private final String title;
    private final String path;
    private final int connections;

    Row(String id, String title, String path, int connections) {
        this.id = id;
        this.title = title;
        this.path = path;
        this.connections = connections;
    }

    static Row of(String id) {
        return Arrays.stream(values())
                .filter(row -> row.id.equals(id))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("no row '" + id + "'"));
    }

    String id() {
        return id;
    }

    String title() {
        return title;
    }

    String path() {
        return path;
    }

    int connections() {
        return connections;
    }

    /** Whether this peer can do the work, and says something about it. */
    boolean concerns(Peer peer) {
        return switch (this) {
            case HIT_SMALL, HIT_LARGE -> peer.isHeadgate() || peer.isFloor();
            case POST -> !peer.isFloor();
            case CHUNKED_SMALL, CHUNKED_LARGE -> !peer.isFloor() && !peer.isSocket();
            // Peers that hold a thread for each of thousands of exchanges do not get far.
            case DELAY ->
                EnumSet.of(Peer.TOMCAT_HEADGATE, Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC, Peer.SPRING)
                        .contains(peer);
            case EVENTS ->
                EnumSet.of(Peer.TOMCAT_HEADGATE, Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC)
                        .contains(peer);
            default -> true;
        };
    }

    /** What is asked for; each goal names who is compared with whom, and how many times as much it may be. */
    Set<Goal> goals() {
        return switch (this) {
            case SMALL, CHUNKED_SMALL ->
                Set.of(
                        Goal.cpu(Peer.TOMCAT_HEADGATE, Peer.TOMCAT_PROXY_SERVLET, 0.85),
                        Goal.throughput(Peer.TOMCAT_HEADGATE, Peer.TOMCAT_PROXY_SERVLET, 1.2),
                        Goal.cpu(Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC, 0.8),
                        Goal.throughput(Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC, 1.2),
                        Goal.cpu(Peer.TOMCAT_HEADGATE, Peer.SPRING, 1));
            case LARGE, CHUNKED_LARGE ->
                Set.of(
                        Goal.cpu(Peer.TOMCAT_HEADGATE, Peer.TOMCAT_PROXY_SERVLET, 0.65),
                        Goal.cpu(Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC, 0.7),
                        Goal.cpu(Peer.TOMCAT_HEADGATE, Peer.SPRING, 1));
            case HUGE ->
                Set.of(
                        Goal.cpu(Peer.TOMCAT_HEADGATE, Peer.TOMCAT_PROXY_SERVLET, 0.8),
                        Goal.cpu(Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC, 0.8),
                        Goal.cpu(Peer.TOMCAT_HEADGATE, Peer.SPRING, 1));
            case POST ->
                Set.of(
                        Goal.cpu(Peer.TOMCAT_HEADGATE, Peer.TOMCAT_PROXY_SERVLET, 0.9),
                        Goal.cpu(Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC, 0.9),
                        Goal.cpu(Peer.TOMCAT_HEADGATE, Peer.SPRING, 1));
            case HIT_SMALL, HIT_LARGE ->
                Set.of(
                        Goal.cpu(Peer.TOMCAT_HEADGATE, Peer.TOMCAT_FLOOR, 1.4),
                        Goal.cpu(Peer.JETTY_HEADGATE, Peer.JETTY_FLOOR, 1.4));
            case DELAY ->
                Set.of(
                        Goal.throughput(Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC, 1),
                        Goal.throughput(Peer.TOMCAT_HEADGATE, Peer.SPRING, 1));
            case EVENTS ->
                Set.of(
                        Goal.p99(Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC, 1),
                        Goal.memory(Peer.JETTY_HEADGATE, Peer.JETTY_ASYNC, 1));
        };
    }
}
