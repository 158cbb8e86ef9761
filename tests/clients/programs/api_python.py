"""Runs the unmodified API SDK for Python: reads calls as lines of JSON, answers each with one line of JSON.

The argument is what :func:`clients.api.sdks.settings_of` makes. A call is ``{"action", "parameters"}``, an answer
``{"ok": response}``, ``{"error", "message", "requestId"}`` or ``{"lacks": what}`` when the SDK knows no such thing.
"""

import json
import sys
from typing import Any

from tencentcloud.common import retry
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.vod.v20180717 import models, vod_client

given = json.loads(sys.argv[1])
profile = ClientProfile(
    signMethod=given["signMethod"],
    httpProfile=HttpProfile(protocol="http", endpoint=given["endpoint"], reqMethod=given["method"], reqTimeout=60),
)
if given.get("retries"):
    profile.retryer = retry.StandardRetryer(max_attempts=3)
profile.unsignedPayload = given.get("unsignedPayload", False)
client = vod_client.VodClient(Credential(given["secretId"], given["secretKey"]), "ap-guangzhou", profile)


def answer(action: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """Make one call with the SDK's typed classes."""
    method = getattr(client, action, None)
    if method is None:
        return {"lacks": action}
    request = getattr(models, f"{action}Request")()
    for name in parameters:
        if not hasattr(request, name):
            return {"lacks": name}
    request.from_json_string(json.dumps(parameters))
    try:
        return {"ok": json.loads(method(request).to_json_string())}
    except TencentCloudSDKException as error:
        return {"error": error.get_code(), "message": str(error.get_message()), "requestId": error.get_request_id()}


for line in sys.stdin:
    call = json.loads(line)
    print(json.dumps(answer(call["action"], call["parameters"])), flush=True)
