package dev.headgate.limit;

import java.time.Duration;
import java.util.List;

/**
 * What the limits of a gateway have done, and what they hold now. Read part by part while requests go on, so that sums of
 * different parts may be a moment apart. Counts go on over a reload for whatever keeps its name. Immutable.
 *
 * @param rates by name
 * @param places routes first, then upstreams, each by name; only those with a limit
 * @param store null where rate limits are kept in memory only
 */
public record AdmissionState(List<Rate> rates, List<Places> places, Store store) {

    public AdmissionState {
        rates = List.copyOf(rates);
        places = List.copyOf(places);
    }

    /**
     * One rate limit.
     *
     * @param admitted how many requests it let pass, also those that waited and those that another limit refused then
     * @param refused how many it refused
     * @param shadowed how many it would have refused if it were not in shadow mode
     * @param waited how many it let pass after they had waited
     * @param keys how many keys are remembered in memory now
     * @param shared whether it counts in the store now, together with other gateways
     * @param lasting for how long that has been so
     */
    public record Rate(
            String name,
            long admitted,
            long refused,
            long shadowed,
            long waited,
            int keys,
            boolean shared,
            Duration lasting) {}

    /** Whose places they are. */
    public enum Owner {
        ROUTE,
        UPSTREAM
    }

    /**
     * The places of a route or an upstream.
     *
     * @param name that of the route or upstream
     * @param places how many there are now; changes where they are adaptive
     * @param taken how many exchanges have one; more than there are, for a while, when places were taken away
     * @param waiting how many exchanges wait for one
     * @param admitted how many exchanges got one
     * @param queued how many had to wait, whatever came of it
     * @param refused how many did not get one
     */
    public record Places(
            Owner owner,
            String name,
            int places,
            int taken,
            int waiting,
            boolean adaptive,
            long admitted,
            long queued,
            long refused) {}

    /**
     * The store that several gateways share.
     *
     * @param address without user and password
     * @param connected whether rate limits are counted there now; otherwise in this gateway's memory
     * @param lasting for how long that has been so
     * @param failures how often a request was not answered by it, or not in time
     */
    public record Store(String address, boolean connected, Duration lasting, long failures) {}
}
