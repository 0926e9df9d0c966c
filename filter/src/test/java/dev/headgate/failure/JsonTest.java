package dev.headgate.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What our own writer writes, an ordinary reader reads. */
class JsonTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "plain",
                "\"quoted\" and \\back\\slashed\\",
                "line\nbreak\r\n\ttab\b\f",
                "\0\1\u001f\u007f\u0080\u009f",
                "</script><!-- &amp; -->",
                "\u2028 and \u2029",
                "umlaut ä, euro €, gear ⚙, treble clef 𝄞",
                "\",\"admin\":true,\"x\":\"",
                "${jndi:ldap://x} {{mustache}} %s"
            })
    void everyStringComesBackAsItWas(String text) throws Exception {
        JsonNode read = read(Map.of(text, List.of(text)));
        assertThat(read.fieldNames()).toIterable().containsExactly(text);
        assertThat(read.get(text).get(0).asText()).isEqualTo(text);
    }

    @Test
    void everyCharacterComesBackAsItWas() throws Exception {
        for (int c = 0; c <= 0xffff; c++) {
            if (!Character.isSurrogate((char) c)) {
                String text = "a" + (char) c + "b";
                assertThat(read(text).asText()).isEqualTo(text);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\ud834", "a\ud834b", "\udd1e", "\udd1e\ud834", "\ud834\ud834\udd1e"})
    void halfACharacterStaysReadable(String text) throws Exception {
        assertThat(read(text).asText()).isEqualTo(text);
        assertThat(Json.text(text))
                .matches(json -> StandardCharsets.UTF_8.newEncoder().canEncode(json));
    }

    @Test
    void membersKeepTheirOrderAndTypes() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("b", 1);
        object.put("a", Long.MAX_VALUE);
        object.put("c", true);
        object.put("d", null);
        object.put("e", List.of());
        object.put("f", Map.of());
        object.put("g", List.of(1, "x"));
        assertThat(Json.text(object))
                .isEqualTo(
                        "{\"b\":1,\"a\":9223372036854775807,\"c\":true,\"d\":null,\"e\":[],\"f\":{},\"g\":[1,\"x\"]}");
    }

    @Test
    void whatJsonHasNoWordForIsRefused() {
        assertThatThrownBy(() -> Json.text(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    }

    private static JsonNode read(Object value) throws Exception {
        return new ObjectMapper().readTree(Json.text(value).getBytes(StandardCharsets.UTF_8));
    }
}
