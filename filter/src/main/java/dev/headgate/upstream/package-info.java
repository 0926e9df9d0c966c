/**
 * The origins behind the gateway: choosing one, and one HTTP/1.1 exchange with it over a pooled connection. Apache
 * HttpClient gives the pool, TLS and message framing; nothing of its request execution chain is used.
 */
package dev.headgate.upstream;
