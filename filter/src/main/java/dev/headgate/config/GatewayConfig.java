package dev.headgate.config;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Everything one gateway was told: its routes, its upstreams and what holds for all of them.
 *
 * @param name what the gateway calls itself in logs and management names
 * @param viaName the pseudonym in the {@code Via} field (RFC 9110 §7.6.3). A request that already carries it came
 *     through this gateway before and is refused as a loop, so two gateways of one chain need different names
 * @param proxyStatusName what the gateway calls itself in {@code Proxy-Status} (RFC 9209)
 * @param requestIdField the field that carries the request id, both ways
 * @param trustedProxies peers whose {@code Forwarded} and {@code X-Forwarded-*} fields are believed; empty: nobody's
 * @param cacheStore where the cache keeps its responses; without meaning where no route has a cache
 * @param routes in the order of their configuration
 * @param upstreams by name; every upstream that a route names is here
 * @param threads how many threads exchanges may hold
 * @param limits rate limits by name; every one that a route names is here
 * @param limitStore where rate limits are kept
 * @param operation how it is changed and ended while its app runs
 * @param status the status page
 * @param settings all of the above once more, as people wrote it, in the order of the reference page
 */
public record GatewayConfig(
        String name,
        String viaName,
        String proxyStatusName,
        String requestIdField,
        List<AddressRange> trustedProxies,
        CacheStoreConfig cacheStore,
        List<RouteConfig> routes,
        Map<String, UpstreamConfig> upstreams,
        ThreadConfig threads,
        Map<String, LimitConfig> limits,
        LimitStoreConfig limitStore,
        OperationConfig operation,
        StatusConfig status,
        List<SettingInForce> settings) {

    private static final Pattern ROLE_VARIABLE = Pattern.compile("\\$\\{role\\.([^}]+)}");

    public GatewayConfig {
        Checks.notBlank(name, "name");
        Checks.notBlank(viaName, "viaName");
        Checks.notBlank(proxyStatusName, "proxyStatusName");
        Checks.notBlank(requestIdField, "requestIdField");
        if (threads == null || limitStore == null || cacheStore == null || operation == null || status == null) {
            throw new IllegalArgumentException("a part of the gateway is missing");
        }
        trustedProxies = List.copyOf(trustedProxies);
        routes = List.copyOf(routes);
        settings = List.copyOf(settings);
        upstreams = java.util.Collections.unmodifiableMap(new TreeMap<>(upstreams));
        limits = java.util.Collections.unmodifiableMap(new TreeMap<>(limits));
        for (RouteConfig route : routes) {
            if (!limits.keySet().containsAll(route.limits().rates())) {
                throw new IllegalArgumentException("route " + route.name() + " names an unknown limit");
            }
            if (!upstreams.containsKey(route.upstream())) {
                throw new IllegalArgumentException(
                        "route " + route.name() + " names the unknown upstream " + route.upstream());
            }
        }
    }

    /** Every role that an exchange may be asked for; those of the status page are not, which is no exchange. */
    public Set<String> roles() {
        Set<String> roles = new TreeSet<>(cacheStore.purgeRoles());
        for (RouteConfig route : routes) {
            roles.addAll(route.errors().detailRoles());
            for (CacheConfig.Share share : route.cache().share()) {
                if (share.kind() == CacheConfig.Share.Kind.ROLE) {
                    roles.add(share.name());
                }
            }
            roles.addAll(route.limits().highRoles());
            for (Map<String, String> values : List.of(
                    route.fields().requestSet(), route.fields().requestAdd(),
                    route.fields().responseSet(), route.fields().responseAdd())) {
                for (String value : values.values()) {
                    for (Matcher role = ROLE_VARIABLE.matcher(value); role.find(); ) {
                        roles.add(role.group(1));
                    }
                }
            }
        }
        limits.values().forEach(limit -> roles.addAll(limit.rateByRole().keySet()));
        return roles;
    }
}
