package dev.headgate.samples.quickstart.launch;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.stream.Collectors;

/**
 * What the buttons of the page talk to, at {@code /app/services}, behind the login of the app.
 *
 * <ul>
 *   <li>{@code GET /app/services}: the services, what the gateway has noticed of them, and the token that a POST needs
 *   <li>{@code POST /app/services/service-1?state=killed} (or {@code frozen}, {@code slow} with {@code delay} in
 *       milliseconds, {@code broken}, {@code well}), with the token in the field {@code X-CSRF-Token}
 * </ul>
 */
final class ServiceControl extends HttpServlet {

    private static final long serialVersionUID = 1;

    private static final String TOKEN_FIELD = "X-CSRF-Token";
    private static final String TOKEN = ServiceControl.class.getName() + ".token";
    private static final long LONGEST_DELAY_MILLIS = 60_000;

    private final transient List<ServiceProcess> services;
    private final transient Notices notices;

    ServiceControl(List<ServiceProcess> services, Notices notices) {
        this.services = services;
        this.notices = notices;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getPathInfo() != null) {
            response.sendError(HttpServletResponse.SC_NOT_FOUND);
            return;
        }
        answer(response, tokenOf(request.getSession()));
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        // Another site can make a browser post here, but it can neither read the token nor set a field.
        String token = request.getHeader(TOKEN_FIELD);
        String expected = tokenOf(request.getSession());
        if (token == null || !MessageDigest.isEqual(bytes(token), bytes(expected))) {
            response.sendError(HttpServletResponse.SC_FORBIDDEN);
            return;
        }
        String path = request.getPathInfo();
        Optional<ServiceProcess> service = services.stream()
                .filter(each -> ("/" + each.name()).equals(path))
                .findFirst();
        if (service.isEmpty()) {
            response.sendError(HttpServletResponse.SC_NOT_FOUND);
            return;
        }
        String wanted = request.getParameter("state");
        Optional<ServiceProcess.State> state = Arrays.stream(ServiceProcess.State.values())
                .filter(each -> word(each).equals(wanted))
                .findFirst();
        long delayMillis = delay(request.getParameter("delay"));
        if (state.isEmpty()
                || delayMillis < 0
                || state.get() == ServiceProcess.State.FROZEN && !ServiceProcess.CAN_FREEZE) {
            response.sendError(HttpServletResponse.SC_BAD_REQUEST);
            return;
        }
        service.get().become(state.get(), Duration.ofMillis(delayMillis));
        answer(response, expected);
    }

    private void answer(HttpServletResponse response, String token) throws IOException {
        String all = services.stream()
                .map(service -> "{\"name\":\"%s\",\"address\":\"%s\",\"process\":%d,\"state\":\"%s\",\"delay\":%d}"
                        .formatted(
                                service.name(),
                                service.address(),
                                service.id(),
                                word(service.state()),
                                service.delay().toMillis()))
                .collect(Collectors.joining(","));
        response.setContentType("application/json");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.getWriter()
                .write("{\"token\":\"%s\",\"canFreeze\":%b,\"services\":[%s],\"notices\":[%s]}"
                        .formatted(token, ServiceProcess.CAN_FREEZE, all, notices.json()));
    }

    private static String tokenOf(HttpSession session) {
        synchronized (session) {
            String token = (String) session.getAttribute(TOKEN);
            if (token == null) {
                byte[] random = new byte[16];
                new SecureRandom().nextBytes(random);
                token = HexFormat.of().formatHex(random);
                session.setAttribute(TOKEN, token);
            }
            return token;
        }
    }

    /** Minus one for what is no delay. */
    private static long delay(String text) {
        if (text == null) {
            return 0;
        }
        try {
            long millis = Long.parseLong(text);
            return millis > LONGEST_DELAY_MILLIS ? -1 : millis;
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static String word(ServiceProcess.State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The latest lines that the gateway logged about its origins. */
    static final class Notices extends Handler {

        private static final int KEPT = 8;

        private final Deque<String> latest = new ArrayDeque<>();

        @Override
        public synchronized void publish(LogRecord line) {
            String text = line.getMessage()
                    .replace("\\", "\\\\")
                    .replace("\"", "\\\"")
                    .replaceAll("\\p{Cntrl}", " ");
            latest.addFirst("{\"millis\":%d,\"text\":\"%s\"}".formatted(line.getMillis(), text));
            if (latest.size() > KEPT) {
                latest.removeLast();
            }
        }

        /** The latest one first, as members of a JSON array. */
        synchronized String json() {
            return String.join(",", latest);
        }

        @Override
        public void flush() {
            // Nothing is buffered.
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
