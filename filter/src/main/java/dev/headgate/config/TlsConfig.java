package dev.headgate.config;

/**
 * How an upstream's {@code https} origins are trusted and how the gateway shows itself to them. Host names are always
 * verified (RFC 9110 §4.3.4).
 *
 * @param trust where trusted certificates are: a PKCS12 or PEM file; empty: those of the JDK
 * @param trustPassword of a PKCS12 file; empty: none
 * @param key where the client certificate and its key are: a PKCS12 or PEM file; empty: no client certificate
 * @param keyPassword of a PKCS12 file or of an encrypted PEM key; empty: none
 */
public record TlsConfig(Source trust, String trustPassword, Source key, String keyPassword) {

    /** The JDK's own trust and no client certificate. */
    public static final TlsConfig DEFAULT = new TlsConfig(Source.NONE, "", Source.NONE, "");

    public TlsConfig {
        if (trust == null || trustPassword == null || key == null || keyPassword == null) {
            throw new IllegalArgumentException("what is not given is empty, not null");
        }
    }

    /** Passwords stay out of logs. */
    @Override
    public String toString() {
        return "TlsConfig[trust=" + trust.location() + ", key=" + key.location() + "]";
    }

    /**
     * A file that was read when the configuration was.
     *
     * @param location where it came from, for messages; empty: nothing was configured
     * @param content its bytes; callers do not change them
     */
    public record Source(String location, byte[] content) {

        /** Nothing was configured. */
        public static final Source NONE = new Source("", new byte[0]);

        public boolean isPresent() {
            return !location.isEmpty();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Source source
                    && location.equals(source.location)
                    && java.util.Arrays.equals(content, source.content);
        }

        @Override
        public int hashCode() {
            return location.hashCode();
        }

        @Override
        public String toString() {
            return "Source[" + location + "]";
        }
    }
}
