package dev.headgate.setup;

import dev.headgate.config.GatewayConfig;
import jakarta.servlet.FilterConfig;

/** Where a filter's settings come from, to be read again while the app runs. Thread-safe. */
public final class SettingsSource {

    private final FilterConfig filter;
    private final Class<?> filterClass;

    /** @param filterClass the filter's own class, which may have annotations */
    public SettingsSource(FilterConfig filter, Class<?> filterClass) {
        this.filter = filter;
        this.filterClass = filterClass;
    }

    /**
     * Reads everything that was said about the filter: see {@link SettingsReader#read}.
     *
     * @throws SettingsException with every mistake that was found
     */
    public GatewayConfig read() {
        return SettingsReader.read(filter, filterClass);
    }

    /** The content of the properties file as it is now; empty where there is none, or it cannot be read. */
    public byte[] fileContent() {
        return SettingsReader.fileContent(filter, filterClass);
    }
}
