package dev.headgate.forward;

import dev.headgate.exchange.Exchange;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Breaks a client's connection, or its HTTP/2 stream, from a thread that has nothing to do with it. No method of the Servlet
 * API does that, so each container is asked in its own way; where that does not work, the container's time limit for writing
 * ends the connection, which begins anew with every byte that the client lets through.
 */
public final class ClientConnection {

    private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);

    /** RFC 9113 §7. */
    private static final int INTERNAL_ERROR = 2;

    private ClientConnection() {}

    /**
     * To be called while the exchange's own thread is known to be in a write; with Undertow also when it writes no more, but
     * has not completed the response. Never waits.
     *
     * @return whether that was done; false over HTTP/2 in Tomcat and Jetty
     */
    public static boolean breakOff(Exchange exchange) {
        HttpServletRequest request = Exchange.containersOwn(exchange.request());
        String container = request.getClass().getName();
        boolean http1 = request.getProtocol().startsWith("HTTP/1.");
        try {
            if (container.startsWith("io.undertow.")) {
                Object connection = call(call(request, "getExchange"), "getConnection");
                if (http1) {
                    call(connection, "close");
                } else {
                    resetUndertow(connection);
                }
                return true;
            }
            // Over HTTP/2 a connection has other responses too, and these two do not let go of a single stream.
            if (http1 && container.startsWith("org.eclipse.jetty.")) {
                Object connection = call(call(call(request, "getRequest"), "getConnectionMetaData"), "getConnection");
                call(call(connection, "getEndPoint"), "close");
                return true;
            }
            return http1 && container.startsWith("org.apache.catalina.") && shutDownTomcat(request);
        } catch (IOException | ReflectiveOperationException | RuntimeException e) {
            LOG.debug("{} the client's connection cannot be broken in this container", exchange.requestId(), e);
            return false;
        }
    }

    /**
     * Ends the sending side of the socket, which wakes the writer with an error. Everything else, closing above all, is left
     * to the container: it would reuse what the writer still holds.
     */
    private static boolean shutDownTomcat(HttpServletRequest facade) throws ReflectiveOperationException, IOException {
        Object request = field(facade, "request");
        Object processor = field(call(request, "getCoyoteRequest"), "hook");
        Object channel = call(call(call(processor, "getSocketWrapper"), "getSocket"), "getIOChannel");
        if (channel instanceof SocketChannel socket) {
            socket.shutdownOutput();
            return true;
        }
        return false;
    }

    /** Only a frame more, by the thread that writes frames: everything else may hold what is being written. */
    private static void resetUndertow(Object connection) throws ReflectiveOperationException {
        Object channel = field(connection, "channel");
        Object stream = call(field(connection, "responseChannel"), "getStreamId");
        Method reset = channel.getClass().getMethod("sendRstStream", int.class, int.class);
        ((Executor) call(connection, "getIoThread")).execute(() -> {
            try {
                reset.invoke(channel, stream, INTERNAL_ERROR);
            } catch (ReflectiveOperationException | RuntimeException e) {
                LOG.debug("the client's stream {} cannot be reset", stream, e);
            }
        });
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
