/** The servlet entry of Headgate, and the line that a request takes through it. */
package dev.headgate;
