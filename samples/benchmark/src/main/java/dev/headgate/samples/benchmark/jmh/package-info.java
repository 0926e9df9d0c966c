/**
 * JMH benchmarks of the gateway's hot parts. Those that need the package-private classes of the filter stand in packages
 * of its names.
 */
package dev.headgate.samples.benchmark.jmh;
