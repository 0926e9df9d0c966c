/** One exchange at an origin: what is sent, what comes back, and what changes on the way (RFC 9110 §7.6). */
package dev.headgate.forward;
