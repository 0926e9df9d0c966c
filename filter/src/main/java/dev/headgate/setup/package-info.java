/**
 * The spellings of the settings: init-params, annotations, a builder and a properties file, with system properties above
 * them all. Every one of them ends in the same {@link dev.headgate.config.GatewayConfig}.
 *
 * <p>A new setting needs four lines: a row in {@code SettingsTable}, a method of the builder, an attribute of the
 * annotation, and its place where {@code Assembly} makes the record.
 */
package dev.headgate.setup;
