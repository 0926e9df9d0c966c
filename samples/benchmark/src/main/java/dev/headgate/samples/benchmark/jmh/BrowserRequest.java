package dev.headgate.samples.benchmark.jmh;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A GET with the fields of a browser, that answers from memory: what is left to measure is the gateway. */
public final class BrowserRequest extends HttpServletRequestWrapper {

    private static final HttpServletRequest NOTHING = (HttpServletRequest) Proxy.newProxyInstance(
            BrowserRequest.class.getClassLoader(),
            new Class<?>[] {HttpServletRequest.class},
            (proxy, method, arguments) -> {
                throw new UnsupportedOperationException(method.toString());
            });

    private final String uri;
    private final List<String> names;
    private final Map<String, List<String>> fields = new LinkedHashMap<>();

    public BrowserRequest(String uri) {
        super(NOTHING);
        this.uri = uri;
        Map<String, String> sent = new LinkedHashMap<>();
        sent.put("Host", "shop.example.com");
        sent.put("Connection", "keep-alive");
        sent.put(
                "User-Agent",
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0");
        sent.put("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8");
        sent.put("Accept-Language", "en-US,en;q=0.9,de;q=0.8");
        sent.put("Accept-Encoding", "gzip, deflate, br");
        sent.put("Referer", "https://shop.example.com/catalogue");
        sent.put("Cookie", "theme=dark; JSESSIONID=0123456789ABCDEF0123456789ABCDEF; consent=all");
        sent.put("Sec-Fetch-Mode", "navigate");
        this.names = List.copyOf(sent.keySet());
        sent.forEach((name, value) -> fields.put(name.toLowerCase(Locale.ROOT), List.of(value)));
    }

    @Override
    public String getHeader(String name) {
        List<String> values = fields.get(name.toLowerCase(Locale.ROOT));
        return values == null ? null : values.get(0);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
        return Collections.enumeration(fields.getOrDefault(name.toLowerCase(Locale.ROOT), List.of()));
    }

    @Override
    public Enumeration<String> getHeaderNames() {
        return Collections.enumeration(names);
    }

    @Override
    public String getRequestURI() {
        return uri;
    }

    @Override
    public String getContextPath() {
        return "";
    }

    @Override
    public String getQueryString() {
        return null;
    }

    @Override
    public String getMethod() {
        return "GET";
    }

    @Override
    public String getProtocol() {
        return "HTTP/1.1";
    }

    @Override
    public String getScheme() {
        return "https";
    }

    @Override
    public String getServerName() {
        return "shop.example.com";
    }

    @Override
    public int getServerPort() {
        return 443;
    }

    @Override
    public boolean isAsyncSupported() {
        return true;
    }

    @Override
    public String getRemoteAddr() {
        return "192.0.2.7";
    }

    @Override
    public long getContentLengthLong() {
        return -1;
    }

    @Override
    public int getContentLength() {
        return -1;
    }

    @Override
    public String getContentType() {
        return null;
    }

    @Override
    public String getRequestedSessionId() {
        return "0123456789ABCDEF0123456789ABCDEF";
    }

    @Override
    public String getRemoteUser() {
        return null;
    }

    @Override
    public java.security.Principal getUserPrincipal() {
        return null;
    }

    @Override
    public boolean isUserInRole(String role) {
        return false;
    }

    @Override
    public Cookie[] getCookies() {
        return null;
    }

    @Override
    public Object getAttribute(String name) {
        return null;
    }

    @Override
    public boolean isSecure() {
        return true;
    }

    @Override
    public DispatcherType getDispatcherType() {
        return DispatcherType.REQUEST;
    }
}
