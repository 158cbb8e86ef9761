"""Runs the unmodified cos-python-sdk-v5. Prints one JSON object.

Arguments: a JSON object {"host","port","credential","bucket","key","file","fail_after"}: with ``fail_after`` it
ends itself after that many parts, as if it had been killed.
"""

import json
import os
import sys

from qcloud_cos import CosConfig, CosS3Client

given = json.loads(sys.argv[1])
credential = given["credential"]
config = CosConfig(
    Region="ap-chongqing", SecretId=credential["secretId"], SecretKey=credential["secretKey"],
    Token=credential["token"], Scheme="http", IP="127.0.0.1", Port=given["port"],
)  # fmt: skip
client = CosS3Client(config)
sent: list[int] = []
upload_part = CosS3Client.upload_part


def counted(self, *arguments, **options):  # type: ignore[no-untyped-def]
    """Count parts, and die where the test says."""
    answer = upload_part(self, *arguments, **options)
    sent.append(1)
    if len(sent) == given.get("fail_after"):
        os._exit(9)
    return answer


CosS3Client.upload_part = counted
try:
    answer = client.upload_file(
        Bucket=given["bucket"], Key=given["key"], LocalFilePath=given["file"], PartSize=1, MAXThread=5
    )
    print(json.dumps({"etag": answer["ETag"], "parts": len(sent)}))
except Exception as error:
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
