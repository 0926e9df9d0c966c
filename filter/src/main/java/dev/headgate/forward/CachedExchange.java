package dev.headgate.forward;

import dev.headgate.cache.CacheRequest;
import dev.headgate.config.CacheConfig;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.Fields;
import dev.headgate.route.RouteMatch;
import jakarta.servlet.http.HttpServletRequest;
import java.security.Principal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.Header;

/** An exchange in the terms of the cache. */
final class CachedExchange {

    /** Whatever a trusted proxy says of the client's address: the same URL and user, from anywhere. */
    private static final Set<String> ADDRESSES = Set.of(
            "x-forwarded-for",
            "x-forwarded-by",
            "x-forwarded-server",
            "x-real-ip",
            "x-client-ip",
            "x-cluster-client-ip",
            "true-client-ip");

    /**
     * In which a trusted proxy speaks of the URL that the client used, which origins build links from, and of the user.
     * Sorted, because keys on disk outlive the JVM.
     */
    private static final List<String> TOLD = FieldNames.FORWARDING.stream()
            .filter(name -> !ADDRESSES.contains(name) && !name.equals("forwarded"))
            .sorted()
            .toList();

    private static final Pattern FORWARDED_PAIR =
            Pattern.compile("(host|proto)\\s*=\\s*(\"[^\"]*\"|[^;,\\s]*)", Pattern.CASE_INSENSITIVE);

    private CachedExchange() {}

    static CacheRequest request(
            CacheConfig config, RequestRules rules, OutgoingRequest outgoing, RouteMatch match, Exchange exchange) {
        HttpServletRequest request = exchange.request();
        Fields fields = fields(outgoing.fields());
        String host = request.getHeader("Host");
        String origin = request.getScheme() + "://"
                + (host != null ? host : request.getServerName() + ":" + request.getServerPort());
        String query = request.getQueryString();
        List<String> partition = users(config, rules, match, exchange, fields);
        if (rules.believesForwarding(request)) {
            partition = new ArrayList<>(partition);
            for (String name : TOLD) {
                if (fields.has(name)) {
                    partition.add(name + "=" + fields.combined(name));
                }
            }
            partition.add(forwardedUrl(fields));
        }
        return new CacheRequest(
                match.route().name(),
                config,
                request.getMethod(),
                origin,
                query == null ? request.getRequestURI() : request.getRequestURI() + "?" + query,
                fields,
                outgoing.content().isPresent(),
                partition);
    }

    /** Whose entries a request may use; empty: everybody's. */
    private static List<String> users(
            CacheConfig config, RequestRules rules, RouteMatch match, Exchange exchange, Fields fields) {
        boolean onlyByName = true;
        for (CacheConfig.Share share : config.share()) {
            if (share.kind() == CacheConfig.Share.Kind.ALL) {
                return List.of();
            }
            onlyByName &= share.kind() == CacheConfig.Share.Kind.PRINCIPAL;
        }
        List<String> personal = rules.personalValues(match, exchange);
        HttpServletRequest request = exchange.request();
        // Whoever is nobody shares with everybody else who is, where nothing more is told about them.
        if (onlyByName && personal.isEmpty() && "".equals(name(request))) {
            return List.of();
        }
        List<String> users = new ArrayList<>();
        for (CacheConfig.Share share : config.share()) {
            if (share.kind() != CacheConfig.Share.Kind.HOST) { // it is in the key of every request
                users.add(share + "=" + value(share, request, fields));
            }
        }
        users.addAll(personal);
        return users;
    }

    private static String name(HttpServletRequest request) {
        Principal principal = request.getUserPrincipal();
        return principal == null ? "" : principal.getName();
    }

    private static String value(CacheConfig.Share share, HttpServletRequest request, Fields fields) {
        return switch (share.kind()) {
            case ALL, HOST -> "";
            case PRINCIPAL -> name(request);
            case ROLE -> Boolean.toString(request.isUserInRole(share.name()));
            case FIELD -> String.valueOf(fields.combined(share.name()));
        };
    }

    private static String forwardedUrl(Fields fields) {
        StringBuilder told = new StringBuilder("Forwarded=");
        String forwarded = fields.combined("Forwarded");
        if (forwarded != null) {
            Matcher pair = FORWARDED_PAIR.matcher(forwarded);
            while (pair.find()) {
                told.append(pair.group()).append(';');
            }
        }
        return told.toString();
    }

    static Fields fields(List<Header> headers) {
        Fields.Builder fields = new Fields.Builder();
        for (Header header : headers) {
            fields.add(header.getName(), header.getValue());
        }
        return fields.build();
    }
}
