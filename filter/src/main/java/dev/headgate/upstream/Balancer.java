package dev.headgate.upstream;

import dev.headgate.config.BalanceConfig;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Picks one of several origins that may all be used. Thread-safe. */
interface Balancer {

    /**
     * @param candidates at least two
     * @param affinity what the method goes by: a key to hash, or an origin's id; null for none
     */
    Origin pick(List<Origin> candidates, String affinity, long now);

    static Balancer of(BalanceConfig.Method method) {
        return switch (method) {
            case TWO_CHOICES -> Balancer::twoChoices;
            case ROUND_ROBIN -> new RoundRobin();
            case RANDOM -> Balancer::random;
            case LEAST_IN_FLIGHT -> Balancer::leastInFlight;
            case HASH -> Balancer::hash;
            case STICKY, STICKY_SESSION -> Balancer::sticky;
        };
    }

    /** The cheaper of two random ones: nearly as good as the cheapest of all, without a herd running to it. */
    private static Origin twoChoices(List<Origin> candidates, String affinity, long now) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        int first = random.nextInt(candidates.size());
        int second = random.nextInt(candidates.size() - 1);
        Origin one = candidates.get(first);
        Origin other = candidates.get(second >= first ? second + 1 : second);
        return one.cost(now) <= other.cost(now) ? one : other;
    }

    private static Origin random(List<Origin> candidates, String affinity, long now) {
        double total = 0;
        for (Origin origin : candidates) {
            total += origin.weight(now);
        }
        double point = ThreadLocalRandom.current().nextDouble(total);
        for (Origin origin : candidates) {
            point -= origin.weight(now);
            if (point < 0) {
                return origin;
            }
        }
        return candidates.get(candidates.size() - 1);
    }

    private static Origin leastInFlight(List<Origin> candidates, String affinity, long now) {
        // Starting anywhere keeps the first of the list from getting all traffic of a quiet upstream.
        int start = ThreadLocalRandom.current().nextInt(candidates.size());
        Origin best = null;
        double least = Double.MAX_VALUE;
        for (int i = 0; i < candidates.size(); i++) {
            Origin origin = candidates.get((start + i) % candidates.size());
            double load = (origin.inFlight() + 1) / origin.weight(now);
            if (load < least) {
                least = load;
                best = origin;
            }
        }
        return best;
    }

    /** Weighted rendezvous hashing: when an origin goes or comes, only its own keys move. */
    private static Origin hash(List<Origin> candidates, String affinity, long now) {
        if (affinity == null) {
            return twoChoices(candidates, null, now);
        }
        byte[] key = affinity.getBytes(StandardCharsets.UTF_8);
        Origin best = null;
        double highest = Double.NEGATIVE_INFINITY;
        for (Origin origin : candidates) {
            long bits = mixed(key, origin.id());
            double unit = ((bits >>> 11) + 0.5) / (1L << 53);
            double score = -origin.weight() / Math.log(unit);
            if (score > highest) {
                highest = score;
                best = origin;
            }
        }
        return best;
    }

    /** FNV-1a over key and id, finished so that every bit counts. */
    private static long mixed(byte[] key, String id) {
        long hash = 0xCBF29CE484222325L;
        for (byte b : key) {
            hash = (hash ^ (b & 0xFF)) * 0x100000001B3L;
        }
        for (int i = 0; i < id.length(); i++) {
            hash = (hash ^ id.charAt(i)) * 0x100000001B3L;
        }
        hash = (hash ^ hash >>> 30) * 0xBF58476D1CE4E5B9L;
        hash = (hash ^ hash >>> 27) * 0x94D049BB133111EBL;
        return hash ^ hash >>> 31;
    }

    private static Origin sticky(List<Origin> candidates, String affinity, long now) {
        for (Origin origin : candidates) {
            if (origin.id().equals(affinity)) {
                return origin;
            }
        }
        return twoChoices(candidates, null, now);
    }

    /** Smooth weighted round robin: a weight of 3 beside 1 gives a a b a, not a a a b. */
    final class RoundRobin implements Balancer {
        @Override
        public synchronized Origin pick(List<Origin> candidates, String affinity, long now) {
            double total = 0;
            Origin best = null;
            for (Origin origin : candidates) {
                double weight = origin.weight(now);
                total += weight;
                origin.turn += weight;
                if (best == null || origin.turn > best.turn) {
                    best = origin;
                }
            }
            best.turn -= total;
            return best;
        }
    }
}
