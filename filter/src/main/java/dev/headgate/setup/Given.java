package dev.headgate.setup;

/**
 * One value as somebody wrote it.
 *
 * @param key in full
 * @param where the spelling
 * @param place what exactly, for a message: the filter, the line of the file, the class
 */
record Given(String key, String text, Where where, String place) {

    Given withText(String other) {
        return new Given(key, other, where, place);
    }

    enum Where {
        ANNOTATION,
        PROPERTIES_FILE,
        INIT_PARAM,
        BUILDER,
        SYSTEM_PROPERTY;

        /** What to write in this place for a key to have a value. */
        String line(Key key, String text) {
            return switch (this) {
                case INIT_PARAM ->
                    "<init-param><param-name>" + xml(key.full()) + "</param-name><param-value>" + xml(text)
                            + "</param-value></init-param>";
                case PROPERTIES_FILE -> key.full() + "=" + text.replace("\\", "\\\\");
                case SYSTEM_PROPERTY -> {
                    String option = "-D" + SettingsReader.SYSTEM_PREFIX + key.full() + "=" + text;
                    yield option.indexOf(' ') < 0 ? option : '"' + option + '"';
                }
                case ANNOTATION -> annotation(key, text);
                case BUILDER -> builder(key, text);
            };
        }

        private static String annotation(Key key, String text) {
            Setting<?> setting = key.setting();
            String value = setting.open()
                    ? quoted(key.field() + "=" + text)
                    : setting.type().list() ? list(setting, text) : quoted(text);
            String attribute = setting.javaName() + " = " + value;
            return switch (setting.scope()) {
                case GATEWAY -> "@GatewaySettings(" + attribute + ")";
                case ROUTE -> "@Route(name = \"" + key.name() + "\", " + attribute + ")";
                case UPSTREAM -> "@Upstream(name = \"" + key.name() + "\", " + attribute + ")";
                case LIMIT -> "@Limit(name = \"" + key.name() + "\", " + attribute + ")";
            };
        }

        private static String list(Setting<?> setting, String text) {
            var items = ValueType.split(text).stream().map(Where::quoted).toList();
            return items.size() == 1 ? items.get(0) : "{" + String.join(", ", items) + "}";
        }

        private static String builder(Key key, String text) {
            Setting<?> setting = key.setting();
            String call = setting.javaName()
                    + (setting.open()
                            ? "(" + quoted(key.field()) + ", " + quoted(text) + ")"
                            : "(" + setting.type().java().apply(text) + ")");
            return switch (setting.scope()) {
                case GATEWAY -> "." + call;
                case ROUTE -> ".route(\"" + key.name() + "\", r -> r." + call + ")";
                case UPSTREAM -> ".upstream(\"" + key.name() + "\", u -> u." + call + ")";
                case LIMIT -> ".limit(\"" + key.name() + "\", l -> l." + call + ")";
            };
        }

        private static String quoted(String text) {
            return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
        }

        private static String xml(String text) {
            return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
        }
    }
}
