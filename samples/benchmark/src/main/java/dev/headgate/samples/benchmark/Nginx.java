package dev.headgate.samples.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** nginx as a plain reverse proxy with connections kept open on both sides. */
final class Nginx {

    private Nginx() {}

    static boolean isInstalled() throws InterruptedException {
        try {
            PeerProcess.output(List.of("nginx", "-v"));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    static List<String> command(Path directory, int port, int upstreamPort) throws IOException {
        Files.createDirectories(directory);
        Path file = directory.resolve("nginx.conf");
        Files.writeString(
                file,
                """
                daemon off;
                worker_processes auto;
                pid nginx.pid;
                error_log stderr;
                events { worker_connections 8192; }
                http {
                  access_log off;
                  client_body_temp_path body;
                  proxy_temp_path proxy;
                  fastcgi_temp_path fastcgi;
                  uwsgi_temp_path uwsgi;
                  scgi_temp_path scgi;
                  keepalive_requests 100000000;
                  upstream service { server 127.0.0.1:%d; keepalive 2048; keepalive_requests 100000000; }
                  server {
                    listen 127.0.0.1:%d backlog=4096;
                    location / {
                      proxy_pass http://service;
                      proxy_http_version 1.1;
                      proxy_set_header Connection "";
                    }
                  }
                }
                """
                        .formatted(upstreamPort, port));
        return List.of("nginx", "-p", directory + "/", "-c", file.toString());
    }
}
