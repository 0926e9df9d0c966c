package dev.headgate.setup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.headgate.HeadgateFilter;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletException;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class GatewayInitializerTest {

    private final StubApp app = new StubApp();

    @Test
    void anAppWithoutTheFileIsLeftAlone() throws ServletException {
        start();

        assertThat(app.registrations).isEmpty();
    }

    @Test
    void theFileMakesAGatewayAfterTheAppsOwnFilters() throws ServletException {
        app.file("/WEB-INF/headgate.properties", "");
        app.filters.put("login", "com.example.NotThere");
        app.filters.put("nameless", null);

        start();

        assertThat(app.registrations)
                .containsExactly(
                        "headgate dev.headgate.HeadgateFilter",
                        "setAsyncSupported[true]",
                        "addMappingForUrlPatterns[[REQUEST, ASYNC], true, [/*]]");
    }

    @Test
    void aDeclaredGatewayStaysTheOnlyOne() throws ServletException {
        app.file("/WEB-INF/headgate.properties", "");
        app.filters.put("own", "dev.headgate.HeadgateFilter");

        start();

        assertThat(app.registrations).isEmpty();
    }

    abstract static class Own extends HeadgateFilter {}

    @Test
    void aDeclaredSubclassIsAGatewayToo() throws ServletException {
        app.file("/WEB-INF/headgate.properties", "");
        app.filters.put("own", Own.class.getName());

        start();

        assertThat(app.registrations).isEmpty();
    }

    @Test
    void aNameThatIsTakenIsSaidSo() {
        app.file("/WEB-INF/headgate.properties", "");
        app.filters.put("headgate", "com.example.Other");

        assertThatThrownBy(this::start).isInstanceOf(ServletException.class).hasMessageContaining("Rename that one");
    }

    private void start() throws ServletException {
        for (ServletContainerInitializer found : ServiceLoader.load(ServletContainerInitializer.class)) {
            if (found instanceof GatewayInitializer) {
                found.onStartup(null, app.getServletContext());
                return;
            }
        }
        throw new AssertionError("the initializer is not announced in META-INF/services");
    }
}
