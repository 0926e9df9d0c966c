package dev.headgate.setup;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContext;
import java.io.ByteArrayInputStream;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An app with files, init-params of one filter, an environment and system properties, all of them only said to be. */
final class StubApp implements FilterConfig {

    final Map<String, byte[]> files = new HashMap<>();
    final Map<String, String> initParams = new LinkedHashMap<>();
    final Map<String, String> environment = new HashMap<>();
    final Map<String, String> system = new HashMap<>();
    final Map<String, String> filters = new LinkedHashMap<>();

    /** What was done to the registration of a filter that was added, as text. */
    final List<String> registrations = new ArrayList<>();

    StubApp file(String path, String... lines) {
        files.put(path, String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
        return this;
    }

    StubApp param(String key, String value) {
        initParams.put(key, value);
        return this;
    }

    Surroundings surroundings() {
        return new Surroundings(environment, system, getServletContext());
    }

    @Override
    public String getFilterName() {
        return "gate";
    }

    @Override
    public String getInitParameter(String name) {
        return initParams.get(name);
    }

    @Override
    public Enumeration<String> getInitParameterNames() {
        return Collections.enumeration(initParams.keySet());
    }

    @Override
    public ServletContext getServletContext() {
        return proxy(ServletContext.class, (method, arguments) -> switch (method) {
            case "getResourceAsStream" ->
                files.containsKey(arguments[0]) ? new ByteArrayInputStream(files.get(arguments[0])) : null;
            case "getResource" ->
                files.containsKey(arguments[0])
                        ? URI.create("file:" + arguments[0]).toURL()
                        : null;
            case "getFilterRegistrations" -> registered();
            case "getClassLoader" -> StubApp.class.getClassLoader();
            case "addFilter" -> added(arguments);
            default -> throw new UnsupportedOperationException(method);
        });
    }

    private Map<String, FilterRegistration> registered() {
        Map<String, FilterRegistration> registered = new HashMap<>();
        filters.forEach(
                (name, type) -> registered.put(name, proxy(FilterRegistration.class, (method, arguments) -> type)));
        return registered;
    }

    private Object added(Object[] arguments) {
        if (filters.containsKey(arguments[0])) {
            return null;
        }
        registrations.add(arguments[0] + " " + arguments[1]);
        return proxy(FilterRegistration.Dynamic.class, (method, values) -> {
            List<Object> shown = new ArrayList<>(Arrays.asList(values));
            if (shown.get(shown.size() - 1) instanceof String[] patterns) {
                shown.set(shown.size() - 1, List.of(patterns));
            }
            registrations.add(method + shown);
            return null;
        });
    }

    private interface Answer {
        Object to(String method, Object[] arguments) throws Exception;
    }

    private static <T> T proxy(Class<T> type, Answer answer) {
        return type.cast(Proxy.newProxyInstance(
                StubApp.class.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> answer.to(method.getName(), arguments)));
    }

    /** A filter class without annotations. */
    abstract static class Plain implements Filter {}
}
