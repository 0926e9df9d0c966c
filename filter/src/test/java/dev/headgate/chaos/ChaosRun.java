package dev.headgate.chaos;

import dev.headgate.HeadgateFilter;
import dev.headgate.setup.GatewayBuilder;
import dev.headgate.testing.AppServer;
import dev.headgate.testing.Container;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Steady load through a gateway while one of three origin processes at a time is killed, stopped, made slow and made to
 * answer 500. Prints what clients saw, and how fast traffic moved away and came back.
 *
 * <p>No part of the suite; it takes some three minutes and wants a quiet machine with a {@code kill} command. Run it from
 * {@code filter}, after {@code mvn test-compile}, with the test class path:
 * {@code mvn exec:java -Dexec.mainClass=dev.headgate.chaos.ChaosRun -Dexec.classpathScope=test}. Arguments are further
 * settings, such as {@code upstream.r.health.probe=http}.
 */
public final class ChaosRun {

    private static final int PER_SECOND = 200;
    private static final int QUIET_SECONDS = 5;
    private static final int FAULT_SECONDS = 15;
    private static final int RECOVERY_SECONDS = 25;

    /** @param status 0 when no response came */
    private record Sample(String method, long startNanos, long endNanos, int status, String origin) {}

    private interface Act {
        void on(Victim victim) throws Exception;
    }

    /** One origin process. */
    private static final class Victim {
        private final String name;
        private final int port;
        private Process process;

        Victim(String name) throws IOException {
            this.name = name;
            try (ServerSocket free = new ServerSocket(0)) {
                port = free.getLocalPort();
            }
            start();
        }

        void start() throws IOException {
            process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx64m",
                            "-XX:TieredStopAtLevel=1",
                            "-Dsun.net.httpserver.nodelay=true",
                            "-cp",
                            Path.of("target", "test-classes").toString(),
                            ChaosOrigin.class.getName(),
                            Integer.toString(port),
                            name)
                    .inheritIO()
                    .start();
        }

        void kill() {
            process.destroyForcibly();
        }

        void signal(String signal) throws Exception {
            new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
        }

