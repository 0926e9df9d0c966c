package dev.headgate;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;
import dev.headgate.failure.FailureKind;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAmount;
import java.util.Arrays;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;

/**
 * Who may know whom, and which library lives where: what {@code docs/architecture.md} says in words. Packages that do
 * not exist yet have their place already.
 */
@AnalyzeClasses(packages = "dev.headgate", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

    /** Packages whose public classes exist for other packages of the gateway only, never for its users. */
    private static final String[] INNER = {
        "dev.headgate.failure",
        "dev.headgate.route",
        "dev.headgate.limit",
        "dev.headgate.cache",
        "dev.headgate.upstream",
        "dev.headgate.forward",
        "dev.headgate.observe"
    };

    /** Static fields that look mutable and why they are not: each entry has its reason. */
    private static final Map<String, String> STATICS_ALLOWED = Map.of(
            "dev.headgate.setup.SettingsTable.ROWS",
            "private; filled by the rows below it while the class is initialised, and never touched again");

    /** Classes outside of {@code observe} that may use management beans, each with its reason. */
    private static final Map<String, String> MANAGEMENT_ALLOWED = Map.of(
            "dev.headgate.ContainerSize",
            "finds out the size of the container's thread pool, which only its MBeans tell",
            "dev.headgate.ProcessorLoad",
            "asks how busy the machine's processors are, which only a bean of the JVM's tells");

    /** Classes outside of {@code observe} that may know Dropwizard, each with its reason. */
    private static final Map<String, String> METRICS_ALLOWED =
            Map.of("dev.headgate.HeadgateFilter", "where an app hands over its registry");

    @ArchTest
    static final ArchRule packagesKnowOnlyWhatIsBelowThem = layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("dev.headgate..")
            .withOptionalLayers(true)
            .layer("config")
            .definedBy("dev.headgate.config")
            .layer("failure")
            .definedBy("dev.headgate.failure")
            .layer("exchange")
            .definedBy("dev.headgate.exchange")
            .layer("route")
            .definedBy("dev.headgate.route")
            .layer("limit")
            .definedBy("dev.headgate.limit")
            .layer("cache")
            .definedBy("dev.headgate.cache")
            .layer("upstream")
            .definedBy("dev.headgate.upstream")
            .layer("forward")
            .definedBy("dev.headgate.forward")
            .layer("setup")
            .definedBy("dev.headgate.setup")
            .layer("observe")
            .definedBy("dev.headgate.observe")
            .layer("root")
            .definedBy("dev.headgate")
            .whereLayer("config")
            .mayNotAccessAnyLayer()
            .whereLayer("failure")
            .mayOnlyAccessLayers("config")
            .whereLayer("exchange")
            .mayOnlyAccessLayers("config", "failure")
            .whereLayer("route")
            .mayOnlyAccessLayers("config", "failure", "exchange")
            .whereLayer("limit")
            .mayOnlyAccessLayers("config", "failure", "exchange")
            .whereLayer("cache")
            .mayOnlyAccessLayers("config", "failure", "exchange")
            .whereLayer("upstream")
            .mayOnlyAccessLayers("config", "failure", "exchange")
            .whereLayer("forward")
            .mayOnlyAccessLayers("config", "failure", "exchange", "route", "limit", "cache", "upstream")
            // Of failures only their names: see the rule below.
            .whereLayer("setup")
            .mayOnlyAccessLayers("config", "failure")
            // Events come through an exchange; the state that operators see and change is that of limits, cache and
            // origins.
            .whereLayer("observe")
            .mayOnlyAccessLayers("config", "failure", "exchange", "route", "limit", "cache", "upstream")
            .ensureAllClassesAreContainedInArchitecture();

    /** Settings name kinds of failure, and {@code FailureKind} is the list of those names. */
    @ArchTest
    static final ArchRule setupKnowsOfFailuresOnlyTheirNames = noClasses()
            .that()
            .resideInAPackage("dev.headgate.setup")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.headgate.failure")
                    .and(DescribedPredicate.describe(
                            "are not FailureKind", type -> !topLevel(type).equals(FailureKind.class.getName()))));

    @ArchTest
    static final ArchRule httpClientLivesInUpstreamAndForward =
            livesIn("org.apache.hc..", "dev.headgate.upstream", "dev.headgate.forward");

    @ArchTest
    static final ArchRule ehcacheLivesInCache = livesIn("org.ehcache..", "dev.headgate.cache");

    @ArchTest
    static final ArchRule bucket4jLivesInLimit = livesIn("io.github.bucket4j..", "dev.headgate.limit");

    @ArchTest
    static final ArchRule lettuceLivesInLimit = livesIn("io.lettuce..", "dev.headgate.limit");

    @ArchTest
    static final ArchRule concurrencyLimitsLivesInLimit = livesIn("com.netflix.concurrency..", "dev.headgate.limit");

    @ArchTest
    static final ArchRule mustacheLivesWhereThePagesAre =
            livesIn("com.samskivert..", "dev.headgate.failure", "dev.headgate.observe");

    @ArchTest
    static final ArchRule metricsLiveInObserve = noClasses()
            .that()
            .resideOutsideOfPackage("dev.headgate.observe")
            .and(areNot(METRICS_ALLOWED))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.codahale..");

    @ArchTest
    static final ArchRule metricsOfDropwizardLiveInObserve = livesIn("io.dropwizard..", "dev.headgate.observe");

    @ArchTest
    static final ArchRule openTelemetryLivesInObserve = livesIn("io.opentelemetry..", "dev.headgate.observe");

    @ArchTest
    static final ArchRule managementLivesInObserve = noClasses()
            .that()
            .resideOutsideOfPackage("dev.headgate.observe")
            .and(areNot(MANAGEMENT_ALLOWED))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("javax.management..", "java.lang.management..");

    /** A library that none of the rules above gives a home. */
    @ArchTest
    static final ArchRule everyLibraryHasAHome = classes()
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(
                    "dev.headgate..",
                    "java..",
                    "javax.crypto..",
                    "javax.management..",
                    "javax.net..",
                    "javax.security..",
                    "jakarta.servlet..",
                    "org.slf4j..",
                    "org.apache.hc..",
                    "org.ehcache..",
                    "io.github.bucket4j..",
                    "io.lettuce..",
                    // Lettuce's transport, whose futures it hands out.
                    "io.netty..",
                    "com.netflix.concurrency..",
                    "com.codahale..",
                    "io.dropwizard..",
                    "io.opentelemetry..",
                    "com.samskivert.."));

    @ArchTest
    static final ArchRule nothingMutableIsStatic = fields().that()
            .areStatic()
            .and()
            .doNotHaveModifier(JavaModifier.SYNTHETIC)
            .should(beImmutable());

    @ArchTest
    static final ArchRule nothingHangsOnAThread =
            noClasses().should().dependOnClassesThat().areAssignableTo(ThreadLocal.class);

    /** Else a thread keeps what hung on the one that happened to begin it: a container's, amid somebody's request. */
    @ArchTest
    static final ArchRule threadsInheritNothing = noClasses()
            .should()
            .callConstructor(Thread.class)
            .orShould()
            .callConstructor(Thread.class, Runnable.class)
            .orShould()
            .callConstructor(Thread.class, Runnable.class, String.class)
            .orShould()
            .callConstructor(Thread.class, ThreadGroup.class, Runnable.class, String.class)
            .orShould()
            .callConstructor(Thread.class, ThreadGroup.class, Runnable.class, String.class, long.class);

    @ArchTest
    static final ArchRule timeComesInAsAClockOrANanoSource =
            noClasses().that().resideOutsideOfPackage("dev.headgate").should().accessTargetWhere(readsTheTime());

    @ArchTest
    static final ArchRule nobodyPrints = GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

    @ArchTest
    static final ArchRule nobodyLogsPastSlf4j = GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

    @ArchTest
    static final ArchRule namesSaySomething =
            noClasses().should().haveNameMatching(".*(Util|Utils|Helper|Manager|Impl)");

    @ArchTest
    static final ArchRule publicClassesOfInnerPackagesAreUsedByOthers = classes()
            .that()
            .arePublic()
            .and()
            .areTopLevelClasses()
            .and()
            .resideInAnyPackage(INNER)
            .should(beUsedByAnotherPackage());

    private static ArchRule livesIn(String library, String... homes) {
        return noClasses()
                .that()
                .resideOutsideOfPackages(homes)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library);
    }

    private static DescribedPredicate<JavaClass> areNot(Map<String, String> allowed) {
        return DescribedPredicate.describe("are none of " + allowed, type -> !allowed.containsKey(topLevel(type)));
    }

    private static String topLevel(JavaClass type) {
        int nested = type.getName().indexOf('$');
        return nested < 0 ? type.getName() : type.getName().substring(0, nested);
    }

    private static DescribedPredicate<JavaAccess<?>> readsTheTime() {
        return DescribedPredicate.describe("reads the system's time", access -> {
            String owner = access.getTargetOwner().getName();
            String name = access.getTarget().getName();
            return owner.equals("java.lang.System")
                            && Set.of("currentTimeMillis", "nanoTime").contains(name)
                    || owner.equals("java.time.Clock") && (name.startsWith("system") || name.startsWith("tick"))
                    || owner.startsWith("java.time.") && name.equals("now")
                    || owner.equals("java.util.Date")
                            && access.getTarget().getFullName().endsWith("<init>()")
                    || owner.equals("java.util.Calendar") && name.equals("getInstance");
        });
    }

    private static ArchCondition<JavaClass> beUsedByAnotherPackage() {
        return new ArchCondition<>(
                "be used by another package or handed out by a public class, or else be package-private") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                boolean used = type.getDirectDependenciesToSelf().stream()
                        .map(Dependency::getOriginClass)
                        .anyMatch(user -> !user.getPackageName().equals(type.getPackageName())
                                || user.getModifiers().contains(JavaModifier.PUBLIC) && returns(user, type));
                events.add(new SimpleConditionEvent(type, used, type.getName() + " is public for nobody"));
            }
        };
    }

    /** Whether a public method of a public class hands it out. */
    private static boolean returns(JavaClass user, JavaClass type) {
        return !user.equals(type)
                && user.getMethods().stream()
                        .anyMatch(method -> method.getModifiers().contains(JavaModifier.PUBLIC)
                                && method.getRawReturnType().equals(type));
    }

    private static ArchCondition<JavaField> beImmutable() {
        return new ArchCondition<>("be final and hold an immutable value") {
            @Override
            public void check(JavaField field, ConditionEvents events) {
                boolean fine = STATICS_ALLOWED.containsKey(field.getFullName())
                        || field.getModifiers().contains(JavaModifier.FINAL) && isImmutable(valueOf(field));
                events.add(new SimpleConditionEvent(field, fine, field.getFullName() + " is mutable"));
            }
        };
    }

    private static Object valueOf(JavaField field) {
        try {
            Field reflected = field.reflect();
            reflected.setAccessible(true);
            return reflected.get(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    /** Looks at the value, because the declared type of a collection does not tell. */
    private static boolean isImmutable(Object value) {
        if (value == null
                || value instanceof String
                || value instanceof Number && value.getClass().getName().startsWith("java.lang.")
                || value instanceof Boolean
                || value instanceof Character
                || value instanceof Enum
                || value instanceof Record
                || value instanceof Pattern
                || value instanceof TemporalAmount
                || value instanceof DateTimeFormatter
                || value instanceof Logger) {
            return true;
        }
        Class<?> type = value.getClass();
        if (type.isArray()) {
            return Array.getLength(value) == 0;
        }
        if (value instanceof Collection || value instanceof Map) {
            return type.getName().startsWith("java.util.ImmutableCollections$")
                    || type.getName().startsWith("java.util.Collections$Unmodifiable");
        }
        // Lambdas, such as comparators, and objects of our own without state that changes.
        return type.isHidden()
                || type.getPackageName().startsWith("dev.headgate")
                        && Arrays.stream(type.getDeclaredFields())
                                .allMatch(each -> Modifier.isFinal(each.getModifiers()));
    }
}
