/** Real containers, and peers made of raw sockets that do exactly what a test tells them, right or wrong. */
package dev.headgate.testing;
