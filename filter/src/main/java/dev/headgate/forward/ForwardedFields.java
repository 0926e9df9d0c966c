package dev.headgate.forward;

import dev.headgate.config.RouteConfig.ForwardedStyle;
import dev.headgate.exchange.TrustedProxies;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.message.BasicHeader;

/**
 * Tells the origin who the client is: {@code Forwarded} (RFC 7239) and the {@code X-Forwarded-*} family. What came in is
 * kept and appended to where the peer is a trusted proxy, and replaced otherwise. Thread-safe.
 *
 * <p>Most proxies speak of the family only, and not of its port. Origins that prefer {@code Forwarded}, or read the
 * port, would then take our own leg for the public one; so both say what the family does.
 */
final class ForwardedFields {

    /**
     * What is said of every request that came by one URL's beginning; most do, so the last one is remembered.
     *
     * @param told in {@code Forwarded}, behind the client
     */
    private record Leg(
            String scheme, String host, int port, String told, Header proto, Header hostField, Header portField) {

        static Leg of(String scheme, String host, int port) {
            return new Leg(
                    scheme,
                    host,
                    port,
                    ";proto=" + scheme + ";host=" + quoted(host),
                    new BasicHeader("X-Forwarded-Proto", scheme),
                    new BasicHeader("X-Forwarded-Host", host),
                    new BasicHeader("X-Forwarded-Port", Integer.toString(port)));
        }

        boolean is(String otherScheme, String otherHost, int otherPort) {
            return port == otherPort && host.equals(otherHost) && scheme.equals(otherScheme);
        }
    }

    private final TrustedProxies trustedProxies;

    private volatile Leg last = Leg.of("", "", 0);

    ForwardedFields(TrustedProxies trustedProxies) {
        this.trustedProxies = trustedProxies;
    }

    boolean isTrusted(HttpServletRequest request) {
        return trustedProxies.isTrusted(request);
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
        Leg leg = last;
        if (!leg.is(scheme, host, request.getServerPort())) {
            leg = Leg.of(scheme, host, request.getServerPort());
            last = leg;
        }
        if (style == ForwardedStyle.BOTH || style == ForwardedStyle.FORWARDED) {
            String element = "for=" + node(peer) + leg.told();
            if (trusted && request.getHeader("Forwarded") == null) {
                element = translated(request) + element;
            }
            add(fields, "Forwarded", joined(trusted, request, "Forwarded", element));
        }
        if (style == ForwardedStyle.BOTH || style == ForwardedStyle.X_FORWARDED) {
            add(fields, "X-Forwarded-For", joined(trusted, request, "X-Forwarded-For", peer));
            if (trusted) {
                add(fields, "X-Forwarded-Proto", kept(request, "X-Forwarded-Proto", scheme));
                add(fields, "X-Forwarded-Host", kept(request, "X-Forwarded-Host", host));
                add(fields, "X-Forwarded-Port", kept(request, "X-Forwarded-Port", publicPort(request)));
            } else {
                fields.add(leg.proto());
                fields.add(leg.hostField());
                fields.add(leg.portField());
            }
            String before = trusted ? request.getHeader("X-Forwarded-Prefix") : null;
            String prefix = before == null ? strippedPrefix : before + strippedPrefix;
            if (!prefix.isEmpty()) {
                add(fields, "X-Forwarded-Prefix", prefix);
            }
        }
    }

    /** Elements for what the family says, ready to be followed by our own (RFC 7239 §7.4); empty when it is silent. */
    private static String translated(HttpServletRequest request) {
        String proto = first(request.getHeader("X-Forwarded-Proto"));
        String host = first(request.getHeader("X-Forwarded-Host"));
        String told =
                (proto.isEmpty() ? "" : ";proto=" + quoted(proto)) + (host.isEmpty() ? "" : ";host=" + quoted(host));
        StringBuilder elements = new StringBuilder();
        for (String line : Collections.list(request.getHeaders("X-Forwarded-For"))) {
            for (String address : line.split(",")) {
                if (!address.isBlank()) {
                    elements.append("for=")
                            .append(node(address.trim()))
                            .append(told)
                            .append(", ");
                    told = ""; // it is of the client's own connection
                }
            }
        }
        return told.isEmpty() ? elements.toString() : told.substring(1) + ", ";
    }

    /** Our own port, unless the trusted proxy names the public host or scheme, which then tells it. */
    private static String publicPort(HttpServletRequest request) {
        String proto = first(request.getHeader("X-Forwarded-Proto"));
        String host = first(request.getHeader("X-Forwarded-Host"));
        if (proto.isEmpty() && host.isEmpty()) {
            return Integer.toString(request.getServerPort());
        }
        int colon = host.lastIndexOf(':');
        if (colon > host.lastIndexOf(']') && host.substring(colon + 1).matches("\\d{1,5}")) {
            return host.substring(colon + 1);
        }
        return (proto.isEmpty() ? request.getScheme() : proto).equalsIgnoreCase("https") ? "443" : "80";
    }

    /** The client's own leg, where each proxy has added its own; empty for none. */
    private static String first(String list) {
        return list == null ? "" : list.split(",", 2)[0].trim();
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

    private static String kept(HttpServletRequest request, String name, String own) {
        String before = request.getHeader(name);
        return before == null || before.isBlank() ? own : before;
    }

    private static String authority(HttpServletRequest request) {
        int port = request.getServerPort();
        boolean ownPort = port == (request.getScheme().equals("https") ? 443 : 80);
        return ownPort ? request.getServerName() : request.getServerName() + ":" + port;
    }

    /** A node (RFC 7239 §6): IPv6 in brackets and quotes, maybe with a port. */
    private static String node(String address) {
        boolean bare = address.indexOf(':') != address.lastIndexOf(':') && !address.startsWith("[");
        return quoted(bare ? "[" + address + "]" : address);
    }

    /** A value (RFC 7239 §4): a token as it is, all else as a quoted string. */
    private static String quoted(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (!(c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || c == '.'
                    || c == '-'
                    || c == '_')) {
                return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
            }
        }
        return value;
    }

    private static void add(List<Header> fields, String name, String value) {
        fields.add(new BasicHeader(name, value));
    }
}
