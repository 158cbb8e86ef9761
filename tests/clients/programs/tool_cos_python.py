"""Runs the unmodified cos-python-sdk-v5: upload, list by pages, resume, and give a multipart upload up."""

import json
import sys

from qcloud_cos import CosConfig, CosS3Client

given = json.loads(sys.argv[1])
host, _, port = given["url"].partition("://")[2].partition(":")
client = CosS3Client(
    CosConfig(
        Region=given["region"], SecretId=given["secretId"], SecretKey=given["secretKey"], Token=given["token"],
        Scheme="http", IP=host, Port=int(port),
    )
)  # fmt: skip
bucket, key, folder = given["bucket"], given["key"], given["folder"]
with open(given["path"], "rb") as file:
    first_part = file.read(1 << 20)
# Begun and left by somebody: upload_file finds it and goes on.
upload = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
client.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=first_part)
listed = client.list_multipart_uploads(Bucket=bucket, Prefix=key)["Upload"]
client.upload_file(Bucket=bucket, Key=key, LocalFilePath=given["path"])
client.download_file(Bucket=bucket, Key=key, DestFilePath=given["back"])
keys, marker, more = [], "", True
while more:
    page = client.list_objects(Bucket=bucket, Prefix=folder, Marker=marker, MaxKeys=1)
    keys += [each["Key"] for each in page["Contents"]]
    more, marker = page["IsTruncated"] == "true", page.get("NextMarker", "")
given_up = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
client.upload_part(Bucket=bucket, Key=key, UploadId=given_up, PartNumber=1, Body=b"given up")
parts = client.list_parts(Bucket=bucket, Key=key, UploadId=given_up)["Part"]
client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=given_up)
left = [
    each["UploadId"]
    for each in client.list_multipart_uploads(Bucket=bucket, Prefix=key).get("Upload", [])
    if each["UploadId"] == given_up
]
address = client.get_presigned_url(Method="GET", Bucket=bucket, Key=key)
print(json.dumps({
    "keys": keys, "first": keys, "parts": len(parts), "listed": len(listed), "left": len(left), "address": "",
    "resumed": address is not None,
}))  # fmt: skip
