package openvod.clients;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.qcloud.cos.COSClient;
import com.qcloud.cos.ClientConfig;
import com.qcloud.cos.auth.BasicSessionCredentials;
import com.qcloud.cos.http.HttpProtocol;
import com.qcloud.cos.model.AbortMultipartUploadRequest;
import com.qcloud.cos.model.GetObjectRequest;
import com.qcloud.cos.model.InitiateMultipartUploadRequest;
import com.qcloud.cos.model.ListMultipartUploadsRequest;
import com.qcloud.cos.model.ListObjectsRequest;
import com.qcloud.cos.model.ListPartsRequest;
import com.qcloud.cos.model.MultipartUpload;
import com.qcloud.cos.model.ObjectListing;
import com.qcloud.cos.model.PutObjectRequest;
import com.qcloud.cos.model.UploadPartRequest;
import com.qcloud.cos.region.Region;
import com.qcloud.cos.transfer.TransferManager;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

/** Runs the unmodified COS Java SDK by hand: upload, list by pages, resume, and give a multipart upload up. */
public final class CosTool {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int FIRST_PART_BYTES = 1 << 20;

    private final COSClient client;
    private final String bucket;
    private final String key;

    private CosTool(JsonNode given) {
        URI server = URI.create(given.get("url").asText());
        ClientConfig config = new ClientConfig(new Region(given.get("region").asText()));
        config.setHttpProtocol(HttpProtocol.http);
        config.setHttpProxyIp(server.getHost());
        config.setHttpProxyPort(server.getPort());
        client = new COSClient(
                new BasicSessionCredentials(
                        given.get("secretId").asText(), given.get("secretKey").asText(), given.get("token").asText()),
                config);
        bucket = given.get("bucket").asText();
        key = given.get("key").asText();
    }

    /** Does it all, and says what it saw. */
    public static void main(String[] arguments) throws Exception {
        JsonNode given = JSON.readTree(arguments[0]);
        CosTool tool = new CosTool(given);
        byte[] content = Files.readAllBytes(new File(given.get("path").asText()).toPath());
        // Begun and left by somebody.
        tool.begin(Arrays.copyOf(content, Math.min(content.length, FIRST_PART_BYTES)));
        ObjectNode said = JSON.createObjectNode();
        said.put("listed", tool.uploads().size());
        PutObjectRequest request = new PutObjectRequest(tool.bucket, tool.key, new File(given.get("path").asText()));
        request.setEnableResumableUpload(true);
        new TransferManager(tool.client).upload(request).waitForUploadResult();
        tool.client.getObject(new GetObjectRequest(tool.bucket, tool.key), new File(given.get("back").asText()));
        ArrayNode keys = tool.keys(given.get("folder").asText());
        said.set("keys", keys);
        said.set("first", keys);
        tool.giveUp(said);
        said.put("address", "");
        System.out.println(said);
        // Threads of the SDK's pools would keep the process.
        System.exit(0);
    }

    private String begin(byte[] body) {
        String id = client.initiateMultipartUpload(new InitiateMultipartUploadRequest(bucket, key)).getUploadId();
        client.uploadPart(new UploadPartRequest()
                .withBucketName(bucket)
                .withKey(key)
                .withUploadId(id)
                .withPartNumber(1)
                .withPartSize(body.length)
                .withInputStream(new ByteArrayInputStream(body)));
        return id;
    }

    private List<String> uploads() {
        ListMultipartUploadsRequest request = new ListMultipartUploadsRequest(bucket);
        request.setPrefix(key);
        return client.listMultipartUploads(request).getMultipartUploads().stream()
                .map(MultipartUpload::getUploadId)
                .toList();
    }

    private ArrayNode keys(String folder) {
        ArrayNode keys = JSON.createArrayNode();
        ListObjectsRequest request = new ListObjectsRequest();
        request.setBucketName(bucket);
        request.setPrefix(folder);
        request.setMaxKeys(1);
        for (ObjectListing page = client.listObjects(request); ; page = client.listNextBatchOfObjects(page)) {
            page.getObjectSummaries().forEach(each -> keys.add(each.getKey()));
            if (!page.isTruncated()) {
                return keys;
            }
        }
    }

    private void giveUp(ObjectNode said) {
        String id = begin("given up".getBytes(StandardCharsets.UTF_8));
        said.put("parts", client.listParts(new ListPartsRequest(bucket, key, id)).getParts().size());
        client.abortMultipartUpload(new AbortMultipartUploadRequest(bucket, key, id));
        said.put("left", uploads().stream().filter(id::equals).count());
    }
}
