package dev.headgate.forward;

import dev.headgate.cache.Delivery;
import dev.headgate.exchange.Exchange;
import dev.headgate.exchange.ResponseHead;
import dev.headgate.failure.GatewayFailure;
import dev.headgate.route.RouteMatch;

/** Sends a client what the cache has. One exchange's, not shared. */
final class ClientDelivery implements Delivery, AutoCloseable {

    private final ResponseRules rules;
    private final RouteMatch match;
    private final Exchange exchange;
    private final ClientOutput client;
    private final ClientHead head;

    /** Negative: unknown, also where another has sent the head. */
    private long length = -1;

    /** Null unless the exchange fails. */
    private String cacheStatus;

    ClientDelivery(ResponseRules rules, RouteMatch match, Exchange exchange, ClientOutput client) {
        this.rules = rules;
        this.match = match;
        this.exchange = exchange;
        this.client = client;
        this.head = new ClientHead(exchange.response());
    }

    @Override
    public void head(ResponseHead sent, long contentLength) {
        length = contentLength;
        rules.apply(sent.status(), sent.fields(), match, exchange, head);
        if (length >= 0) {
            ClientHead.length(exchange.response(), length);
        }
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws GatewayFailure {
        open();
        client.write(bytes, offset, count);
    }

    @Override
    public void flush() throws GatewayFailure {
        open();
        client.flush();
    }

    private void open() throws GatewayFailure {
        if (!client.isOpen()) {
            client.open(length);
        }
    }

    @Override
    public void failed(String status) {
        cacheStatus = status;
    }

    /** Takes the head off the response again; only before that is committed. */
    void undo() {
        head.undo();
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

    /** All is written. */
    void finish() throws GatewayFailure {
        if (client.isOpen()) {
            client.finish();
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
