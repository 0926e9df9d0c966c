package dev.headgate.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.setup.GatewayBuilder;
import org.junit.jupiter.api.Test;

/** What operators read of a configuration, and what nobody does. */
class ConfigTextTest {

    @Test
    void settingsAreThereAndSecretsAreNot() {
        String text = ConfigText.of(GatewayBuilder.create()
                .set("route.r.path", "/api/*")
                .set("route.r.to", "http://orders-01.internal.example.com:8080/base")
                .set("limits.store", "redis://user:geheim@127.0.0.1:6379/0")
                .set("limit.all.rate", "5/h")
                .set("route.r.limits", "all")
                .set("route.r.request.set.Authorization", "Bearer geheim")
                .set("route.r.request.set.X-Api-Key", "geheim")
                .set("route.r.request.set.X-Token", "${session.token}")
                .set("route.r.request.set.X-Plain", "seen")
                .set("route.r.request.set.X-Odd", "geheim0123456789geheim")
                .set("upstream.r.balance.secret", "geheim")
                .build());
        assertThat(text)
                .contains("paths = /api/*")
                .contains("host = orders-01.internal.example.com")
                .contains("uri = redis://***@127.0.0.1:6379/0")
                .contains("Authorization = ***")
                .contains("X-Token = ${session.token}")
                .contains("X-Plain = seen")
                .contains("X-Odd = ***")
                .doesNotContain("geheim");
    }
}
