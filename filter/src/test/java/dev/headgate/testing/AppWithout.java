package dev.headgate.testing;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The class loader of an app that has the gateway's classes and lacks those of a library. */
public final class AppWithout extends ClassLoader {

    private final List<String> lacking;
    private final Set<String> missed = ConcurrentHashMap.newKeySet();

    /** @param lacking how the names of classes begin that are not there */
    public AppWithout(String... lacking) {
        super(AppWithout.class.getClassLoader());
        this.lacking = List.of(lacking);
    }

    /** The classes that were asked for and are not there. */
    public Set<String> missed() {
        return Set.copyOf(missed);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (lacking.stream().anyMatch(name::startsWith)) {
            missed.add(name);
            throw new ClassNotFoundException(name);
        }
        if (!name.startsWith("dev.headgate.")) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> known = findLoadedClass(name);
            if (known != null) {
                return known;
            }
            try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (file == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] code = file.readAllBytes();
                return defineClass(name, code, 0, code.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }
}
