package dev.headgate.setup;

import java.util.Locale;

/**
 * One row of the settings table: everything there is to know about one key.
 *
 * @param <T> the type of its value, or of each entry's value where it is open
 * @param key without the scope's prefix: {@code timeout.connect}
 * @param entry what follows the key, as in {@code request.set.X-User}
 * @param initially the default in the words of a properties file; empty: empty; null: none, see {@code without}
 * @param without what happens where a key without default is not given, for the reference page; null: it is required
 * @param example a good value that is not the default
 * @param meaning what it does, in a sentence
 * @param touch when to change it; empty: no more to say
 * @param secret whether its value stays out of messages
 */
record Setting<T>(
        Scope scope,
        String key,
        ValueType<T> type,
        Entry entry,
        String initially,
        String without,
        String example,
        String meaning,
        String touch,
        boolean secret) {

    /** What follows the key of a setting that has several values. */
    enum Entry {
        /** Nothing: there is one value. */
        NONE(""),
        /** A field name. */
        FIELD("<Field>"),
        /** Which failures: a kind, a status or all. */
        FAILURE("<failure>"),
        /** A role. */
        ROLE("<role>");

        private final String placeholder;

        Entry(String placeholder) {
            this.placeholder = placeholder;
        }

        String placeholder() {
            return placeholder;
        }
    }

    /** Whether something follows the key. */
    boolean open() {
        return entry != Entry.NONE;
    }

    boolean required() {
        return initially == null && without == null;
    }

    /** The default; for a required setting a stand-in, so that what depends on it can still be checked. */
    T standIn() {
        return type.read(initially == null ? example : initially);
    }

    /** What to write where nothing better is known. */
    String suggestion() {
        return initially == null || initially.isEmpty() ? example : initially;
    }

    /** The key as a Java name: {@code timeoutConnect}. */
    String javaName() {
        StringBuilder name = new StringBuilder();
        for (String word : key.split("[.-]")) {
            name.append(
                    name.isEmpty()
                            ? word
                            : word.substring(0, 1).toUpperCase(Locale.ROOT).concat(word.substring(1)));
        }
        return name.toString();
    }

    /** The key as the reference page has it: {@code route.<name>.request.set.<Field>}. */
    String documentedKey() {
        return scope.fullKey("<name>", key) + (open() ? "." + entry.placeholder() : "");
    }

    /** A value as messages may show it. A field such as {@code Authorization} holds a secret too. */
    String shown(String field, String text) {
        String name = field.toLowerCase(Locale.ROOT);
        boolean hidden = secret
                || name.contains("auth")
                || name.contains("key")
                || name.contains("token")
                || name.contains("secret")
                || name.contains("password")
                || name.contains("cookie");
        return hidden && !text.isEmpty() ? "******" : text;
    }
}
