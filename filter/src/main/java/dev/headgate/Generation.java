package dev.headgate;

import dev.headgate.cache.ResponseCache;
import dev.headgate.config.GatewayConfig;
import dev.headgate.forward.Forwarder;
import dev.headgate.limit.Admission;
import dev.headgate.route.RouteTable;
import dev.headgate.upstream.Upstream;
import java.util.Map;
import java.util.Set;

/**
 * What was built from one configuration. A reload puts another in its place as a whole, and an exchange goes on to its end
 * with the one that it began with. What goes by the same name in both is the same where the configuration allows it.
 *
 * @param upstreams by name
 * @param cache null where no route ever had one
 * @param fallbacks by the route's name
 * @param roles every role that the configuration asks for
 */
record Generation(
        GatewayConfig config,
        RouteTable routes,
        Map<String, Upstream> upstreams,
        ResponseCache cache,
        Admission admission,
        Forwarder forwarder,
        Map<String, Fallbacks> fallbacks,
        Set<String> roles) {}
