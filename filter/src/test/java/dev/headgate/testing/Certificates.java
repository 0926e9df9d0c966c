package dev.headgate.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/** Certificates for tests, made by the JDK's own keytool when they are needed. */
public final class Certificates {

    private static final String PASSWORD = "changeit";

    private final KeyStore keys;
    private final Certificate trusted;

    private Certificates(KeyStore keys, String trusted) throws GeneralSecurityException {
        this.keys = keys;
        this.trusted = keys.getCertificate(trusted);
        if (!trusted.equals("origin")) {
            keys.deleteEntry(trusted); // or a server might show this one
        }
    }

    /** One for these names, such as {@code dns:localhost}, by an authority of its own. */
    public static Certificates of(String... names) throws Exception {
        return signed(names, "-validity", "30");
    }

    /** As {@link #of}, but it was valid until yesterday. */
    public static Certificates expired(String... names) throws Exception {
        return signed(names, "-startdate", "-31d", "-validity", "30");
    }

    /** One that vouches for itself. */
    public static Certificates selfSigned(String... names) throws Exception {
        Path file = newFile();
        keytool(file, "origin", "-dname", subject(names), "-ext", "san=" + String.join(",", names));
        return new Certificates(load(file), "origin");
    }

    private static Certificates signed(String[] names, String... validity) throws Exception {
        Path file = newFile();
        keytool(
                file,
                "authority",
                "-dname",
                "CN=Test authority",
                "-ext",
                "bc:c",
                "-startdate",
                "-60d",
                "-validity",
                "365");
        List<String> options = new ArrayList<>(
                List.of("-dname", subject(names), "-ext", "san=" + String.join(",", names), "-signer", "authority"));
        options.addAll(Arrays.asList(validity));
        keytool(file, "origin", options.toArray(String[]::new));
        return new Certificates(load(file), "authority");
    }

    private static Path newFile() throws IOException {
        Path file = Files.createTempFile("headgate-key", ".p12");
        Files.delete(file); // keytool wants to make it
        return file;
    }

    private static String subject(String[] names) {
        return "CN=" + names[0].substring(names[0].indexOf(':') + 1);
    }

    private static void keytool(Path file, String alias, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                alias,
                "-keyalg",
                "EC",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD));
        command.addAll(Arrays.asList(options));
        Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (keytool.waitFor() != 0) {
            throw new AssertionError("keytool failed: " + output);
        }
    }

    private static KeyStore load(Path file) throws GeneralSecurityException, IOException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        Files.delete(file);
        return keys;
    }

    /** What to trust, in PEM: the authority. */
    public String pem() throws GeneralSecurityException {
        return "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder().encodeToString(trusted.getEncoded())
                + "\n-----END CERTIFICATE-----\n";
    }

    /** {@link #pem} in a file, which the caller deletes. */
    public Path pemFile() throws GeneralSecurityException, IOException {
        return Files.writeString(Files.createTempFile("headgate-trust", ".pem"), pem());
    }

    /** The certificate and its key, in PKCS12 with the password {@value #PASSWORD}. */
    public Path keyFile(Path file) throws GeneralSecurityException, IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            keys.store(out, PASSWORD.toCharArray());
        }
        return file;
    }

    /** A listening socket on a free loopback port that shows this certificate. */
    public ServerSocket listen() throws GeneralSecurityException, IOException {
        return listen(null);
    }

    /** As {@link #listen()}, for clients that show a certificate of the same authority as another one. */
    public ServerSocket listenTo(Certificates clients) throws GeneralSecurityException, IOException {
        KeyStore trust = KeyStore.getInstance("PKCS12");
        try {
            trust.load(null, null);
        } catch (IOException e) {
            throw new IllegalStateException("nothing is read", e);
        }
        trust.setCertificateEntry("authority", clients.trusted);
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trust);
        SSLServerSocket listening = (SSLServerSocket) listen(factory.getTrustManagers());
        listening.setNeedClientAuth(true);
        return listening;
    }

    private ServerSocket listen(TrustManager[] clients) throws GeneralSecurityException, IOException {
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), clients, null);
        return context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    }
}
