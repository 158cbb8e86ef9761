import type { Control } from "./control";
import { completeBody, partsIn, type StoredPart, unquoted, uploadIdIn } from "./cos";
import { ChecksumMismatch, SourceChanged, StorageError, TransportError } from "./errors";
import { combineCrc64 } from "./hash/crc64";
import { hasher } from "./hash/hasher";
import type { Digest } from "./hash/read";
import type { Pace } from "./pace";
import { inParallel } from "./parallel";
import type { Meter } from "./progress";
import type { Retrier } from "./retry";
import type { StorageCall, StorageClient } from "./storage";
import type { Answer } from "./transport";

/** The parts that an upload of one object uses. */
export interface ObjectTools {
  storage: StorageClient;
  retrier: Retrier;
  control: Control;
  meter: Meter;
  pace: Pace;
}

/** Which file goes where; `uploadId` of an unfinished upload, and `remember` for the id of a new one. */
export interface ObjectPlan {
  file: File;
  key: string;
  partSize: number;
  uploadId?: string;
  remember?: (uploadId: string) => void;
}

type Sent = Omit<StorageCall, "key" | "signal">;

/** The upload of one file to one key: by a single PUT, or in parallel parts. */
export class ObjectUpload {
  readonly #tools: ObjectTools;
  readonly #plan: ObjectPlan;
  readonly #parts: { etag: string; crc64: bigint }[] = [];
  readonly #stored = new Map<number, StoredPart>();
  #uploadId: string;
  #there = false;
  /** CRC-64/XZ of the whole object, once it is sent. */
  crc64 = 0n;
  /** Bytes that an earlier run had sent. */
  resumedBytes = 0;
  /** Bytes that this run sent. */
  sentBytes = 0;
  etag = "";

  constructor(tools: ObjectTools, plan: ObjectPlan) {
    this.#tools = tools;
    this.#plan = plan;
    this.#uploadId = plan.uploadId ?? "";
  }

  get uploadId(): string {
    return this.#uploadId;
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#plan.file.size;
  }

