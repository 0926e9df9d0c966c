package dev.headgate;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** Virtual threads of a Java that has them, found at run time because the gateway is built for Java 17. Thread-safe. */
final class VirtualThreads {

    private final MethodHandle isVirtual;
    private final MethodHandle unstarted;

    private VirtualThreads(MethodHandle isVirtual, MethodHandle unstarted) {
        this.isVirtual = isVirtual;
        this.unstarted = unstarted;
    }

    /**
     * Virtual threads with this name.
     *
     * @return null where Java has none (before 21)
     */
    static VirtualThreads ofThisJava(String threadName) {
        if (Runtime.version().feature() < 21) {
            return null; // 19 and 20 have them behind a switch
        }
        try {
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            Class<?> builderType = Class.forName("java.lang.Thread$Builder$OfVirtual");
            Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
            builder = builderType.getMethod("name", String.class).invoke(builder, threadName);
            builder = builderType
                    .getMethod("inheritInheritableThreadLocals", boolean.class)
                    .invoke(builder, false);
            MethodHandle isVirtual =
                    lookup.findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
            MethodHandle unstarted =
                    lookup.findVirtual(builderType, "unstarted", MethodType.methodType(Thread.class, Runnable.class));
            return new VirtualThreads(isVirtual, unstarted.bindTo(builder));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java should have virtual threads", e);
        }
    }

    /** Whether the calling thread is one. */
    boolean isCurrent() {
        try {
            return (boolean) isVirtual.invokeExact(Thread.currentThread());
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    void start(Runnable task) {
        try {
            ((Thread) unstarted.invoke(task)).start();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
