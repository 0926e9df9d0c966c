package dev.headgate.config;

/**
 * What a route does to cookies (RFC 6265).
 *
 * @param sendSession whether the app's own session cookie goes to the origin
 * @param rewrite whether {@code Path} and {@code Domain} of {@code Set-Cookie} are made to fit the gateway
 */
public record CookieConfig(boolean sendSession, boolean rewrite) {}
