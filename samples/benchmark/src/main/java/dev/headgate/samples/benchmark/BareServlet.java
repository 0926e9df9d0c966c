package dev.headgate.samples.benchmark;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;

/**
 * The least that a gateway on HttpClient 5's classic API can do: it copies status, fields and content, and knows none of
 * the rules of RFC 9110.
 */
final class BareServlet extends HttpServlet {

    private final String upstream;
    private final transient CloseableHttpClient client = HttpClients.custom()
            .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                    .setMaxConnPerRoute(10_000)
                    .setMaxConnTotal(10_000)
                    .build())
            .disableCookieManagement()
            .disableRedirectHandling()
            .disableAutomaticRetries()
            .disableContentCompression()
            .disableAuthCaching()
            .build();

    BareServlet(String upstream) {
        this.upstream = upstream;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ClassicRequestBuilder outgoing =
                ClassicRequestBuilder.create(request.getMethod()).setUri(upstream + request.getRequestURI());
        request.getHeaderNames().asIterator().forEachRemaining(name -> {
            if (!name.equalsIgnoreCase("Host") && !name.equalsIgnoreCase("Content-Length")) {
                outgoing.addHeader(name, request.getHeader(name));
            }
        });
        if (request.getContentLengthLong() > 0) {
            outgoing.setEntity(new InputStreamEntity(
                    request.getInputStream(),
                    request.getContentLengthLong(),
                    ContentType.parse(request.getContentType())));
        }
        client.execute(outgoing.build(), answer -> {
            response.setStatus(answer.getCode());
            for (Header field : answer.getHeaders()) {
                String name = field.getName();
                if (!name.equalsIgnoreCase("Connection") && !name.equalsIgnoreCase("Transfer-Encoding")) {
                    response.addHeader(name, field.getValue());
                }
            }
            HttpEntity entity = answer.getEntity();
            if (entity != null) {
                copy(entity.getContent(), response.getOutputStream());
            }
            return null;
        });
    }

    private static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] buffer = new byte[16 * 1024];
        for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
            to.write(buffer, 0, count);
        }
    }
}
