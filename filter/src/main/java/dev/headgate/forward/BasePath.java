package dev.headgate.forward;

/** An origin's base path, taken off what the origin says about itself. */
final class BasePath {

    private BasePath() {}

    /**
     * The part of an origin's path below its base path, starting with a slash.
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
        if (rest.isEmpty() || rest.charAt(0) == '?' || rest.charAt(0) == '#') {
            return "/" + rest;
        }
        return rest.charAt(0) == '/' ? rest : null;
    }
}
