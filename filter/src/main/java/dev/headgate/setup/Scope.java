package dev.headgate.setup;

import java.util.Locale;
import java.util.regex.Pattern;

/** What a setting belongs to. */
enum Scope {
    GATEWAY,
    ROUTE,
    UPSTREAM,
    LIMIT;

    /** The name that stands for every route, upstream or limit. */
    static final String EVERY = "*";

    static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]+");

    /** A key in full: {@code via.name}, {@code route.orders.path}. */
    String fullKey(String name, String key) {
        return this == GATEWAY ? key : prefix() + name + "." + key;
    }

    /** What keys of this scope start with: nothing, {@code route.}, {@code upstream.}, {@code limit.}. */
    String prefix() {
        return this == GATEWAY ? "" : word() + ".";
    }

    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
