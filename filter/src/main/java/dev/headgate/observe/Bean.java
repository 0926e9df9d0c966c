package dev.headgate.observe;

import dev.headgate.config.SettingInForce;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.AttributeNotFoundException;
import javax.management.Descriptor;
import javax.management.DynamicMBean;
import javax.management.ImmutableDescriptor;
import javax.management.InvalidAttributeValueException;
import javax.management.MBeanException;
import javax.management.MBeanInfo;
import javax.management.MBeanOperationInfo;
import javax.management.MBeanParameterInfo;
import javax.management.MBeanRegistration;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.RuntimeOperationsException;
import javax.management.openmbean.OpenMBeanAttributeInfoSupport;
import javax.management.openmbean.OpenMBeanConstructorInfoSupport;
import javax.management.openmbean.OpenMBeanInfoSupport;
import javax.management.openmbean.OpenMBeanOperationInfoSupport;
import javax.management.openmbean.OpenMBeanParameterInfo;
import javax.management.openmbean.OpenMBeanParameterInfoSupport;
import javax.management.openmbean.OpenType;
import javax.management.openmbean.SimpleType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A management bean put together from its parts. Like an MXBean it has open types only, so that every client can read it;
 * unlike one written as an interface it says in words what each part means, and can show real tables.
 *
 * <p>Put together by one thread, then thread-safe.
 */
final class Bean implements DynamicMBean, MBeanRegistration {

    private static final Logger LOG = LoggerFactory.getLogger(Bean.class);

    /** The parameter whose value is not logged: it may be a session, or let somebody in. */
    static final String KEY = "key";

    private record Shown(OpenMBeanAttributeInfoSupport info, Supplier<?> reads, Consumer<Object> writes) {}

    private record Done(OpenMBeanOperationInfoSupport info, Function<Object[], ?> action) {}

    private final String description;
    private final Map<String, Shown> attributes = new LinkedHashMap<>();
    private final Map<String, Done> operations = new LinkedHashMap<>();

    /** For the log. */
    private volatile ObjectName objectName;

    /** @param description of the bean as a whole */
    Bean(String description) {
        this.description = description;
    }

    @Override
    public ObjectName preRegister(MBeanServer server, ObjectName name) {
        objectName = name;
        return name;
    }

    @Override
    public void postRegister(Boolean registered) {
        // Who registers it says so when it fails.
    }

    @Override
    public void preDeregister() {
        // There is nothing to end.
    }

    @Override
    public void postDeregister() {
        // There is nothing to end.
    }

    /** Adds what can be read. */
    <T> Bean shows(String name, OpenType<? super T> type, String meaning, Supplier<T> reads) {
        return shows(name, type, meaning, reads, null);
    }

    /**
     * Adds what can be read and set.
     *
     * @param writes null: it cannot be set
     */
    <T> Bean shows(String name, OpenType<? super T> type, String meaning, Supplier<T> reads, Consumer<Object> writes) {
        boolean is = type == SimpleType.BOOLEAN;
        attributes.put(
                name,
                new Shown(
                        new OpenMBeanAttributeInfoSupport(name, meaning, type, true, writes != null, is),
                        reads,
                        writes));
        return this;
    }

    /** Adds what can be done, by a name of its own. */
    Bean does(
            String name,
            OpenType<?> result,
            String meaning,
            Function<Object[], ?> action,
            OpenMBeanParameterInfo... parameters) {
        operations.put(
                name,
                new Done(
                        new OpenMBeanOperationInfoSupport(name, meaning, parameters, result, MBeanOperationInfo.ACTION),
                        action));
        return this;
    }

    /** Adds what can be done without a word and without an answer. */
    Bean does(String name, String meaning, Runnable action) {
        return does(name, SimpleType.VOID, meaning, none -> {
            action.run();
            return null;
        });
    }

    static OpenMBeanParameterInfo parameter(String name, OpenType<?> type, String meaning) {
        return new OpenMBeanParameterInfoSupport(name, meaning, type);
    }

