package dev.headgate.observe;

import com.codahale.metrics.health.HealthCheck;
import com.codahale.metrics.health.HealthCheckRegistry;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.OriginState;
import dev.headgate.upstream.Upstream;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One health check for each upstream in a registry of the app's: good while traffic can go to one of its origins. Used only
 * where the app has such a registry, whose library the gateway does not bring. Guarded by its owner.
 */
final class HealthChecks {

    private static final Logger LOG = LoggerFactory.getLogger(HealthChecks.class);

    private final HealthCheckRegistry registry;
    private final String before;
    private final ManagedGateway gateway;
    private final Set<String> registered = new HashSet<>();

    private HealthChecks(HealthCheckRegistry registry, String before, ManagedGateway gateway) {
        this.registry = registry;
        this.before = before;
        this.gateway = gateway;
    }

    /**
     * @param registry what the app calls its registry; null: none
     * @param before what the names begin with
     * @return null where there is nothing to register with
     */
    static HealthChecks in(Object registry, String before, ManagedGateway gateway) {
        if (registry == null) {
            return null;
        }
        try {
            if (registry instanceof HealthCheckRegistry known) {
                return new HealthChecks(known, before, gateway);
            }
        } catch (NoClassDefFoundError e) {
            LOG.debug("The app cannot see the library of its registry", e);
        }
        LOG.warn("The app's health checks come from another class loader than the gateway's, which adds none");
        return null;
    }

    void reconcile() {
        Set<String> wanted = new HashSet<>();
        for (Upstream upstream : gateway.upstreams()) {
            String name = before + ".upstream." + upstream.name();
            wanted.add(name);
            if (registered.add(name)) {
                registry.register(name, new UpstreamCheck(gateway, upstream.name()));
            }
        }
        for (String name : List.copyOf(registered)) {
            if (!wanted.contains(name)) {
                registry.unregister(name);
                registered.remove(name);
            }
        }
    }

    void close() {
        registered.forEach(registry::unregister);
        registered.clear();
    }

    /** Asks the gateway each time: a reload may have put another upstream in the place of the one before. */
    private static final class UpstreamCheck extends HealthCheck {

        private final ManagedGateway gateway;
        private final String upstream;

        UpstreamCheck(ManagedGateway gateway, String upstream) {
            this.gateway = gateway;
            this.upstream = upstream;
        }

        @Override
        protected Result check() {
            List<OriginState> states = gateway.upstreams().stream()
                    .filter(each -> each.name().equals(upstream))
                    .flatMap(each -> each.states().stream())
                    .toList();
            String out = states.stream()
                    .filter(state -> !state.isAvailable())
                    .map(state -> state.origin() + " is "
                            + (state.mode() == Origin.Mode.ENABLED
                                    ? "out: " + state.reason()
                                    : state.mode().name().toLowerCase(Locale.ROOT)))
                    .collect(Collectors.joining("; "));
            return states.stream().anyMatch(OriginState::isAvailable) ? Result.healthy(out) : Result.unhealthy(out);
        }
    }
}
