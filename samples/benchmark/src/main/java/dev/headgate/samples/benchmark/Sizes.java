package dev.headgate.samples.benchmark;

/** What the last segment of a benchmark's path means. */
final class Sizes {

    private Sizes() {}

    /** @return bytes: 1024 for {@code 1k}, 10 times 1024 times 1024 for {@code 10m} */
    static int of(String name) {
        int unit =
                switch (name.charAt(name.length() - 1)) {
                    case 'k' -> 1024;
                    case 'm' -> 1024 * 1024;
                    default -> throw new IllegalArgumentException(name);
                };
        return unit * Integer.parseInt(name.substring(0, name.length() - 1));
    }
}
