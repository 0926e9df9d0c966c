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
                .set("route.r.request.set.X-Auth-Key", "${env.NOBODY_SETS_THIS:-geheim}")
                .set("route.r.request.set.X-Scheme", "Bearer ${env.NOBODY_SETS_THIS:-geheim}")
                .set("upstream.r.health.probe", "http")
                .set("upstream.r.health.fields", "X-Probe=1 \"X-Api-Key=geheim geheim\"")
                .set("upstream.r.balance.secret", "geheim")
                .set("route.w.path", "/w")
                .set("route.w.to", "http://127.0.0.1:1\n http://127.0.0.1:2")
                .build());
        assertThat(text)
                .contains("\nroute.r.path = /api/*\n")
                .contains("\nroute.r.to = http://orders-01.internal.example.com:8080/base\n")
                .contains("\nlimits.store = redis://***@127.0.0.1:6379/0\n")
                .contains("\nlimit.all.rate = 5/h\n")
                .contains("\nroute.r.request.set.Authorization = ***\n")
                .contains("\nroute.r.request.set.X-Token = ${session.token}\n")
                .contains("\nroute.r.request.set.X-Plain = seen\n")
                .contains("\nroute.r.request.set.X-Odd = ***\n")
                .contains("\nupstream.r.health.fields = X-Probe=1 \"X-Api-Key=***\n")
                .contains("\nupstream.r.balance.secret = ***\n")
                .contains("\nroute.w.to = http://127.0.0.1:1 http://127.0.0.1:2\n")
                .doesNotContain("geheim");
        assertThat(text.substring(text.indexOf("# By default")))
                .contains("\nroute.r.timeout.connect = 3s\n")
                .contains("\nroute.r.cache = false\n")
                .contains("\nupstream.w.tls.trust-password =\n")
                .doesNotContain("route.r.path");
    }
}
