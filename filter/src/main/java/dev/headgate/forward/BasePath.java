package dev.headgate.forward;

/** An origin's base path, taken off what the origin says about itself. */
final class BasePath {

    private BasePath() {}

    /**
     * The part of an origin's path below its base path, which starts with a slash, or has no path when the base path
     * itself is meant: {@code /base} and {@code /base/} are two resources, and stay two.
     *
     * @param base empty, or with a leading and no trailing slash
     * @param path may carry a query and a fragment
     * @return null when the path does not lie below the base path
     */
    static String remove(String base, String path) {
        if (base.isEmpty()) {
            return path;
        }
        if (!path.startsWith(base)) {
            return null;
        }
        String rest = path.substring(base.length());
        return rest.isEmpty() || "/?#".indexOf(rest.charAt(0)) >= 0 ? rest : null;
    }
}
