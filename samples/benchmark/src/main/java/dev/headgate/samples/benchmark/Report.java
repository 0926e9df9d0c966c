package dev.headgate.samples.benchmark;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The figures as Markdown. */
final class Report {

    private final StringBuilder text = new StringBuilder();

    void jdk(Path jdk) throws IOException, InterruptedException {
        String version = PeerProcess.output(List.of(jdk.resolve("bin/java").toString(), "-version"))
                .lines()
                .findFirst()
                .orElse("");
        line("## %s", version);
        line("");
        line("%d cores, %s", Runtime.getRuntime().availableProcessors(), processor());
        line("");
    }

    private static String processor() throws IOException {
        return Files.readString(Path.of("/proc/cpuinfo"), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElse("unknown processor");
    }

    /** @param memory kilobytes: resident, and on the heap after a collection */
    void row(Row row, Map<Peer, List<Sample>> samples, Map<Peer, long[]> memory) {
        line("### %s, %d connections", row.title(), row.connections());
        line("");
        line("| | per second | p50 ms | p99 ms | CPU µs each | threads | resident MB | heap MB | errors |");
        line("| --- | --: | --: | --: | --: | --: | --: | --: | --: |");
        samples.forEach((peer, rounds) -> {
            long[] used = memory.getOrDefault(peer, new long[2]);
            line(
                    "| %s | %.0f | %.2f | %.2f | %.1f | %.0f | %d | %d | %d |",
                    peer.id(),
                    median(rounds, Sample::perSecond),
                    median(rounds, Sample::p50Millis),
                    median(rounds, Sample::p99Millis),
                    median(rounds, Sample::cpuMicros),
                    median(rounds, Sample::threads),
                    used[0] / 1024,
                    used[1] / 1024,
                    rounds.stream().mapToLong(Sample::errors).sum());
        });
        line("");
        goals(row, samples);
    }

    private void goals(Row row, Map<Peer, List<Sample>> samples) {
        List<Goal> goals = row.goals().stream()
                .filter(goal -> samples.containsKey(goal.subject()) && samples.containsKey(goal.peer()))
                .sorted(Comparator.comparing(Goal::subject)
                        .thenComparing(Goal::peer)
                        .thenComparing(Goal::what))
                .toList();
        if (goals.isEmpty()) {
            return;
        }
        line("| | against | what | ratio | goal | |");
        line("| --- | --- | --- | --: | --: | --- |");
        for (Goal goal : goals) {
            double ratio = ratio(samples.get(goal.subject()), samples.get(goal.peer()), goal.value());
            line(
                    "| %s | %s | %s | %.2f | %s %s | %s |",
                    goal.subject().id(),
                    goal.peer().id(),
                    goal.what(),
                    ratio,
                    goal.moreIsBetter() ? "≥" : "≤",
                    Double.toString(goal.limit()).replaceAll("\\.0$", ""),
                    goal.isMet(ratio) ? "met" : "missed");
        }
        line("");
    }

    /** The median of the ratios within each round. */
    static double ratio(List<Sample> subject, List<Sample> peer, ToDoubleFunction<Sample> value) {
        return median(IntStream.range(0, Math.min(subject.size(), peer.size()))
                .mapToDouble(round -> value.applyAsDouble(subject.get(round)) / value.applyAsDouble(peer.get(round)))
                .sorted()
                .toArray());
    }

    private static double median(List<Sample> rounds, ToDoubleFunction<Sample> value) {
        return median(rounds.stream().mapToDouble(value).sorted().toArray());
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    String markdown() {
        return text.toString();
    }
}