    @Override
    public MBeanInfo getMBeanInfo() {
        // As the JDK describes MXBeans, so that clients treat it like one.
        Descriptor descriptor = new ImmutableDescriptor("mxbean=true", "immutableInfo=true");
        return new OpenMBeanInfoSupport(
                Bean.class.getName(),
                description,
                attributes.values().stream().map(Shown::info).toArray(OpenMBeanAttributeInfoSupport[]::new),
                new OpenMBeanConstructorInfoSupport[0],
                operations.values().stream().map(Done::info).toArray(OpenMBeanOperationInfoSupport[]::new),
                null,
                descriptor);
    }

    @Override
    public Object getAttribute(String name) throws AttributeNotFoundException {
        Shown shown = shown(name);
        return asTheApp(shown.reads()::get);
    }

    @Override
    public void setAttribute(Attribute attribute) throws AttributeNotFoundException, InvalidAttributeValueException {
        Shown shown = shown(attribute.getName());
        if (shown.writes() == null) {
            throw new AttributeNotFoundException(attribute.getName() + " cannot be set");
        }
        if (!shown.info().isValue(attribute.getValue())) {
            throw new InvalidAttributeValueException(attribute.getName() + " has another type");
        }
        asTheApp(() -> {
            shown.writes().accept(attribute.getValue());
            return null;
        });
        LOG.info(
                "JMX: {} = {} at {}",
                attribute.getName(),
                RequestText.brief(String.valueOf(attribute.getValue())),
                objectName);
    }

    private Shown shown(String name) throws AttributeNotFoundException {
        Shown shown = attributes.get(name);
        if (shown == null) {
            throw new AttributeNotFoundException(name);
        }
        return shown;
    }

    /** Leaves out what cannot be read, as management beans are to do. */
    @Override
    public AttributeList getAttributes(String[] names) {
        AttributeList values = new AttributeList();
        for (String name : names) {
            try {
                values.add(new Attribute(name, getAttribute(name)));
            } catch (AttributeNotFoundException | RuntimeException e) {
                LOG.debug("The attribute {} cannot be read", name, e);
            }
        }
        return values;
    }

    @Override
    public AttributeList setAttributes(AttributeList values) {
        AttributeList set = new AttributeList();
        for (Attribute value : values.asList()) {
            try {
                setAttribute(value);
                set.add(value);
            } catch (AttributeNotFoundException | InvalidAttributeValueException | RuntimeException e) {
                LOG.debug("The attribute {} cannot be set", value.getName(), e);
            }
        }
        return set;
    }

    @Override
    public Object invoke(String name, Object[] arguments, String[] signature) throws MBeanException {
        Done done = operations.get(name);
        Object[] given = arguments == null ? new Object[0] : arguments;
        if (done == null || done.info().getSignature().length != given.length) {
            throw new MBeanException(
                    new NoSuchMethodException(name + Arrays.toString(signature)), "there is no such operation");
        }
        for (int i = 0; i < given.length; i++) {
            if (!((OpenMBeanParameterInfo) done.info().getSignature()[i]).isValue(given[i])) {
                throw refusal(done.info().getSignature()[i].getName() + " is missing or has another type");
            }
        }
        Object result = asTheApp(() -> done.action().apply(given));
        LOG.info(
                "JMX: {}{} at {}: {}",
                name,
                RequestText.brief(told(done.info().getSignature(), given)),
                objectName,
                RequestText.brief(
                        result instanceof Object[] several
                                ? Arrays.toString(several)
                                : result == null ? "done" : result.toString()));
        return result;
    }

    private static String told(MBeanParameterInfo[] parameters, Object[] given) {
        Object[] told = given.clone();
        for (int i = 0; i < told.length; i++) {
            if (parameters[i].getName().equals(KEY)) {
                told[i] = SettingInForce.MASK;
            }
        }
        return Arrays.toString(told);
    }

    /** On the app's class loader, and with exceptions that a client far away knows as well. */
    private static Object asTheApp(Supplier<?> action) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(Bean.class.getClassLoader());
        try {
            return action.get();
        } catch (IllegalArgumentException e) {
            throw refusal(e.getMessage());
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static RuntimeOperationsException refusal(String why) {
        return new RuntimeOperationsException(new IllegalArgumentException(why), why);
    }
}
