import { hex } from "./blocks";
import { Crc64 } from "./crc64";
import { updateFast } from "./fast-crc64";
import { Md5 } from "./md5";

/** CRC-64/XZ in decimal; MD5 in hexadecimal, empty if it was not requested. */
export interface Digest {
  crc64: string;
  md5: string;
}

/** Request to the worker. */
export interface DigestRequest {
  id: number;
  file: Blob;
  start: number;
  length: number;
  withMd5: boolean;
}

/** Answer of the worker; `error` is the name of the exception. */
export interface DigestAnswer {
  id: number;
  digest?: Digest;
  error?: string;
}

/** Digest bytes of a file as they are read, so that memory stays flat. */
export async function digestOf(request: DigestRequest): Promise<Digest> {
  const { file, start, length, withMd5 } = request;
  const crc = new Crc64();
  const md5 = withMd5 ? new Md5() : undefined;
  const reader = file
    .slice(start, start + length)
    .stream()
    .getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    updateFast(crc, read.value);
    md5?.update(read.value);
  }
  return { crc64: crc.value().toString(), md5: md5 ? hex(md5.digest()) : "" };
}
