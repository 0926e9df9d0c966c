package dev.headgate.upstream;

import java.io.IOException;

/** The watchdog closed the connection because a limit was over. */
final class LimitExpired extends IOException {

    private final transient Limit limit;

    LimitExpired(Limit limit, Throwable cause) {
        super("limit " + limit + " expired", cause);
        this.limit = limit;
    }

    Limit limit() {
        return limit;
    }
}
