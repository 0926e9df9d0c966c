package dev.headgate.samples.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** wrk, the load generator, and what it prints. */
final class Wrk {

    /** What one run of it showed. */
    record Load(long requests, double perSecond, double p50Millis, double p99Millis, long errors) {}

    private static final Pattern TOTAL = Pattern.compile("(\\d+) requests in ");
    private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([0-9.]+)");
    private static final Pattern P50 = Pattern.compile("50%\\s+([0-9.]+)(us|ms|s|m)\\b");
    private static final Pattern P99 = Pattern.compile("99%\\s+([0-9.]+)(us|ms|s|m)\\b");
    private static final Pattern NOT_OK = Pattern.compile("Non-2xx or 3xx responses: (\\d+)");
    private static final Pattern SOCKETS =
            Pattern.compile("Socket errors: connect (\\d+), read (\\d+), write (\\d+), timeout (\\d+)");

    private final Path post;

    Wrk(Path directory) throws IOException {
        Files.createDirectories(directory);
        post = directory.resolve("post.lua");
        Files.writeString(
                post,
                """
                wrk.method = "POST"
                wrk.headers["Content-Type"] = "application/octet-stream"
                wrk.body = string.rep("x", 10 * 1024)
                """);
    }

    static boolean isInstalled() {
        try {
            // It answers with a status of its own, so only whether it runs counts.
            new ProcessBuilder("wrk", "-v")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
            return true;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    Load run(String url, Row row, int seconds) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of("wrk", "-t1", "-c" + row.connections(), "-d" + seconds + "s", "--latency", "--timeout", "20s"));
        if (row == Row.POST) {
            command.addAll(List.of("-s", post.toString()));
        }
        command.add(url + row.path());
        return parse(PeerProcess.output(command));
    }

    static Load parse(String output) {
        long errors = 0;
        Matcher notOk = NOT_OK.matcher(output);
        if (notOk.find()) {
            errors += Long.parseLong(notOk.group(1));
        }
        Matcher sockets = SOCKETS.matcher(output);
        if (sockets.find()) {
            for (int i = 1; i <= 4; i++) {
                errors += Long.parseLong(sockets.group(i));
            }
        }
        return new Load(
                (long) number(TOTAL, output), number(RATE, output), millis(P50, output), millis(P99, output), errors);
    }

    private static double number(Pattern pattern, String output) {
        Matcher matcher = pattern.matcher(output);
        if (!matcher.find()) {
            throw new IllegalArgumentException("wrk did not print " + pattern + ":\n" + output);
        }
        return Double.parseDouble(matcher.group(1));
    }

    private static double millis(Pattern pattern, String output) {
        double number = number(pattern, output);
        Matcher matcher = pattern.matcher(output);
        matcher.find();
        return switch (matcher.group(2)) {
            case "us" -> number / 1000;
            case "s" -> number * 1000;
            case "m" -> number * 60_000;
            default -> number;
        };
    }
}
