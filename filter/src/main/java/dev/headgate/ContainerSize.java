package dev.headgate;

import jakarta.servlet.ServletContext;
import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** How many requests the container around us handles at once, as far as it tells. */
final class ContainerSize {

    /** Where Jetty shows its thread pool to every app. */
    private static final String JETTY_EXECUTOR = "org.eclipse.jetty.server.Executor";

    private ContainerSize() {}

    /**
     * The size of the container's thread pool, of the smallest where it has several.
     *
     * @return 0 when it cannot be found out
     */
    static int maxThreads(ServletContext context) {
        int jetty = read(context.getAttribute(JETTY_EXECUTOR));
        if (jetty > 0) {
            return jetty;
        }
        // Tomcat: the pool of each connector (-1 where connectors share an executor), the shared executors. Jetty: JMX.
        int least = least("maxThreads", "*:type=ThreadPool,*", "*:type=Executor,*", "org.eclipse.jetty.util.thread:*");
        // Undertow's and WildFly's workers; in other containers a client may have one.
        return least > 0 ? least : least("MaxWorkerPoolSize", "org.xnio:type=Xnio,*");
    }

    /** The least of an attribute of beans that go by these patterns; 0 where there is none. */
    private static int least(String attribute, String... patterns) {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        int least = 0;
        for (String pattern : patterns) {
            try {
                for (ObjectName name : server.queryNames(new ObjectName(pattern), null)) {
                    int size = read(server, name, attribute);
                    if (size > 0 && (least == 0 || size < least)) {
                        least = size;
                    }
                }
            } catch (JMException e) {
                throw new IllegalStateException(pattern, e);
            }
        }
        return least;
    }

    private static int read(MBeanServer server, ObjectName name, String attribute) {
        try {
            return server.getAttribute(name, attribute) instanceof Number size ? size.intValue() : 0;
        } catch (JMException | RuntimeException e) {
            return 0; // another kind of pool, or one that is just being closed
        }
    }

    private static int read(Object pool) {
        try {
            return pool != null && pool.getClass().getMethod("getMaxThreads").invoke(pool) instanceof Integer size
                    ? size
                    : 0;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return 0;
        }
    }
}
