package openvod.clients;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.tencentcloudapi.common.AbstractModel;
import com.tencentcloudapi.common.Credential;
import com.tencentcloudapi.common.exception.TencentCloudSDKException;
import com.tencentcloudapi.common.profile.ClientProfile;
import com.tencentcloudapi.common.profile.HttpProfile;
import com.tencentcloudapi.vod.v20180717.VodClient;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Runs the unmodified API SDK for Java: reads calls as lines of JSON, answers each with one line of JSON.
 *
 * <p>The argument is what {@code clients.api.sdks.settings_of} makes; calls and answers are those of {@code
 * api_python.py}.
 */
public final class Api {
    private Api() {}

    /** Answers until standard input ends. */
    public static void main(String[] arguments) throws Exception {
        VodClient client = client(new JsonParser().parse(arguments[0]).getAsJsonObject());
        PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            JsonObject call = new JsonParser().parse(line).getAsJsonObject();
            output.println(answer(client, call.get("action").getAsString(), call.getAsJsonObject("parameters")));
        }
        // Threads of the HTTP client's pool would keep the process.
        System.exit(0);
    }

    private static VodClient client(JsonObject given) {
        HttpProfile http = new HttpProfile();
        http.setEndpoint(text(given, "endpoint"));
        http.setProtocol(HttpProfile.REQ_HTTP);
        http.setReqMethod(text(given, "method"));
        ClientProfile profile = new ClientProfile(text(given, "signMethod"), http);
        return new VodClient(new Credential(text(given, "secretId"), text(given, "secretKey")), "ap-guangzhou", profile);
    }

    private static JsonObject answer(VodClient client, String action, JsonObject parameters) throws Exception {
        JsonObject said = new JsonObject();
        Optional<Method> method =
                Arrays.stream(VodClient.class.getMethods()).filter(each -> each.getName().equals(action)).findFirst();
        if (method.isEmpty()) {
            said.addProperty("lacks", action);
            return said;
        }
        Class<? extends AbstractModel> kind = method.get().getParameterTypes()[0].asSubclass(AbstractModel.class);
        for (String name : parameters.keySet()) {
            if (Arrays.stream(kind.getMethods()).noneMatch(each -> each.getName().equals("set" + name))) {
                said.addProperty("lacks", name);
                return said;
            }
        }
        try {
            Object request = AbstractModel.fromJsonString(parameters.toString(), kind);
            AbstractModel response = (AbstractModel) method.get().invoke(client, request);
            JsonElement ok = new JsonParser().parse(AbstractModel.toJsonString(response));
            said.add("ok", ok);
        } catch (InvocationTargetException error) {
            if (!(error.getCause() instanceof TencentCloudSDKException)) {
                throw error;
            }
            TencentCloudSDKException known = (TencentCloudSDKException) error.getCause();
            said.addProperty("error", known.getErrorCode());
            said.addProperty("message", known.getMessage());
            said.addProperty("requestId", known.getRequestId());
        }
        return said;
    }

    private static String text(JsonObject given, String name) {
        return given.get(name).getAsString();
    }
}
