package dev.headgate.observe;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import javax.management.openmbean.CompositeDataSupport;
import javax.management.openmbean.CompositeType;
import javax.management.openmbean.OpenDataException;
import javax.management.openmbean.OpenType;
import javax.management.openmbean.SimpleType;
import javax.management.openmbean.TabularData;
import javax.management.openmbean.TabularDataSupport;
import javax.management.openmbean.TabularType;

/** How rows are shown as a table by a management bean: its columns in order. Put together by one thread, then immutable. */
final class Table<T> {

    private final String name;
    private final String description;
    private final String[] keys;
    private final List<String> titles = new ArrayList<>();
    private final List<String> meanings = new ArrayList<>();
    private final List<OpenType<?>> types = new ArrayList<>();
    private final List<Function<T, ?>> values = new ArrayList<>();

    /** @param keys the columns that tell rows apart */
    Table(String name, String description, String... keys) {
        this.name = name;
        this.description = description;
        this.keys = keys.clone();
    }

    Table<T> text(String title, String meaning, Function<T, String> value) {
        return column(title, meaning, SimpleType.STRING, value);
    }

    Table<T> number(String title, String meaning, Function<T, Long> value) {
        return column(title, meaning, SimpleType.LONG, value);
    }

    <V> Table<T> column(String title, String meaning, OpenType<V> type, Function<T, V> value) {
        titles.add(title);
        meanings.add(meaning);
        types.add(type);
        values.add(value);
        return this;
    }

    TabularType type() {
        try {
            return new TabularType(name, description, rowType(), keys);
        } catch (OpenDataException e) {
            throw new IllegalStateException(e);
        }
    }

    private CompositeType rowType() throws OpenDataException {
        return new CompositeType(
                name + " row",
                description,
                titles.toArray(String[]::new),
                meanings.toArray(String[]::new),
                types.toArray(OpenType<?>[]::new));
    }

    /** A row that has the same keys as one before it is left out. */
    TabularData of(Collection<? extends T> rows) {
        TabularDataSupport table = new TabularDataSupport(type());
        try {
            CompositeType rowType = table.getTabularType().getRowType();
            for (T row : rows) {
                Object[] cells = values.stream().map(value -> value.apply(row)).toArray();
                CompositeDataSupport data = new CompositeDataSupport(rowType, titles.toArray(String[]::new), cells);
                if (!table.containsKey(table.calculateIndex(data))) {
                    table.put(data);
                }
            }
        } catch (OpenDataException e) {
            throw new IllegalStateException(e);
        }
        return table;
    }
}
