package dev.headgate.upstream;

import dev.headgate.config.TlsConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** Makes an {@link SSLContext} of what an upstream was told about trust and keys. */
final class TlsMaterial {

    private static final Pattern PEM =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");

    private TlsMaterial() {}

    /** @throws IllegalArgumentException when a file is neither PKCS12 nor PEM, or the password is wrong */
    static SSLContext contextOf(TlsConfig config) {
        return contextOf(config, null);
    }

    /** @param witness sees the certificates that come, and what is thought of them; null for none */
    static SSLContext contextOf(TlsConfig config, Witness witness) {
        try {
            TrustManager[] trust = trustManagers(config);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(config), witness == null ? trust : witness.before(trust), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    /** Null, which stands for the JDK's own, where no trust was configured. */
    private static TrustManager[] trustManagers(TlsConfig config) throws GeneralSecurityException {
        if (!config.trust().isPresent()) {
            return null;
        }
        KeyStore store;
        if (isPem(config.trust())) {
            store = emptyStore();
            int i = 0;
            for (Certificate certificate : certificates(config.trust())) {
                store.setCertificateEntry("trusted-" + i++, certificate);
            }
        } else {
            store = pkcs12(config.trust(), config.trustPassword());
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyManager[] keyManagers(TlsConfig config) throws GeneralSecurityException {
        if (!config.key().isPresent()) {
            return null;
        }
        KeyStore store;
        if (isPem(config.key())) {
            store = emptyStore();
            store.setKeyEntry(
                    "client",
                    privateKey(config.key(), config.keyPassword()),
                    new char[0],
                    certificates(config.key()).toArray(Certificate[]::new));
        } else {
            store = pkcs12(config.key(), config.keyPassword());
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(
                store, isPem(config.key()) ? new char[0] : config.keyPassword().toCharArray());
        return factory.getKeyManagers();
    }

    private static boolean isPem(TlsConfig.Source source) {
        return text(source).contains("-----BEGIN ");
    }

    private static String text(TlsConfig.Source source) {
        return new String(source.content(), StandardCharsets.ISO_8859_1);
    }

    private static KeyStore emptyStore() throws GeneralSecurityException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (IOException e) {
            throw new IllegalStateException("an empty key store needs no input", e);
        }
    }

    private static KeyStore pkcs12(TlsConfig.Source source, String password) throws GeneralSecurityException {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(new ByteArrayInputStream(source.content()), password.isEmpty() ? null : password.toCharArray());
            return store;
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    source.location() + " is neither PEM nor a PKCS12 file that this password opens", e);
        }
    }

    private static Collection<? extends Certificate> certificates(TlsConfig.Source source)
            throws GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<Certificate> certificates = new ArrayList<>();
        for (Matcher block = PEM.matcher(text(source)); block.find(); ) {
            if (block.group(1).endsWith("CERTIFICATE")) {
                certificates.add(factory.generateCertificate(new ByteArrayInputStream(decode(block))));
            }
        }
        if (certificates.isEmpty()) {
            throw new IllegalArgumentException(source.location() + " holds no certificate");
        }
        return certificates;
    }

    private static PrivateKey privateKey(TlsConfig.Source source, String password) throws GeneralSecurityException {
        for (Matcher block = PEM.matcher(text(source)); block.find(); ) {
            switch (block.group(1)) {
                case "PRIVATE KEY":
                    return privateKey(new PKCS8EncodedKeySpec(decode(block)), source);
                case "ENCRYPTED PRIVATE KEY":
                    return privateKey(decrypt(decode(block), password, source), source);
                case "RSA PRIVATE KEY", "EC PRIVATE KEY":
                    throw new IllegalArgumentException(source.location()
                            + " holds a key in the old format; convert it with: openssl pkcs8 -topk8 -nocrypt");
                default:
                    break;
            }
        }
        throw new IllegalArgumentException(source.location() + " holds no private key");
    }

    private static PrivateKey privateKey(PKCS8EncodedKeySpec spec, TlsConfig.Source source)
            throws GeneralSecurityException {
        for (String algorithm : List.of("RSA", "EC", "EdDSA", "RSASSA-PSS")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                // Not a key of this algorithm; the format does not say it outside its encoding.
            }
        }
        throw new IllegalArgumentException(source.location() + " holds a key of an unknown algorithm");
    }

    private static PKCS8EncodedKeySpec decrypt(byte[] encoded, String password, TlsConfig.Source source)
            throws GeneralSecurityException {
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(encoded);
            // For PBES2 the algorithm's name stands in the parameters.
            String algorithm = info.getAlgParameters() == null
                    ? info.getAlgName()
                    : info.getAlgParameters().toString();
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password.toCharArray())),
                    info.getAlgParameters());
            return info.getKeySpec(cipher);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException("the password does not open the key in " + source.location(), e);
        }
    }

    private static byte[] decode(Matcher block) {
        return Base64.getMimeDecoder().decode(block.group(2));
    }

    /** Remembers the certificate of a handshake, also of one that failed. For one handshake. */
    static final class Witness extends X509ExtendedTrustManager {

        private X509ExtendedTrustManager judge;
        private X509Certificate leaf;
        private CertificateException refusal;

        private TrustManager[] before(TrustManager[] trust) throws GeneralSecurityException {
            TrustManager[] judges = trust;
            if (judges == null) {
                TrustManagerFactory factory =
                        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
                factory.init((KeyStore) null);
                judges = factory.getTrustManagers();
            }
            judge = (X509ExtendedTrustManager) judges[0];
            return new TrustManager[] {this};
        }

        /** Null when none came. */
        X509Certificate leaf() {
            return leaf;
        }

        /** Null when the certificate is in order. */
        CertificateException refusal() {
            return refusal;
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            leaf = chain[0];
            try {
                judge.checkServerTrusted(chain, type, socket);
            } catch (CertificateException e) {
                refusal = e;
                throw e;
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            judge.checkServerTrusted(chain, type, engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            judge.checkServerTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            judge.checkClientTrusted(chain, type, socket);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            judge.checkClientTrusted(chain, type, engine);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            judge.checkClientTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return judge.getAcceptedIssuers();
        }
    }
}
