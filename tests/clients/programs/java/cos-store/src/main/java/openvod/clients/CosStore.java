package openvod.clients;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.qcloud.cos.COSClient;
import com.qcloud.cos.ClientConfig;
import com.qcloud.cos.auth.BasicSessionCredentials;
import com.qcloud.cos.auth.COSCredentials;
import com.qcloud.cos.auth.COSCredentialsProvider;
import com.qcloud.cos.http.HttpProtocol;
import com.qcloud.cos.model.PutObjectRequest;
import com.qcloud.cos.region.Region;
import com.qcloud.cos.transfer.PersistableUpload;
import com.qcloud.cos.transfer.TransferManager;
import com.qcloud.cos.transfer.Upload;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Runs the unmodified COS Java SDK. Prints one JSON object; reads commands from standard input, one a line.
 *
 * <p>The argument is what {@code clients.drivers.programs.request_of} makes, with places and a credential.
 */
public final class CosStore {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long RENEW_SECONDS = 60;

    private final JsonNode given;
    private final Renewed credentials;
    private final BlockingQueue<PersistableUpload> paused = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> proceeding = new LinkedBlockingQueue<>();
    private volatile Upload upload;
    private volatile boolean pausing;

    private CosStore(JsonNode given) {
        this.given = given;
        this.credentials = new Renewed(given.get("credentialUrl").asText(), given.get("credential"));
    }

    /** Stores every file, and says how it ended. */
    public static void main(String[] arguments) throws Exception {
        CosStore store = new CosStore(JSON.readTree(arguments[0]));
        Thread listener = new Thread(store::listen);
        listener.setDaemon(true);
        listener.start();
        ObjectNode said = JSON.createObjectNode();
        try {
            for (JsonNode place : store.given.get("places")) {
                store.store(place);
            }
            said.put("stored", true);
        } catch (Exception error) {
            said.put("error", error.toString());
        }
        System.out.println(said);
        // Threads of the SDK's pools would keep the process.
        System.exit(0);
    }

    private void store(JsonNode place) throws Exception {
        ClientConfig config = new ClientConfig(new Region(place.get("region").asText()));
        config.setHttpProtocol(HttpProtocol.http);
        config.setHttpProxyIp("127.0.0.1");
        config.setHttpProxyPort(given.get("plainPort").asInt());
        TransferManager manager = new TransferManager(new COSClient(credentials, config));
        File file = new File(place.get("path").asText());
        PutObjectRequest request =
                new PutObjectRequest(place.get("bucket").asText(), place.get("key").asText(), file);
        request.setEnableResumableUpload(true);
        upload = manager.upload(request);
        while (true) {
            try {
                upload.waitForUploadResult();
                return;
            } catch (Exception error) {
                if (!pausing) {
                    throw error;
                }
                PersistableUpload rest = paused.take();
                proceeding.take();
                pausing = false;
                upload = manager.resumeUpload(rest);
            }
        }
    }

    private void listen() {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ");
                switch (words[0]) {
                    case "pause" -> {
                        pausing = true;
                        paused.add(upload.pause());
                    }
                    case "proceed" -> proceeding.add(line);
                    case "cancel" -> upload.abort();
                    case "shift" -> credentials.shiftSeconds = (long) Double.parseDouble(words[1]);
                    default -> throw new IllegalArgumentException(line);
                }
            }
        } catch (Exception error) {
            error.printStackTrace();
        }
    }

    /** What an app gives the SDK for temporary credentials: the newest, asked for when the last one is about to end. */
    private static final class Renewed implements COSCredentialsProvider {
        private final String address;
        private volatile long shiftSeconds;
        private JsonNode current;

        Renewed(String address, JsonNode first) {
            this.address = address;
            this.current = first;
        }

        @Override
        public synchronized COSCredentials getCredentials() {
            long now = System.currentTimeMillis() / 1000 + shiftSeconds;
            if (now > current.get("expiredTime").asLong() - RENEW_SECONDS) {
                refresh();
            }
            return new BasicSessionCredentials(
                    current.get("secretId").asText(), current.get("secretKey").asText(), current.get("token").asText());
        }

        @Override
        public synchronized void refresh() {
            try {
                current = JSON.readTree(URI.create(address).toURL());
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }
}
