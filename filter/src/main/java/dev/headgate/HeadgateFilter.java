package dev.headgate;

import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.SettingsException;
import dev.headgate.setup.SettingsReader;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
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
    private volatile Gateway gateway;

    /** For the container: settings come from init-params, annotations on this class, and the properties file. */
    public HeadgateFilter() {
        this(null);
    }

    /** @param config what the gateway is; null to have it read as by the container's constructor */
    public HeadgateFilter(GatewayConfig config) {
        this(config, System::nanoTime);
    }

    /** For tests, whose clock may go faster. */
    HeadgateFilter(GatewayConfig config, LongSupplier nanoSource) {
        this.given = config;
        this.nanoSource = nanoSource;
    }

    /** @throws ServletException with every mistake in the settings, if there is any; the app then does not start */
    @Override
    public void init(FilterConfig filterConfig) throws ServletException {
        try {
            GatewayConfig config = given != null ? given : SettingsReader.read(filterConfig, getClass());
            gateway = new Gateway(config, filterConfig.getServletContext(), nanoSource);
        } catch (SettingsException | IllegalArgumentException e) {
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

    /** Closes every upstream connection, those in use included, and ends every thread of this gateway. */
    @Override
    public void destroy() {
        Gateway open = gateway;
        gateway = null;
        if (open != null) {
            open.close();
        }
    }
}
