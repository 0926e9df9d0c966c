package dev.headgate.samples.benchmark.spring;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Spring Cloud Gateway Server WebMVC as its starter brings it: one route, everything else as it comes. */
@SpringBootApplication
public class SpringPeer {

    /** @param args Spring's own: {@code --server.port=...} and {@code --upstream=...} */
    public static void main(String[] args) {
        SpringApplication.run(SpringPeer.class, args);
    }
}
