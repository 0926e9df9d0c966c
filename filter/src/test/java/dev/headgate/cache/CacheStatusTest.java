package dev.headgate.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.cache.CacheStatus.Forward;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RFC 9211 §2. */
class CacheStatusTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "headgate|headgate",
                "gate-1.example:8080/a|gate-1.example:8080/a",
                "1st gate|\"1st gate\"",
                "a\"b\\c|\"a\\\"b\\\\c\"",
                "gäte|\"g?te\""
            })
    void aCacheIsNamedByATokenOrAString(String name, String spelt) {
        assertThat(CacheStatus.name(name)).isEqualTo(spelt);
    }

    @Test
    void parametersFollowTheName() {
        assertThat(CacheStatus.hit(1999).field("a")).isEqualTo("a; hit; ttl=1");
        assertThat(CacheStatus.hit(-1).field("a")).isEqualTo("a; hit; ttl=-1");
        assertThat(CacheStatus.forwarded(Forward.STALE)
                        .withForwardStatus(304)
                        .withStored(60_000)
                        .withCollapsed()
                        .withDetail("why")
                        .field("a"))
                .isEqualTo("a; fwd=stale; fwd-status=304; ttl=60; stored; collapsed; detail=why");
    }
}
