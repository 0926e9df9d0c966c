package dev.headgate;

import com.codahale.metrics.MetricRegistry;
import dev.headgate.config.GatewayConfig;
import dev.headgate.exchange.ExchangeListener;
import dev.headgate.observe.Registries;
import dev.headgate.setup.SettingsSource;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Sends selected paths of a web app to upstream services and hands every other request, untouched, to the app.
 *
 * <p>In {@code web.xml}, or by annotations on a subclass, the container makes it and its settings come from there;
 * otherwise give it a configuration. Settings are listed in {@code docs/settings.md}.
 *
 * <p>A request that no route takes goes down the chain with the very same objects. One that a route takes does not, except
 * where the route lets the app stand in for a service that fails. The chain need not support async: without it, exchanges
 * beyond the gateway's share of the container's threads get 503. A response that breaks off after the client has part of
 * it leaves {@code doFilter} as an {@link IOException}, so that the container breaks the connection.
 *
 * <p>Thread-safe once initialised. One instance is one gateway, with its own connections; an app may have several.
 */
public class HeadgateFilter implements Filter {

    private final GatewayConfig given;
    private final LongSupplier nanoSource;
    private final List<ExchangeListener> listeners;
    private volatile MetricRegistry metrics;
    private volatile Object healthChecks;
    private volatile Gateway gateway;

    /** For the container: settings come from init-params, annotations on this class, and the properties file. */
    public HeadgateFilter() {
        this(null);
    }

    /**
     * @param config what the gateway is; null to have it read as by the container's constructor
     * @param listeners are told of every exchange, in this order
     */
    public HeadgateFilter(GatewayConfig config, ExchangeListener... listeners) {
        this(config, System::nanoTime, listeners);
    }

    /** For tests, whose clock may go faster. */
    HeadgateFilter(GatewayConfig config, LongSupplier nanoSource, ExchangeListener... listeners) {
        this.given = config;
        this.nanoSource = nanoSource;
        this.listeners = List.of(listeners);
    }

    /**
     * Has the gateway's metrics in a registry of the app's; otherwise they are in the one that the context's attribute for
     * Dropwizard's {@code MetricsServlet} holds, or in one of the gateway's own. They are taken out when the filter is
     * destroyed.
     *
     * @param registry null: as if nothing was said
     * @return this filter, which takes it in when it is initialised
     */
    public HeadgateFilter metrics(MetricRegistry registry) {
        metrics = registry;
        return this;
    }

    /**
     * Has a health check for each upstream in a registry of the app's; otherwise they are in the one that the context's
     * attribute for Dropwizard's {@code HealthCheckServlet} holds, if any. They are taken out when the filter is destroyed.
     *
     * @param registry a {@code com.codahale.metrics.health.HealthCheckRegistry}, by a type that apps without its library
     *     have too; null: as if nothing was said
     * @return this filter, which takes it in when it is initialised
     */
    public HeadgateFilter healthChecks(Object registry) {
        healthChecks = registry;
        return this;
    }

    /** @throws ServletException with every mistake in the settings, if there is any; the app then does not start */
    @Override
    public void init(FilterConfig filterConfig) throws ServletException {
        try {
            SettingsSource source = given != null ? null : new SettingsSource(filterConfig, getClass());
            ServletContext context = filterConfig.getServletContext();
            Registries registries = Registries.of(context, metrics, healthChecks);
            gateway = new Gateway(given, source, context, registries, nanoSource, listeners);
        } catch (IllegalArgumentException e) {
            throw new ServletException(e.getMessage(), e);
        }
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (request instanceof HttpServletRequest httpRequest && response instanceof HttpServletResponse httpResponse) {
            gateway.handle(httpRequest, httpResponse, chain);
        } else {
            chain.doFilter(request, response);
        }
    }

    /**
     * Puts another configuration in force while the app runs. Exchanges under way go on with the one that they began with;
     * origins, limits and stored responses that go by the same name are kept with all that is known of them.
     *
     * @return the settings that differ and take effect at the next start only; empty when all of it is in force
     * @throws IllegalArgumentException when it cannot be used; then nothing has changed
     * @throws IllegalStateException before {@code init} and after {@code destroy}
     */
    public List<String> reload(GatewayConfig config) {
        return open().reload(config);
    }

    private Gateway open() {
        Gateway open = gateway;
        if (open == null) {
            throw new IllegalStateException("the filter is not initialised");
        }
        return open;
    }

    /**
     * Lets exchanges finish for as long as {@code close.grace} says, then closes every upstream connection and ends every
     * thread of this gateway.
     */
    @Override
    public void destroy() {
        Gateway open = gateway;
        if (open != null) {
            open.close();
        }
        gateway = null;
    }
}
