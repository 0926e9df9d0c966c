package dev.headgate.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A headless Chromium with one tab, driven over its DevTools protocol. For one thread. */
public final class Browser implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String LOW_CONTRAST =
            """
            (() => {
              const parse = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
              const light = c => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
              const luminance = c => .2126 * light(c[0]) + .7152 * light(c[1]) + .0722 * light(c[2]);
              const ground = e => {
                for (; e; e = e.parentElement) {
                  const c = parse(getComputedStyle(e).backgroundColor);
                  if (c[3] > 0) return c;
                }
                return [255, 255, 255, 1];
              };
              const low = [];
              const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (walker.nextNode()) {
                const text = walker.currentNode.data.trim();
                if (!text) continue;
                const e = walker.currentNode.parentElement, style = getComputedStyle(e);
                const a = luminance(parse(style.color)), b = luminance(ground(e));
                const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
                const size = parseFloat(style.fontSize);
                const large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
                if (ratio < (large ? 3 : 4.5)) low.push(ratio.toFixed(2) + ' ' + text);
              }
              return low;
            })()""";

    private final Process process;
    private final Path profile;
    private final WebSocket socket;
    private final AtomicInteger ids = new AtomicInteger();
    private final Map<Integer, CompletableFuture<JsonNode>> answers = new ConcurrentHashMap<>();
    private final List<JsonNode> events = new CopyOnWriteArrayList<>();
    private String session;

    private Browser(Process process, Path profile, String url) throws Exception {
        this.process = process;
        this.profile = profile;
        socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create(url), new Inbox())
                .get(10, TimeUnit.SECONDS);
        String target = call("Target.createTarget", Map.of("url", "about:blank"))
                .get("targetId")
                .asText();
        session = call("Target.attachToTarget", Map.of("targetId", target, "flatten", true))
                .get("sessionId")
                .asText();
        call("Page.enable", Map.of());
        call("Network.enable", Map.of());
        call("Log.enable", Map.of());
    }

    /** The program, where this machine has it. */
    public static Optional<Path> program() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(folder -> Stream.of("chromium", "chromium-browser", "google-chrome", "chrome")
                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    public static Browser start(Path program) throws Exception {
        Path profile = Files.createTempDirectory("headgate-browser");
        Process process = new ProcessBuilder(
                        program.toString(),
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--disable-dev-shm-usage",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--hide-scrollbars",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        BufferedReader log =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8));
        for (String line = log.readLine(); line != null; line = log.readLine()) {
            int at = line.indexOf("ws://");
            if (at >= 0) {
                drain(log);
                return new Browser(process, profile, line.substring(at).strip());
            }
        }
        process.destroyForcibly();
        throw new IOException(program + " ended without saying where it listens");
    }

    /** A full pipe would stop it. */
    private static void drain(BufferedReader log) {
        Thread reader = new Thread(
                () -> {
                    try (log) {
                        while (log.readLine() != null) {
                            continue;
                        }
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                "browser-log");
        reader.setDaemon(true);
        reader.setUncaughtExceptionHandler((thread, e) -> {});
        reader.start();
    }

    /** What the page is shown on. */
    public void screen(int width, int height, boolean dark) {
        call(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
        call(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    /** Sent with every request from now on. */
    public void fields(Map<String, String> fields) {
        call("Network.setExtraHTTPHeaders", Map.of("headers", fields));
    }

    /** Opens an address and waits until it is loaded. */
    public void open(String url) throws InterruptedException {
        events.clear();
        call("Page.navigate", Map.of("url", url));
        for (int i = 0; i < 500; i++) {
            if (events.stream().anyMatch(e -> e.path("method").asText().equals("Page.loadEventFired"))) {
                return;
            }
            Thread.sleep(20);
        }
        throw new AssertionError(url + " did not load");
    }

    /** Addresses that the page asked for, its own included. */
    public List<String> requests() {
        List<String> urls = new ArrayList<>();
        for (JsonNode event : events) {
            if (event.path("method").asText().equals("Network.requestWillBeSent")) {
                urls.add(event.at("/params/request/url").asText());
            }
        }
        return urls;
    }

    /** What the browser complained about: refused styles, failed loads. */
    public List<String> complaints() {
        List<String> complaints = new ArrayList<>();
        for (JsonNode event : events) {
            if (event.path("method").asText().equals("Log.entryAdded")) {
                complaints.add(event.at("/params/entry/text").asText());
            }
        }
        return complaints;
    }

    /** The value of a JavaScript expression. */
    public JsonNode eval(String expression) {
        JsonNode result =
                call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
        if (result.has("exceptionDetails")) {
            throw new AssertionError(result.toPrettyString());
        }
        return result.at("/result/value");
    }

    /** Every text with less contrast than WCAG 2.2 AA asks (1.4.3: 4.5, large text 3), with its ratio. */
    public JsonNode lowContrast() {
        return eval(LOW_CONTRAST);
    }

    /** A picture of the whole page. */
    public void screenshot(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, png(Map.of("format", "png", "captureBeyondViewport", true)));
    }

    private byte[] png(Map<String, Object> how) {
        return Base64.getDecoder()
                .decode(call("Page.captureScreenshot", how).get("data").asText());
    }

    private JsonNode call(String method, Map<String, Object> parameters) {
        int id = ids.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        answers.put(id, answer);
        ObjectNode message = JSON.createObjectNode().put("id", id).put("method", method);
        message.set("params", JSON.valueToTree(parameters));
        if (session != null) {
            message.put("sessionId", session);
        }
        socket.sendText(message.toString(), true);
        try {
            JsonNode result = answer.get(20, TimeUnit.SECONDS);
            if (result.has("error")) {
                throw new AssertionError(method + ": " + result.get("error"));
            }
            return result.get("result");
        } catch (InterruptedException
                | java.util.concurrent.ExecutionException
                | java.util.concurrent.TimeoutException e) {
            throw new AssertionError(method, e);
        }
    }

    @Override
    public void close() throws IOException {
        socket.abort();
        process.destroy();
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(profile)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                // Its children may still be writing; what stays is in the system's folder for such things.
                if (!file.toFile().delete()) {
                    file.toFile().deleteOnExit();
                }
            }
        } catch (UncheckedIOException e) {
            profile.toFile().deleteOnExit();
        }
    }

    /** Puts messages together and hands them out. */
    private final class Inbox implements WebSocket.Listener {

        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                try {
                    JsonNode message = JSON.readTree(text.toString());
                    text.setLength(0);
                    if (message.has("id")) {
                        answers.remove(message.get("id").asInt()).complete(message);
                    } else {
                        events.add(message);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            from.request(1);
            return null;
        }
    }
}
