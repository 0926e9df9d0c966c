package dev.headgate.upstream;

import java.util.Locale;
import org.apache.hc.core5.http.message.BasicHeader;

/** A field line of a response as it was read from an origin. Immutable. */
public final class ResponseField extends BasicHeader {

    private static final long serialVersionUID = 1L;

    private final String lowerName;

    ResponseField(String name, String value) {
        super(name, value);
        this.lowerName = name.toLowerCase(Locale.ROOT);
    }

    /** The name in lower case. */
    public String lowerName() {
        return lowerName;
    }

    /** The same with a line more, which the origin had folded. */
    ResponseField continued(String more) {
        return new ResponseField(getName(), getValue().isEmpty() ? more : getValue() + " " + more);
    }
}
