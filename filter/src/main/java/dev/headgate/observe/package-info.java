/** Metrics, logs and management: for those who run the gateway. */
package dev.headgate.observe;
