package dev.headgate.setup;

import dev.headgate.config.TlsConfig;
import jakarta.servlet.ServletContext;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * What settings may refer to, as it was when they were read.
 *
 * @param environment the environment variables
 * @param system the system properties
 * @param app where {@code /WEB-INF/...} is looked up; null outside of an app
 */
record Surroundings(Map<String, String> environment, Map<String, String> system, ServletContext app) {

    static Surroundings of(ServletContext app) {
        Properties properties = System.getProperties();
        Map<String, String> system = new TreeMap<>();
        for (String name : properties.stringPropertyNames()) {
            system.put(name, properties.getProperty(name));
        }
        return new Surroundings(System.getenv(), system, app);
    }

    /**
     * Reads a file of the app, the class path or the file system.
     *
     * @throws BadValue when it is not there or cannot be read
     */
    TlsConfig.Source read(String location) {
        try (InputStream file = open(location)) {
            if (file == null) {
                throw new BadValue("there is no such file");
            }
            return new TlsConfig.Source(location, file.readAllBytes());
        } catch (NoSuchFileException e) {
            throw new BadValue("there is no such file");
        } catch (IOException | InvalidPathException e) {
            throw new BadValue("the file cannot be read: " + e);
        }
    }

    private InputStream open(String location) throws IOException {
        if (location.startsWith("/WEB-INF/")) {
            if (app == null) {
                throw new BadValue("files of the app can be read only where the builder is given its ServletContext");
            }
            return app.getResourceAsStream(location);
        }
        if (location.startsWith("classpath:")) {
            String name = location.substring("classpath:".length()).replaceFirst("^/+", "");
            ClassLoader apps = Thread.currentThread().getContextClassLoader();
            InputStream found = apps == null ? null : apps.getResourceAsStream(name);
            return found != null ? found : Surroundings.class.getClassLoader().getResourceAsStream(name);
        }
        return Files.newInputStream(Path.of(location));
    }
}
