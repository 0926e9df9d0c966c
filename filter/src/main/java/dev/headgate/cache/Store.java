package dev.headgate.cache;

import dev.headgate.cache.ByteRanges.Span;
import dev.headgate.cache.CacheStatistics.Tier;
import dev.headgate.cache.StoredResponse.Part;
import dev.headgate.config.CacheStoreConfig;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.ehcache.Cache;
import org.ehcache.CacheManager;
import org.ehcache.config.builders.CacheConfigurationBuilder;
import org.ehcache.config.builders.CacheManagerBuilder;
import org.ehcache.config.builders.ResourcePoolsBuilder;
import org.ehcache.config.units.EntryUnit;
import org.ehcache.config.units.MemoryUnit;
import org.ehcache.core.internal.statistics.DefaultStatisticsService;
import org.ehcache.core.spi.service.StatisticsService;
import org.ehcache.core.statistics.TierStatistics;
import org.ehcache.spi.serialization.Serializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where stored responses are kept: Ehcache on the heap, outside of it and on disk. Thread-safe.
 *
 * <p>Two caches. One holds, by key, the metadata of all variants of a resource; the other holds content in chunks of a
 * fixed size, by generation and number. Each evicts on its own, so metadata may outlive content: whoever reads a chunk
 * has to expect that it is gone, and a response with a gap counts as not stored. A generation is never used twice, so
 * chunks of two responses cannot be mixed up.
 *
 * <p>Nothing here fails a request: what cannot be read is not there, what cannot be written is not kept.
 */
final class Store implements AutoCloseable {

    static final int CHUNK_BYTES = 64 * 1024;

    /** Content in heap pieces where a larger tier holds the rest. */
    private static final int CHUNKS_ABOVE_A_TIER = 16;

    private static final Logger LOG = LoggerFactory.getLogger(Store.class);

    /**
     * What is under one key.
     *
     * @param variants empty where the entry only tells the lineage of its resource
     */
    private record Entry(List<StoredResponse> variants, long lineage) {}

    private final CacheManager manager;
    private final StatisticsService statistics = new DefaultStatisticsService();
    private final Cache<String, Entry> heads;
    private final Cache<String, byte[]> chunks;

    /** Guard the change of an entry; by the hash of its key. */
    private final ReentrantLock[] locks = new ReentrantLock[64];

    /**
     * Content that is being sent.
     *
     * @param holders how many send it
     * @param droppedChunks how many chunks are to go when the last lets go; 0: none
     */
    private record Held(int holders, long droppedChunks) {}

    /** By generation. */
    private final Map<Long, Held> held = new ConcurrentHashMap<>();

    private final AtomicLong generation = new AtomicLong(new SecureRandom().nextLong());
    private final AtomicBoolean failed = new AtomicBoolean();

