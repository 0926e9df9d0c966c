package dev.headgate.samples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A run of seconds: that it runs at all. Its figures mean nothing. */
class BenchmarkTest {

    @Test
    void measuresTheGatewayAndItsPeers() throws Exception {
        assumeThat(Wrk.isInstalled()).as("wrk is installed").isTrue();

        String report = Benchmark.run(Options.of(
                "target=" + Path.of("target").toAbsolutePath(),
                "rows=1k,cache-1k",
                "peers=tomcat-headgate,tomcat-http-proxy-servlet,tomcat-socket,tomcat-floor,jetty-headgate,jetty-async",
                "rounds=1",
                "seconds=1",
                "warmup=0",
                "heap=128"));

        assertThat(report)
                .contains("### 1 KB, 64 connections", "### cache hit, 1 KB, 64 connections")
                .contains("| tomcat-headgate | tomcat-http-proxy-servlet | CPU per request |")
                .contains("| jetty-headgate | jetty-async | throughput |")
                .contains("| tomcat-headgate | tomcat-floor | CPU per request |");
        assertThat(report.lines().filter(line -> line.matches("\\| (tomcat|jetty)-\\S+ \\| \\d.*")))
                .as("answers without errors")
                .hasSize(9)
                .allMatch(line -> line.endsWith("| 0 |"));
    }

    @Test
    void readsWhatWrkPrints() {
        Wrk.Load load = Wrk.parse(
                """
                Running 2s test @ http://127.0.0.1:1/1k
                  1 threads and 64 connections
                  Thread Stats   Avg      Stdev     Max   +/- Stdev
                    Latency     2.18ms    3.52ms  45.71ms   90.51%
                    Req/Sec    51.04k     5.12k   60.75k    75.00%
                  Latency Distribution
                     50%  950.00us
                     75%    2.10ms
                     90%    5.87ms
                     99%    1.25s
                  101573 requests in 2.00s, 116.43MB read
                  Socket errors: connect 1, read 2, write 3, timeout 4
                  Non-2xx or 3xx responses: 5
                Requests/sec:  50729.03
                Transfer/sec:     58.15MB
                """);

        assertThat(load).isEqualTo(new Wrk.Load(101_573, 50_729.03, 0.95, 1250, 15));
    }
}
