package dev.headgate.failure;

import com.samskivert.mustache.MustacheException;
import dev.headgate.config.ErrorConfig;
import dev.headgate.config.ErrorConfig.ProxyStatusField;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the clients of one route get instead of a response: a page, a problem (RFC 9457) or a plain line, as their
 * {@code Accept} asks. The public learns what happened and whether trying again helps, never a host name, an address, an
 * exception or anything of its own request; the diagnosis is for those who may see it. Thread-safe.
 */
public final class ErrorPage {

    /** The request attribute under which a dispatched page finds the failure's facts, a {@code Map<String, Object>}. */
    public static final String FACTS_ATTRIBUTE = "dev.headgate.failure";

    private static final String ALLOW = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    private static final Logger LOG = LoggerFactory.getLogger(ErrorPage.class);

    private final String proxyName;
    private final ErrorConfig config;
    private final Map<String, Page> overrides = new LinkedHashMap<>();
    private final Set<String> reported = ConcurrentHashMap.newKeySet();

    /**
     * One page of the app's.
     *
     * @param location as the settings name it
     * @param template null where the app is dispatched to or the container answers
     */
    private record Page(String location, HtmlPage template) {}

    /**
     * @param proxyName what the gateway calls itself in {@code Proxy-Status}
     * @param app where templates are; one that is missing or broken is logged, and the built-in page takes its place
     */
    public ErrorPage(String proxyName, ErrorConfig config, ServletContext app) {
        this.proxyName = proxyName;
        this.config = config;
        config.pages().forEach((failures, location) -> {
            Page override = override(location, app);
            if (override != null) {
                overrides.put(failures, override);
            }
        });
    }

    /** Null for the built-in page. */
    private Page override(String location, ServletContext app) {
        if (!location.endsWith(".mustache")) {
            return location.equals("built-in") ? null : new Page(location, null);
        }
        try (InputStream stream = app.getResourceAsStream(location)) {
            if (stream == null) {
                throw new IOException("there is no such file in the app");
            }
            return new Page(location, HtmlPage.of(new String(stream.readAllBytes(), StandardCharsets.UTF_8)));
        } catch (IOException | MustacheException e) {
            broken(location, e);
            return null;
        }
    }

    /** Whether this client may see the diagnosis. */
    public boolean showsDetailsTo(HttpServletRequest request) {
        return config.detail() == ErrorConfig.Detail.FULL
                || config.detailRoles().stream().anyMatch(request::isUserInRole);
    }

    /**
     * Answers for a failure. The response must not be committed.
     *
     * @return whether the answer is written; false where the container will write it
     */
    public boolean send(FailureReport report, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        response.resetBuffer();
        mark(report, response);
        Texts texts = Texts.choose(Collections.list(request.getHeaders("Accept-Language")));
        Page override = overrideFor(report, request);
        if (override != null && override.template() == null && sentByApp(override, report, texts, request, response)) {
            return !override.location().equals("container");
        }
        AnswerForm form = AnswerForm.choose(Collections.list(request.getHeaders("Accept")));
        boolean safe = Set.of("GET", "HEAD").contains(request.getMethod());
        response.setStatus(report.status());
        String content =
                switch (form) {
                    case TEXT -> line(report, texts);
                    case PROBLEM -> Json.text(problem(report, texts, safe));
                    case HTML -> html(override, report, texts, safe, response);
                };
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        response.setHeader("Content-Type", form.contentType());
        response.setHeader("Content-Language", texts.language());
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setContentLength(bytes.length);
        if (!request.getMethod().equals("HEAD")) {
            response.getOutputStream().write(bytes);
        }
        return true;
    }

    /** The fields that every page carries, whoever writes its content. */
    private void mark(FailureReport report, HttpServletResponse response) {
        response.setHeader("Cache-Control", "no-store");
        addVary(response, "Accept");
        addVary(response, "Accept-Language");
        if (report.retryAfterSeconds() > 0) {
            response.setHeader("Retry-After", Long.toString(report.retryAfterSeconds()));
        }
        if (report.kind() == FailureKind.METHOD_NOT_ALLOWED) {
            response.setHeader("Allow", ALLOW);
        }
        markProxyStatus(report, response);
    }

    /** Says in {@code Proxy-Status} what failed, for an answer that stands in for the missing one. */
    public void markProxyStatus(FailureReport report, HttpServletResponse response) {
        if (config.proxyStatus() != ProxyStatusField.OFF) {
            boolean detailed = report.detailed() || config.proxyStatus() == ProxyStatusField.DETAILS;
            response.setHeader("Proxy-Status", ProxyStatus.of(report, proxyName, detailed));
        }
    }

