package openvod.clients;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.qcloud.vod.VodUploadClient;
import com.qcloud.vod.model.VodUploadRequest;
import com.qcloud.vod.model.VodUploadResponse;
import com.tencentcloudapi.common.profile.HttpProfile;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

/**
 * Runs the unmodified vod-java-sdk against a platform behind the official hosts. Prints one JSON object.
 *
 * <p>The argument is what {@code clients.drivers.programs.request_of} makes. What its users can set is set here: the
 * HTTP proxy of its profile, and the JVM's trust store.
 */
public final class VodUpload {
    private static final String PASSWORD = "changeit";

    private VodUpload() {}

    /** Uploads, and says how it ended. */
    public static void main(String[] arguments) throws Exception {
        JsonObject given = new JsonParser().parse(arguments[0]).getAsJsonObject();
        trust(Path.of(text(given, "authority")), Path.of(text(given, "state"), "authority.p12"));
        HttpProfile profile = new HttpProfile();
        profile.setProxyHost("127.0.0.1");
        profile.setProxyPort(given.get("plainPort").getAsInt());
        VodUploadClient client = new VodUploadClient(text(given, "secretId"), text(given, "secretKey"), profile);
        VodUploadRequest request = new VodUploadRequest(text(given, "media"));
        request.setCoverFilePath(text(given, "cover"));
        request.setProcedure(text(given, "procedure"));
        request.setStorageRegion(text(given, "storageRegion"));
        String application = text(given, "subAppId");
        request.setSubAppId(application == null ? null : Long.valueOf(application));
        JsonObject said = new JsonObject();
        try {
            VodUploadResponse answer = client.upload("ap-guangzhou", request);
            said.addProperty("fileId", answer.getFileId());
            said.addProperty("mediaUrl", answer.getMediaUrl());
            said.addProperty("coverUrl", answer.getCoverUrl());
        } catch (Exception error) {
            said.addProperty("error", error.toString());
        }
        System.out.println(said);
        // Threads of the SDK's pools would keep the process.
        System.exit(0);
    }

    private static String text(JsonObject given, String name) {
        JsonElement value = given.get(name);
        return value == null || value.isJsonNull() ? null : value.getAsString();
    }

    private static void trust(Path authority, Path store) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        try (InputStream pem = Files.newInputStream(authority)) {
            keys.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        try (OutputStream file = Files.newOutputStream(store)) {
            keys.store(file, PASSWORD.toCharArray());
        }
        System.setProperty("javax.net.ssl.trustStore", store.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", PASSWORD);
    }
}
