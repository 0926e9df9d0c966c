package dev.headgate.route;

import dev.headgate.config.MatchConfig;
import dev.headgate.config.RouteConfig;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;

/** A configured route with its place in the configuration. Immutable. */
public final class Route {

    private final RouteConfig config;
    private final int index;
    private final PathMapping mapping;
    /** Arrays, because the loop over a list makes an iterator for every request. */
    private final String[] methods;

    private final String[] hosts;
    private final String[] fieldNames;
    private final String[] fieldValues;

    Route(RouteConfig config, int index) {
        MatchConfig match = config.match();
        this.config = config;
        this.index = index;
        this.mapping = PathMapping.parse(config.target().path());
        this.methods = match.methods().toArray(String[]::new);
        this.hosts = match.hosts().toArray(String[]::new);
        this.fieldNames = match.fields().keySet().toArray(String[]::new);
        this.fieldValues = match.fields().values().toArray(String[]::new);
    }

    public RouteConfig config() {
        return config;
    }

    /** Unique in its gateway. */
    public String name() {
        return config.name();
    }

    /** Its position in the configuration, from 0. */
    public int index() {
        return index;
    }

    PathMapping mapping() {
        return mapping;
    }

    /** How many things apart from the path it asks for; the route that asks for more goes first. */
    int conditions() {
        return (methods.length > 0 ? 1 : 0) + (hosts.length > 0 ? 1 : 0) + fieldNames.length;
    }

    /** Whether all conditions apart from the path hold. */
    boolean takes(HttpServletRequest request) {
        return takesMethod(request.getMethod()) && takesHost(request) && takesFields(request);
    }

    private boolean takesMethod(String method) {
        for (String each : methods) {
            if (each.equals(method)) {
                return true;
            }
        }
        return methods.length == 0;
    }

    private boolean takesHost(HttpServletRequest request) {
        if (hosts.length == 0) {
            return true;
        }
        String host = request.getServerName();
        for (String each : hosts) {
            if (host != null && hostMatches(each, host)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hostMatches(String wanted, String host) {
        if (!wanted.startsWith("*.")) {
            return wanted.equalsIgnoreCase(host);
        }
        int domain = wanted.length() - 1;
        return host.length() > domain && host.regionMatches(true, host.length() - domain, wanted, 1, domain);
    }

    private boolean takesFields(HttpServletRequest request) {
        for (int i = 0; i < fieldNames.length; i++) {
            if (!hasField(request, fieldNames[i], fieldValues[i])) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasField(HttpServletRequest request, String name, String value) {
        String first = request.getHeader(name);
        if (first == null || value.isEmpty() || value.equals(first)) {
            return first != null;
        }
        Enumeration<String> values = request.getHeaders(name);
        while (values != null && values.hasMoreElements()) {
            if (value.equals(values.nextElement())) {
                return true;
            }
        }
        return false;
    }

    /** Whether there may be a request, its path aside, that meets the conditions of both. */
    boolean canMeet(Route other) {
        boolean methodsMeet = methods.length == 0
                || other.methods.length == 0
                || !Collections.disjoint(List.of(methods), List.of(other.methods));
        if (!methodsMeet || !hostsMeet(other)) {
            return false;
        }
        for (int i = 0; i < fieldNames.length; i++) {
            for (int j = 0; j < other.fieldNames.length; j++) {
                // Two lines of one field may meet both; nobody who routes by value has that in mind.
                if (fieldNames[i].equalsIgnoreCase(other.fieldNames[j])
                        && !fieldValues[i].isEmpty()
                        && !other.fieldValues[j].isEmpty()
                        && !fieldValues[i].equals(other.fieldValues[j])) {
                    return false;
                }
            }
        }
        return true;
    }

    private boolean hostsMeet(Route other) {
        if (hosts.length == 0 || other.hosts.length == 0) {
            return true;
        }
        for (String mine : hosts) {
            for (String theirs : other.hosts) {
                if (hostMatches(mine, theirs) || hostMatches(theirs, mine) || mine.equalsIgnoreCase(theirs)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether every request that meets the other's conditions meets these. */
    boolean asksNoMoreThan(Route other) {
        boolean methodsCover = methods.length == 0
                || other.methods.length > 0 && List.of(methods).containsAll(List.of(other.methods));
        return methodsCover && hostsCover(other) && fieldsCover(other);
    }

    private boolean fieldsCover(Route other) {
        for (int i = 0; i < fieldNames.length; i++) {
            boolean covered = false;
            for (int j = 0; j < other.fieldNames.length; j++) {
                covered |= fieldNames[i].equalsIgnoreCase(other.fieldNames[j])
                        && (fieldValues[i].isEmpty() || fieldValues[i].equals(other.fieldValues[j]));
            }
            if (!covered) {
                return false;
            }
        }
        return true;
    }

    private boolean hostsCover(Route other) {
        if (hosts.length == 0) {
            return true;
        }
        for (String theirs : other.hosts) {
            boolean covered = false;
            for (String mine : hosts) {
                covered |= mine.equalsIgnoreCase(theirs) || hostMatches(mine, theirs);
            }
            if (!covered) {
                return false;
            }
        }
        return other.hosts.length > 0;
    }

    @Override
    public String toString() {
        return name();
    }
}
