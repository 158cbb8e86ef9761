import type { Control } from "./control";
import { type ObjectPlan, ObjectUpload } from "./object-upload";
import { choosePartSize, Pace, rememberSpeed } from "./pace";
import type { Meter } from "./progress";
import type { Unfinished } from "./resume";
import type { Retrier } from "./retry";
import type { Session } from "./session";
import type { StorageClient } from "./storage";
import type { StoredFile } from "./upload-events";
import type { UploadFiles, UploadOptions } from "./upload-options";

export type FileKind = "media" | "cover";

/** The parts that a transfer uses. */
export interface TransferTools {
  /** The platform's host, for the `Location` of stored files. */
  readonly host: string;
  readonly files: UploadFiles;
  readonly options: UploadOptions;
  readonly control: Control;
  readonly retrier: Retrier;
  readonly meters: { readonly [K in FileKind]?: Meter };
  /** Called when a multipart upload of the media begins, so that it can be resumed. */
  readonly remember: (unfinished: Unfinished) => void;
  readonly onStored: (kind: FileKind, file: StoredFile) => void;
}

/** The transfer of media and cover into one session. */
export class Transfer {
  readonly #tools: TransferTools;
  readonly #session: Session;
  readonly #storage: StorageClient;
  readonly #uploads: { readonly [K in FileKind]?: ObjectUpload };

  constructor(tools: TransferTools, storage: StorageClient, session: Session, remembered?: Unfinished) {
    this.#tools = tools;
    this.#storage = storage;
    this.#session = session;
    const { media, cover } = tools.files;
    this.#uploads = {
      ...(media && { media: this.#upload("media", this.#mediaPlan(media, remembered)) }),
      // Covers are small: always one request.
      ...(cover && { cover: this.#upload("cover", { file: cover, key: session.coverKey, partSize: cover.size }) }),
    };
  }

  /** CRC-64 of each file, as Commit takes them. */
  get checksums(): Record<string, string> {
    const { media, cover } = this.#uploads;
    return {
      ...(media && { videoCrc64: media.crc64.toString() }),
      ...(cover && { coverCrc64: cover.crc64.toString() }),
    };
  }

  /** The upload of the media; of the cover, when that alone is sent. */
  get main(): ObjectUpload {
    return (this.#uploads.media ?? this.#uploads.cover) as ObjectUpload;
  }

  /** List what an earlier run stored; throws `NoSuchUpload` when there is nothing to resume. */
  async prepare(): Promise<void> {
    await this.#uploads.media?.prepare();
  }

  /** Send media and cover side by side; the first error ends both. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    const began = performance.now();
    const send = async (kind: FileKind, upload: ObjectUpload) => {
      try {
        await upload.run();
        this.#tools.onStored(kind, this.#storedFile(kind, upload));
      } catch (error) {
        failures.push(error);
        this.#tools.control.end(error as Error);
      }
    };
    const uploads = Object.entries(this.#uploads) as [FileKind, ObjectUpload][];
    await Promise.all(uploads.map(([kind, upload]) => send(kind, upload)));
    if (failures.length) throw failures[0];
    const sent = uploads.reduce((sum, [, upload]) => sum + upload.sentBytes, 0);
    rememberSpeed(sent, performance.now() - began);
  }

  /** Abort unfinished multipart uploads in storage. */
  async abort(): Promise<void> {
    await Promise.all(Object.values(this.#uploads).map((upload) => upload.abort()));
  }

  #mediaPlan(file: File, remembered?: Unfinished): ObjectPlan {
    const { sessionKey, mediaKey: key } = this.#session;
    const { options } = this.#tools;
    const partSize = remembered?.partSize ?? choosePartSize(file.size, options.chunkSize);
    const remember = (uploadId: string) =>
      this.#tools.remember({ sessionKey, uploadId, partSize, savedAt: Date.now() });
    return { file, key, partSize, remember, ...(remembered && { uploadId: remembered.uploadId }) };
  }

  #upload(kind: FileKind, plan: ObjectPlan): ObjectUpload {
    const { retrier, control, meters, options } = this.#tools;
    const pace = new Pace(options.chunkParallelLimit);
    return new ObjectUpload({ storage: this.#storage, retrier, control, meter: meters[kind] as Meter, pace }, plan);
  }

  #storedFile(kind: FileKind, upload: ObjectUpload): StoredFile {
    const { bucket, mediaKey, coverKey } = this.#session;
    const key = kind === "media" ? mediaKey : coverKey;
    return {
      Location: `${this.#tools.host}/${bucket}/${key}`,
      Bucket: bucket,
      Key: key,
      ETag: `"${upload.etag}"`,
      UploadId: upload.uploadId,
    };
  }
}
