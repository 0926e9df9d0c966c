package dev.headgate.forward;

import org.apache.hc.core5.http.message.BasicClassicHttpRequest;

/** A request whose target is sent as it is; HttpCore would parse it, and refuse or change what is no strict URI. */
final class UpstreamRequest extends BasicClassicHttpRequest {

    private final String target;

    UpstreamRequest(String method, String target) {
        super(method, null, "/");
        this.target = target;
    }

    @Override
    public String getRequestUri() {
        return target;
    }
}
