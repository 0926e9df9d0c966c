package dev.headgate.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Where a gateway keeps what its cache holds, and who may purge it by request.
 *
 * @param heapEntries how many response heads, and where there is no other tier how many pieces of content of at most 64
 *     KB, are kept on the heap; 1 or more
 * @param offHeapBytes memory outside of the heap; zero: none, otherwise 4 MB or more
 * @param diskBytes disk space; zero: none, otherwise 8 MB or more and at least twice offHeapBytes
 * @param diskPath the directory for it, which no other gateway may use; null: one in the app's temporary directory
 * @param purgeRoles whoever has one of these roles may send {@code PURGE}
 * @param purgeAddresses and whoever comes from one of these addresses; both empty: nobody
 */
public record CacheStoreConfig(
        int heapEntries,
        long offHeapBytes,
        long diskBytes,
        Path diskPath,
        List<String> purgeRoles,
        List<AddressRange> purgeAddresses) {

    /** The least that can be divided between heads and content. */
    public static final long LEAST_OFF_HEAP_BYTES = 4L << 20;

    /** The least that can be divided between heads and content. */
    public static final long LEAST_DISK_BYTES = 8L << 20;

    /** Heap and a little memory outside of it. */
    public static final CacheStoreConfig DEFAULT = new CacheStoreConfig(1000, 64L << 20, 0, null, List.of(), List.of());

    public CacheStoreConfig {
        Checks.atLeast(1, heapEntries, "cache.heap-entries");
        if (offHeapBytes != 0 && offHeapBytes < LEAST_OFF_HEAP_BYTES) {
            throw new IllegalArgumentException("cache.off-heap-size must be 0, or 4MB or more");
        }
        if (diskBytes != 0) {
            if (diskBytes < LEAST_DISK_BYTES || diskBytes < 2 * offHeapBytes) {
                throw new IllegalArgumentException(
                        "cache.disk-size must be 0, or 8MB or more and twice cache.off-heap-size or more");
            }
        }
        purgeRoles = List.copyOf(purgeRoles);
        purgeAddresses = List.copyOf(purgeAddresses);
    }

    /** Whether both keep things in the same tiers, whoever may purge. */
    public boolean isStoredLike(CacheStoreConfig other) {
        return heapEntries == other.heapEntries
                && offHeapBytes == other.offHeapBytes
                && diskBytes == other.diskBytes
                && Objects.equals(diskPath, other.diskPath);
    }

    /** The same in a certain directory. */
    public CacheStoreConfig in(Path directory) {
        return new CacheStoreConfig(heapEntries, offHeapBytes, diskBytes, directory, purgeRoles, purgeAddresses);
    }
}
