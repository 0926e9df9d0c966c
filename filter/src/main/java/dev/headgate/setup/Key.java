package dev.headgate.setup;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A key that the table knows.
 *
 * @param name of the route or upstream, {@code *} for all of them; empty for the gateway
 * @param field the field name that follows an open key; otherwise empty
 */
record Key(Setting<?> setting, String name, String field) {

    String full() {
        return setting.scope().fullKey(name, setting.key()) + (field.isEmpty() ? "" : "." + field);
    }

    /** What two spellings of one key have in common: field names are compared without case (RFC 9110 §5.1). */
    String canonical() {
        return setting.scope().fullKey(name, setting.key())
                + (field.isEmpty() ? "" : "." + field.toLowerCase(Locale.ROOT));
    }

    /**
     * Reads a key in full.
     *
     * @return null when there is no such key
     */
    static Key parse(String full) {
        Scope scope = scopeOf(full);
        String name = nameIn(full, scope);
        if (!name.isEmpty()
                && !name.equals(Scope.EVERY)
                && !Scope.NAME.matcher(name).matches()) {
            return null;
        }
        String rest =
                full.substring(Math.min(full.length(), scope.fullKey(name, "").length()));
        for (Setting<?> setting : SettingsTable.ALL) {
            if (setting.scope() != scope || name.isEmpty() && scope != Scope.GATEWAY) {
                continue;
            }
            if (!setting.open() && rest.equals(setting.key())) {
                return new Key(setting, name, "");
            }
            if (setting.open()
                    && rest.startsWith(setting.key() + ".")
                    && rest.length() > setting.key().length() + 1) {
                return new Key(setting, name, rest.substring(setting.key().length() + 1));
            }
        }
        return null;
    }

    static Scope scopeOf(String full) {
        for (Scope scope : Scope.values()) {
            if (scope != Scope.GATEWAY && full.startsWith(scope.prefix())) {
                return scope;
            }
        }
        return Scope.GATEWAY;
    }

    /** The name after the scope's prefix, or empty. */
    static String nameIn(String full, Scope scope) {
        if (scope == Scope.GATEWAY) {
            return "";
        }
        int start = scope.prefix().length();
        int end = full.indexOf('.', start);
        return full.substring(start, end < 0 ? full.length() : end);
    }

    /** The known key that is nearest to an unknown one, or empty. */
    static String nearest(String unknown) {
        String[] parts = unknown.split("\\.", 3);
        // What follows an open key is the writer's own: it is taken over, not guessed.
        String field =
                parts.length == 3 && parts[2].indexOf('.') > 0 ? parts[2].substring(parts[2].lastIndexOf('.')) : "";
        List<String> known = new ArrayList<>();
        for (Setting<?> setting : SettingsTable.ALL) {
            String key = setting.key();
            if (setting.scope() == Scope.GATEWAY) {
                known.add(key);
            } else if (parts.length > 1) {
                known.add(setting.scope().fullKey(parts[1], key) + (setting.open() ? field : ""));
            }
            // Forgotten altogether: the name ("route.path"), the scope too ("timeout.connect"), the field's name.
            if (setting.scope() != Scope.GATEWAY
                    && (unknown.equals(key) || unknown.equals(setting.scope().prefix() + key))) {
                return setting.documentedKey();
            }
            if (parts.length == 3 && setting.open() && parts[2].equals(key)) {
                return unknown + "." + setting.entry().placeholder();
            }
        }
        return Nearest.to(unknown, known);
    }
}
