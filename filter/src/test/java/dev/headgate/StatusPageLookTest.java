package dev.headgate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Browser;
import dev.headgate.testing.Container;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The status page in a real browser. Screenshots go to {@code target/screenshots}. */
class StatusPageLookTest {

    private static final Path SCREENSHOTS = Path.of("target", "screenshots");

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static Browser browser;

    private Scene scene;
    private String url;

    @BeforeAll
    static void start() throws Exception {
        Assumptions.assumeTrue(
                Browser.program().isPresent(),
                "no Chromium on the PATH: how the status page looks, refreshes and acts stays unchecked");
        browser = Browser.start(Browser.program().orElseThrow());
    }

    @AfterAll
    static void stop() throws IOException {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void open() throws IOException {
        RawOrigin origin = RawOrigin.ok();
        scene = Scene.of(
                AppServer.on(Container.TOMCAT),
                origin,
                "route.r.to=" + origin.url() + " http://127.0.0.1:1",
                "route.r.concurrency.max=20",
                "route.r.cache=true",
                "limit.per-client.rate=500/s",
                "route.r.limits=per-client",
                "status.path=/headgate/status",
                "status.addresses=127.0.0.1");
        url = "http://127.0.0.1:" + scene.app().port() + "/headgate/status";
    }

    @AfterEach
    void close() throws Exception {
        browser.open("about:blank"); // or its page would ask on, amid the next test
        scene.close();
    }

    @ParameterizedTest
    @CsvSource({
        "healthy, desktop, light",
        "healthy, phone, dark",
        "broken, desktop, light",
        "broken, desktop, dark",
        "broken, phone, light",
        "broken, phone, dark"
    })
    void pageIsReadableAndFetchesNothing(String state, String device, String scheme) throws Exception {
        if (state.equals("broken")) {
            scene.origin().refuse();
        }
        for (int i = 0; i < 8; i++) {
            scene.client().get("/api/x");
        }
        boolean phone = device.equals("phone");
        browser.screen(phone ? 390 : 1280, phone ? 844 : 800, scheme.equals("dark"));
        browser.open(url);
        browser.eval("document.querySelectorAll('details').forEach(d => d.open = true)");
        browser.screenshot(SCREENSHOTS.resolve("status-" + state + "-" + device + "-" + scheme + ".png"));

        String text = browser.eval("document.body.innerText").asText();
        assertThat(text).contains("Routes", "Upstreams", "Last failures", "Limits", "Cache", "per-client");
        if (state.equals("broken")) {
            assertThat(text)
                    .contains(
                            "r is failing", scene.origin().url(), "connection_refused", "nothing listens on that port");
        }
        assertThat(browser.lowContrast()).as("texts with too little contrast").isEmpty();
        assertThat(browser.eval("document.documentElement.scrollWidth <= innerWidth")
                        .asBoolean())
                .as("fits the width")
                .isTrue();
        assertThat(browser.requests())
                .as("what the page fetches")
                .allMatch(request -> request.equals(url) || request.startsWith("data:"));
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void pageRefreshesItselfAndLeavesAloneWhatIsOpenAndTyped() throws Exception {
        browser.screen(1280, 800, false);
        browser.open(url);
        browser.eval("window.same = true; document.querySelector('.origin details').open = true;"
                + "document.querySelector('.origin input[type=number]').value = '77'");
        scene.origin().refuse();
        for (int i = 0; i < 8; i++) {
            scene.client().get("/api/x");
        }

        await().atMost(PATIENCE).until(() -> browser.eval("document.querySelector('h1').innerText")
                .asText()
                .equals("r is failing"));
        assertThat(browser.eval("document.title").asText()).startsWith("r is failing");
        assertThat(browser.eval("window.same && document.querySelector('.origin details').open"
                                + " && document.querySelector('.origin input[type=number]').value === '77'")
                        .asBoolean())
                .isTrue();
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void buttonActsAndSaysSo() throws Exception {
        browser.screen(390, 844, false);
        browser.open(url);
        browser.eval("document.querySelector('.origin details').open = true;"
                + "document.querySelector('.origin button[value=drain]').click()");

        await().atMost(PATIENCE).until(() -> browser.eval("document.getElementById('feedback').innerText")
                .asText()
                .contains("is draining"));
        await().atMost(PATIENCE).until(() -> browser.eval("document.querySelector('.origin .badge').innerText")
                .asText()
                .equals("draining"));

        browser.eval("document.querySelector('.origin button[value=enable]').click()");
        await().atMost(PATIENCE).until(() -> browser.eval("document.getElementById('feedback').innerText")
                .asText()
                .contains("takes traffic again"));
        browser.eval("document.querySelector('.origin button[value=diagnose]').click()");
        await().atMost(PATIENCE)
                .until(() -> browser.eval("document.querySelectorAll('#feedback .steps li').length")
                                .asInt()
                        >= 2);
        assertThat(browser.lowContrast()).isEmpty();
        assertThat(browser.complaints()).isEmpty();
    }
}
