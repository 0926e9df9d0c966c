package dev.headgate.forward;

import dev.headgate.exchange.Exchange;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletRequestWrapper;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.channels.SocketChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Breaks a client's connection under a thread that writes to it. No method of the Servlet API does that, so each container
 * is asked in its own way; where that does not work, the container's time limit for writing ends the connection, which
 * begins anew with every byte that the client lets through.
 */
public final class ClientConnection {

    private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);

    private ClientConnection() {}

    /**
     * To be called, on another thread, while the exchange's own is known to be in a write; with Undertow at any time before
     * the exchange is completed. Never waits.
     *
     * @return whether the connection is broken, as far as can be known
     */
    public static boolean breakOff(Exchange exchange) {
        ServletRequest request = exchange.request();
        while (request instanceof ServletRequestWrapper wrapper) {
            request = wrapper.getRequest();
        }
        String container = request.getClass().getName();
        boolean http1 = request.getProtocol().startsWith("HTTP/1.");
        try {
            if (container.startsWith("io.undertow.")) {
                Object connection = call(call(request, "getExchange"), "getConnection");
                call(http1 ? connection : field(connection, "responseChannel"), "close");
                return true;
            }
            // Over HTTP/2 a connection has other responses too: there the limits of the container's streams remain.
            if (http1 && container.startsWith("org.eclipse.jetty.")) {
                Object connection = call(call(call(request, "getRequest"), "getConnectionMetaData"), "getConnection");
                call(call(connection, "getEndPoint"), "close");
                return true;
            }
            return http1 && container.startsWith("org.apache.catalina.") && shutDownTomcat(request);
        } catch (IOException | ReflectiveOperationException | RuntimeException e) {
            LOG.debug("{} a slow client's connection cannot be broken in this container", exchange.requestId(), e);
            return false;
        }
    }

    /**
     * Ends the sending side of the socket, which wakes the writer with an error. Everything else, closing above all, is left
     * to the container: it would reuse what the writer still holds.
     */
    private static boolean shutDownTomcat(ServletRequest facade) throws ReflectiveOperationException, IOException {
        Object request = field(facade, "request");
        Object processor = field(call(request, "getCoyoteRequest"), "hook");
        Object channel = call(call(call(processor, "getSocketWrapper"), "getSocket"), "getIOChannel");
        if (channel instanceof SocketChannel socket) {
            socket.shutdownOutput();
            return true;
        }
        return false;
    }

    private static Object field(Object owner, String name) throws ReflectiveOperationException {
        for (Class<?> type = owner.getClass(); type != null; type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (field.getName().equals(name)) {
                    field.setAccessible(true);
                    return field.get(owner);
                }
            }
        }
        throw new NoSuchFieldException(name);
    }

    private static Object call(Object owner, String name) throws ReflectiveOperationException {
        for (Class<?> type = owner.getClass(); type != null; type = type.getSuperclass()) {
            for (Method method : type.getDeclaredMethods()) {
                if (method.getName().equals(name) && method.getParameterCount() == 0) {
                    method.setAccessible(true);
                    return method.invoke(owner);
                }
            }
        }
        throw new NoSuchMethodException(name);
    }
}