        void order(int delayMillis, int status) throws Exception {
            URI uri = URI.create("http://127.0.0.1:" + port + "/control?" + delayMillis + "," + status);
            HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding());
        }
    }

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Collection<Sample> samples = new ConcurrentLinkedQueue<>();
    private final AtomicLong sent = new AtomicLong();
    private final ScheduledExecutorService clockwork = Executors.newScheduledThreadPool(1);

    private ChaosRun() {}

    public static void main(String[] settings) throws Exception {
        System.setProperty("upstream.level", "info");
        new ChaosRun().run(settings);
        System.exit(0); // the client's threads would linger
    }

    private void run(String[] settings) throws Exception {
        List<Victim> origins = List.of(new Victim("a"), new Victim("b"), new Victim("c"));
        GatewayBuilder builder = GatewayBuilder.create()
                .set("route.r.path", "/api/*")
                .set(
                        "route.r.to",
                        String.join(
                                " ",
                                origins.stream()
                                        .map(origin -> "http://127.0.0.1:" + origin.port)
                                        .toList()));
        for (String line : settings) {
            String[] pair = line.split("=", 2);
            builder.set(pair[0], pair[1]);
        }
        TimeUnit.SECONDS.sleep(2); // the processes start
        try (AppServer app = AppServer.on(Container.TOMCAT)
                .threads(200)
                .filter(new HeadgateFilter(builder.build()))
                .start()) {
            URI uri = URI.create("http://127.0.0.1:" + app.port() + "/api/x");
            clockwork.scheduleAtFixedRate(() -> fire(uri), 0, 1_000_000 / PER_SECOND, TimeUnit.MICROSECONDS);
            TimeUnit.SECONDS.sleep(8); // warm up
            samples.clear();
            fault("SIGKILL", origins, 0, Victim::kill, Victim::start);
            fault("SIGSTOP", origins, 1, victim -> victim.signal("STOP"), victim -> victim.signal("CONT"));
            fault("slow (1 s)", origins, 2, victim -> victim.order(1000, 200), victim -> victim.order(0, 200));
            fault("answers 500", origins, 0, victim -> victim.order(0, 500), victim -> victim.order(0, 200));
            clockwork.shutdownNow();
            allDead(uri, origins);
        } finally {
            for (Victim origin : origins) {
                origin.kill();
            }
        }
    }

    private void fire(URI uri) {
        String method = sent.getAndIncrement() % 10 == 9 ? "POST" : "GET";
        HttpRequest request = HttpRequest.newBuilder(uri)
                .timeout(Duration.ofSeconds(60))
                .method(
                        method,
                        method.equals("GET")
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString("order"))
                .build();
        long start = System.nanoTime();
        client.sendAsync(request, HttpResponse.BodyHandlers.ofString())
                .whenComplete((response, error) -> samples.add(new Sample(
                        method,
                        start,
                        System.nanoTime(),
                        error != null ? 0 : response.statusCode(),
                        error != null ? "" : response.body())));
    }

    private void fault(String name, List<Victim> origins, int which, Act begin, Act end) throws Exception {
        Victim victim = origins.get(which);
        TimeUnit.SECONDS.sleep(QUIET_SECONDS);
        samples.clear();
        long start = System.nanoTime();
        begin.on(victim);
        TimeUnit.SECONDS.sleep(FAULT_SECONDS);
        long over = System.nanoTime();
        end.on(victim);
        TimeUnit.SECONDS.sleep(RECOVERY_SECONDS);
        report(name, victim, origins.size(), start, over, List.copyOf(samples));
    }

    private static void report(String name, Victim victim, int origins, long start, long over, List<Sample> all) {
        System.out.printf("%n== %s, origin %s ==%n", name, victim.name);
        for (String method : List.of("GET", "POST")) {
            List<Sample> some =
                    all.stream().filter(s -> s.method().equals(method)).toList();
            List<Sample> bad = some.stream().filter(s -> s.status() != 200).toList();
            List<Double> millis = new ArrayList<>(some.stream()
                    .map(s -> (s.endNanos() - s.startNanos()) / 1e6)
                    .sorted()
                    .toList());
            System.out.printf(
                    Locale.ROOT,
                    "%-4s %5d requests, %d errors %s; ms: median %.1f, 99 %% %.1f, worst %.0f; slower than 0.5 s: %d%n",
                    method,
                    some.size(),
                    bad.size(),
                    bad.stream().map(Sample::status).distinct().toList(),
                    millis.get(millis.size() / 2),
                    millis.get(millis.size() * 99 / 100),
                    millis.get(millis.size() - 1),
                    millis.stream().filter(ms -> ms > 500).count());
        }
        double fair = 1.0 / origins;
        System.out.printf(
                Locale.ROOT,
                "after the fault's end: half its fair share again after %s, 80 %% after %s%n",
                since(over, all, victim, fair * 0.5),
                since(over, all, victim, fair * 0.8));
        // By when a request was sent: how much of what came in each second was answered by the victim, or failed.
        StringBuilder shares = new StringBuilder("its share by second sent:");
        for (int second = 0; second < FAULT_SECONDS + RECOVERY_SECONDS; second++) {
            if (second == FAULT_SECONDS) {
                shares.append(" |");
            }
            shares.append(String.format(
                    Locale.ROOT, " %.0f", 100 * share(start + second * 1_000_000_000L, 1_000_000_000L, all, victim)));
        }
        System.out.println(shares);
        System.out.flush();
    }

    private static String since(long from, List<Sample> all, Victim victim, double wanted) {
        for (int tenth = 0; tenth < RECOVERY_SECONDS * 10; tenth++) {
            if (share(from + tenth * 100_000_000L, 1_000_000_000L, all, victim) >= wanted) {
                return String.format(Locale.ROOT, "%.1f s", tenth / 10.0);
            }
        }
        return "more than " + RECOVERY_SECONDS + " s";
    }

    private static double share(long from, long nanos, List<Sample> all, Victim victim) {
        List<Sample> window = all.stream()
                .filter(s -> s.startNanos() >= from && s.startNanos() < from + nanos)
                .toList();
        long own = window.stream().filter(s -> s.origin().equals(victim.name)).count();
        return window.isEmpty() ? 0 : (double) own / window.size();
    }

    /** How fast the end of everything is told. */
    private void allDead(URI uri, List<Victim> origins) throws Exception {
        origins.forEach(Victim::kill);
        TimeUnit.SECONDS.sleep(1);
        samples.clear();
        CountDownLatch ended = new CountDownLatch(1000);
        for (int i = 0; i < 1000; i++) {
            long start = System.nanoTime();
            client.sendAsync(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .whenComplete((response, error) -> {
                        samples.add(new Sample(
                                "GET", start, System.nanoTime(), error != null ? 0 : response.statusCode(), ""));
                        ended.countDown();
                    });
            TimeUnit.MILLISECONDS.sleep(5);
        }
        ended.await(60, TimeUnit.SECONDS);
        List<Double> millis = samples.stream()
                .map(s -> (s.endNanos() - s.startNanos()) / 1e6)
                .sorted()
                .toList();
        System.out.printf(
                Locale.ROOT,
                "%n== all killed ==%n%d requests, statuses %s; ms: median %.1f, 99 %% %.1f, worst %.0f%n",
                millis.size(),
                samples.stream().map(Sample::status).distinct().toList(),
                millis.get(millis.size() / 2),
                millis.get(millis.size() * 99 / 100),
                millis.get(millis.size() - 1));
    }
}
