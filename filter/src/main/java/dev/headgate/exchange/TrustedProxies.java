package dev.headgate.exchange;

import dev.headgate.config.AddressRange;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Who is believed when it tells who the client is: configured proxies, and nobody else. Immutable. */
public final class TrustedProxies {

    private final List<AddressRange> ranges;

    /** @param ranges empty: nobody is believed */
    public TrustedProxies(List<AddressRange> ranges) {
        this.ranges = List.copyOf(ranges);
    }

    /** Whether a peer's forwarding fields are believed. */
    public boolean isTrusted(HttpServletRequest request) {
        return isTrusted(request.getRemoteAddr());
    }

    private boolean isTrusted(String address) {
        for (AddressRange range : ranges) {
            if (range.contains(address)) {
                return true;
            }
        }
        return false;
    }

    /**
     * The address of the client: the peer's own, or where the peer is trusted the nearest one in {@code X-Forwarded-For}
     * (without it: in {@code Forwarded}, RFC 7239 §5.2) that no trusted proxy has. What stands before that was written by
     * people whom nobody knows.
     */
    public String clientAddress(HttpServletRequest request) {
        String nearest = request.getRemoteAddr();
        if (ranges.isEmpty() || !isTrusted(nearest)) {
            return nearest;
        }
        List<String> nodes = nodes(request);
        for (int i = nodes.size() - 1; i >= 0; i--) {
            String address = addressOf(nodes.get(i));
            if (AddressRange.bytesOf(address) == null) {
                return nearest; // hidden or no address at all: the proxy before it is all that is known
            }
            nearest = address;
            if (!isTrusted(address)) {
                return nearest;
            }
        }
        return nearest;
    }

    private static List<String> nodes(HttpServletRequest request) {
        List<String> nodes = new ArrayList<>();
        for (String line : Collections.list(request.getHeaders("X-Forwarded-For"))) {
            for (String node : line.split(",")) {
                nodes.add(node.strip());
            }
        }
        if (!nodes.isEmpty()) {
            return nodes;
        }
        for (String line : Collections.list(request.getHeaders("Forwarded"))) {
            for (String element : line.split(",")) {
                String node = "";
                for (String pair : element.split(";")) {
                    String trimmed = pair.strip();
                    if (trimmed.toLowerCase(Locale.ROOT).startsWith("for=")) {
                        node = trimmed.substring(4).replace("\"", "");
                    }
                }
                nodes.add(node);
            }
        }
        return nodes;
    }

    /** A node without its port (RFC 7239 §6): {@code 192.0.2.1:80}, {@code [2001:db8::1]:80}. */
    private static String addressOf(String node) {
        if (node.startsWith("[")) {
            int end = node.indexOf(']');
            return end < 0 ? node : node.substring(1, end);
        }
        int colon = node.indexOf(':');
        return colon >= 0 && colon == node.lastIndexOf(':') ? node.substring(0, colon) : node;
    }
}
