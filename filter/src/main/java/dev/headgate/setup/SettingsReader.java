package dev.headgate.setup;

import dev.headgate.config.GatewayConfig;
import dev.headgate.setup.SettingsException.Mistake;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletContext;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.lang.annotation.Annotation;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the settings of a filter. The same key given in several places counts where it is strongest: annotations, then
 * the properties file, then init-params, then system properties.
 */
public final class SettingsReader {

    /** What the system properties that override a key start with. */
    static final String SYSTEM_PREFIX = "headgate.";

    /** Read by a filter that was given nothing else; with it the gateway registers itself. */
    static final String DEFAULT_FILE = "/WEB-INF/headgate.properties";

    /** The init-param that names another file. */
    private static final String FILE_PARAM = "properties";

    private static final Logger LOG = LoggerFactory.getLogger(SettingsReader.class);

    private final FilterConfig filter;
    private final ServletContext app;
    private final List<Mistake> mistakes = new ArrayList<>();

    private SettingsReader(FilterConfig filter) {
        this.filter = filter;
        this.app = filter.getServletContext();
    }

    /**
     * Reads everything that was said about a filter: the annotations of its class, the properties file that its
     * init-param {@code properties} names (without other settings: {@code /WEB-INF/headgate.properties}), its init-params
     * and the system properties {@code headgate.*}.
     *
     * @throws SettingsException with every mistake that was found
     */
    public static GatewayConfig read(FilterConfig filter, Class<?> filterClass) {
        return read(filter, filterClass, Surroundings.of(filter.getServletContext()));
    }

    static GatewayConfig read(FilterConfig filter, Class<?> filterClass, Surroundings around) {
        SettingsReader reader = new SettingsReader(filter);
        List<Given> annotations = annotations(filterClass);
        List<Given> initParams = reader.initParams();
        List<Given> file = reader.file(around, annotations.isEmpty() && initParams.isEmpty());
        return Assembly.of(List.of(annotations, file, initParams), reader.mistakes, around);
    }

    /** What {@link #read} would find in the properties file, without reading what it says. */
    static byte[] fileContent(FilterConfig filter, Class<?> filterClass) {
        SettingsReader reader = new SettingsReader(filter);
        boolean alone =
                annotations(filterClass).isEmpty() && reader.initParams().isEmpty();
        String named = filter.getInitParameter(FILE_PARAM);
        try {
            byte[] content = named != null
                    ? reader.named(named, Surroundings.of(filter.getServletContext()))
                    : alone ? reader.resource(DEFAULT_FILE) : null;
            return content == null ? new byte[0] : content;
        } catch (IOException | IllegalArgumentException | IllegalStateException e) {
            return new byte[0];
        }
    }

    /** In the order of their names, since {@link FilterConfig} keeps none. */
    private List<Given> initParams() {
        List<String> names = Collections.list(filter.getInitParameterNames());
        Collections.sort(names);
        List<Given> params = new ArrayList<>();
        for (String name : names) {
            if (!name.equals(FILE_PARAM)) {
                params.add(new Given(
                        name, filter.getInitParameter(name).strip(), Given.Where.INIT_PARAM, initParamPlace()));
            }
        }
        return params;
    }

    private String initParamPlace() {
        return "init-param of filter " + filter.getFilterName();
    }

    private static List<Given> annotations(Class<?> filterClass) {
        List<Given> given = new ArrayList<>();
        read(filterClass, GatewaySettings.class, Scope.GATEWAY, given);
        read(filterClass, Upstream.class, Scope.UPSTREAM, given);
        read(filterClass, Limit.class, Scope.LIMIT, given);
        read(filterClass, Route.class, Scope.ROUTE, given);
        return given;
    }

    private static <A extends Annotation> void read(
            Class<?> filterClass, Class<A> type, Scope scope, List<Given> given) {
        String place = "@" + type.getSimpleName() + " on " + filterClass.getName();
        for (A annotation : filterClass.getAnnotationsByType(type)) {
            String name = scope == Scope.GATEWAY ? "" : String.join("", texts(annotation, "name"));
            for (Setting<?> setting : SettingsTable.ALL) {
                if (setting.scope() != scope) {
                    continue;
                }
                String key = scope.fullKey(name, setting.key());
                List<String> texts = texts(annotation, setting.javaName());
                if (setting.open()) {
                    for (String text : texts) {
                        int equals = text.indexOf('=');
                        String field = equals < 0 ? text : text.substring(0, equals);
                        String value = equals < 0 ? "" : text.substring(equals + 1);
                        given.add(new Given(key + "." + field.strip(), value.strip(), Given.Where.ANNOTATION, place));
                    }
                } else if (!texts.isEmpty()) {
                    given.add(new Given(key, String.join(" ", texts).strip(), Given.Where.ANNOTATION, place));
                }
            }
        }
    }

