package dev.headgate.failure;

import jakarta.servlet.ServletContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLConnection;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A resource of the app that stands in for a service that fails: an older catalogue, an empty list, a page that works
 * without it. Thread-safe.
 */
public final class StaticFallback {

    private static final Logger LOG = LoggerFactory.getLogger(StaticFallback.class);

    private final String path;
    private final ServletContext app;
    private final AtomicBoolean reported = new AtomicBoolean();

    /** @param path of the resource, from the app's root; it may lie in {@code /WEB-INF/} */
    public StaticFallback(String path, ServletContext app) {
        this.path = path;
        this.app = app;
    }

    /**
     * Answers GET and HEAD with 200 and the resource. Other methods ask for something to be done, which a file cannot
     * do.
     *
     * @return whether there is an answer now
     */
    public boolean send(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (!Set.of("GET", "HEAD").contains(request.getMethod())) {
            return false;
        }
        byte[] content;
        try (InputStream resource = app.getResourceAsStream(path)) {
            content = resource == null ? null : resource.readAllBytes();
        }
        if (content == null) {
            if (reported.compareAndSet(false, true)) {
                LOG.warn("fallback static:{} cannot be used: there is no such file in the app", path);
            }
            return false;
        }
        response.resetBuffer();
        response.setStatus(200);
        // Or it would be taken for the service's own answer long after that is back.
        response.setHeader("Cache-Control", "no-store");
        String known = app.getMimeType(path);
        // An embedded container may have no table of its own.
        String type = known != null ? known : URLConnection.guessContentTypeFromName(path);
        if (type != null) {
            response.setHeader("Content-Type", type);
        }
        response.setContentLength(content.length);
        if (!request.getMethod().equals("HEAD")) {
            response.getOutputStream().write(content);
        }
        return true;
    }
}