    private static void addVary(HttpServletResponse response, String name) {
        boolean there = response.getHeaders("Vary").stream()
                .flatMap(line -> List.of(line.split(",")).stream())
                .map(String::strip)
                .anyMatch(item -> item.equalsIgnoreCase(name) || item.equals("*"));
        if (!there) {
            response.addHeader("Vary", name);
        }
    }

    // The three forms

    static String line(FailureReport report, Texts texts) {
        StringBuilder text = new StringBuilder();
        String detail = report.failure().publicDetail();
        text.append(report.status())
                .append(' ')
                .append(texts.headline(report.kind()))
                .append(". ")
                .append(detail == null ? "" : detail + " ")
                .append('[')
                .append(report.kind().word())
                .append("] ")
                .append(texts.get("label.id"))
                .append(": ")
                .append(report.requestId())
                .append('\n');
        if (report.detailed()) {
            appendDiagnosis(report, text);
        }
        return text.toString();
    }

    private static void appendDiagnosis(FailureReport report, StringBuilder text) {
        Diagnosis diagnosis = Diagnosis.of(report);
        text.append('\n').append(diagnosis.meaning()).append('\n');
        text.append("  ").append(report.failure().getMessage()).append('\n');
        int n = 1;
        for (AttemptReport attempt : report.attempts()) {
            text.append("  attempt ")
                    .append(n++)
                    .append(": ")
                    .append(attempt.origin())
                    .append(", stage ")
                    .append(attempt.stage())
                    .append(", ")
                    .append(attempt.millis())
                    .append(" ms")
                    .append(attempt.kind() == null ? "" : ", " + attempt.kind().word())
                    .append('\n');
        }
        text.append("Likely causes\n");
        diagnosis.causes().forEach(cause -> text.append("  - ").append(cause).append('\n'));
        text.append("What to check next\n");
        for (Diagnosis.Check check : diagnosis.checks()) {
            text.append("  - ").append(check.what()).append('\n');
            if (!check.command().isEmpty()) {
                text.append("      ").append(check.command()).append('\n');
            }
        }
    }

    /**
     * RFC 9457. The type is {@code about:blank}, since programs tell failures apart by {@code kind}: a type would have to
     * be an address that this project could keep alive for as long as anybody runs an old version.
     */
    static Map<String, Object> problem(FailureReport report, Texts texts, boolean safe) {
        FailureKind kind = report.kind();
        Map<String, Object> problem = new LinkedHashMap<>();
        problem.put("type", "about:blank");
        problem.put("title", reason(report.status()));
        problem.put("status", report.status());
        String explanation = report.failure().publicDetail();
        problem.put(
                "detail",
                texts.headline(kind) + ". " + texts.story(kind) + " "
                        + (explanation == null ? "" : explanation + " ")
                        + HtmlPage.advice(report, texts, safe));
        problem.put("instance", "urn:headgate:request:" + report.requestId());
        problem.put("kind", kind.word());
        problem.put("requestId", report.requestId());
        if (report.retryAfterSeconds() > 0) {
            problem.put("retryAfter", report.retryAfterSeconds());
        }
        if (report.detailed()) {
            Diagnosis diagnosis = Diagnosis.of(report);
            problem.put("side", kind.side().name().toLowerCase(Locale.ROOT));
            problem.put("route", report.route());
            problem.put("elapsedMillis", report.elapsed().toMillis());
            problem.put("message", report.failure().getMessage());
            problem.put("meaning", diagnosis.meaning());
            problem.put("attempts", attempts(report));
            problem.put("causes", diagnosis.causes());
            problem.put(
                    "checks", diagnosis.checks().stream().map(ErrorPage::check).toList());
        }
        return problem;
    }

    private static Map<String, Object> check(Diagnosis.Check check) {
        return check.command().isEmpty()
                ? Map.of("what", check.what())
                : new LinkedHashMap<>(Map.of("what", check.what(), "command", check.command()));
    }

