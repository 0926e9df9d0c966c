package dev.headgate.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.headgate.failure.FailureKind.Again;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Writes {@code docs/failures.md} from the kinds and their diagnosis, or says that it is stale. */
class FailuresPageTest {

    /** Tests run in the module's directory. */
    private static final Path PAGE = Path.of("../docs/failures.md");

    private static final String INTRODUCTION =
            """
            # Failures

            <!-- Generated from FailureKind.java and diagnosis.properties. To regenerate:
            mvn -pl filter test -Dtest=FailuresPageTest -Dfailures.page=write -->

            Everything that can go wrong with an exchange has one of these kinds. Log, page, problem and metrics call it by the
            same word; `Proxy-Status` uses the type that RFC 9209 registers, which differs where the table says so.

            - **Side** says who has to act. Only failures on the upstream's side count towards an origin's health.
            - **Another origin** says when the gateway itself asks again, within the limits of `retry.…`: always, because the
              request cannot have been received; if nothing of it was sent or its method is idempotent; or never.
            - **The client** does well to repeat the same request *soon*, only *later* when somebody has repaired something, or
              only after it has *changed* it.

            | kind | status | side | another origin | the client | what it means |
            | --- | --- | --- | --- | --- | --- |
            """;

    @ParameterizedTest
    @EnumSource
    void everyKindHasADiagnosis(FailureKind kind) {
        Diagnosis diagnosis = Diagnosis.of(kind);
        assertThat(diagnosis.meaning()).as("meaning").isNotBlank().endsWith(".");
        assertThat(diagnosis.causes()).as("causes").isNotEmpty().allMatch(cause -> cause.endsWith("."));
        assertThat(diagnosis.checks()).as("checks").isNotEmpty();
        assertThat(diagnosis.checks()).allMatch(check -> !check.command().matches(".*[\\r\\n{]host.*"));
    }

    @Test
    void commandsNameTheLastOrigin() {
        assertThat(Diagnosis.of(Reports.of(FailureKind.TLS_CERTIFICATE_ERROR)).checks())
                .extracting(Diagnosis.Check::command)
                .anyMatch(command -> command.startsWith(
                        "openssl s_client -connect inner-7.corp.example:8443" + " -servername inner-7.corp.example"));
        AttemptReport v6 = new AttemptReport("http://[::1]:81/base", "connect", 1, 0, true, null, null);
        assertThat(v6.host()).isEqualTo("[::1]");
        assertThat(v6.port()).isEqualTo(81);
    }

    @Test
    void theFailuresPageIsUpToDate() throws Exception {
        String page = page();
        if ("write".equals(System.getProperty("failures.page"))) {
            Files.writeString(PAGE, page);
        }

        assertThat(PAGE).exists();
        assertThat(Files.readString(PAGE))
                .as("docs/failures.md is stale; run"
                        + " mvn -pl filter test -Dtest=FailuresPageTest -Dfailures.page=write to regenerate it")
                .isEqualTo(page);
    }

    private static String page() {
        StringBuilder page = new StringBuilder(INTRODUCTION);
        for (FailureKind kind : FailureKind.values()) {
            String type = kind.errorType().equals(kind.word()) ? "" : " (`" + kind.errorType() + "`)";
            page.append("| [`" + kind.word() + "`](#" + kind.word() + ")" + type + " | "
                    + (kind == FailureKind.CLIENT_LEFT ? "none (499 in logs)" : kind.status()) + " | "
                    + kind.side().name().toLowerCase(Locale.ROOT) + " | "
                    + switch (kind.retry()) {
                        case NEVER -> "never";
                        case ALWAYS -> "always";
                        case IF_UNSENT_OR_IDEMPOTENT -> "unsent or idempotent";
                    }
                    + " | "
                    + (kind.again() == Again.CHANGED
                            ? "changed"
                            : kind.again().name().toLowerCase(Locale.ROOT))
                    + " | " + Diagnosis.of(kind).meaning() + " |\n");
        }
        page.append("\n## What to check\n");
        for (FailureKind kind : FailureKind.values()) {
            Diagnosis diagnosis = Diagnosis.of(kind);
            page.append(
                    "\n### " + kind.word() + "\n\n" + diagnosis.meaning() + " Likely causes, most likely first:\n\n");
            diagnosis.causes().forEach(cause -> page.append("1. " + cause + "\n"));
            page.append("\nTo check:\n\n");
            for (Diagnosis.Check check : diagnosis.checks()) {
                page.append("- " + check.what().replace("<", "\\<"));
                page.append(check.command().isEmpty() ? "\n" : "\n  ```sh\n  " + check.command() + "\n  ```\n");
            }
        }
        return page.toString();
    }
}
