package dev.headgate.samples.benchmark;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Who is measured. */
enum Peer {
    DIRECT("direct", Kind.NONE),
    NGINX("nginx", Kind.NGINX),
    TOMCAT_FLOOR("floor", Kind.TOMCAT),
    TOMCAT_SOCKET("socket", Kind.TOMCAT),
    TOMCAT_BARE("bare", Kind.TOMCAT),
    TOMCAT_PROXY_SERVLET("http-proxy-servlet", Kind.TOMCAT),
    TOMCAT_HEADGATE("headgate", Kind.TOMCAT),
    JETTY_FLOOR("floor", Kind.JETTY),
    JETTY_SOCKET("socket", Kind.JETTY),
    JETTY_BARE("bare", Kind.JETTY),
    JETTY_ASYNC("jetty-async", Kind.JETTY),
    JETTY_HEADGATE("headgate", Kind.JETTY),
    SPRING("spring-cloud-gateway", Kind.SPRING);

    enum Kind {
        NONE,
        NGINX,
        TOMCAT,
        JETTY,
        SPRING
    }

    private final String app;
    private final Kind kind;

    Peer(String app, Kind kind) {
        this.app = app;
        this.kind = kind;
    }

    Kind kind() {
        return kind;
    }

    boolean isJvm() {
        return kind != Kind.NONE && kind != Kind.NGINX;
    }

    /** The name in reports and on the command line, such as {@code tomcat-headgate}. */
    String id() {
        return switch (kind) {
            case TOMCAT -> "tomcat-" + app;
            case JETTY -> app.startsWith("jetty-") ? app : "jetty-" + app;
            default -> app;
        };
    }

    boolean isFloor() {
        return app.equals("floor");
    }

    boolean isSocket() {
        return app.equals("socket");
    }

    boolean isHeadgate() {
        return app.equals("headgate");
    }

    /** The command that starts it, but for nginx, which wants a file. */
    List<String> command(Options options, Path jdk, int port, String upstream) {
        String heap = options.heapMegabytes() + "m";
        List<String> command = new ArrayList<>(
                List.of(jdk.resolve("bin/java").toString(), "-Xms" + heap, "-Xmx" + heap, "-XX:+AlwaysPreTouch"));
        command.addAll(options.jvmArguments());
        command.add("-cp");
        if (kind == Kind.SPRING) {
            command.add(options.classPath(options.spring(), "spring"));
            command.add("dev.headgate.samples.benchmark.spring.SpringPeer");
            command.add("--server.port=" + port);
            command.add("--upstream=" + upstream);
        } else {
            String container = kind == Kind.TOMCAT ? "tomcat" : "jetty";
            command.add(options.classPath(options.target(), container));
            command.add("dev.headgate.samples.benchmark." + (kind == Kind.TOMCAT ? "TomcatPeer" : "JettyPeer"));
            command.addAll(List.of(app, Integer.toString(port), upstream));
        }
        return command;
    }
}
