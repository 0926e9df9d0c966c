package dev.headgate.samples.benchmark;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The floor: content of the size that the path ends with, from memory. No gateway in this container can be cheaper. */
final class FloorServlet extends HttpServlet {

    private final transient Map<String, byte[]> content = new ConcurrentHashMap<>();

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getRequestURI();
        byte[] bytes =
                content.computeIfAbsent(path.substring(path.lastIndexOf('/') + 1), name -> new byte[Sizes.of(name)]);
        response.setContentType("application/octet-stream");
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }
}
