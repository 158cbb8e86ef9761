"""Runs the unmodified boto3 with its defaults: upload, list by pages, read back, and give a multipart upload up."""

import json
import sys

import boto3  # type: ignore[import-not-found]  # in the environment of tools
from botocore.config import Config  # type: ignore[import-not-found]  # in the environment of tools

given = json.loads(sys.argv[1])
client = boto3.client(
    "s3", endpoint_url=given["url"], region_name=given["region"], aws_access_key_id=given["secretId"],
    aws_secret_access_key=given["secretKey"], aws_session_token=given["token"],
    config=Config(s3={"addressing_style": "path"}),
)  # fmt: skip
bucket, key, folder = given["bucket"], given["key"], given["folder"]
client.upload_file(given["path"], bucket, key)
client.download_file(bucket, key, given["back"])
pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder, PaginationConfig={"PageSize": 1})
keys = [each["Key"] for page in pages for each in page["Contents"]]
first = client.list_objects(Bucket=bucket, Prefix=folder)["Contents"]
upload = client.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
client.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"given up")
parts = client.list_parts(Bucket=bucket, Key=key, UploadId=upload)["Parts"]
listed = client.list_multipart_uploads(Bucket=bucket, Prefix=key).get("Uploads", [])
client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
left = client.list_multipart_uploads(Bucket=bucket, Prefix=key).get("Uploads", [])
address = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": key}, ExpiresIn=60)
print(json.dumps({
    "keys": keys, "first": [each["Key"] for each in first], "parts": len(parts), "listed": len(listed),
    "left": len(left), "address": address,
}))  # fmt: skip
