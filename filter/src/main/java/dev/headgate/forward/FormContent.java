package dev.headgate.forward;

import jakarta.servlet.http.HttpServletRequest;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A form that somebody before the gateway has read with {@code getParameter}, made again from the parameters: those that
 * the query does not explain came from the content.
 */
final class FormContent {

    private FormContent() {}

    /** Must only be called once the content is known to be gone: before that, asking for parameters eats it. */
    static byte[] rebuild(HttpServletRequest request) {
        Charset charset = charset(request);
        Map<String, List<String>> fromQuery = parse(request.getQueryString());
        StringBuilder form = new StringBuilder();
        request.getParameterMap().forEach((name, values) -> {
            List<String> explained = new ArrayList<>(fromQuery.getOrDefault(name, List.of()));
            for (String value : values) {
                // Servlet 6.0 §3.1: values of the query come before those of the content.
                if (explained.remove(value)) {
                    continue;
                }
                form.append(form.isEmpty() ? "" : "&")
                        .append(encode(name, charset))
                        .append('=')
                        .append(encode(value, charset));
            }
        });

        return form.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** The parameters in the content of a form that nobody has read with {@code getParameter}. */
    static Map<String, List<String>> parameters(byte[] content, HttpServletRequest request) {
        Charset charset = charset(request);
        return parse(
                new String(content, StandardCharsets.ISO_8859_1), charset == null ? StandardCharsets.UTF_8 : charset);
    }

    private static Map<String, List<String>> parse(String query) {
        return parse(query, StandardCharsets.UTF_8);
    }

    private static Map<String, List<String>> parse(String query, Charset charset) {
        Map<String, List<String>> values = new LinkedHashMap<>();
        if (query == null || query.isEmpty()) {
            return values;
        }
        for (String pair : query.split("&")) {
            int equals = pair.indexOf('=');
            String name = decode(equals < 0 ? pair : pair.substring(0, equals), charset);
            String value = equals < 0 ? "" : decode(pair.substring(equals + 1), charset);
            values.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
        }
        return values;
    }

    private static String decode(String text, Charset charset) {
        try {
            return URLDecoder.decode(text, charset);
        } catch (IllegalArgumentException e) {
            return text; // a stray percent sign: containers differ, none of them turns it into a form value
        }
    }

    /**
     * Percent-encodes what the container decoded. Where nobody named a charset, some containers took UTF-8 bytes for
     * ISO-8859-1: text whose characters, one byte each, make well-formed UTF-8 was decoded that way.
     */
    private static String encode(String text, Charset charset) {
        if (charset != null) {
            return URLEncoder.encode(text, charset);
        }
        boolean oneByteEach = text.chars().allMatch(c -> c <= 0xFF);
        if (oneByteEach) {
            try {
                StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
                return URLEncoder.encode(text, StandardCharsets.ISO_8859_1);
            } catch (CharacterCodingException e) {
                // Not the bytes of UTF-8: it was decoded properly.
            }
        }
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** Null when the request names none, or one that nobody knows. */
    private static Charset charset(HttpServletRequest request) {
        String name = request.getCharacterEncoding();
        try {
            return name == null ? null : Charset.forName(name);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            return null;
        }
    }
}
