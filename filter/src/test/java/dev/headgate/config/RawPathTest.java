package dev.headgate.config;

import static dev.headgate.config.TargetConfig.AmbiguousPath.ENCODED_SLASH;
import static dev.headgate.config.TargetConfig.AmbiguousPath.PARAMETERS;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RawPathTest {

    private static final Set<TargetConfig.AmbiguousPath> ALL = EnumSet.allOf(TargetConfig.AmbiguousPath.class);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "//",
                "///a//",
                "/a.b",
                "/...",
                "/.a",
                "/..a",
                "/a..",
                "/.well-known/x",
                "/|{}[]+^`\"<>",
                "/%7C",
                "/100%25",
                "/%2541",
                "/a%252Fb",
                "/a%255Cb",
                "/%20",
                "/%E2%82%AC",
                "/%FF%FE",
                "/\u00e2\u0082\u00ac",
                "/\u20ac",
                "/\ud83d\ude00",
                "/%C0%B4%D7%D4",
                "/%C1%AA",
                "/a:b@c!$&'()*,=",
                "/~u",
                "/%7B%7D"
            })
    void pathThatEverybodyReadsAlikePasses(String path) {
        assertThat(RawPath.flaw(path, Set.of())).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
            /.                       | dot segment
            /..                      | dot segment
            /a/./b                   | dot segment
            /a/../b                  | dot segment
            /a/..                    | dot segment
            /%2e                     | dot segment
            /%2E%2e/                 | dot segment
            /.%2E/b                  | dot segment
            /%2e./b                  | dot segment
            /a/..;x                  | dot segment
            /a/..;x=1/b              | dot segment
            /a/.;/b                  | dot segment
            /a/%2e%2e;x/b            | dot segment
            /a/..;jsessionid=1/b     | dot segment
            /a/..%3Bx/b              | dot segment
            /a/..%3Fx/b              | dot segment
            /a/..%23x/b              | dot segment
            /a/..%20/b               | dot segment
            /a%2f../b                | dot segment
            /a%2F..%2Fb              | dot segment
            /a/..%2fb                | dot segment
            /a%2f%2e%2e%2fb          | dot segment
            /a;x=%2f..%2f            | dot segment
            /a/%252e%252e/b          | dot segment
            /a/.%252E/b              | dot segment
            /a/%25%32%65./b          | dot segment
            /a%252f..%252fb          | dot segment
            /a/..%255cb              | dot segment
            /a/..%253bx/b            | dot segment
            /a/%25c0%25ae%25c0%25ae/ | dot segment
            /a\\b                    | backslash
            /a/..\\b                 | backslash
            /a%5cb                   | backslash
            /a/..%5Cb                | backslash
            /a%00b                   | control character
            /a%0d%0aX:%20y           | control character
            /a%1F                    | control character
            /a%7f                    | control character
            /a%                      | malformed
            /a%2                     | malformed
            /a%2/b                   | malformed
            /a%zz                    | malformed
            /a%u002e%u002e/          | malformed
            /a%+1                    | malformed
            /a%c0%ae                 | overlong
            /a/%C0%AE%C0%AE/b        | overlong
            /a%c0%af                 | overlong
            /a%c1%9c                 | overlong
            /a%c0%80                 | overlong
            /a%c0%bb                 | overlong
            /a%c0%a5                 | overlong
            /a%e0%80%ae              | overlong
            /a%f0%80%80%af           | overlong
            /a%f8%80%80%80%ae        | overlong
            /a%fc%80%80%80%80%ae     | overlong
            /a b                     | cannot stand
            /a?b                     | cannot stand
            /a#b                     | cannot stand
            """)
    void pathThatIsReadDifferentlyIsRefusedWhateverARouteAllows(String path, String flaw) {
        assertThat(RawPath.flaw(path, ALL)).contains(flaw);
        assertThat(RawPath.flaw(path, Set.of())).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/a\u0000", "/a\tb", "/a\r\nb", "/a\u007f", "/\ud83d", "/\ude00a", "/a\u00c0\u00ae", "/%١١"})
    void rawBytesThatNoRequestTargetHasAreRefused(String path) {
        assertThat(RawPath.flaw(path, ALL)).isNotNull();
    }

    @Test
    void encodedSlashAndParametersPassOnlyWhereAllowed() {
        assertThat(RawPath.flaw("/a%2Fb%2fc", Set.of())).isEqualTo("has an encoded slash");
        assertThat(RawPath.flaw("/a%2Fb%2fc", Set.of(PARAMETERS))).isEqualTo("has an encoded slash");
        assertThat(RawPath.flaw("/a%2Fb%2fc", Set.of(ENCODED_SLASH))).isNull();
        assertThat(RawPath.flaw("/a;v=1/b;", Set.of())).isEqualTo("has a path parameter");
        assertThat(RawPath.flaw("/a;v=1/b;", Set.of(ENCODED_SLASH))).isEqualTo("has a path parameter");
        assertThat(RawPath.flaw("/a;v=1/b;", Set.of(PARAMETERS))).isNull();
    }
}
