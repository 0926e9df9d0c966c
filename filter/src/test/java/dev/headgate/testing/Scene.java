package dev.headgate.testing;

import dev.headgate.HeadgateFilter;
import dev.headgate.setup.GatewayBuilder;
import jakarta.servlet.Filter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A client, an app with a gateway in front, and an origin to which the gateway's route {@code r} sends {@code /api/*}.
 * Closing it closes the origin as well, whose script may complain then.
 */
public final class Scene implements AutoCloseable {

    private final RawOrigin origin;
    private final AppServer app;
    private final RawClient client;
    private final List<RawClient> more = new ArrayList<>();

    private Scene(RawOrigin origin, AppServer app) throws IOException {
        this.origin = origin;
        this.app = app;
        this.client = app.connect();
    }

    /** @param settings as lines of a properties file: {@code route.r.timeout.response=1s} */
    public static Scene of(Container container, RawOrigin origin, String... settings) throws IOException {
        return of(AppServer.on(container), origin, settings);
    }

    /** Adds the gateway as the app's last filter. */
    public static Scene of(AppServer.Builder app, RawOrigin origin, String... settings) throws IOException {
        return new Scene(origin, app.filter(gateway(origin, settings)).start());
    }

    /** An app that has its gateway, or several, already. */
    public static Scene assembled(AppServer.Builder app, RawOrigin origin) throws IOException {
        return new Scene(origin, app.start());
    }

    /** The gateway of {@link #of} by itself. Settings override each other, the last one counts. */
    public static Filter gateway(RawOrigin origin, String... settings) {
        GatewayBuilder builder = GatewayBuilder.create()
                .set("route.r.path", "/api/*")
                .set("route.r.to", origin.url())
                // What a test left under way is not waited for.
                .set("close.grace", "0s")
                // Origins are asked for what a test asks, and for nothing else.
                .set("start-check", "false");
        for (String line : settings) {
            int equals = line.indexOf('=');
            builder.set(line.substring(0, equals), line.substring(equals + 1));
        }
        return new HeadgateFilter(builder.build());
    }

    public RawOrigin origin() {
        return origin;
    }

    public AppServer app() {
        return app;
    }

    /** The first client connection. */
    public RawClient client() {
        return client;
    }

    /** One more client connection. */
    public RawClient connect() throws IOException {
        RawClient another = app.connect();
        more.add(another);
        return another;
    }

    @Override
    public void close() throws IOException {
        client.close();
        for (RawClient another : more) {
            another.close();
        }
        app.close();
        origin.close();
    }
}
