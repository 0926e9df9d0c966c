package dev.headgate.failure;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kind has every text in every language. */
class TextsTest {

    static Stream<String> languages() {
        return Texts.LANGUAGES.stream();
    }

    @ParameterizedTest
    @MethodSource("languages")
    void languageHasEveryKeyOfEnglishAndNoOther(String language) {
        Properties texts = Texts.properties("texts_" + language + ".properties");
        Properties english = Texts.properties("texts_en.properties");
        assertThat(texts.stringPropertyNames()).isEqualTo(english.stringPropertyNames());
        for (String key : english.stringPropertyNames()) {
            assertThat(texts.getProperty(key)).as(key).isNotBlank().doesNotContain("\uFFFD");
            assertThat(texts.getProperty(key).contains("{0}"))
                    .as(key + " has a place to fill in")
                    .isEqualTo(english.getProperty(key).contains("{0}"));
            if (!language.equals("en") && key.endsWith(".story")) {
                assertThat(texts.getProperty(key)).as(key).isNotEqualTo(english.getProperty(key));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("languages")
    void everyKindHasItsTexts(String language) {
        Texts texts = Texts.of(language);
        for (FailureKind kind : FailureKind.values()) {
            for (boolean safe : new boolean[] {true, false}) {
                assertThat(texts.headline(kind)).as(kind.word()).isNotBlank().doesNotEndWith(".");
                assertThat(texts.story(kind)).as(kind.word()).isNotBlank().endsWith(".");
                assertThat(HtmlPage.advice(Reports.of(kind), texts, safe))
                        .as(kind.word())
                        .isNotBlank()
                        .endsWith(".");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            de                            | de
            de-AT,en;q=0.5                | de
            pt-BR,pt;q=0.9,en;q=0.8       | pt
            sv,fr;q=0.8,en;q=0.7          | fr
            en;q=0.1,it                   | it
            zh-CN,zh;q=0.9                | en
            *                             | en
            de;q=0,fr                     | fr
            xx-!!                         | en
            ;;,,                          | en
            """)
    void clientReadsTheLanguageItLikesBest(String acceptLanguage, String expected) {
        assertThat(Texts.choose(List.of(acceptLanguage)).language()).isEqualTo(expected);
    }

    @Test
    void endlessWishesAreNotRead() {
        assertThat(Texts.choose(List.of("de,".repeat(10_000))).language()).isEqualTo("en");
        assertThat(Texts.choose(List.of()).language()).isEqualTo("en");
    }

    @Test
    void timeIsWrittenAsTheLanguageWritesIt() {
        Instant time = Instant.parse("2026-11-23T14:05:09Z");
        assertThat(Texts.of("en").time(time)).isEqualTo("23 November 2026, 14:05:09 UTC");
        assertThat(Texts.of("de").time(time)).isEqualTo("23. November 2026, 14:05:09 UTC");
    }
}
