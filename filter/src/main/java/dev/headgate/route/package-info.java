/** Which route takes a request, and how paths are mapped between client and origin. */
package dev.headgate.route;
