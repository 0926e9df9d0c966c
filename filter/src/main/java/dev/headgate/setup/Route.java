package dev.headgate.setup;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A route of the filter that carries this annotation.
 *
 * <p>Every attribute is a setting with the same name, {@code timeoutConnect} for {@code route.<name>.timeout.connect},
 * and takes the same text. An empty attribute was not given.
 */
@Documented
@Inherited
@Repeatable(Routes.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Route {

    /** Letters, digits, {@code -} and {@code _}; {@code *} gives defaults for every route. */
    String name();

    String[] path() default {};

    String[] to() default {};

    String[] methods() default {};

    String[] hosts() default {};

    /** {@code Name} or {@code Name=value}. */
    String[] fields() default {};

    String order() default "";

    String targetPath() default "";

    String[] ambiguousPaths() default {};

    String host() default "";

    String forwarded() default "";

    /** {@code Name=value}. */
    String[] requestSet() default {};

    /** {@code Name=value}. */
    String[] requestAdd() default {};

    String[] requestRemove() default {};

    /** {@code Name=value}. */
    String[] responseSet() default {};

    /** {@code Name=value}. */
    String[] responseAdd() default {};

    String[] responseRemove() default {};

    String cookiesSendSession() default "";

    String cookiesRewrite() default "";

    String redirectsRewrite() default "";

    String timeoutConnect() default "";

    String timeoutResponse() default "";

    String timeoutIdle() default "";

    String timeoutTotal() default "";

    String[] fallback() default {};

    String errorDetail() default "";

    String[] errorDetailRoles() default {};

    String errorProxyStatus() default "";

    /** {@code 502=/WEB-INF/error.mustache}: a kind, a status or {@code *}, and a page. */
    String[] errorPage() default {};

    String retryAttempts() default "";

    String retryAnyMethod() default "";

    String[] retryStatuses() default {};

    String retryBuffer() default "";

    String retryBackoff() default "";

    String retryBackoffMax() default "";

    String cache() default "";

    String cacheHeuristic() default "";

    String cacheMaxObjectSize() default "";

    String cacheStaleOnError() default "";

    String cacheNegativeTtl() default "";

    String[] cacheShare() default {};

    String[] cacheKeyIgnoreParameters() default {};

    String cacheKeySortParameters() default "";

    String cacheSetCookie() default "";

    String cacheCollapseWait() default "";

    String[] limits() default {};

    String rate() default "";

    String concurrencyMax() default "";

    String concurrencyAdaptive() default "";

    String concurrencyMin() default "";

    String queueLength() default "";

    String queueTime() default "";

    String queueOrder() default "";

    String priority() default "";

    String[] priorityHighRoles() default {};

    String requestMaxTarget() default "";

    String requestMaxHead() default "";

    String requestMaxFields() default "";

    String requestMaxSize() default "";

    String requestMinRate() default "";

    String responseMaxSize() default "";

    String responseMinRate() default "";
}
