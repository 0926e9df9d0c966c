/** The web app of the quickstart. */
package dev.headgate.samples.quickstart;
