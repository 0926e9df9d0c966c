/**
 * What a gateway is told to be: immutable records, complete and checked at birth.
 *
 * <p>Nothing here reads a file or knows how a setting is spelled; {@code dev.headgate.setup} does that.
 */
package dev.headgate.config;
