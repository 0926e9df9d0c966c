package dev.headgate;

import java.lang.management.ManagementFactory;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/** Whether the machine's processors, or those that its container may use, are all busy, as the JVM's own bean tells. */
final class ProcessorLoad {

    /** Of all processors' time; the rest is what the kernel counts as idle between two threads. */
    private static final double BUSY = 0.9;

    private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();

    ProcessorLoad() {
        areBusy(); // the bean tells what happened since it was asked before
    }

    /** Whether they have been since the bean was asked last; false where the JVM does not tell. */
    boolean areBusy() {
        try {
            Object load = beans.getAttribute(ObjectName.getInstance("java.lang:type=OperatingSystem"), "CpuLoad");
            return load instanceof Double share && share >= BUSY;
        } catch (JMException e) {
            return false;
        }
    }
}
