"""Runs the unmodified cos-python-sdk-v5. Prints one JSON object.

The argument is what :meth:`clients.drivers.programs.ProgramDriver.request` makes; with ``failAfter`` it ends itself
after that many parts, as if it had been killed.
"""

import json
import os
import sys

from qcloud_cos import CosConfig, CosS3Client

given = json.loads(sys.argv[1])
credential = given["credential"]
sent: list[int] = []
upload_part = CosS3Client.upload_part


def counted(self, *arguments, **options):  # type: ignore[no-untyped-def]  # passes everything on
    """Count parts, and die where the test says."""
    answer = upload_part(self, *arguments, **options)
    sent.append(1)
    if len(sent) == given.get("failAfter"):
        os._exit(9)
    return answer


CosS3Client.upload_part = counted
try:
    for place in given["places"]:
        config = CosConfig(
            Region=place["region"], SecretId=credential["secretId"], SecretKey=credential["secretKey"],
            Token=credential["token"], Scheme="http", IP="127.0.0.1", Port=given["plainPort"],
        )  # fmt: skip
        client = CosS3Client(config)
        client.upload_file(Bucket=place["bucket"], Key=place["key"], LocalFilePath=place["path"], MAXThread=5)
    print(json.dumps({"parts": len(sent)}))
except Exception as error:
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
