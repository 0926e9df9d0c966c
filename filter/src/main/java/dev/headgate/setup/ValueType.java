package dev.headgate.setup;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How one kind of value is written, read and described.
 *
 * @param <T> what a text becomes
 * @param allowed which values are taken, as the end of a sentence
 * @param reader throws {@link IllegalArgumentException} for a text it does not take
 * @param writer the text that reads as this value again
 * @param java the value of a text as an argument of the builder's method
 * @param list whether a text holds any number of items
 * @param variables whether <code>${principal}</code> and its like are filled in for every exchange
 */
record ValueType<T>(
        String allowed,
        Function<String, T> reader,
        Function<T, String> writer,
        Function<String, String> java,
        boolean list,
        boolean variables) {

    private static final Pattern AMOUNT = Pattern.compile("(\\d{1,15})\\s*([A-Za-z]*)");

    private static final Pattern COST = Pattern.compile("([^=]+)=(\\d{1,6})");

    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

    T read(String text) {
        return reader.apply(text);
    }

    /** @param max at most this much, so that a slip of the unit does not go unseen */
    static ValueType<Duration> duration(boolean zero, Duration max) {
        String most = durationText(max);
        String allowed = (zero ? "a duration from 0 to " : "a duration of more than 0 and at most ") + most
                + ", such as 300ms, 3s, 5m or 1h";
        return new ValueType<>(
                allowed,
                text -> {
                    Duration value = readDuration(text);
                    if (value.compareTo(max) > 0 || value.isZero() && !zero) {
                        throw new BadValue("");
                    }
                    return value;
                },
                ValueType::durationText,
                text -> {
                    Duration value = readDuration(text);
                    return value.isZero()
                            ? "Duration.ZERO"
                            : value.toMillisPart() == 0
                                    ? "Duration.ofSeconds(" + value.toSeconds() + ")"
                                    : "Duration.ofMillis(" + value.toMillis() + ")";
                },
                false,
                false);
    }

    private static Duration readDuration(String text) {
        if (text.equals("0")) {
            return Duration.ZERO;
        }
        Matcher amount = AMOUNT.matcher(text);
        if (!amount.matches()) {
            throw new BadValue("");
        }
        long number = Long.parseLong(amount.group(1));
        try {
            return switch (amount.group(2)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                case "" -> throw new BadValue("the unit is missing", text + "s");
                default -> throw new BadValue("");
            };
        } catch (ArithmeticException | DateTimeException e) {
            throw new BadValue("");
        }
    }

    private static String durationText(Duration value) {
        if (value.isZero()) {
            return "0";
        }
        if (value.getNano() % 1_000_000 != 0 || value.isNegative()) {
            return value.toString();
        }
        if (value.getNano() != 0) {
            return value.toMillis() + "ms";
        }
        long seconds = value.toSeconds();
        return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds % 60 == 0 ? seconds / 60 + "m" : seconds + "s";
    }

    /** A number of bytes, written with a unit of 1024. */
    static ValueType<Long> size(long least, long most) {
        return new ValueType<>(
                "a size from " + sizeText(least) + " to " + sizeText(most)
                        + ", such as 64KB or 1MB (B, KB, MB, GB; 1KB is 1024 bytes)",
                text -> {
                    long value = readSize(text);
                    if (value < least || value > most) {
                        throw new BadValue("");
                    }
                    return value;
                },
                ValueType::sizeText,
                text -> readSize(text) + "L",
                false,
                false);
    }

    private static long readSize(String text) {
        Matcher amount = AMOUNT.matcher(text);
        if (!amount.matches()) {
            throw new BadValue("");
        }
        long number = Long.parseLong(amount.group(1));
        int shift =
                switch (amount.group(2).toUpperCase(Locale.ROOT)) {
                    case "B" -> 0;
                    case "KB" -> 10;
                    case "MB" -> 20;
                    case "GB" -> 30;
                    case "" -> {
                        if (number == 0) {
                            yield 0;
                        }
                        throw new BadValue("the unit is missing", text + "B");
                    }
                    default -> throw new BadValue("");
                };
        if (number > Long.MAX_VALUE >> shift) {
            throw new BadValue("");
        }
        return number << shift;
    }

    private static String sizeText(long bytes) {
        for (int shift = 30; shift > 0 && bytes > 0; shift -= 10) {
            if (bytes % (1L << shift) == 0) {
                return (bytes >> shift) + (shift == 30 ? "GB" : shift == 20 ? "MB" : "KB");
            }
        }
        return bytes + "B";
    }

    static ValueType<Integer> integer(int least, int most) {
        String allowed = least == Integer.MIN_VALUE && most == Integer.MAX_VALUE
                ? "a whole number"
                : "a whole number from " + least + " to " + most;
        return new ValueType<>(
                allowed,
                text -> {
                    try {
                        int value = Integer.parseInt(text);
                        if (value >= least && value <= most) {
                            return value;
                        }
                    } catch (NumberFormatException e) {
                        throw new BadValue("");
                    }
                    throw new BadValue("");
                },
                String::valueOf,
                Function.identity(),
                false,
                false);
    }

    static ValueType<Boolean> bool() {
        return new ValueType<>(
                "true or false",
                text -> switch (text) {
                    case "true" -> true;
                    case "false" -> false;
                    case "yes", "on", "1", "TRUE", "True" -> throw new BadValue("", "true");
                    case "no", "off", "0", "FALSE", "False" -> throw new BadValue("", "false");
                    default -> throw new BadValue("");
                },
                String::valueOf,
                Function.identity(),
                false,
                false);
    }

    static <E extends Enum<E>> ValueType<E> choice(Class<E> type) {
        return new ValueType<>(
                "one of " + words(type),
                text -> readChoice(type, text),
                ValueType::word,
                text -> type.getSimpleName() + "." + readChoice(type, text).name(),
                false,
                false);
    }

    static <E extends Enum<E>> ValueType<List<E>> choices(Class<E> type) {
        ValueType<List<E>> list = list("any of " + words(type), text -> readChoice(type, text));
        return new ValueType<>(
                list.allowed,
                list.reader,
                values -> values.stream().map(ValueType::word).collect(Collectors.joining(" ")),
                text -> split(text).stream()
                        .map(item -> type.getSimpleName() + "."
                                + readChoice(type, item).name())
                        .collect(Collectors.joining(", ")),
                true,
                false);
    }

    private static <E extends Enum<E>> E readChoice(Class<E> type, String text) {
        for (E value : type.getEnumConstants()) {
            if (word(value).equals(text)) {
                return value;
            }
        }
        throw new BadValue(
                "",
                Nearest.to(
                        text,
                        Arrays.stream(type.getEnumConstants())
                                .map(ValueType::word)
                                .toList()));
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String words(Class<? extends Enum<?>> type) {
        return Arrays.stream(type.getEnumConstants()).map(ValueType::word).collect(Collectors.joining(", "));
    }

    /** @param checked returns its argument or throws */
    static ValueType<String> text(String allowed, Function<String, String> checked) {
        return new ValueType<>(allowed, checked, Function.identity(), ValueType::quoted, false, false);
    }

    /**
     * A field value with variables that are filled in for every exchange.
     *
     * @param response whether it is for a response
     */
    static ValueType<String> template(boolean response) {
        return new ValueType<>(
                "text without control characters, with "
                        + (response ? Variables.LISTED_FOR_RESPONSES : Variables.LISTED) + " where needed",
                text -> Variables.checkedTemplate(text, response),
                Function.identity(),
                ValueType::quoted,
                false,
                true);
    }

    /**
     * Items separated by spaces, commas or line breaks. The builder gives them one by one.
     *
     * @param item throws {@link IllegalArgumentException} for an item it does not take
     */
    static <T> ValueType<List<T>> list(String allowed, Function<String, T> item) {
        return new ValueType<>(
                allowed,
                text -> readEach(split(text), item),
                values -> {
                    throw new UnsupportedOperationException("a list is given item by item");
                },
                text -> split(text).stream().map(ValueType::quoted).collect(Collectors.joining(", ")),
                true,
                false);
    }

    /** Goes on after a bad item, so that one message names them all. */
    private static <T> List<T> readEach(List<String> items, Function<String, T> item) {
        List<T> read = new ArrayList<>();
        List<String> better = new ArrayList<>();
        Set<String> problems = new LinkedHashSet<>();
        boolean allBettered = true;
        for (String text : items) {
            try {
                read.add(item.apply(text));
                better.add(text);
            } catch (IllegalArgumentException e) {
                problems.add(e.getMessage().isEmpty() ? "'" + text + "' is none of these" : e.getMessage());
                String instead = e instanceof BadValue bad ? bad.instead() : "";
                allBettered &= !instead.isEmpty();
                better.add(instead);
            }
        }
        if (!problems.isEmpty()) {
            throw new BadValue(String.join("; ", problems), allBettered ? join(better.toArray(String[]::new)) : "");
        }
        return List.copyOf(read);
    }

    /** {@code Name=value} or {@code Name} items. */
    static ValueType<Map<String, String>> fieldConditions() {
        ValueType<List<String>> items = list("", Function.identity());
        return new ValueType<>(
                "field names, each alone (it must be there) or as Name=value, such as X-Api-Version=2 X-Beta",
                text -> {
                    Map<String, String> fields = new LinkedHashMap<>();
                    for (String item : items.read(text)) {
                        int equals = item.indexOf('=');
                        String name = token(equals < 0 ? item : item.substring(0, equals));
                        if (fields.put(name, equals < 0 ? "" : item.substring(equals + 1)) != null) {
                            throw new BadValue(name + " is there twice");
                        }
                    }
                    return fields;
                },
                fields -> {
                    throw new UnsupportedOperationException("a list is given item by item");
                },
                items.java,
                true,
                false);
    }

    /** {@code METHOD=cost} items. */
    static ValueType<Map<String, Integer>> costs() {
        ValueType<List<String>> items = list("", Function.identity());
        return new ValueType<>(
                "methods with what they cost, 0 to 1000000, such as POST=5 HEAD=0",
                text -> {
                    Map<String, Integer> costs = new LinkedHashMap<>();
                    for (String item : items.read(text)) {
                        Matcher cost = COST.matcher(item);
                        if (!cost.matches()) {
                            throw new BadValue("");
                        }
                        if (costs.put(token(cost.group(1)), Integer.parseInt(cost.group(2))) != null) {
                            throw new BadValue(cost.group(1) + " is there twice");
                        }
                    }
                    return costs;
                },
                costs -> {
                    throw new UnsupportedOperationException("a list is given item by item");
                },
                items.java,
                true,
                false);
    }

    /** One of two status codes. */
    static ValueType<Integer> status(int one, int other) {
        ValueType<Integer> integer = integer(one, other);
        return new ValueType<>(
                one + " or " + other,
                text -> {
                    int status = integer.read(text);
                    if (status != one && status != other) {
                        throw new BadValue("");
                    }
                    return status;
                },
                String::valueOf,
                Function.identity(),
                false,
                false);
    }

    /** A token (RFC 9110 §5.6.2), which field names (§5.1) and methods (§9.1) are. */
    static String token(String text) {
        if (!TOKEN.matcher(text).matches()) {
            throw new BadValue("'" + text + "' is not a token (letters, digits and !#$%&'*+-.^_`|~)");
        }
        return text;
    }

    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** The items of a list; one in double quotes may hold separators, and a quote or backslash after a backslash. */
    static List<String> split(String text) {
        List<String> items = new ArrayList<>();
        StringBuilder item = null;
        boolean inQuotes = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!inQuotes && (Character.isWhitespace(c) || c == ',')) {
                if (item != null) {
                    items.add(item.toString());
                }
                item = null;
                continue;
            }
            item = item == null ? new StringBuilder() : item;
            if (c == '"') {
                inQuotes = !inQuotes;
            } else if (inQuotes && c == '\\' && i + 1 < text.length()) {
                item.append(text.charAt(++i));
            } else {
                item.append(c);
            }
        }
        if (inQuotes) {
            throw new BadValue("a double quote is not closed");
        }
        if (item != null) {
            items.add(item.toString());
        }
        return List.copyOf(items);
    }

    /** The list that splits into these items again. */
    static String join(String... items) {
        return Arrays.stream(items)
                .map(item -> item.isEmpty() || item.matches("(?s).*[\\s,\"].*") ? quoted(item) : item)
                .collect(Collectors.joining(" "));
    }
}
