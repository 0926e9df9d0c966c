package dev.headgate.samples.benchmark;

/**
 * What one round showed of one peer.
 *
 * @param requests how many were answered, or how many events arrived
 * @param errors answers other than 2xx, and failures of connections
 * @param cpuMicros of the peer's processes, a request; 0 without a process
 * @param threads the peer's threads (the system's) at the end of the round
 * @param grownKilobytes by how much the peer's memory grew, a connection: what lives on the heap, and what is resident
 *     beside it
 */
record Sample(
        long requests,
        double perSecond,
        double p50Millis,
        double p99Millis,
        long errors,
        double cpuMicros,
        int threads,
        double grownKilobytes) {}