    private static List<Map<String, Object>> attempts(FailureReport report) {
        List<Map<String, Object>> attempts = new ArrayList<>();
        for (AttemptReport attempt : report.attempts()) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("origin", attempt.origin());
            facts.put("stage", attempt.stage());
            facts.put("millis", attempt.millis());
            if (attempt.status() > 0) {
                facts.put("receivedStatus", attempt.status());
            }
            if (attempt.kind() != null) {
                facts.put("kind", attempt.kind().word());
                facts.put("message", attempt.message());
            }
            attempts.add(facts);
        }
        return attempts;
    }

    private String html(Page override, FailureReport report, Texts texts, boolean safe, HttpServletResponse response) {
        if (override != null && override.template() != null) {
            try {
                return override.template().fill(report, texts, safe);
            } catch (RuntimeException e) {
                broken(override.location(), e);
            }
        }
        HtmlPage page = HtmlPage.builtIn();
        response.setHeader("Content-Security-Policy", page.policy(report, safe));
        return page.fill(report, texts, safe);
    }

    // Pages of the app and the container

    private Page overrideFor(FailureReport report, HttpServletRequest request) {
        // The app's error page may itself be below a route.
        if (request.getAttribute(FACTS_ATTRIBUTE) != null) {
            return null;
        }
        for (String failures : List.of(report.kind().word(), Integer.toString(report.status()), ErrorConfig.ANY)) {
            if (config.pages().containsKey(failures)) {
                return overrides.get(failures);
            }
        }
        return null;
    }

    /** @return whether there is an answer now */
    private boolean sentByApp(
            Page override, FailureReport report, Texts texts, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (override.location().equals("container")) {
            response.sendError(report.status(), texts.headline(report.kind()));
            return true;
        }
        String path = override.location().substring("dispatch:".length());
        try {
            RequestDispatcher dispatcher = request.getRequestDispatcher(path);
            if (dispatcher == null) {
                throw new ServletException("there is nothing to dispatch to");
            }
            giveFacts(report, texts, request);
            response.setStatus(report.status());
            dispatcher.forward(request, new Untroubled(response));
            return true;
        } catch (ServletException | IOException | RuntimeException e) {
            broken(override.location(), e);
            if (response.isCommitted()) {
                return true;
            }
            response.resetBuffer();
            return false;
        }
    }

    /** The attributes of an error dispatch (Jakarta Servlet §10.9.1), and what else is known. */
    private static void giveFacts(FailureReport report, Texts texts, HttpServletRequest request) {
        boolean safe = Set.of("GET", "HEAD").contains(request.getMethod());
        Map<String, Object> facts = new LinkedHashMap<>(problem(report, texts, safe));
        facts.put("headline", texts.headline(report.kind()));
        facts.put("story", texts.story(report.kind()));
        facts.put("advice", HtmlPage.advice(report, texts, safe));
        facts.put("language", texts.language());
        request.setAttribute(FACTS_ATTRIBUTE, Collections.unmodifiableMap(facts));
        request.setAttribute(RequestDispatcher.ERROR_STATUS_CODE, report.status());
        request.setAttribute(RequestDispatcher.ERROR_MESSAGE, texts.headline(report.kind()));
        request.setAttribute(RequestDispatcher.ERROR_REQUEST_URI, request.getRequestURI());
        request.setAttribute(RequestDispatcher.ERROR_SERVLET_NAME, "headgate");
        if (report.detailed()) {
            // Pages are used to print it, and it names hosts.
            request.setAttribute(RequestDispatcher.ERROR_EXCEPTION, report.failure());
            request.setAttribute(RequestDispatcher.ERROR_EXCEPTION_TYPE, GatewayFailure.class);
        }
    }

    /** An error page that ends in an error of its own is no answer. */
    private static final class Untroubled extends HttpServletResponseWrapper {

        Untroubled(HttpServletResponse response) {
            super(response);
        }

        @Override
        public void sendError(int status) throws IOException {
            throw new IOException("it answered " + status + " itself");
        }

        @Override
        public void sendError(int status, String message) throws IOException {
            sendError(status);
        }
    }

    private void broken(String location, Exception e) {
        if (reported.add(location)) {
            LOG.warn("error.page {} cannot be used, the built-in page takes its place: {}", location, e.toString(), e);
        }
    }

    private static String reason(int status) {
        return switch (status) {
            case 400 -> "Bad Request";
            case 405 -> "Method Not Allowed";
            case 408 -> "Request Timeout";
            case 413 -> "Content Too Large";
            case 414 -> "URI Too Long";
            case 417 -> "Expectation Failed";
            case 429 -> "Too Many Requests";
            case 431 -> "Request Header Fields Too Large";
            case 500 -> "Internal Server Error";
            case 502 -> "Bad Gateway";
            case 503 -> "Service Unavailable";
            case 504 -> "Gateway Timeout";
            case 508 -> "Loop Detected";
            default -> "Error";
        };
    }
}
