package dev.headgate.setup;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * An upstream of the filter that carries this annotation.
 *
 * <p>Every attribute is a setting with the same name, {@code connectionsMax} for
 * {@code upstream.<name>.connections.max}, and takes the same text. An empty attribute was not given.
 */
@Documented
@Inherited
@Repeatable(Upstreams.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Upstream {

    /**
     * Letters, digits, {@code -} and {@code _}; the name of a route whose {@code to} gives origins tunes that route's own
     * upstream; {@code *} gives defaults for every upstream.
     */
    String name();

    String[] origins() default {};

    String connectionsMax() default "";

    String connectionsLeaseTimeout() default "";

    String connectionsIdleTimeout() default "";

    String connectionsTimeToLive() default "";

    String tlsTrust() default "";

    String tlsTrustPassword() default "";

    String tlsKey() default "";

    String tlsKeyPassword() default "";

    String headMaxSize() default "";

    String headMaxFields() default "";

    String balance() default "";

    String balanceKey() default "";

    String balanceSecret() default "";

    String balanceZone() default "";

    String balanceSpill() default "";

    String balanceSlowStart() default "";

    String resolve() default "";

    String resolveInterval() default "";

    String healthPassive() default "";

    String healthFailures() default "";

    String healthFailureRate() default "";

    String healthEjection() default "";

    String healthEjectionMax() default "";

    String healthMaxEjected() default "";

    String healthPanic() default "";

    String healthSilence() default "";

    String healthProbe() default "";

    String healthPath() default "";

    String healthMethod() default "";

    String healthHost() default "";

    String[] healthFields() default {};

    String healthStatus() default "";

    String healthText() default "";

    String healthInterval() default "";

    String healthTimeout() default "";

    String healthRise() default "";

    String healthFall() default "";

    String retryBudget() default "";

    String retryBudgetLeast() default "";

    String concurrencyMax() default "";

    String concurrencyAdaptive() default "";

    String concurrencyMin() default "";

    String queueLength() default "";

    String queueTime() default "";

    String queueOrder() default "";
}
