package dev.headgate.forward;

import dev.headgate.config.AddressRange;
import dev.headgate.config.RouteConfig.ForwardedStyle;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.message.BasicHeader;

/**
 * Tells the origin who the client is: {@code Forwarded} (RFC 7239) and the {@code X-Forwarded-*} family. What came in is
 * kept and appended to where the peer is a trusted proxy, and replaced otherwise. Immutable.
 */
final class ForwardedFields {

    private final List<AddressRange> trustedProxies;

    ForwardedFields(List<AddressRange> trustedProxies) {
        this.trustedProxies = trustedProxies;
    }

    boolean isTrusted(HttpServletRequest request) {
        if (trustedProxies.isEmpty()) {
            return false;
        }
        String peer = request.getRemoteAddr();
        for (AddressRange range : trustedProxies) {
            if (range.contains(peer)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Adds the fields of a style.
     *
     * @param trusted whether what the client sent of these fields is kept
     * @param strippedPrefix the part of the path which the origin does not see; empty when there is none
     */
    void addTo(
            List<Header> fields,
            HttpServletRequest request,
            ForwardedStyle style,
            boolean trusted,
            String strippedPrefix) {
        if (style == ForwardedStyle.NONE) {
            return;
        }
        String peer = request.getRemoteAddr();
        String scheme = request.getScheme();
        String host = request.getHeader("Host");
        if (host == null) {
            // HTTP/2 has :authority instead, which containers give as server name and port.
            host = authority(request);
        }
        if (style == ForwardedStyle.BOTH || style == ForwardedStyle.FORWARDED) {
            String element = "for=" + node(peer) + ";proto=" + scheme + ";host=" + quoted(host);
            add(fields, "Forwarded", joined(trusted, request, "Forwarded", element));
        }
        if (style == ForwardedStyle.BOTH || style == ForwardedStyle.X_FORWARDED) {
            add(fields, "X-Forwarded-For", joined(trusted, request, "X-Forwarded-For", peer));
            add(fields, "X-Forwarded-Proto", kept(trusted, request, "X-Forwarded-Proto", scheme));
            add(fields, "X-Forwarded-Host", kept(trusted, request, "X-Forwarded-Host", host));
            add(
                    fields,
                    "X-Forwarded-Port",
                    kept(trusted, request, "X-Forwarded-Port", Integer.toString(request.getServerPort())));
            String before = trusted ? request.getHeader("X-Forwarded-Prefix") : null;
            String prefix = before == null ? strippedPrefix : before + strippedPrefix;
            if (!prefix.isEmpty()) {
                add(fields, "X-Forwarded-Prefix", prefix);
            }
        }
    }

    private static String joined(boolean trusted, HttpServletRequest request, String name, String last) {
        if (!trusted) {
            return last;
        }
        StringBuilder all = new StringBuilder();
        for (String line : Collections.list(request.getHeaders(name))) {
            if (!line.isBlank()) {
                all.append(line).append(", ");
            }
        }
        return all.append(last).toString();
    }

    private static String kept(boolean trusted, HttpServletRequest request, String name, String own) {
        String before = trusted ? request.getHeader(name) : null;
        return before == null || before.isBlank() ? own : before;
    }

    private static String authority(HttpServletRequest request) {
        int port = request.getServerPort();
        boolean ownPort = port == (request.getScheme().equals("https") ? 443 : 80);
        return ownPort ? request.getServerName() : request.getServerName() + ":" + port;
    }

    /** A node (RFC 7239 §6): IPv6 in brackets and quotes. */
    private static String node(String address) {
        return address.indexOf(':') < 0 ? address : "\"[" + address + "]\"";
    }

    /** A value (RFC 7239 §4): a token as it is, all else as a quoted string. */
    private static String quoted(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (!(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-')) {
                return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
            }
        }
        return value;
    }

    private static void add(List<Header> fields, String name, String value) {
        fields.add(new BasicHeader(name, value));
    }
}
