package dev.headgate.samples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** That every JMH benchmark runs. The figures of so short a run mean nothing. */
class JmhTest {

    @Test
    void everyBenchmarkRuns() throws Exception {
        Set<String> ran = new TreeSet<>();
        for (RunResult result : new Runner(new OptionsBuilder()
                        .forks(0)
                        .warmupIterations(0)
                        .measurementIterations(1)
                        .measurementTime(TimeValue.milliseconds(10))
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT)
                        .build())
                .run()) {
            ran.add(result.getParams().getBenchmark());
        }

        assertThat(ran).hasSizeGreaterThanOrEqualTo(15).allMatch(name -> name.startsWith("dev.headgate."));
    }
}
