package dev.headgate.config;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The status page, and who may see it and act on it.
 *
 * @param path below the app's context path; empty: there is no such page
 * @param roles whoever has one of them may
 * @param addresses whoever comes from one of them may
 */
public record StatusConfig(String path, List<String> roles, List<AddressRange> addresses) {

    /** Without escapes, so that no two spellings of a request target mean it. */
    private static final Pattern PATH = Pattern.compile("(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+");

    /** No page. */
    public static final StatusConfig NONE = new StatusConfig("", List.of(), List.of());

    public StatusConfig {
        if (!path.isEmpty()) {
            checkedPath(path);
            if (roles.isEmpty() && addresses.isEmpty()) {
                throw new IllegalArgumentException("a status page needs status.roles or status.addresses");
            }
        }
        roles = List.copyOf(roles);
        addresses = List.copyOf(addresses);
    }

    /**
     * Checks how the page's path is written.
     *
     * @return the argument
     */
    public static String checkedPath(String path) {
        if (!PATH.matcher(path).matches()) {
            throw new IllegalArgumentException("'" + path
                    + "' is no path of plain segments: letters, digits and - . _ ~, none beginning with a dot");
        }
        return path;
    }

    /** Whether there is such a page. */
    public boolean enabled() {
        return !path.isEmpty();
    }
}
