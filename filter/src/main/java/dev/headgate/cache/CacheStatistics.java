package dev.headgate.cache;

import java.util.List;
import java.util.Map;

/**
 * What a cache has done since it was opened, and what it holds. Immutable; the counts were read one after the other while
 * requests went on, so they may be a few apart from each other.
 *
 * @param hits requests that were answered from the store without the origin, stale ones included
 * @param staleHits those of the hits whose response was stale: by {@code stale-while-revalidate} or {@code max-stale}
 * @param forwarded requests that were not hits, by RFC 9211's reason (§2.2): {@code bypass}, {@code method}, {@code
 *     uri-miss}, {@code vary-miss}, {@code miss}, {@code request}, {@code stale}, {@code partial}; all of them are there.
 *     Validations and the collapsed count here too
 * @param validated those of the forwarded that the origin answered with 304, so that what was stored was used
 * @param collapsed those of the forwarded that shared the response of another one's request
 * @param staleOnError those of the forwarded that were answered with what was stored because the origin failed
 * @param backgroundFetches requests to the origin that no client waited for
 * @param stored responses, or parts of some, that went into the store
 * @param evictions entries that the last tier gave up for want of room, heads and pieces of content
 * @param tiers what each tier holds, the fastest first
 */
public record CacheStatistics(
        long hits,
        long staleHits,
        Map<String, Long> forwarded,
        long validated,
        long collapsed,
        long staleOnError,
        long backgroundFetches,
        long stored,
        long evictions,
        List<Tier> tiers) {

    public CacheStatistics {
        forwarded = Map.copyOf(forwarded);
        tiers = List.copyOf(tiers);
    }

    /**
     * One place where things are kept. A faster tier holds copies of some of what a slower one has.
     *
     * @param name {@code heap}, {@code off-heap} or {@code disk}
     * @param heads how many keys it has response heads of
     * @param pieces how many pieces of content, of at most 64 KB each
     * @param bytes what both take; -1 on the heap, where nobody measures it
     */
    public record Tier(String name, long heads, long pieces, long bytes) {}
}
