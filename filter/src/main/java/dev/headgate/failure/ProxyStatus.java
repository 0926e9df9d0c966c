package dev.headgate.failure;

/**
 * One member of the {@code Proxy-Status} field (RFC 9209): a structured field list (RFC 9651) in which each
 * intermediary says what it did.
 */
final class ProxyStatus {

    private ProxyStatus() {}

    /**
     * The member for a failure.
     *
     * @param name what the gateway calls itself there
     * @param detailed whether the next hop and the message are told
     */
    static String of(FailureReport report, String name, boolean detailed) {
        StringBuilder member = new StringBuilder(nameItem(name));
        FailureKind kind = report.kind();
        member.append(";error=").append(kind.errorType());
        if (kind.errorType().equals("http_request_error")) {
            // RFC 9209 §2.3.21.
            member.append(";status-code=").append(report.status());
        }
        AttemptReport last = report.lastAttempt();
        if (last != null && last.status() > 0) {
            member.append(";received-status=").append(last.status());
        }
        if (detailed && last != null) {
            member.append(";next-hop=").append(string(last.host()));
        }
        if (detailed && report.failure().getMessage() != null) {
            member.append(";details=").append(string(report.failure().getMessage()));
        }
        return member.toString();
    }

    /** A token where the name is one (RFC 9651 §3.3.4), otherwise a string. */
    static String nameItem(String name) {
        return name.matches("[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*") ? name : string(name);
    }

    /** A string (RFC 9651 §3.3.3): what is not ASCII or not visible becomes a question mark. */
    static String string(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else {
                quoted.append(c >= ' ' && c < 0x7f ? c : '?');
            }
        }
        return quoted.append('"').toString();
    }
}
