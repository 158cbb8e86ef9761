import { hex } from "./blocks";
import { Crc64 } from "./crc64";
import { updateFast } from "./fast-crc64";
import { Md5 } from "./md5";

/** CRC-64/XZ of a run of bytes as a decimal text, and its MD5 in hexadecimal when that was asked for. */
export interface Digest {
  crc64: string;
  md5: string;
}

/** What a worker is asked. */
export interface DigestRequest {
  id: number;
  file: Blob;
  start: number;
  length: number;
  withMd5: boolean;
}

/** What a worker answers; `error` names what went wrong. */
export interface DigestAnswer {
  id: number;
  digest?: Digest;
  error?: string;
}

/** Small enough that the memory of a few uploads stays flat, large enough that reads cost little. */
const SLICE = 2 * 1024 * 1024;

/** Digest bytes of a file without holding more than two slices of it. */
export async function digestOf(request: DigestRequest): Promise<Digest> {
  const { file, start, length, withMd5 } = request;
  const crc = new Crc64();
  const md5 = withMd5 ? new Md5() : undefined;
  const end = start + length;
  const read = (at: number) => file.slice(at, Math.min(end, at + SLICE)).arrayBuffer();
  let next = length > 0 ? read(start) : undefined;
  for (let at = start; next; at += SLICE) {
    const data = new Uint8Array(await next);
    // The next slice is read while this one is digested.
    next = at + SLICE < end ? read(at + SLICE) : undefined;
    updateFast(crc, data);
    md5?.update(data);
  }
  return { crc64: crc.value().toString(), md5: md5 ? hex(md5.digest()) : "" };
}
