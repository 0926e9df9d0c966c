package dev.headgate.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * A block of IP addresses in CIDR notation (RFC 4632, RFC 4291 §2.3), such as {@code 10.0.0.0/8}, {@code ::1} or
 * {@code 2001:db8::/32}. A lone address is a block of one. Immutable.
 */
public final class AddressRange {

    /** Only literals, so that no configuration or request value is ever looked up in DNS. */
    private static final Pattern LITERAL =
            Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%[\\w.-]+)?");

    private final byte[] network;
    private final int prefixLength;
    private final String text;

    private AddressRange(byte[] network, int prefixLength, String text) {
        this.network = network;
        this.prefixLength = prefixLength;
        this.text = text;
    }

    /**
     * Reads an address or a block.
     *
     * @throws IllegalArgumentException when the text is neither
     */
    public static AddressRange parse(String text) {
        int slash = text.indexOf('/');
        byte[] address = addressOf(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            throw new IllegalArgumentException("'" + text + "' is not an IP address or a block like 10.0.0.0/8");
        }
        int bits = address.length * 8;
        int prefix = bits;
        if (slash >= 0) {
            String digits = text.substring(slash + 1);
            prefix = digits.matches("\\d{1,3}") ? Integer.parseInt(digits) : -1;
            if (prefix < 0 || prefix > bits) {
                throw new IllegalArgumentException("'" + text + "' needs a prefix length from 0 to " + bits);
            }
        }
        return new AddressRange(address, prefix, text);
    }

    /** Tells whether an IP address literal lies in this block; anything that is no literal does not. */
    public boolean contains(String address) {
        byte[] bytes = address == null ? null : addressOf(address);
        if (bytes == null || bytes.length != network.length) {
            return false;
        }
        for (int bit = 0; bit < prefixLength; bit += 8) {
            int mask = prefixLength - bit >= 8 ? 0xFF : 0xFF << (8 - (prefixLength - bit)) & 0xFF;
            if ((bytes[bit / 8] & mask) != (network[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }

    /** The bytes of an IP address literal, also in brackets: 4 or 16; null for anything else. Nothing is looked up. */
    public static byte[] bytesOf(String literal) {
        return literal == null ? null : addressOf(literal);
    }

    private static byte[] addressOf(String literal) {
        String bare =
                literal.startsWith("[") && literal.endsWith("]") ? literal.substring(1, literal.length() - 1) : literal;
        if (!LITERAL.matcher(bare).matches()) {
            return null;
        }
        int zone = bare.indexOf('%');
        try {
            // An IPv4-mapped IPv6 literal comes back as four bytes, which is what a block of IPv4 expects.
            return InetAddress.getByName(zone < 0 ? bare : bare.substring(0, zone))
                    .getAddress();
        } catch (UnknownHostException e) {
            return null;
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof AddressRange range
                && prefixLength == range.prefixLength
                && Arrays.equals(network, range.network);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(network) + prefixLength;
    }

    @Override
    public String toString() {
        return text;
    }
}
