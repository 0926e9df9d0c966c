package dev.headgate.observe;

import com.codahale.metrics.MetricRegistry;
import jakarta.servlet.ServletContext;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where metrics go, and health checks: registries of the app's where it has some, as Dropwizard's servlets find them.
 *
 * @param metrics the app's, or one of the gateway's own
 * @param healthChecks a {@code HealthCheckRegistry}, whose library an app need not have; null: none
 */
public record Registries(MetricRegistry metrics, Object healthChecks) {

    private static final Logger LOG = LoggerFactory.getLogger(Registries.class);

    /** Where {@code MetricsServlet} looks, in Dropwizard's packages for jakarta.servlet and in those before. */
    private static final List<String> METRICS_ATTRIBUTES = List.of(
            "io.dropwizard.metrics.servlets.MetricsServlet.registry",
            "com.codahale.metrics.servlets.MetricsServlet.registry");

    /** Where {@code HealthCheckServlet} looks. */
    private static final List<String> HEALTH_ATTRIBUTES = List.of(
            "io.dropwizard.metrics.servlets.HealthCheckServlet.registry",
            "com.codahale.metrics.servlets.HealthCheckServlet.registry");

    /**
     * Takes what the app gave, and looks for the rest in its context.
     *
     * @param metrics null: none was given
     * @param healthChecks null: none was given
     */
    public static Registries of(ServletContext context, MetricRegistry metrics, Object healthChecks) {
        Object found = metrics != null ? metrics : attribute(context, METRICS_ATTRIBUTES);
        if (found != null && !(found instanceof MetricRegistry)) {
            LOG.warn("The app's metrics come from another class loader than the gateway's, which keeps its own");
            found = null;
        }
        return new Registries(
                found == null ? new MetricRegistry() : (MetricRegistry) found,
                healthChecks != null ? healthChecks : attribute(context, HEALTH_ATTRIBUTES));
    }

    private static Object attribute(ServletContext context, List<String> names) {
        for (String name : names) {
            if (context.getAttribute(name) != null) {
                return context.getAttribute(name);
            }
        }
        return null;
    }
}
