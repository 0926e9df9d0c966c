package dev.headgate.failure;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;

/** What the public reads, in one language. Immutable. */
final class Texts {

    /** The first one is for whoever asks for none of them. */
    static final List<String> LANGUAGES = List.of("en", "de", "es", "fr", "it", "nl", "pt");

    private static final Map<String, Texts> BY_LANGUAGE = load();

    private static final List<Locale> LOCALES =
            LANGUAGES.stream().map(Locale::forLanguageTag).toList();

    /** Longer than any browser's, shorter than an attack. */
    private static final int MAX_FIELD_LENGTH = 500;

    private final Locale locale;
    private final Properties texts;

    private Texts(Locale locale, Properties texts) {
        this.locale = locale;
        this.texts = texts;
    }

    private static Map<String, Texts> load() {
        Map<String, Texts> all = new LinkedHashMap<>();
        for (String language : LANGUAGES) {
            all.put(
                    language,
                    new Texts(Locale.forLanguageTag(language), properties("texts_" + language + ".properties")));
        }
        return Map.copyOf(all);
    }

    /** A file of this package, in UTF-8. */
    static Properties properties(String file) {
        Properties properties = new Properties();
        try (Reader reader = new InputStreamReader(resource(file), StandardCharsets.UTF_8)) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }

    /** The same as a map. */
    static Map<String, String> entries(String file) {
        Map<String, String> entries = new LinkedHashMap<>();
        properties(file).forEach((key, text) -> entries.put((String) key, (String) text));
        return entries;
    }

    static InputStream resource(String file) {
        InputStream stream = Texts.class.getResourceAsStream(file);
        if (stream == null) {
            throw new IllegalStateException(file + " is missing in the jar");
        }
        return stream;
    }

    /**
     * The language that the client likes best (RFC 9110 §12.5.4, RFC 4647 §3.4 lookup).
     *
     * @param acceptLanguage the lines of the field
     */
    static Texts choose(List<String> acceptLanguage) {
        List<Locale.LanguageRange> ranges = new ArrayList<>();
        for (String line : acceptLanguage) {
            try {
                if (line.length() <= MAX_FIELD_LENGTH) {
                    ranges.addAll(Locale.LanguageRange.parse(line));
                }
            } catch (IllegalArgumentException e) {
                // As if it had not been sent: a page in English is better than none.
                continue;
            }
        }
        Locale best = ranges.isEmpty() ? null : Locale.lookup(ranges, LOCALES);
        return of(best == null ? LANGUAGES.get(0) : best.getLanguage());
    }

    static Texts of(String language) {
        return BY_LANGUAGE.get(language);
    }

    /** As {@code Content-Language} and the attribute {@code lang} have it. */
    String language() {
        return locale.getLanguage();
    }

    String get(String key) {
        String text = texts.getProperty(key);
        if (text == null) {
            throw new IllegalArgumentException("no text " + key + " in " + language());
        }
        return text;
    }

    String get(String key, Object value) {
        return get(key).replace("{0}", String.valueOf(value));
    }

    String headline(FailureKind kind) {
        return get(situation(kind) + ".headline");
    }

    String story(FailureKind kind) {
        return get(situation(kind) + ".story");
    }

    /** What to change about the request, for kinds whose {@link FailureKind.Again} is {@code CHANGED}. */
    String advice(FailureKind kind) {
        return get(situation(kind) + ".advice");
    }

    String time(Instant time) {
        // English as most of the world writes it, and 24 hours for everybody, as in logs.
        Locale written = locale.equals(Locale.ENGLISH) ? Locale.UK : locale;
        OffsetDateTime there = time.atOffset(ZoneOffset.UTC);
        return DateTimeFormatter.ofLocalizedDate(FormatStyle.LONG)
                        .withLocale(written)
                        .format(there)
                + DateTimeFormatter.ofPattern(", HH:mm:ss 'UTC'", Locale.ROOT).format(there);
    }

    /** Several kinds are one and the same to the public. */
    private static String situation(FailureKind kind) {
        return switch (kind) {
            case DNS_ERROR, DNS_TIMEOUT, DESTINATION_IP_UNROUTABLE, CONNECTION_REFUSED, CONNECTION_TIMEOUT ->
                "unreachable";
            case CONNECTION_READ_TIMEOUT, CONNECTION_WRITE_TIMEOUT, HTTP_RESPONSE_TIMEOUT -> "silent";
            case CONNECTION_TERMINATED,
                    HTTP_PROTOCOL_ERROR,
                    HTTP_RESPONSE_HEADER_SECTION_SIZE,
                    HTTP_RESPONSE_HEADER_SIZE,
                    HTTP_RESPONSE_BODY_SIZE,
                    HTTP_RESPONSE_TRANSFER_CODING,
                    HTTP_RESPONSE_INCOMPLETE -> "broken";
            case TLS_CERTIFICATE_ERROR, TLS_PROTOCOL_ERROR -> "insecure";
            case DESTINATION_UNAVAILABLE -> "unavailable";
            case CONNECTION_LIMIT_REACHED, HTTP_REQUEST_PUT_OFF -> "busy";
            case HTTP_REQUEST_DENIED -> "denied";
            case HTTP_REQUEST_ERROR -> "bad";
            case CONTENT_TOO_LARGE -> "large";
            case TARGET_TOO_LONG -> "address";
            case FIELDS_TOO_LARGE -> "fields";
            case METHOD_NOT_ALLOWED -> "method";
            case EXPECTATION_FAILED -> "expectation";
            case PROXY_LOOP_DETECTED -> "loop";
            case PROXY_CONFIGURATION_ERROR -> "setup";
            case PROXY_INTERNAL_ERROR -> "internal";
            case CLIENT_LEFT, CLIENT_TOO_SLOW -> "left";
        };
    }
}
