package dev.headgate.setup;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import java.net.MalformedURLException;
import java.util.EnumSet;
import java.util.Set;

/**
 * Registers the gateway in an app that has {@code /WEB-INF/headgate.properties} and no gateway of its own, on
 * {@code /*} after every filter that the app declares, so that the app's login comes first.
 *
 * <p>The container runs this in every app that sees the jar, so it uses nothing but the Servlet API: an app without that
 * file is left alone, whatever it lacks.
 */
public final class GatewayInitializer implements ServletContainerInitializer {

    /** By name, since this package does not know the filter. */
    private static final String FILTER_CLASS = "dev.headgate.HeadgateFilter";

    private static final String FILTER_NAME = "headgate";

    @Override
    public void onStartup(Set<Class<?>> classes, ServletContext app) throws ServletException {
        try {
            if (app.getResource(SettingsReader.DEFAULT_FILE) == null) {
                return;
            }
        } catch (MalformedURLException e) {
            throw new ServletException(e);
        }
        for (FilterRegistration filter : app.getFilterRegistrations().values()) {
            if (isGateway(filter.getClassName(), app.getClassLoader())) {
                return;
            }
        }
        FilterRegistration.Dynamic gateway = app.addFilter(FILTER_NAME, FILTER_CLASS);
        if (gateway == null) {
            throw new ServletException(SettingsReader.DEFAULT_FILE + " asks for a gateway, but the name " + FILTER_NAME
                    + " belongs to another filter of this app. Rename that one, or declare " + FILTER_CLASS
                    + " in web.xml under a name of its own.");
        }
        gateway.setAsyncSupported(true);
        gateway.addMappingForUrlPatterns(EnumSet.of(DispatcherType.REQUEST, DispatcherType.ASYNC), true, "/*");
    }

    /** A filter that cannot be loaded is the container's to complain about. */
    private static boolean isGateway(String className, ClassLoader loader) {
        if (FILTER_CLASS.equals(className)) {
            return true;
        }
        if (className == null) {
            return false;
        }
        try {
            for (Class<?> type = Class.forName(className, false, loader); type != null; type = type.getSuperclass()) {
                if (type.getName().equals(FILTER_CLASS)) {
                    return true;
                }
            }
        } catch (ClassNotFoundException | LinkageError e) {
            return false;
        }
        return false;
    }
}
