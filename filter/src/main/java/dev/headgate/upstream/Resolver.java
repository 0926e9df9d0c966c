package dev.headgate.upstream;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Looks up names. Thread-safe; may block for as long as the system's resolver does. */
@FunctionalInterface
interface Resolver {

    /** The JDK's, with its cache. */
    Resolver SYSTEM = InetAddress::getAllByName;

    /** @return at least one address */
    InetAddress[] addressesOf(String host) throws UnknownHostException;
}
