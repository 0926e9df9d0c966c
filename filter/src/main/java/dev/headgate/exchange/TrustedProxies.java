package dev.headgate.exchange;

import dev.headgate.config.AddressRange;
import jakarta.servlet.http.HttpServletRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

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
                if (!node.isBlank()) { // RFC 9110 §5.6.1.2
                    nodes.add(node.replace("\"", "").strip());
                }
            }
        }
        if (nodes.isEmpty()) {
            Collections.list(request.getHeaders("Forwarded")).forEach(line -> nodes.addAll(forwardedNodes(line)));
        }
        return nodes;
    }

    /**
     * The nodes of one line of {@code Forwarded}, empty where an element names none or two (RFC 7239 §4). A quoted string
     * may hold anything, for one the Host that a client sent. A line with an open quote is one node that nobody knows: what
     * a proxy added to it cannot be told from what the client wrote.
     */
    private static List<String> forwardedNodes(String line) {
        List<String> nodes = new ArrayList<>();
        StringBuilder pair = new StringBuilder();
        String node = null;
        boolean quoted = false;
        boolean blank = true;
        for (int i = 0; i <= line.length(); i++) {
            char c = i < line.length() ? line.charAt(i) : ',';
            if (quoted && i < line.length()) {
                if (c == '"') {
                    quoted = false;
                } else {
                    pair.append(c == '\\' && i + 1 < line.length() ? line.charAt(++i) : c);
                }
            } else if (quoted) {
                return List.of("");
            } else if (c == '"') {
                quoted = true;
            } else if (c == ';' || c == ',') {
                String text = pair.toString().strip();
                pair.setLength(0);
                blank &= text.isEmpty();
                if (text.regionMatches(true, 0, "for=", 0, 4)) {
                    node = node == null ? text.substring(4) : "";
                }
                if (c == ',') {
                    if (!blank) {
                        nodes.add(node == null ? "" : node);
                    }
                    node = null;
                    blank = true;
                }
            } else {
                pair.append(c);
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
