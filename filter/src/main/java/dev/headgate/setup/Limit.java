package dev.headgate.setup;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A rate limit of the filter that carries this annotation.
 *
 * <p>Every attribute is a setting with the same name, {@code maxKeys} for {@code limit.<name>.max-keys}, and takes the
 * same text. An empty attribute was not given.
 */
@Documented
@Inherited
@Repeatable(Limits.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Limit {

    /** Letters, digits, {@code -} and {@code _}; {@code *} gives defaults for every limit. */
    String name();

    String rate() default "";

    /** {@code role=rate} items. */
    String[] rateFor() default {};

    String[] key() default {};

    String[] cost() default {};

    String status() default "";

    String shadow() default "";

    String maxWait() default "";

    String maxKeys() default "";

    String countStored() default "";

    String announce() default "";
}
