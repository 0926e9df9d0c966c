/** What can go wrong, by name: the closed list of failure kinds, and the one exception that carries them. */
package dev.headgate.failure;