  /** List the parts that an earlier run stored; throws `NoSuchUpload` when there is nothing to resume. */
  async prepare(): Promise<void> {
    if (!this.#uploadId) return;
    try {
      for (const part of await this.#listed()) this.#stored.set(part.number, part);
    } catch (error) {
      if (!isGone(error)) throw error;
      this.#there = await this.#isThere();
      if (!this.#there) throw error;
      this.resumedBytes = this.#plan.file.size;
      this.#tools.meter.resumed(this.#plan.file.size);
    }
  }

  /** Send the missing parts. */
  async run(): Promise<void> {
    if (this.#there) return;
    const { file, partSize } = this.#plan;
    if (!this.#uploadId && file.size <= partSize) {
      const { etag, crc64 } = await this.#send(0, 0, file.size, []);
      this.etag = etag;
      this.crc64 = crc64;
      return;
    }
    if (!this.#uploadId) {
      this.#uploadId = uploadIdIn((await this.#call({ method: "POST", query: [["uploads", ""]] })).body);
      this.#plan.remember?.(this.#uploadId);
    }
    await this.#sendParts(Math.ceil(file.size / partSize));
  }

  /** Abort the multipart upload in storage; failures are ignored. */
  async abort(): Promise<void> {
    if (!this.#uploadId) return;
    const query = [["uploadId", this.#uploadId]] as const;
    // The upload's own signal is already aborted.
    const { signal } = new AbortController();
    await this.#tools.storage.request({ method: "DELETE", key: this.#plan.key, query, signal }).catch(() => {});
  }

  async #sendParts(count: number): Promise<void> {
    const { control, pace } = this.#tools;
    await inParallel(
      count,
      () => pace.atOnce,
      (index) =>
        this.#part(index + 1).catch((error) => {
          // Stop the other parts.
          control.end(error);
          throw error;
        }),
    );
    await this.#complete();
  }

  async #part(number: number): Promise<void> {
    await this.#tools.control.checkpoint();
    const { file, partSize } = this.#plan;
    const start = (number - 1) * partSize;
    const length = Math.min(partSize, file.size - start);
    this.#parts[number - 1] =
      (await this.#alreadySent(number, start, length)) ??
      (await this.#send(number, start, length, [
        ["partNumber", String(number)],
        ["uploadId", this.#uploadId],
      ]));
  }

  /** A stored part counts as sent when its MD5 equals that of the file's bytes. */
  async #alreadySent(
    number: number,
    start: number,
    length: number,
  ): Promise<{ etag: string; crc64: bigint } | undefined> {
    const stored = this.#stored.get(number);
    if (stored?.size !== length) return undefined;
    const digest = await hasher.digest(this.#plan.file, start, length, true);
    if (stored.etag !== digest.md5) return undefined;
    this.resumedBytes += length;
    this.#tools.meter.resumed(length);
    return { etag: stored.etag, crc64: BigInt(digest.crc64) };
  }

  async #send(
    item: number,
    start: number,
    length: number,
    query: [string, string][],
  ): Promise<{ etag: string; crc64: bigint }> {
    const { meter, pace, retrier, storage } = this.#tools;
    const { file, key } = this.#plan;
    // Hash during the upload: both read the same bytes, mostly from the disk cache.
    const digest = hasher.digest(file, start, length);
    digest.catch(() => {});
    const answer = await retrier.run(async (signal) => {
      meter.takenBack(item);
      const body = file.slice(start, start + length);
      const onSent = (bytes: number) => meter.sent(item, bytes);
      const call: StorageCall = { method: "PUT", key, query, body, signal, onSent };
      const answered = await storage.request(call).catch((error) => this.#failed(error, start));
      check(answered, await digest, item ? `part ${item} of ${file.name}` : file.name);
      return answered;
    });
    meter.acknowledged(item, length);
    pace.arrived(length);
    this.sentBytes += length;
    return { etag: unquoted(answer.header("ETag")), crc64: BigInt((await digest).crc64) };
  }

  /** The browser reports an unreadable file as a network error: read one byte to distinguish the two. */
  async #failed(error: unknown, start: number): Promise<never> {
    if (error instanceof TransportError) {
      this.#tools.pace.failed();
      const { file } = this.#plan;
      await file
        .slice(start, start + 1)
        .arrayBuffer()
        .catch(() => {
          throw new SourceChanged(`${file.name} was changed, moved or removed during the upload`);
        });
    }
    throw error;
  }

  async #complete(): Promise<void> {
    const { file, partSize } = this.#plan;
    this.crc64 = this.#parts.reduce((crc, part, index) => {
      return index ? combineCrc64(crc, part.crc64, Math.min(partSize, file.size - index * partSize)) : part.crc64;
    }, 0n);
    const body = completeBody(this.#parts.map((part) => part.etag));
    try {
      const answer = await this.#call({ method: "POST", query: [["uploadId", this.#uploadId]], body });
      this.etag = unquoted(answer.header("ETag"));
      checkWhole(answer, this.crc64, file.name);
    } catch (error) {
      // The answer to an earlier attempt was lost: the upload may be complete.
      if (!isGone(error) || !(await this.#isThere())) throw error;
    }
  }

  /** Tell whether the object exists with the file's CRC-64. */
  async #isThere(): Promise<boolean> {
    const { file } = this.#plan;
    const answer = await this.#call({ method: "HEAD" }).catch(() => undefined);
    const stored = answer?.header("x-cos-hash-crc64ecma");
    if (!answer || !stored || Number(answer.header("Content-Length")) !== file.size) return false;
    const digest = await hasher.digest(file, 0, file.size);
    this.crc64 = BigInt(digest.crc64);
    this.etag = unquoted(answer.header("ETag"));
    return stored === digest.crc64;
  }

  async #listed(): Promise<StoredPart[]> {
    const all: StoredPart[] = [];
    for (let marker = 0; ; ) {
      const query = [
        ["uploadId", this.#uploadId],
        ["part-number-marker", String(marker)],
        ["max-parts", "1000"],
      ] as const;
      const { parts, next } = partsIn((await this.#call({ method: "GET", query })).body);
      all.push(...parts);
      if (!next) return all;
      marker = next;
    }
  }

  #call(sent: Sent): Promise<Answer> {
    const { retrier, storage } = this.#tools;
    return retrier.run((signal) => storage.request({ ...sent, key: this.#plan.key, signal }));
  }
}

function check(answer: Answer, digest: Digest, what: string): void {
  const stored = answer.header("x-cos-hash-crc64ecma");
  if (!answer.header("ETag"))
    throw new TransportError("the storage response has no readable ETag: expose the header to pages (CORS)");
  if (stored && stored !== digest.crc64)
    throw new ChecksumMismatch(`${what} has a different checksum in storage than in the browser`);
}

function checkWhole(answer: Answer, crc64: bigint, name: string): void {
  const stored = answer.header("x-cos-hash-crc64ecma");
  if (stored && stored !== crc64.toString())
    throw new ChecksumMismatch(`the stored bytes of ${name} differ from the file`);
}

/** Whether storage does not know the upload: it was completed, aborted or never created. */
export function isGone(error: unknown): boolean {
  return error instanceof StorageError && (error.code === "NoSuchUpload" || error.code === "NoSuchBucket");
}
