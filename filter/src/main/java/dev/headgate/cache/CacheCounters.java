package dev.headgate.cache;

import dev.headgate.cache.CacheStatus.Forward;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** The running counts behind {@link CacheStatistics}. Thread-safe, and cheap where many count at once. */
final class CacheCounters {

    private final LongAdder hits = new LongAdder();
    private final LongAdder staleHits = new LongAdder();
    private final Map<Forward, LongAdder> forwarded = new EnumMap<>(Forward.class);
    private final LongAdder collapsed = new LongAdder();
    final LongAdder validated = new LongAdder();
    final LongAdder staleOnError = new LongAdder();
    final LongAdder backgroundFetches = new LongAdder();
    final LongAdder stored = new LongAdder();

    CacheCounters() {
        for (Forward reason : Forward.values()) {
            forwarded.put(reason, new LongAdder());
        }
    }

    void hit(boolean stale) {
        hits.increment();
        if (stale) {
            staleHits.increment();
        }
    }

    void forwarded(Forward reason) {
        forwarded.get(reason).increment();
    }

    void collapsed(Forward reason) {
        forwarded(reason);
        collapsed.increment();
    }

    CacheStatistics with(Store store) {
        Map<String, Long> reasons = new LinkedHashMap<>();
        forwarded.forEach((reason, count) -> reasons.put(reason.token(), count.sum()));
        return new CacheStatistics(
                hits.sum(),
                staleHits.sum(),
                reasons,
                validated.sum(),
                collapsed.sum(),
                staleOnError.sum(),
                backgroundFetches.sum(),
                stored.sum(),
                store.evictions(),
                store.tiers());
    }
}
