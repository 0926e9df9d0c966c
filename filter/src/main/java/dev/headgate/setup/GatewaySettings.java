package dev.headgate.setup;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What holds for the whole gateway of the filter that carries this annotation.
 *
 * <p>Every attribute is a setting with the same name, {@code viaName} for {@code via.name}, and takes the same text. An
 * empty attribute was not given.
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface GatewaySettings {

    String name() default "";

    String viaName() default "";

    String proxyStatusName() default "";

    String requestIdField() default "";

    String[] trustedProxies() default {};

    String cacheHeapEntries() default "";

    String cacheOffHeapSize() default "";

    String cacheDiskSize() default "";

    String cacheDiskPath() default "";

    String[] cachePurgeRoles() default {};

    String[] cachePurgeAddresses() default {};

    String hostThreads() default "";

    String hostThreadsPool() default "";

    String limitsStore() default "";

    String limitsStoreTimeout() default "";

    String limitsStorePause() default "";

    String reloadInterval() default "";

    String closeGrace() default "";

    String jmx() default "";

    String accessLog() default "";

    String statusPath() default "";

    String[] statusRoles() default {};

    String[] statusAddresses() default {};

    String startCheck() default "";
}
