package dev.headgate.samples.annotations;

import dev.headgate.HeadgateFilter;
import dev.headgate.setup.Route;
import jakarta.servlet.annotation.WebFilter;

/** The whole configuration. {@code java -Dsample.service=http://...} says where the service is. */
@WebFilter(urlPatterns = "/*", asyncSupported = true)
@Route(name = "api", path = "/api/*", to = "${sys.sample.service:-http://localhost:9090}", targetPath = "strip")
public class Gateway extends HeadgateFilter {}
