"""Runs the unmodified vod-python-sdk against a platform behind the official hosts. Prints one JSON object.

The argument is what :meth:`clients.drivers.programs.ProgramDriver.request` makes. What changes around the SDK: name
look-ups lead to loopback, and the test authority is trusted.
"""

import json
import os
import socket
import sys

given = json.loads(sys.argv[1])
os.environ["REQUESTS_CA_BUNDLE"] = given["authority"]
os.environ["SSL_CERT_FILE"] = given["authority"]

import certifi  # noqa: E402

certifi.where = lambda: str(given["authority"])
lookup = socket.getaddrinfo


def to_loopback(host, service, *arguments, **options):  # type: ignore[no-untyped-def]  # passes everything on
    """Resolve every official name to the platform's port."""
    if isinstance(host, bytes):
        host = host.decode()
    if host.endswith(("tencentcloudapi.com", "myqcloud.com", "tencentcos.cn")):
        return lookup("127.0.0.1", given["tlsPort"], *arguments, **options)
    return lookup(host, service, *arguments, **options)


socket.getaddrinfo = to_loopback  # type: ignore[assignment]  # every name leads to loopback

from qcloud_vod.model import VodUploadRequest  # noqa: E402
from qcloud_vod.vod_upload_client import VodUploadClient  # noqa: E402

client = VodUploadClient(given["secretId"], given["secretKey"])
request = VodUploadRequest()
request.MediaFilePath = given["media"]
request.CoverFilePath = given.get("cover")
request.SubAppId = given.get("subAppId")
request.Procedure = given.get("procedure")
request.StorageRegion = given.get("storageRegion")
try:
    answer = client.upload("ap-guangzhou", request)
    print(json.dumps({"fileId": answer.FileId, "mediaUrl": answer.MediaUrl, "coverUrl": answer.CoverUrl}))
except Exception as error:
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
