package dev.headgate.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PathSyntaxTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            /*                        | *
            /                         | ''
            /api/*                    | *
            /api/status               | ''
            /api/                     | ''
            *.pdf                     | ''
            *.tar.gz                  | ''
            /users/{id}/orders        | id
            /users/{id}/*             | id,*
            /{a}/{b-2}/{c.d}/{_}      | a,b-2,c.d,_
            /caf%C3%A9/*              | *
            /a;v=1/*                  | *
            """)
    void patternNamesItsCaptures(String pattern, String captures) {
        assertThat(String.join(",", PathSyntax.captures(pattern))).isEqualTo(captures);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            ''                | must not be empty
            api               | must start with / or *.
            *                 | must start with / or *.
            *pdf              | must start with / or *.
            http://host/api   | must start with / or *.
            *.                | no extension
            *.a/b             | may have no /
            *.{ext}           | may have no /
            /api*             | may have a * only
            /*/api            | may have a * only
            /a/**             | may have a * only
            /a/*.pdf          | may have a * only
            /a/{*}            | may have a * only
            /a//b             | empty segment
            /a//*             | empty segment
            /a/{}             | braces only
            /a/{1}            | braces only
            /a/x{id}          | braces only
            /a/{id}x          | braces only
            /a/{id            | braces only
            /a/id}            | braces only
            /{id}/{id}        | {id} twice
            /a/../b           | dot segment
            /a/%2E%2e/*       | dot segment
            /a b              | cannot stand
            /a?x=1            | cannot stand
            /a#f              | cannot stand
            /a%zz             | malformed percent escape
            /a\\b             | backslash
            /a%00             | control character
            /é                | percent-encode
            """)
    void badPatternIsRefusedWithASentence(String pattern, String sentence) {
        assertThatThrownBy(() -> new MatchConfig(List.of(pattern), List.of(), List.of(), Map.of(), 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence)
                .hasMessageStartingWith(pattern.isEmpty() ? "a path pattern" : "path pattern '" + pattern + "'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            v1            | must be keep, strip, or a path
            KEEP          | must be keep, strip, or a path
            {*}           | must be keep, strip, or a path
            http://h/x    | must be keep, strip, or a path
            /v1/{         | braces only around a name
            /v1/{}        | braces only around a name
            /v1/{a b}     | braces only around a name
            /v1/../x      | dot segment
            /v1/%{id}     | malformed percent escape
            /v1?x         | cannot stand
            /v1;a=b       | path parameter
            /v1%2Fx       | encoded slash
            /ü            | percent-encode
            """)
    void badTargetIsRefusedWithASentence(String target, String sentence) {
        assertThatThrownBy(() -> new TargetConfig(target, Set.of(), "upstream"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence)
                .hasMessageStartingWith("target path '" + target + "'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            /v1/{id}   | /a/{id}/* /b/*    | names {id}, which path pattern '/b/*' does not capture
            /v1{*}     | /a/*  /b          | names {*}, which path pattern '/b' does not capture
            keep       | /a  /b;v=1/*      | '/b;v=1/*' has a path parameter, which the route does not allow
            strip      | /a%2Fb/*          | '/a%2Fb/*' has an encoded slash, which the route does not allow
            /v1/{*}    | *.pdf             | names {*}, which path pattern '*.pdf' does not capture
            """)
    void targetAndPatternsThatDoNotFitAreRefused(String target, String patterns, String sentence) {
        TargetConfig config = new TargetConfig(target, Set.of(), "upstream");
        assertThatThrownBy(() -> PathSyntax.checkTargetFits(config, List.of(patterns.split(" +"))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(sentence);
    }

    @Test
    void templateIsCutIntoLiteralTextAndNamesInTurn() {
        assertThat(PathSyntax.templateParts("/v1/{id}{*}")).containsExactly("/v1/", "id", "", "*", "");
        assertThat(PathSyntax.templateParts("/v1")).containsExactly("/v1");
    }
}
