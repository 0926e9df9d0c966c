package dev.headgate.upstream;

import dev.headgate.config.BalanceConfig;
import dev.headgate.config.BalanceConfig.Method;
import dev.headgate.config.HealthConfig;
import dev.headgate.config.OriginConfig;
import dev.headgate.config.PoolConfig;
import dev.headgate.config.RetryConfig;
import dev.headgate.config.TlsConfig;
import dev.headgate.config.UpstreamConfig;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;

/** Configuration for tests of this package, with the defaults of the settings unless told otherwise. */
final class Configs {

    static final Duration EJECTION = Duration.ofSeconds(5);

    private Method method = Method.TWO_CHOICES;
    private String zone = "";
    private BalanceConfig.Resolve resolve = BalanceConfig.Resolve.ONCE;
    private HealthConfig.Kind kind = HealthConfig.Kind.NONE;
    private String path = "/health";
    private String text = "";
    private int maxEjectedPercent = 50;
    private int panicPercent = 30;
    private Duration slowStart = Duration.ofSeconds(10);
    private Duration probeTimeout = Duration.ofSeconds(2);
    private TlsConfig tls = TlsConfig.DEFAULT;
    private RetryConfig.Budget budget = new RetryConfig.Budget(20, 3);

    Configs method(Method value) {
        method = value;
        return this;
    }

    Configs zone(String value) {
        zone = value;
        return this;
    }

    Configs resolveEach() {
        resolve = BalanceConfig.Resolve.EACH;
        return this;
    }

    Configs probe(HealthConfig.Kind value, String probePath, String probeText) {
        kind = value;
        path = probePath;
        text = probeText;
        return this;
    }

    Configs probeTimeout(Duration value) {
        probeTimeout = value;
        return this;
    }

    Configs maxEjected(int percent) {
        maxEjectedPercent = percent;
        return this;
    }

    Configs panic(int percent) {
        panicPercent = percent;
        return this;
    }

    Configs noSlowStart() {
        slowStart = Duration.ZERO;
        return this;
    }

    Configs tls(TlsConfig value) {
        tls = value;
        return this;
    }

    HealthConfig health() {
        return new HealthConfig(
                true,
                5,
                50,
                EJECTION,
                Duration.ofMinutes(2),
                maxEjectedPercent,
                panicPercent,
                Duration.ofSeconds(3),
                new HealthConfig.Probe(
                        kind,
                        path,
                        "GET",
                        "",
                        Map.of(),
                        200,
                        399,
                        text,
                        probeTimeout.multipliedBy(5),
                        probeTimeout,
                        2,
                        3));
    }

    UpstreamConfig upstream(String... origins) {
        return new UpstreamConfig(
                "u",
                Arrays.stream(origins).map(OriginConfig::parse).toList(),
                new PoolConfig(100, Duration.ofSeconds(1), Duration.ofSeconds(30), Duration.ZERO),
                tls,
                new UpstreamConfig.HeadLimits(65536, 200),
                new BalanceConfig(
                        method,
                        method == Method.HASH ? "address" : "",
                        "",
                        zone,
                        50,
                        slowStart,
                        resolve,
                        Duration.ofSeconds(30)),
                health(),
                budget,
                dev.headgate.config.ConcurrencyConfig.NONE);
    }
}
