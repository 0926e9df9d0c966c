package dev.headgate.observe;

/**
 * How long things took within the last minute, in nanoseconds, right to 3 of 100; all 0 where there was nothing.
 *
 * @param median half of them took no longer
 * @param p95 95 of 100 took no longer
 * @param p99 99 of 100 took no longer
 * @param most the longest
 */
record Latency(long median, long p95, long p99, long most) {}
