/**
 * A shared response cache (RFC 9111): what may be stored and reused, in which form a stored response answers a request,
 * and where it is kept. The decisions are functions of values; {@link dev.headgate.cache.ResponseCache} acts on them.
 * The only package that knows Ehcache.
 */
package dev.headgate.cache;
