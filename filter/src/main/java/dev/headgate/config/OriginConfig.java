package dev.headgate.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/**
 * One origin (RFC 9110 §4.3.1), the path below which it answers, and its part in its group.
 *
 * @param scheme {@code http} or {@code https}
 * @param host a name or an IP literal, an IPv6 one without brackets
 * @param port 1 to 65535
 * @param basePath put before every path; empty or with a leading and no trailing slash
 * @param weight its share of the traffic beside its siblings': 1 to 1000
 * @param backup whether it is used only when too few of the others are healthy
 * @param zone where it stands, such as a data centre; empty: nowhere in particular
 */
public record OriginConfig(
        String scheme, String host, int port, String basePath, int weight, boolean backup, String zone) {

    /** What may follow an origin, each after a semicolon. */
    private static final String PARAMETERS = ";weight=N (1 to 1000), ;backup and ;zone=NAME";

    /** An origin of weight 1, no backup, in no zone. */
    public OriginConfig(String scheme, String host, int port, String basePath) {
        this(scheme, host, port, basePath, 1, false, "");
    }

    public OriginConfig {
        if (!"http".equals(scheme) && !"https".equals(scheme)) {
            throw new IllegalArgumentException("an origin's scheme is http or https, not " + scheme);
        }
        Checks.notBlank(host, "host");
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("a port is 1 to 65535, not " + port);
        }
        if (!basePath.isEmpty() && (!basePath.startsWith("/") || basePath.endsWith("/"))) {
            throw new IllegalArgumentException("a base path starts and does not end with a slash: " + basePath);
        }
        if (weight < 1 || weight > 1000) {
            throw new IllegalArgumentException("a weight is 1 to 1000, not " + weight);
        }
        if (!zone.matches("[A-Za-z0-9._-]*")) {
            throw new IllegalArgumentException("a zone is made of letters, digits, '.', '-' and '_', not " + zone);
        }
    }

    /**
     * Reads {@code http://host:port/base}, with {@code ;weight=N}, {@code ;backup} and {@code ;zone=NAME} behind it.
     *
     * @throws IllegalArgumentException when it is no absolute http or https URI, or has user info, a query or a
     *     fragment
     */
    public static OriginConfig parse(String text) {
        String[] parts = text.split(";");
        int weight = 1;
        boolean backup = false;
        String zone = "";
        for (int i = 1; i < parts.length; i++) {
            String part = parts[i].trim();
            if (part.equals("backup")) {
                backup = true;
            } else if (part.matches("weight=\\d{1,4}")) {
                weight = Integer.parseInt(part.substring(7));
            } else if (part.startsWith("zone=")) {
                zone = part.substring(5);
            } else {
                throw new IllegalArgumentException(
                        "'" + part + "' is not known behind an origin; known are " + PARAMETERS);
            }
        }
        String shown = text.replaceAll("(?<=://)\\S*@", "******@");
        URI uri;
        try {
            uri = new URI(parts.length == 0 ? "" : parts[0].trim());
        } catch (URISyntaxException e) {
            // Without the cause, which repeats the text.
            throw new IllegalArgumentException("'" + shown + "' is not a URI: " + e.getReason());
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("http") && !scheme.equals("https")) {
            throw new IllegalArgumentException("'" + shown + "' must start with http:// or https://");
        }
        if (uri.getHost() == null) {
            throw new IllegalArgumentException("'" + shown + "' has no valid host and port");
        }
        if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "'" + shown + "' may have a host, a port and a path, but no user, query or fragment");
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
        String host = uri.getHost();
        if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        while (path.endsWith("/")) {
            path = path.substring(0, path.length() - 1);
        }
        return new OriginConfig(scheme, host.toLowerCase(Locale.ROOT), port, path, weight, backup, zone);
    }

    /** Host and port as the {@code Host} field has them (RFC 9110 §7.2): the scheme's own port is left out. */
    public String authority() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        boolean ownPort = port == (secure() ? 443 : 80);
        return ownPort ? name : name + ":" + port;
    }

    /** Whether it is spoken to over TLS. */
    public boolean secure() {
        return scheme.equals("https");
    }

    /** The address without weight, backup and zone. */
    @Override
    public String toString() {
        return scheme + "://" + authority() + basePath;
    }
}
