package dev.headgate.samples.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Starts an upstream and every peer, drives them in turn, and prints what each needs.
 *
 * <p>Rounds are interleaved (A B C A B C ...), figures are medians of rounds, and ratios are medians of the ratios within
 * a round: what else happens on the machine then weighs on both sides.
 */
public final class Benchmark {

    private final Options options;
    private final Wrk wrk;
    private final Report report = new Report();

    private Benchmark(Options options) throws IOException {
        this.options = options;
        this.wrk = new Wrk(options.target().resolve("benchmark"));
    }

    /** @param args {@code name=value} as in {@link Options} */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (!Wrk.isInstalled()) {
            System.err.println("The benchmark needs wrk, which is not installed (Debian: apt-get install wrk).");
            System.exit(1);
        }
        Options options = Options.of(args);
        String markdown = run(options);
        Path file = options.target().resolve("benchmark.md");
        Files.writeString(file, markdown);
        System.out.println();
        System.out.println(markdown);
        System.out.println("Also in " + file);
    }

    /** @return the report, in Markdown */
    static String run(Options options) throws IOException, InterruptedException {
        Benchmark benchmark = new Benchmark(options);
        for (Path jdk : options.jdks()) {
            benchmark.on(jdk);
        }
        return benchmark.report.markdown();
    }

    private void on(Path jdk) throws IOException, InterruptedException {
        Path logs = options.target().resolve("benchmark/logs");
        Map<Peer, PeerProcess> running = new EnumMap<>(Peer.class);
        report.jdk(jdk);
        try (PeerProcess upstream = upstream(logs)) {
            try {
                for (Peer peer : Peer.values()) {
                    if (peer != Peer.DIRECT
                            && options.wants(peer)
                            && options.rows().stream().anyMatch(row -> row.concerns(peer))) {
                        PeerProcess process = start(peer, jdk, upstream, logs);
                        if (process != null) {
                            running.put(peer, process);
                        }
                    }
                }
                if (options.wants(Peer.DIRECT)) {
                    running.put(Peer.DIRECT, upstream);
                }
                for (Row row : options.rows()) {
                    measure(row, running, jdk);
                }
            } finally {
                running.values().forEach(PeerProcess::close);
            }
        }
    }

    private PeerProcess upstream(Path logs) throws IOException, InterruptedException {
        int port = PeerProcess.freePort();
        return PeerProcess.start(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-Xms512m",
                        "-Xmx512m",
                        "-cp",
                        options.classPath(options.target(), "upstream"),
                        Upstream.class.getName(),
                        Integer.toString(port)),
                logs.resolve("upstream.log"),
                port);
    }

    /** @return null for nginx where it is not installed */
    private PeerProcess start(Peer peer, Path jdk, PeerProcess upstream, Path logs)
            throws IOException, InterruptedException {
        int port = PeerProcess.freePort();
        List<String> command;
        if (peer == Peer.NGINX) {
            if (!Nginx.isInstalled()) {
                System.out.println("nginx is not installed, so it is left out");
                return null;
            }
            command = Nginx.command(options.target().resolve("benchmark/nginx"), port, upstream.port());
        } else {
            command = peer.command(options, jdk, port, upstream.url());
        }
        PeerProcess process = PeerProcess.start(command, logs.resolve(peer.id() + ".log"), port);
        System.out.println(peer.id() + ": " + process);
        return process;
    }

    private void measure(Row row, Map<Peer, PeerProcess> running, Path jdk) throws IOException, InterruptedException {
        List<Peer> peers = running.keySet().stream().filter(row::concerns).toList();
        if (options.warmupSeconds() > 0) {
            for (Peer peer : peers) {
                round(row, peer, running.get(peer), options.warmupSeconds(), jdk);
            }
        }
        Map<Peer, List<Sample>> samples = new EnumMap<>(Peer.class);
        for (int round = 1; round <= options.rounds(); round++) {
            for (Peer peer : peers) {
                Sample sample = round(row, peer, running.get(peer), options.seconds(), jdk);
                samples.computeIfAbsent(peer, key -> new ArrayList<>()).add(sample);
                System.out.printf(
                        "%s, round %d, %s: %.0f/s, %.1f us of CPU, p99 %.2f ms, %d errors%n",
                        row.id(),
                        round,
                        peer.id(),
                        sample.perSecond(),
                        sample.cpuMicros(),
                        sample.p99Millis(),
                        sample.errors());
            }
        }
        report.row(row, samples, memory(running, peers, jdk));
    }

    private static Map<Peer, long[]> memory(Map<Peer, PeerProcess> running, List<Peer> peers, Path jdk)
            throws IOException, InterruptedException {
        Map<Peer, long[]> memory = new EnumMap<>(Peer.class);
        for (Peer peer : peers) {
            PeerProcess process = running.get(peer);
            if (peer != Peer.DIRECT) {
                long resident = process.residentKilobytes();
                memory.put(peer, new long[] {resident, peer.isJvm() ? process.heapKilobytes(jdk) : 0});
            }
        }
        return memory;
    }

    /** The heap is resident from the start, so that the rest of resident memory and what lives on the heap add up. */
    private static long usedKilobytes(PeerProcess process, Path jdk) {
        try {
            return process.heapKilobytes(jdk) + process.residentKilobytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private Sample round(Row row, Peer peer, PeerProcess process, int seconds, Path jdk)
            throws IOException, InterruptedException {
        long cpu = process.cpuMicros();
        if (row == Row.EVENTS) {
            long before = usedKilobytes(process, jdk);
            int[] threads = new int[1];
            long[] used = new long[1];
            EventClient.Events events = new EventClient(process.port(), row.path())
                    .run(row.connections(), seconds, () -> {
                        threads[0] = process.threads();
                        used[0] = usedKilobytes(process, jdk);
                    });
            long count = events.delays().length;
            return new Sample(
                    count,
                    (double) count / seconds,
                    events.percentileMillis(0.5),
                    events.percentileMillis(0.99),
                    events.failed(),
                    count == 0 ? 0 : (double) (process.cpuMicros() - cpu) / count,
                    threads[0],
                    (double) (used[0] - before) / row.connections());
        }
        Wrk.Load load = wrk.run(process.url(), row, seconds);
        double micros = peer == Peer.DIRECT || load.requests() == 0
                ? 0
                : (double) (process.cpuMicros() - cpu) / load.requests();
        return new Sample(
                load.requests(),
                load.perSecond(),
                load.p50Millis(),
                load.p99Millis(),
                load.errors(),
                micros,
                process.threads(),
                0);
    }
}
