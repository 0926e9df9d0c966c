package dev.headgate.observe;

import dev.headgate.cache.ResponseCache;
import dev.headgate.limit.AdmissionState;
import dev.headgate.upstream.Diagnosis;
import dev.headgate.upstream.Origin;
import dev.headgate.upstream.Upstream;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Does what the buttons of the status page ask for. Thread-safe. */
final class StatusActions {

    /** One sentence on what was wrong with the request. */
    static final int BAD = 400;

    /** It was understood, and cannot be done now. */
    static final int NOT_NOW = 409;

    private final ManagedGateway gateway;

    /** A diagnosis holds a thread of the container's for seconds: one at a time. */
    private final AtomicBoolean diagnosing = new AtomicBoolean();

    StatusActions(ManagedGateway gateway) {
        this.gateway = gateway;
    }

    /**
     * What became of it.
     *
     * @param status 200, or one of the two above
     * @param message in sentences
     * @param diagnosis null where none was asked for
     */
    record Result(int status, String message, Diagnosis diagnosis) {

        boolean good() {
            return status == 200;
        }
    }

    /**
     * @param fields the value of a field of the form; null where it is missing
     * @return never null; nothing was done unless it is good
     */
    Result perform(UnaryOperator<String> fields) {
        String action = text(fields, "action");
        return switch (action) {
            case "enable", "drain", "disable", "reset", "weight", "diagnose" -> onOrigin(action, fields);
            case "purge" -> purge(fields);
            case "reset-key" -> resetKey(fields);
            case "reload" -> reload();
            case "" -> bad("There is no field action. Fields are read from application/x-www-form-urlencoded.");
            default ->
                bad("The action '" + action + "' is none of enable, drain, disable, reset, weight, diagnose, purge,"
                        + " reset-key and reload.");
        };
    }

    private Result onOrigin(String action, UnaryOperator<String> fields) {
        String name = text(fields, "upstream");
        Upstream upstream = gateway.upstreams().stream()
                .filter(each -> each.name().equals(name))
                .findFirst()
                .orElse(null);
        if (upstream == null) {
            return bad("There is no upstream '" + name + "'.");
        }
        String wanted = text(fields, "origin");
        Origin origin = upstream.origins().stream()
                .filter(each -> each.id().equals(wanted) || each.name().equals(wanted))
                .findFirst()
                .orElse(null);
        if (origin == null) {
            return bad("The upstream " + name + " has no origin '" + wanted + "'.");
        }
        switch (action) {
            case "enable" -> {
                upstream.enable(origin);
                return good(origin + " takes traffic again.");
            }
            case "drain" -> {
                upstream.drain(origin);
                return good(origin + " is draining: no new exchanges come, " + origin.inFlight() + " are under way."
                        + warning(upstream));
            }
            case "disable" -> {
                upstream.disable(origin);
                return good(origin + " is disabled." + warning(upstream));
            }
            case "reset" -> {
                upstream.reset(origin);
                return good("What was known of the health of " + origin + " is forgotten"
                        + (origin.mode() == Origin.Mode.ENABLED ? ": traffic comes at once." : "."));
            }
            case "weight" -> {
                return weigh(upstream, origin, text(fields, "weight"));
            }
            default -> {
                return diagnose(upstream, origin);
            }
        }
    }

    private static String warning(Upstream upstream) {
        boolean left = upstream.origins().stream().anyMatch(origin -> origin.mode() == Origin.Mode.ENABLED);
        return left ? "" : " Careful: the upstream " + upstream.name() + " has no other origin, its requests get 503.";
    }

    private static Result weigh(Upstream upstream, Origin origin, String text) {
        if (!text.matches("\\d{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > 1000) {
            return bad("A weight is a number from 1 to 1000, not '" + text + "'.");
        }
        upstream.weight(origin, Integer.parseInt(text));
        return good(origin + " has weight " + Integer.parseInt(text) + " until its settings change.");
    }

    private Result diagnose(Upstream upstream, Origin origin) {
        if (!diagnosing.compareAndSet(false, true)) {
            return new Result(NOT_NOW, "Another diagnosis is running. Ask again in a few seconds.", null);
        }
        try {
            Diagnosis diagnosis = upstream.diagnose(origin);
            String stop = diagnosis.steps().stream()
                    .filter(step -> !step.passed())
                    .findFirst()
                    .map(step -> "one gets stuck at " + step.stage())
                    .orElse("nothing is wrong as seen from here");
            return new Result(200, origin + ": " + stop + ".", diagnosis);
        } finally {
            diagnosing.set(false);
        }
    }

    private Result purge(UnaryOperator<String> fields) {
        ResponseCache cache = gateway.cache();
        if (cache == null) {
            return new Result(NOT_NOW, "No route has a cache.", null);
        }
        String by = text(fields, "by");
        String value = text(fields, "value");
        boolean soft = !text(fields, "soft").isEmpty();
        if (value.isEmpty() && !by.equals("all")) {
            return bad("The field value must say what to forget.");
        }
        int count;
        switch (by) {
            case "url" -> count = cache.purge(value, soft);
            case "prefix" -> count = cache.purgePrefix(value, soft);
            case "tag" ->
                count = cache.purgeTags(
                        Arrays.stream(value.split("[,\\s]+"))
                                .filter(tag -> !tag.isEmpty())
                                .collect(Collectors.toCollection(java.util.TreeSet::new)),
                        soft);
            case "route" -> count = cache.purgeRoute(value, soft);
            case "all" -> count = cache.purgeAll(soft);
            default -> {
                return bad("The field by must be url, prefix, tag, route or all, not '" + by + "'.");
            }
        }
        return good(
                count == 0
                        ? "Nothing of that was stored."
                        : count
                                + (count == 1 ? " stored response " : " stored responses ")
                                + (soft ? "will be validated before use." : "forgotten."));
    }

    /** What it says is logged, so it does not repeat the key, which may be a session or let somebody in. */
    private Result resetKey(UnaryOperator<String> fields) {
        String limit = text(fields, "limit");
        String key = text(fields, "key");
        Set<String> limits = gateway.admission().state().rates().stream()
                .map(AdmissionState.Rate::name)
                .collect(Collectors.toSet());
        if (!limits.contains(limit)) {
            return bad("There is no limit '" + limit + "'.");
        }
        try {
            return good(
                    gateway.admission().resetKey(limit, key)
                            ? "The key has all of its budget at " + limit + " again."
                            : "The limit " + limit + " had nothing counted for this key.");
        } catch (IllegalArgumentException e) {
            return bad("That is no key of " + limit + ": " + e.getMessage() + ".");
        }
    }

    private Result reload() {
        try {
            List<String> later = gateway.reload();
            return good("The settings are loaded and in force."
                    + (later.isEmpty()
                            ? ""
                            : " These take effect at the next start: " + String.join(", ", later) + "."));
        } catch (IllegalArgumentException | IllegalStateException e) {
            return new Result(NOT_NOW, "Nothing has changed: " + e.getMessage(), null);
        }
    }

    private static String text(UnaryOperator<String> fields, String name) {
        String text = fields.apply(name);
        return text == null ? "" : text.strip();
    }

    private static Result good(String message) {
        return new Result(200, message, null);
    }

    private static Result bad(String message) {
        return new Result(BAD, message, null);
    }
}
