package dev.headgate.failure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which form a client gets for its {@code Accept} (RFC 9110 §12.5.1). */
class AnswerFormTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
            # clients as they are
            */*                                                                             | TEXT
            text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8      | HTML
            application/json, text/plain, */*                                               | PROBLEM
            application/json                                                                | PROBLEM
            application/problem+json                                                        | PROBLEM
            application/vnd.shop.v2+json                                                    | PROBLEM
            application/*+json                                                              | PROBLEM
            text/event-stream                                                               | TEXT
            image/avif,image/webp,image/*,*/*;q=0.8                                         | TEXT
            text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2                            | HTML
            # quality
            text/html;q=0.5,application/json                                                | PROBLEM
            text/html,application/json;q=0.9                                                | HTML
            text/html;q=0.5,application/json;q=0.4,text/plain;q=0.6                         | TEXT
            application/json;q=0,*/*                                                        | TEXT
            text/plain;q=0,*/*                                                              | HTML
            text/plain;q=0,text/html;q=0,*/*                                                | PROBLEM
            # the most exact range decides
            text/*;q=0.9,text/html;q=0.1,application/json;q=0.5                             | TEXT
            text/*,text/plain;q=0                                                           | HTML
            application/*                                                                   | PROBLEM
            text/*                                                                          | TEXT
            # equals: named before guessed, then in order
            text/html,application/json                                                      | HTML
            application/json,text/html                                                      | PROBLEM
            */*,text/html                                                                   | HTML
            # parameters, case, space
            TEXT/HTML ; level=1 ; Q=0.8                                                     | HTML
            application/json;charset=utf-8                                                  | PROBLEM
            # what cannot be read, and what nobody offers
            image/png                                                                       | TEXT
            text/html;q=7                                                                   | TEXT
            text/html;q=-1,application/json;q=0.1                                           | PROBLEM
            ,,;;                                                                            | TEXT
            """)
    void clientGetsTheFormItLikesBest(String accept, AnswerForm expected) {
        assertThat(AnswerForm.choose(List.of(accept))).isEqualTo(expected);
    }

    @Test
    void withoutTheFieldThereIsAPlainLine() {
        assertThat(AnswerForm.choose(List.of())).isEqualTo(AnswerForm.TEXT);
        assertThat(AnswerForm.choose(List.of(""))).isEqualTo(AnswerForm.TEXT);
    }

    @Test
    void severalLinesAreOneList() {
        assertThat(AnswerForm.choose(List.of("text/html;q=0.1", "application/json")))
                .isEqualTo(AnswerForm.PROBLEM);
    }
}
