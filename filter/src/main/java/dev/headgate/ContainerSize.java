package dev.headgate;

import jakarta.servlet.ServletContext;
import java.lang.management.ManagementFactory;
import java.util.List;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** How many requests the container around us handles at once, as far as it tells. */
final class ContainerSize {

    /** Where Jetty shows its thread pool to every app. */
    private static final String JETTY_EXECUTOR = "org.eclipse.jetty.server.Executor";

    /** Thread pools that JMX shows. */
    private record Pools(String pattern, String attribute) {}

    private static final List<Pools> POOLS = List.of(
            // Tomcat: the pool of each connector (-1 where connectors share an executor), the shared executors.
            new Pools("*:type=ThreadPool,*", "maxThreads"),
            new Pools("*:type=Executor,*", "maxThreads"),
            new Pools("org.eclipse.jetty.util.thread:*", "maxThreads"),
            // Undertow's and WildFly's workers.
            new Pools("org.xnio:type=Xnio,*", "MaxWorkerPoolSize"));

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
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        int least = 0;
        for (Pools pools : POOLS) {
            try {
                for (ObjectName name : server.queryNames(new ObjectName(pools.pattern()), null)) {
                    int size = read(server, name, pools.attribute());
                    if (size > 0 && (least == 0 || size < least)) {
                        least = size;
                    }
                }
            } catch (JMException e) {
                throw new IllegalStateException(pools.pattern(), e);
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
