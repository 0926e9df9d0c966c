package dev.headgate.forward;

import dev.headgate.cache.Delivery;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ResponseHead;
import dev.headgate.failure.FailureKind;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.route.RouteMatch;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;

/** Sends a client what the cache has. One exchange's, not shared. */
final class ClientDelivery implements Delivery {

    private final ResponseRules rules;
    private final RouteMatch match;
    private final Exchange exchange;
    private OutputStream client;

    /** Null unless the exchange fails. */
    private String cacheStatus;

    ClientDelivery(ResponseRules rules, RouteMatch match, Exchange exchange) {
        this.rules = rules;
        this.match = match;
        this.exchange = exchange;
    }

    @Override
    public void head(ResponseHead head, long length) {
        rules.apply(head.status(), head.fields(), match, exchange);
        if (length >= 0) {
            exchange.response().setContentLengthLong(length);
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws GatewayFailure {
        try {
            if (client == null) {
                client = exchange.response().getOutputStream();
            }
            client.write(bytes, offset, length);
            exchange.sentContent(length);
        } catch (IOException e) {
            throw clientLeft(e);
        }
    }

    @Override
    public void flush() throws GatewayFailure {
        HttpServletResponse response = exchange.response();
        try {
            response.flushBuffer();
        } catch (IOException e) {
            throw clientLeft(e);
        }
    }

    @Override
    public void failed(String status) {
        cacheStatus = status;
    }

    /** Says on the response, which is to become the gateway's own, what the cache had to do with the failure. */
    void tellFailure() {
        if (cacheStatus != null) {
            exchange.response().setHeader("Cache-Status", cacheStatus);
        }
    }

    @Override
    public boolean isGone() {
        return exchange.isAbandoned();
    }

    private static GatewayFailure clientLeft(IOException e) {
        return new GatewayFailure(FailureKind.CLIENT_LEFT, "writing to the client failed", e);
    }
}
