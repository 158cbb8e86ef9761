// Runs the unmodified cos-nodejs-sdk-v5: upload, list by pages, resume, and give a multipart upload up.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const given = JSON.parse(process.argv[2]);
const COS = require(path.join(given.packages, "cos-nodejs-sdk-v5"));
const cos = new COS({
  Protocol: "http:", Ip: given.url.split("://")[1],
  SecretId: given.secretId, SecretKey: given.secretKey, SecurityToken: given.token,
});
const bucket = { Bucket: given.bucket, Region: given.region };
const object = { ...bucket, Key: given.key };

async function begin(body) {
  const { UploadId } = await cos.multipartInit(object);
  await cos.multipartUpload({ ...object, UploadId, PartNumber: 1, Body: body });
  return UploadId;
}

async function pages() {
  const keys = [];
  for (let more = true, Marker = ""; more; ) {
    const page = await cos.getBucket({ ...bucket, Prefix: given.folder, Marker, MaxKeys: 1 });
    keys.push(...page.Contents.map((each) => each.Key));
    more = page.IsTruncated === "true";
    Marker = page.NextMarker;
  }
  return keys;
}

async function main() {
  // Begun and left by somebody: sliceUploadFile finds it and goes on.
  await begin(fs.readFileSync(given.path).subarray(0, 1 << 20));
  const listed = (await cos.multipartList({ ...bucket, Prefix: given.key })).Upload.length;
  const sent = [];
  await cos.sliceUploadFile({
    ...object, FilePath: given.path, SliceSize: 1 << 20, onProgress: (at) => sent.push(at.loaded),
  });
  await cos.getObject({ ...object, Output: given.back });
  const keys = await pages();
  const UploadId = await begin("given up");
  const parts = (await cos.multipartListPart({ ...object, UploadId })).Part.length;
  await cos.multipartAbort({ ...object, UploadId });
  const left = (await cos.multipartList({ ...bucket, Prefix: given.key })).Upload;
  const address = cos.getObjectUrl({ ...object, Sign: true });
  console.log(JSON.stringify({
    keys, first: keys, parts, listed, left: left.filter((each) => each.UploadId === UploadId).length, address: "",
    resumed: address.includes("q-signature"),
  }));
}
main().catch((e) => { console.error(e); process.exit(1); });
