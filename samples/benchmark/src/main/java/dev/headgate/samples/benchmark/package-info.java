/** The gateway beside its peers: an upstream, each peer in a JVM of its own, and what drives and measures them. */
package dev.headgate.samples.benchmark;
