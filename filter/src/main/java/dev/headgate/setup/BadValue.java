package dev.headgate.setup;

/** A value that cannot be taken, why, and where it is plain, what was probably meant. */
final class BadValue extends IllegalArgumentException {

    private final String instead;

    BadValue(String problem) {
        this(problem, "");
    }

    /** @param instead the value that was probably meant; empty: no idea */
    BadValue(String problem, String instead) {
        super(problem);
        this.instead = instead;
    }

    String instead() {
        return instead;
    }
}
