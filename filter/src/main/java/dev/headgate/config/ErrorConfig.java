package dev.headgate.config;

import java.util.List;
import java.util.Map;

/**
 * What the clients of a route get when there is no response for them.
 *
 * @param detail who sees the diagnosis
 * @param detailRoles roles whose members see it in any case; empty: nobody else
 * @param proxyStatus how much {@code Proxy-Status} tells (RFC 9209)
 * @param pages what is sent instead of the built-in page, by failure kind ({@code connection_refused}), status
 *     ({@code 502}) or {@code *}; the most exact one counts
 * @param fallbacks what is tried before the page, in order
 */
public record ErrorConfig(
        Detail detail,
        List<String> detailRoles,
        ProxyStatusField proxyStatus,
        Map<String, String> pages,
        List<Fallback> fallbacks) {

    /** The key of {@code pages} that stands for every failure. */
    public static final String ANY = "*";

    /** The built-in page for everybody, and nothing before it. */
    public static final ErrorConfig DEFAULT =
            new ErrorConfig(Detail.PUBLIC, List.of(), ProxyStatusField.ON, Map.of(), List.of());

    public ErrorConfig {
        if (detail == null || proxyStatus == null) {
            throw new IllegalArgumentException("error.detail and error.proxy-status must be given");
        }
        detailRoles = List.copyOf(detailRoles);
        pages = Map.copyOf(pages);
        pages.values().forEach(ErrorConfig::checkedPage);
        fallbacks = List.copyOf(fallbacks);
    }

    /** Who sees the diagnosis: origins, messages, likely causes. */
    public enum Detail {
        /** Members of the configured roles only. */
        PUBLIC,
        /** Everybody. */
        FULL
    }

    /** How much {@code Proxy-Status} tells. */
    public enum ProxyStatusField {
        OFF,
        /** The error's type; next hop and details for those who see the diagnosis. */
        ON,
        /** Next hop and details for everybody. */
        DETAILS
    }

    /**
     * Checks how a page of {@code error.page} is named.
     *
     * @return the argument
     */
    public static String checkedPage(String page) {
        boolean good = page.equals("built-in")
                || page.equals("container")
                || page.startsWith("dispatch:/")
                || page.startsWith("/") && page.endsWith(".mustache");
        if (!good) {
            throw new IllegalArgumentException("'" + page + "' names no page");
        }
        return page;
    }

    /**
     * What is tried before the page.
     *
     * @param path of the WAR's resource for {@code STATIC}; otherwise empty
     */
    public record Fallback(Kind kind, String path) {

        /** The means there are. */
        public enum Kind {
            /** The app's own servlet answers, as if there were no route. */
            CHAIN,
            /** A resource of the WAR. */
            STATIC
        }

        public Fallback {
            if (kind == Kind.STATIC && (!path.startsWith("/") || path.contains(".."))) {
                throw new IllegalArgumentException("'static:" + path + "' names no resource of the app");
            }
        }

        /** Reads {@code chain} or {@code static:/path}. */
        public static Fallback parse(String text) {
            if (text.equals("chain")) {
                return new Fallback(Kind.CHAIN, "");
            }
            if (text.startsWith("static:")) {
                return new Fallback(Kind.STATIC, text.substring("static:".length()));
            }
            throw new IllegalArgumentException("'" + text + "' is no fallback");
        }
    }
}
