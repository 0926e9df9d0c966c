package dev.headgate.testing;

/** The servlet containers that the filter is tested in. */
public enum Container {
    TOMCAT,
    JETTY
}