    /** What an attribute says; empty where it was not given. */
    private static List<String> texts(Annotation annotation, String attribute) {
        Object value;
        try {
            value = annotation.annotationType().getMethod(attribute).invoke(annotation);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(annotation.annotationType() + " has no attribute " + attribute, e);
        }
        if (value instanceof String[] texts) {
            return List.of(texts);
        }
        return value.equals("") ? List.of() : List.of((String) value);
    }

    /** @param alone whether nothing else was given, so that the default file is read where it exists */
    private List<Given> file(Surroundings around, boolean alone) {
        String named = filter.getInitParameter(FILE_PARAM);
        if (named == null) {
            byte[] content = resource(DEFAULT_FILE);
            if (content != null && !alone) {
                LOG.warn(
                        "{} is not read, since filter {} has settings of its own. To use both, give the filter the"
                                + " init-param properties = {}",
                        DEFAULT_FILE,
                        filter.getFilterName(),
                        DEFAULT_FILE);
            }
            return content == null || !alone ? List.of() : parse(content, DEFAULT_FILE);
        }
        try {
            byte[] content = named(named, around);
            if (content == null) {
                throw new BadValue("there is no such file");
            }
            return parse(content, location(named, around));
        } catch (IOException | IllegalArgumentException e) {
            mistakes.add(new Mistake(
                    FILE_PARAM,
                    initParamPlace(),
                    named,
                    e instanceof IOException ? "the file cannot be read: " + e : e.getMessage(),
                    "a file of the app such as " + DEFAULT_FILE + ", or the absolute path of a file",
                    ""));
            return List.of();
        }
    }

    private static String location(String named, Surroundings around) {
        return Variables.expand(named.strip(), false, around.environment(), around.system());
    }

    /** The content of the file that an init-param names; null where there is none. */
    private byte[] named(String named, Surroundings around) throws IOException {
        String location = location(named, around);
        if (location.startsWith("/WEB-INF/")) {
            return resource(location);
        }
        Path path = Path.of(location);
        if (!path.isAbsolute()) {
            throw new BadValue("it is not an absolute path");
        }
        return Files.isRegularFile(path) ? Files.readAllBytes(path) : null;
    }

    private byte[] resource(String location) {
        try (InputStream stream = app.getResourceAsStream(location)) {
            return stream == null ? null : stream.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("cannot read " + location, e);
        }
    }

    /** Reads a properties file line by line, because {@link Properties} forgets lines and hides keys given twice. */
    private List<Given> parse(byte[] content, String location) {
        List<Given> given = new ArrayList<>();
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
        } catch (CharacterCodingException e) {
            mistakes.add(new Mistake(location, location, "", "the file is not UTF-8", "", ""));
            return given;
        }
        String[] lines = (text.startsWith("\uFEFF") ? text.substring(1) : text).split("\r\n|\r|\n", -1);
        for (int i = 0; i < lines.length; i++) {
            int first = i;
            String start = lines[i].strip();
            if (start.isEmpty() || start.startsWith("#") || start.startsWith("!")) {
                continue;
            }
            StringBuilder logical = new StringBuilder(lines[i]);
            while (lines[i].matches(".*(?<!\\\\)(\\\\\\\\)*\\\\") && i + 1 < lines.length) {
                logical.append('\n').append(lines[++i]);
            }
            String place = location + " line " + (first + 1);
            Properties one = new Properties();
            try {
                one.load(new StringReader(logical.toString()));
            } catch (IOException | IllegalArgumentException e) {
                mistakes.add(new Mistake(start, place, "", "the line cannot be read: " + e.getMessage(), "", ""));
                continue;
            }
            one.forEach((key, value) ->
                    given.add(new Given((String) key, ((String) value).strip(), Given.Where.PROPERTIES_FILE, place)));
        }
        return given;
    }
}
