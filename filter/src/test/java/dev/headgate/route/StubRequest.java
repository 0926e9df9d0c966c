package dev.headgate.route;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A request that knows just what routing may ask for. Everything else throws, above all {@code getServletPath},
 * {@code getPathInfo} and {@code getParameter}.
 */
final class StubRequest extends HttpServletRequestWrapper {

    private static final HttpServletRequest NOTHING = (HttpServletRequest) Proxy.newProxyInstance(
            StubRequest.class.getClassLoader(),
            new Class<?>[] {HttpServletRequest.class},
            (proxy, method, arguments) -> {
                throw new UnsupportedOperationException("routing must not call " + method.getName());
            });

    private final String uri;
    private final Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private String contextPath = "";
    private String method = "GET";
    private String host = "localhost";
    private DispatcherType dispatch = DispatcherType.REQUEST;

    StubRequest(String uri) {
        super(NOTHING);
        this.uri = uri;
    }

    StubRequest inContext(String path) {
        contextPath = path;
        return this;
    }

    StubRequest by(String newMethod) {
        method = newMethod;
        return this;
    }

    StubRequest at(String newHost) {
        host = newHost;
        return this;
    }

    StubRequest with(String name, String value) {
        fields.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
        return this;
    }

    StubRequest as(DispatcherType type) {
        dispatch = type;
        return this;
    }

    @Override
    public String getRequestURI() {
        return uri;
    }

    @Override
    public String getContextPath() {
        return contextPath;
    }

    @Override
    public String getMethod() {
        return method;
    }

    @Override
    public String getServerName() {
        return host;
    }

    @Override
    public String getHeader(String name) {
        List<String> values = fields.get(name);
        return values == null ? null : values.get(0);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
        return Collections.enumeration(fields.getOrDefault(name, List.of()));
    }

    @Override
    public DispatcherType getDispatcherType() {
        return dispatch;
    }
}
