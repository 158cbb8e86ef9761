import { StorageError } from "./errors";
import { hmacSha1, sha1 } from "./hash/sha1";
import type { Credential } from "./session";
import type { Answer } from "./transport";

export type Pairs = readonly (readonly [string, string])[];

/** A part that storage acknowledged; `etag` without quotes. */
export interface StoredPart {
  number: number;
  size: number;
  etag: string;
}

/** Percent-encode as storage's signatures do: everything but letters, digits and `-_.~`. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Return the Authorization value over all query parameters and headers given. */
export function authorization(
  credential: Credential,
  method: string,
  path: string,
  query: Pairs,
  headers: Pairs,
): string {
  const time = `${credential.start};${credential.end}`;
  const parameters = sorted(query);
  const signed = sorted(headers);
  const request = `${method.toLowerCase()}\n${path}\n${joined(parameters)}\n${joined(signed)}\n`;
  const signature = hmacSha1(hmacSha1(credential.secretKey, time), `sha1\n${time}\n${sha1(request)}\n`);
  return (
    `q-sign-algorithm=sha1&q-ak=${credential.secretId}&q-sign-time=${time}&q-key-time=${time}` +
    `&q-header-list=${names(signed)}&q-url-param-list=${names(parameters)}&q-signature=${signature}`
  );
}

function sorted(pairs: Pairs): [string, string][] {
  const encoded = pairs.map(([name, value]): [string, string] => [encode(name).toLowerCase(), encode(value)]);
  return encoded.sort(([a], [b]) => (a < b ? -1 : 1));
}

const joined = (pairs: Pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&");
const names = (pairs: Pairs) => pairs.map(([name]) => name).join(";");

/** Read InitiateMultipartUploadResult. */
export function uploadIdIn(body: string): string {
  return text(parsed(body), "UploadId");
}

/** Read ListPartsResult; `next` is the marker of the next page, 0 on the last. */
export function partsIn(body: string): { parts: StoredPart[]; next: number } {
  const root = parsed(body);
  const parts = Array.from(root.getElementsByTagName("Part"), (part) => ({
    number: Number(text(part, "PartNumber")),
    size: Number(text(part, "Size")),
    etag: unquoted(text(part, "ETag")),
  }));
  const more = text(root, "IsTruncated") === "true";
  return { parts, next: more ? Number(text(root, "NextPartNumberMarker")) : 0 };
}

/** Render CompleteMultipartUpload. */
export function completeBody(etags: readonly string[]): string {
  const rows = etags.map((etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>"${etag}"</ETag></Part>`);
  return `<CompleteMultipartUpload>${rows.join("")}</CompleteMultipartUpload>`;
}

/** Return the error of an error response. */
export function storageError(answer: Answer): StorageError {
  const requestId = answer.header("x-cos-request-id");
  const root = parsed(answer.body);
  const code = text(root, "Code");
  if (code) return new StorageError(answer.status, code, text(root, "Message"), requestId);
  const excerpt = answer.body.replace(/\s+/g, " ").slice(0, 200);
  return new StorageError(answer.status, `HTTP${answer.status}`, excerpt || "storage gave no reason", requestId);
}

/** An ETag without its quotes. */
export function unquoted(etag: string): string {
  return etag.replace(/"/g, "").toLowerCase();
}

function parsed(body: string): Document {
  return new DOMParser().parseFromString(body, "text/xml");
}

function text(root: Document | Element, name: string): string {
  return root.getElementsByTagName(name)[0]?.textContent ?? "";
}
