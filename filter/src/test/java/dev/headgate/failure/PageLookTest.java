package dev.headgate.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.testing.AppServer;
import dev.headgate.testing.Browser;
import dev.headgate.testing.Container;
import dev.headgate.testing.RawOrigin;
import dev.headgate.testing.Scene;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The page in a real browser. Screenshots go to {@code target/screenshots}. */
class PageLookTest {

    private static final Path SCREENSHOTS = Path.of("target", "screenshots");

    private static Browser browser;
    private static Scene scene;

    @BeforeAll
    static void start() throws Exception {
        Assumptions.assumeTrue(
                Browser.program().isPresent(),
                "no Chromium on the PATH: how the page looks, its contrast and that it fetches nothing stay unchecked");
        browser = Browser.start(Browser.program().orElseThrow());
        RawOrigin origin = RawOrigin.ok();
        scene = Scene.of(
                AppServer.on(Container.TOMCAT),
                origin,
                "route.detailed.path=/detailed/*",
                "route.detailed.to=" + origin.url(),
                "route.detailed.error.detail=full");
        origin.refuse();
    }

    @AfterAll
    static void stop() throws Exception {
        if (browser != null) {
            browser.close();
            scene.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "public, desktop, light", "public, desktop, dark", "public, phone, light", "public, phone, dark",
        "detailed, desktop, light", "detailed, desktop, dark", "detailed, phone, light", "detailed, phone, dark"
    })
    void pageIsReadableAndComplete(String kind, String device, String scheme) throws Exception {
        boolean phone = device.equals("phone");
        browser.screen(phone ? 390 : 1280, phone ? 844 : 800, scheme.equals("dark"));
        browser.fields(Map.of("X-Request-Id", "7f3a9c52e1b04d68"));
        String url = "http://127.0.0.1:" + scene.app().port()
                + (kind.equals("public") ? "/api/orders?page=2" : "/detailed/x");
        browser.open(url);
        browser.screenshot(SCREENSHOTS.resolve(kind + "-" + device + "-" + scheme + ".png"));

        String text = browser.eval("document.body.innerText").asText();
        assertThat(text).contains("Error 502", "This part of the site cannot be reached right now", "7f3a9c52e1b04d68");
        assertThat(text.contains("Diagnosis")).isEqualTo(kind.equals("detailed"));
        assertThat(browser.eval("document.documentElement.lang").asText()).isEqualTo("en");
        assertThat(browser.lowContrast()).as("texts with too little contrast").isEmpty();
        assertThat(browser.eval("document.documentElement.scrollWidth <= innerWidth")
                        .asBoolean())
                .as("fits the width")
                .isTrue();
        assertThat(browser.requests())
                .as("what the page fetches")
                .allMatch(request -> request.equals(url) || request.equals("data:,"));
        assertThat(browser.complaints())
                .filteredOn(line -> !line.contains("status of 502"))
                .isEmpty();
    }

    @Test
    void screenReadersFindTheirWay() throws Exception {
        browser.screen(1280, 800, false);
        browser.open("http://127.0.0.1:" + scene.app().port() + "/detailed/x");
        assertThat(browser.eval("document.title").asText()).contains("(502)");
        assertThat(browser.eval("document.querySelectorAll('main').length").asInt())
                .isEqualTo(1);
        assertThat(browser.eval("document.querySelectorAll('body > footer').length")
                        .asInt())
                .isEqualTo(1);
        assertThat(browser.eval("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => h.tagName).join(' ')")
                        .asText())
                .isEqualTo("H1 H2 H2 H3 H3 H3");
        assertThat(browser.eval("[...document.querySelectorAll('section')]"
                                + ".every(s => document.getElementById(s.getAttribute('aria-labelledby')).innerText)")
                        .asBoolean())
                .as("every region has a name")
                .isTrue();
        assertThat(browser.eval("[...document.querySelectorAll('svg')].every(s => s.closest('[aria-hidden=true]'))")
                        .asBoolean())
                .as("pictures only repeat what is written")
                .isTrue();
        assertThat(browser.eval("[...document.querySelectorAll('.way li')].map(l => l.innerText.trim()).join('; ')")
                        .asText()
                        .replaceAll("\\s+", " "))
                .isEqualTo("You fine; Our site fine; The service stopped here");
    }

    @Test
    void countdownEndsWithAnInvitation() throws Exception {
        browser.screen(1280, 800, false);
        browser.open("http://127.0.0.1:" + scene.app().port() + "/api/x");
        String shown = "[...document.querySelectorAll('.words span')]"
                + ".filter(s => getComputedStyle(s).visibility === 'visible').map(s => s.innerText).join()";
        assertThat(browser.eval(shown).asText()).isEqualTo("Best in about 10 seconds");
        browser.eval("document.getAnimations().forEach(a => a.finish())");
        assertThat(browser.eval(shown).asText()).isEqualTo("Now is a good time");
        assertThat(browser.eval("document.querySelector('a.button').href").asText())
                .endsWith("/api/x");
    }

    @ParameterizedTest
    @EnumSource
    void everyKindReadsWell(FailureKind kind) throws Exception {
        Path page = Path.of("target", "pages", kind.word() + ".html").toAbsolutePath();
        Files.createDirectories(page.getParent());
        GatewayFailure failure = new GatewayFailure(kind, "what happened, for operators");
        Files.writeString(
                page, HtmlPage.builtIn().fill(Reports.of(failure, true), Texts.of("en"), kind.status() != 413));
        for (String scheme : new String[] {"light", "dark"}) {
            browser.screen(1280, 800, scheme.equals("dark"));
            browser.open(page.toUri().toString());
            browser.screenshot(SCREENSHOTS.resolve("kind-" + kind.word() + "-" + scheme + ".png"));
            assertThat(browser.lowContrast()).as(scheme).isEmpty();
        }
    }

    /** WCAG 2.2 reflow (1.4.10) asks for 320 pixels. */
    @ParameterizedTest
    @ValueSource(strings = {"en", "de", "es", "fr", "it", "nl", "pt"})
    void everyLanguageFitsTheNarrowestScreen(String language) throws Exception {
        browser.screen(320, 640, false);
        browser.fields(Map.of("Accept-Language", language));
        browser.open("http://127.0.0.1:" + scene.app().port() + "/detailed/x");
        browser.screenshot(SCREENSHOTS.resolve("narrow-" + language + ".png"));
        assertThat(browser.eval("document.documentElement.lang").asText()).isEqualTo(language);
        assertThat(browser.eval("document.documentElement.scrollWidth").asInt()).isLessThanOrEqualTo(320);
        browser.fields(Map.of());
    }
}