    /** @throws IllegalArgumentException when the disk cannot be used */
    Store(CacheStoreConfig config) {
        for (int i = 0; i < locks.length; i++) {
            locks[i] = new ReentrantLock();
        }
        boolean larger = config.offHeapBytes() > 0 || config.diskBytes() > 0;
        int heapChunks = larger ? CHUNKS_ABOVE_A_TIER : config.heapEntries();
        ClassLoader loader = Store.class.getClassLoader();
        CacheManagerBuilder<CacheManager> builder = CacheManagerBuilder.newCacheManagerBuilder()
                .withClassLoader(loader)
                .using(statistics)
                .withCache(
                        "heads",
                        CacheConfigurationBuilder.newCacheConfigurationBuilder(
                                        String.class, Entry.class, pools(config, config.heapEntries(), true))
                                .withClassLoader(loader)
                                .withValueSerializer(new EntrySerializer()))
                .withCache(
                        "chunks",
                        CacheConfigurationBuilder.newCacheConfigurationBuilder(
                                        String.class, byte[].class, pools(config, heapChunks, false))
                                .withClassLoader(loader));
        try {
            manager = config.diskBytes() == 0
                    ? builder.build(true)
                    : builder.with(CacheManagerBuilder.persistence(
                                    config.diskPath().toFile()))
                            .build(true);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    "the cache cannot be opened" + (config.diskBytes() > 0 ? " in " + config.diskPath() : "") + ": "
                            + rootMessage(e),
                    e);
        }
        heads = manager.getCache("heads", String.class, Entry.class);
        chunks = manager.getCache("chunks", String.class, byte[].class);
    }

    /** Metadata gets one part in eight, and what Ehcache asks for at least. */
    private static ResourcePoolsBuilder pools(CacheStoreConfig config, int heapEntries, boolean metadata) {
        ResourcePoolsBuilder pools =
                ResourcePoolsBuilder.newResourcePoolsBuilder().heap(heapEntries, EntryUnit.ENTRIES);
        if (config.offHeapBytes() > 0) {
            long part = Math.max(1 << 20, config.offHeapBytes() / 8);
            pools = pools.offheap(metadata ? part : config.offHeapBytes() - part, MemoryUnit.B);
        }
        if (config.diskBytes() > 0) {
            long part = Math.max(2 << 20, config.diskBytes() / 8);
            pools = pools.disk(metadata ? part : config.diskBytes() - part, MemoryUnit.B, true);
        }
        return pools;
    }

    private static String rootMessage(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }

    // ---- metadata ----

    /** All variants under a key; empty where there are none. */
    List<StoredResponse> find(CacheKey key) {
        Entry entry = get(key.text());
        if (entry == null) {
            return List.of();
        }
        if (!key.partition().isEmpty()) {
            long lineage = lineageOrZero(key);
            return entry.variants().stream()
                    .filter(each -> lineage != 0 && each.lineage() == lineage)
                    .toList();
        }
        return entry.variants();
    }

    /**
     * The life of a resource, of which all partitions are part; it ends with {@link #remove}. Begun here where there is
     * none. Zero for a key that everybody shares, which needs none.
     */
    long lineage(CacheKey key) {
        if (key.partition().isEmpty()) {
            return 0;
        }
        long lineage = lineageOrZero(key);
        if (lineage != 0) {
            return lineage;
        }
        try {
            Entry mine = new Entry(List.of(), newGeneration());
            Entry theirs = heads.putIfAbsent(lineageKey(key.resource()), mine);
            return theirs == null ? mine.lineage() : theirs.lineage();
        } catch (RuntimeException e) {
            trouble(e);
            return 0;
        }
    }

    private long lineageOrZero(CacheKey key) {
        Entry entry = get(lineageKey(key.resource()));
        return entry == null ? 0 : entry.lineage();
    }

    private Entry get(String key) {
        try {
            return heads.get(key);
        } catch (RuntimeException e) {
            trouble(e);
            return null;
        }
    }

    /**
     * Changes what is under a key, one thread at a time.
     *
     * @param change of the variants that are there now; an empty list removes the entry. Content of variants that it
     *     leaves out is dropped
     */
    void change(CacheKey key, UnaryOperator<List<StoredResponse>> change) {
        change(key.text(), change);
    }

    private void change(String headKey, UnaryOperator<List<StoredResponse>> change) {
        List<Part> dropped = new ArrayList<>();
        ReentrantLock lock = locks[(headKey.hashCode() & Integer.MAX_VALUE) % locks.length];
        lock.lock();
        try {
            Entry entry = heads.get(headKey);
            List<StoredResponse> before = entry == null ? List.of() : entry.variants();
            List<StoredResponse> after = change.apply(before);
            if (after.isEmpty()) {
                heads.remove(headKey);
            } else if (after != before) {
                heads.put(headKey, new Entry(List.copyOf(after), 0));
            }
            before.forEach(each -> dropped.addAll(each.parts()));
            after.forEach(each -> dropped.removeAll(each.parts()));
        } catch (RuntimeException e) {
            trouble(e);
        } finally {
            lock.unlock();
        }
        dropped.forEach(this::drop);
    }

    /** Forgets a resource in all its partitions. */
    void remove(String resource) {
        change(resource, variants -> List.of());
        try {
            heads.remove(lineageKey(resource));
        } catch (RuntimeException e) {
            trouble(e);
        }
    }

    /**
     * Forgets, or marks for validation, whatever passes; looks at everything that is stored.
     *
     * @return how many responses passed
     */
    int purge(Predicate<StoredResponse> which, boolean soft) {
        return purge("", which, soft);
    }

    /** Forgets, or marks for validation, all of a route; see {@link #purge(Predicate, boolean)}. */
    int purgeRoute(String route, boolean soft) {
        return purge(CacheKey.routePrefix(route), stored -> true, soft);
    }

    private int purge(String prefix, Predicate<StoredResponse> which, boolean soft) {
        List<String> keys = new ArrayList<>();
        try {
            for (Cache.Entry<String, Entry> entry : heads) {
                if (entry.getKey().startsWith(prefix)
                        && entry.getValue().variants().stream().anyMatch(which)) {
                    keys.add(entry.getKey());
                }
            }
        } catch (RuntimeException e) {
            trouble(e);
        }
        int[] count = new int[1];
        for (String key : keys) {
            change(key, variants -> {
                List<StoredResponse> kept = new ArrayList<>();
                for (StoredResponse each : variants) {
                    if (!which.test(each)) {
                        kept.add(each);
                    } else {
                        count[0]++;
                        if (soft) {
                            kept.add(each.purgedSoftly());
                        }
                    }
                }
                return kept;
            });
        }
        return count[0];
    }

    /** How many responses there are; counts them all. */
    long count() {
        long count = 0;
        try {
            for (Cache.Entry<String, Entry> entry : heads) {
                count += entry.getValue().variants().size();
            }
        } catch (RuntimeException e) {
            trouble(e);
        }
        return count;
    }

    /** How many entries the last tier gave up for want of room. */
    long evictions() {
        try {
            return statistics.getCacheStatistics("heads").getCacheEvictions()
                    + statistics.getCacheStatistics("chunks").getCacheEvictions();
        } catch (RuntimeException e) {
            trouble(e);
            return 0;
        }
    }

    /** What each tier holds, the fastest first; a resource that is partitioned has one head more. */
    List<Tier> tiers() {
        List<Tier> tiers = new ArrayList<>();
        try {
            Map<String, TierStatistics> ofHeads =
                    statistics.getCacheStatistics("heads").getTierStatistics();
            Map<String, TierStatistics> ofChunks =
                    statistics.getCacheStatistics("chunks").getTierStatistics();
            for (String name : List.of("OnHeap", "OffHeap", "Disk")) {
                TierStatistics head = ofHeads.get(name);
                TierStatistics chunk = ofChunks.get(name);
                if (head != null && chunk != null) {
                    long bytes = head.getOccupiedByteSize() < 0
                            ? -1
                            : head.getOccupiedByteSize() + chunk.getOccupiedByteSize();
                    tiers.add(new Tier(asInSettings(name), head.getMappings(), chunk.getMappings(), bytes));
                }
            }
        } catch (RuntimeException e) {
            trouble(e);
        }
        return tiers;
    }

    private static String asInSettings(String tier) {
        return switch (tier) {
            case "OnHeap" -> "heap";
            case "OffHeap" -> "off-heap";
            default -> "disk";
        };
    }

    /** Beside the texts of keys, which begin with a digit. */
    private static String lineageKey(String resource) {
        return "L" + resource;
    }

    // ---- content ----

    long newGeneration() {
        long next = generation.incrementAndGet();
        return next == 0 ? generation.incrementAndGet() : next;
    }

    /** @return null when it is gone */
    byte[] chunk(long generation, long number) {
        try {
            return chunks.get(chunkKey(generation, number));
        } catch (RuntimeException e) {
            trouble(e);
            return null;
        }
    }

    /** @param bytes at most {@link #CHUNK_BYTES}, the store's own from now on */
    boolean put(long generation, long number, byte[] bytes) {
        try {
            chunks.put(chunkKey(generation, number), bytes);
            return true;
        } catch (RuntimeException e) {
            trouble(e);
            return false;
        }
    }

    /** Whether all of these stretches are here just now. */
    boolean has(StoredResponse stored, List<Span> spans) {
        try {
            for (Span span : spans) {
                long at = span.from();
                while (at < span.end()) {
                    Part part = partAt(stored, at);
                    if (part == null) {
                        return false;
                    }
                    long number = chunkAt(part, at);
                    if (!chunks.containsKey(chunkKey(part.generation(), number))) {
                        return false;
                    }
                    at = Math.min(part.end(), part.offset() + (number + 1) * CHUNK_BYTES);
                }
            }
            return true;
        } catch (RuntimeException e) {
            trouble(e);
            return false;
        }
    }

    /** The number of the chunk that holds a byte of a part. */
    static long chunkAt(Part part, long at) {
        return (at - part.offset()) / CHUNK_BYTES;
    }

    static Part partAt(StoredResponse stored, long at) {
        for (Part part : stored.parts()) {
            if (part.offset() <= at && at < part.end()) {
                return part;
            }
        }
        return null;
    }

    /** Keeps content until {@link #letGo}, even when it is dropped; evicted it may be. */
    void hold(Part part) {
        held.merge(
                part.generation(),
                new Held(1, 0),
                (before, one) -> new Held(before.holders() + 1, before.droppedChunks()));
    }

    /** Ends one {@link #hold}; content that was dropped goes with the last. */
    void letGo(Part part) {
        long[] dropped = new long[1];
        held.computeIfPresent(part.generation(), (generation, before) -> {
            if (before.holders() > 1) {
                return new Held(before.holders() - 1, before.droppedChunks());
            }
            dropped[0] = before.droppedChunks();
            return null;
        });
        remove(part.generation(), dropped[0]);
    }

    /** Forgets content that nothing refers to. */
    void drop(Part part) {
        drop(part.generation(), (part.length() + CHUNK_BYTES - 1) / CHUNK_BYTES);
    }

    void drop(long generation, long chunkCount) {
        if (held.computeIfPresent(generation, (same, before) -> new Held(before.holders(), chunkCount)) == null) {
            remove(generation, chunkCount);
        }
    }

    /** Forgets content, held or not, as eviction does. */
    void remove(long generation, long chunkCount) {
        try {
            for (long number = 0; number < chunkCount; number++) {
                chunks.remove(chunkKey(generation, number));
            }
        } catch (RuntimeException e) {
            trouble(e);
        }
    }

    private static String chunkKey(long generation, long number) {
        return generation + ":" + number;
    }

    private void trouble(RuntimeException e) {
        if (failed.compareAndSet(false, true)) {
            LOG.warn("The cache's storage fails; requests go on without it. Said once.", e);
        } else {
            LOG.debug("The cache's storage fails", e);
        }
    }

    /** Frees all memory. What is on disk stays for the next start. */
    @Override
    public void close() {
        manager.close();
    }

    /** Entries as bytes, for the tiers below the heap. */
    private static final class EntrySerializer implements Serializer<Entry> {

        @Override
        public ByteBuffer serialize(Entry entry) {
            byte[] variants = StoredResponse.encode(entry.variants());
            ByteBuffer bytes = ByteBuffer.allocate(8 + variants.length);
            bytes.putLong(entry.lineage()).put(variants).flip();
            return bytes;
        }

        @Override
        public Entry read(ByteBuffer binary) {
            long lineage = binary.getLong();
            byte[] variants = new byte[binary.remaining()];
            binary.get(variants);
            return new Entry(StoredResponse.decode(variants), lineage);
        }

        @Override
        public boolean equals(Entry entry, ByteBuffer binary) {
            return entry.equals(read(binary));
        }
    }
}
