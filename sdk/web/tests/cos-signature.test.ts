import { expect, test } from "vitest";
import document from "../../../conformance/cos-signature.json";
import { authorization, type Pairs } from "../src/cos";
import { hmacSha1, sha1 } from "../src/hash/sha1";

const { secretId, secretKey, keyTime, signTime } = document;
const [start = 0, end = 0] = keyTime.split(";").map(Number);
const CREDENTIAL = { secretId, secretKey, token: "", start, end };

/** The signed headers of a vector. */
function headersOf(vector: { headers: object; headerList: string[] }): Pairs {
  return Object.entries(vector.headers).filter(([name]) => vector.headerList.includes(name.toLowerCase()));
}

test("one time is that of key and signature, as the SDK sends it", () => expect(signTime).toBe(keyTime));

test("the key of signatures comes from secret and time", () => {
  expect(hmacSha1(secretKey, keyTime)).toBe(document.signKey);
});

test.each(document.vectors)("Authorization $id: $description", (vector) => {
  const query = [...new URLSearchParams(vector.wireQuery)];
  expect(authorization(CREDENTIAL, vector.method, vector.path, query, headersOf(vector))).toBe(
    `q-sign-algorithm=sha1&q-ak=${secretId}&q-sign-time=${signTime}&q-key-time=${keyTime}` +
      `&q-header-list=${vector.headerList.join(";")}&q-url-param-list=${vector.urlParamList.join(";")}` +
      `&q-signature=${vector.signature}`,
  );
});

test.each([...document.vectors, ...document.digests])(
  "SHA-1 of the signed text $id",
  ({ httpString, httpStringSha1 }) => {
    expect(sha1(httpString)).toBe(httpStringSha1);
  },
);

// The SDK sends no forms; its SHA-1 and HMAC are checked all the same.
test.each(document.policies)("policy $id: $description", ({ policy, policySha1, signature }) => {
  expect(sha1(policy)).toBe(policySha1);
  expect(hmacSha1(document.signKey, policySha1)).toBe(signature);
});
