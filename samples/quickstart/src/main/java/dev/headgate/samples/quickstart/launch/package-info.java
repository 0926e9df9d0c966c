/** What runs around the web app: a container for it, and the three services behind the gateway. Not in the WAR. */
package dev.headgate.samples.quickstart.launch;
