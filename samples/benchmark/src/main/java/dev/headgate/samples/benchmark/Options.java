package dev.headgate.samples.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the command line says.
 *
 * @param target where the build has put classes and class paths, and where reports go
 * @param spring the same of Spring's peer
 * @param rows which work
 * @param peers which peers; empty for all
 * @param jdks the JDKs that peers run on, in turn
 * @param rounds how often each peer is driven
 * @param seconds how long each time
 * @param warmupSeconds how long before the first round of each row
 * @param heapMegabytes the heap of each peer
 * @param jvmArguments further arguments for each peer
 */
record Options(
        Path target,
        Path spring,
        List<Row> rows,
        List<String> peers,
        List<Path> jdks,
        int rounds,
        int seconds,
        int warmupSeconds,
        int heapMegabytes,
        List<String> jvmArguments) {

    static Options of(String... arguments) {
        Map<String, String> given = new HashMap<>(Map.of(
                "rows", "1k",
                "peers", "all",
                "jdks", System.getProperty("java.home"),
                "rounds", "5",
                "seconds", "5",
                "warmup", "30",
                "heap", "512",
                "spring", "",
                "jvm", ""));
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            given.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        return new Options(
                Path.of(given.get("target")),
                Path.of(given.get("spring")),
                list(given.get("rows")).stream().map(Row::of).toList(),
                given.get("peers").equals("all") ? List.of() : list(given.get("peers")),
                list(given.get("jdks")).stream().map(Path::of).toList(),
                Integer.parseInt(given.get("rounds")),
                Integer.parseInt(given.get("seconds")),
                Integer.parseInt(given.get("warmup")),
                Integer.parseInt(given.get("heap")),
                list(given.get("jvm")));
    }

    private static List<String> list(String text) {
        return text.isEmpty() ? List.of() : Arrays.asList(text.split(","));
    }

    boolean wants(Peer peer) {
        return peers.isEmpty() || peers.contains(peer.id());
    }

    /** The build's class path of this name, with the classes beside it. */
    String classPath(Path of, String name) {
        try {
            return of.resolve("classes") + ":"
                    + Files.readString(of.resolve(name + ".classpath")).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
