import { Control } from "./control";
import { announced, type Committed, ControlPlane } from "./control-plane";
import { Emitter } from "./emitter";
import { ApiError, ChecksumMismatch, OpenVodError, SourceChanged, UploadCancelled, UsageError } from "./errors";
import { checkLimits, type FileFacts, factsOf } from "./limits";
import { isGone, type ObjectTools, ObjectUpload } from "./object-upload";
import { choosePartSize, Pace, rememberSpeed } from "./pace";
import { Meter, type Progress, sumOf } from "./progress";
import { fingerprint, type ResumeStore, type Unfinished } from "./resume";
import { DEFAULT_RETRY, Retrier } from "./retry";
import type { Session } from "./session";
import type { GetSignature } from "./signature";
import { StorageClient } from "./storage";

/** What to upload, and how. Names that the official web SDK has mean what they mean there. */
export interface UploadOptions {
  mediaFile?: File | undefined;
  coverFile?: File | undefined;
  mediaName?: string | undefined;
  /** An existing file, whose cover `coverFile` replaces. */
  fileId?: string | undefined;
  /** When the platform shall delete the file, ISO 8601. */
  expireTime?: string | undefined;
  enableResume?: boolean | undefined;
  applyRequestTimeout?: number | undefined;
  commitRequestTimeout?: number | undefined;
  /** First delay between tries, in milliseconds; later ones double. */
  retryDelay?: number | undefined;
  chunkParallelLimit?: number | undefined;
  chunkRetryTimes?: number | undefined;
  /** Bytes; without it, found from the file and the line. */
  chunkSize?: number | undefined;
  progressInterval?: number | undefined;
  /** Older name of `mediaFile`. */
  videoFile?: File | undefined;
  /** Older name of `mediaName`. */
  videoName?: string | undefined;
}

/** What `done()` gives: what Commit answered, and what the SDK knows besides. */
export interface UploadResult extends Committed {
  size: number;
  /** CRC-64/XZ of the media (of the cover, when that alone was sent), which the platform has compared. */
  crc64: string;
  /** Bytes that an earlier run had sent. */
  resumedBytes: number;
}

/** Where an upload stands. */
export type UploadState =
  | "preparing"
  | "uploading"
  | "paused"
  | "offline"
  | "retrying"
  | "committing"
  | "done"
  | "failed"
  | "cancelled";

/** Storage's result for one file, as the official SDK tells it. */
export interface StoredFile {
  Location: string;
  Bucket: string;
  Key: string;
  ETag: string;
  UploadId: string;
}

/** Events of an upload; `video_…` are older names of `media_…`. */
export interface UploaderEvents {
  media_progress: Progress;
  video_progress: Progress;
  media_upload: StoredFile;
  video_upload: StoredFile;
  cover_progress: Progress;
  cover_upload: StoredFile;
  /** Media and cover together. */
  progress: Progress;
  state: UploadState;
}

/** What the client gives to its uploads. */
export interface UploaderContext {
  server: string;
  getSignature: GetSignature;
  store: ResumeStore | undefined;
}

/** Contents that this page uploads now: a second upload of the same must not share the first one's session. */
const active = new Set<string>();
const SIGNATURE_CODES = [10004, 10005, 10010, 10011];
const CHECKSUM_DIFFERS = 10023;

/** One upload. */
export class Uploader extends Emitter<UploaderEvents> {
  readonly #context: UploaderContext;
  readonly #options: UploadOptions;
  readonly #control = new Control();
  readonly #plane: ControlPlane;
  readonly #retrier: Retrier;
  readonly #media: File | undefined;
  readonly #cover: File | undefined;
  readonly #meters: { media?: Meter; cover?: Meter } = {};
  readonly #done: Promise<UploadResult>;
  #state: UploadState = "preparing";
  #key = "";
  #sending: ObjectUpload[] = [];

  constructor(context: UploaderContext, options: UploadOptions) {
    super();
    this.#context = context;
    this.#options = options;
    this.#media = options.mediaFile ?? options.videoFile;
    this.#cover = options.coverFile;
    this.#validate();
    if (this.#media) this.#meters.media = this.#meter("media", this.#media);
    if (this.#cover) this.#meters.cover = this.#meter("cover", this.#cover);
    const { retryDelay, chunkRetryTimes, applyRequestTimeout: apply, commitRequestTimeout: commit } = options;
    const retry = { ...DEFAULT_RETRY };
    if (retryDelay) retry.firstDelay = retryDelay;
    if (chunkRetryTimes !== undefined) retry.attempts = chunkRetryTimes + 1;
    this.#retrier = new Retrier(retry, this.#control, (reason) =>
      this.#show(reason === "offline" ? "offline" : "retrying"),
    );
    this.#plane = new ControlPlane(context.server, context.getSignature, this.#retrier, { apply, commit });
    // After the caller had the time to listen.
    this.#done = Promise.resolve().then(() => this.#start());
    // Whoever listens to events alone need not catch.
    this.#done.catch(() => {});
  }

  /** Where it stands. */
  get state(): UploadState {
    return this.#state;
  }

  /** How far it is, media and cover together. */
  get progress(): Progress {
    return sumOf([this.#meters.media, this.#meters.cover].flatMap((meter) => (meter ? [meter.now()] : [])));
  }

  /** The result; rejects with an `OpenVodError`. */
  done(): Promise<UploadResult> {
    return this.#done;
  }

  /** Stop sending at once; parts on their way are sent again later. */
  pause(): void {
    if (this.#isOver()) return;
    this.#control.pause();
    this.#show("paused");
  }

  /** Go on after `pause()`. */
  resume(): void {
    if (!this.#control.paused || this.#isOver()) return;
    this.#control.resume();
    this.#show("uploading");
  }

  /** End the upload; what was stored of it is discarded. */
  cancel(): void {
    this.#control.end(new UploadCancelled());
  }

  #validate(): void {
    const { fileId } = this.#options;
    if (!this.#media && !this.#cover) throw new UsageError("upload() needs mediaFile, or coverFile with fileId");
    if (!this.#media && !fileId) throw new UsageError("a cover alone needs the fileId whose cover it becomes");
    for (const file of [this.#media, this.#cover]) {
      // Not instanceof: a File of another frame is one, too.
      if (file && (typeof file.slice !== "function" || typeof file.name !== "string"))
        throw new UsageError("mediaFile and coverFile must be File objects");
    }
  }

  #meter(kind: "media" | "cover", file: File): Meter {
    return new Meter(file.size, this.#options.progressInterval ?? 200, (progress) => {
      if (!this.#isOver() && !this.#control.paused) this.#show("uploading");
      this.emit(`${kind}_progress`, progress);
      if (kind === "media") this.emit("video_progress", progress);
      this.emit("progress", this.progress);
    });
  }

  #isOver(): boolean {
    return ["done", "failed", "cancelled"].includes(this.#state);
  }

  #show(state: UploadState): void {
    if (state === this.#state || (this.#control.paused && state !== "paused" && state !== "cancelled")) return;
    this.#state = state;
    this.emit("state", state);
  }

  async #start(): Promise<UploadResult> {
    try {
      const result = await this.#run();
      this.#forget();
      this.#show("done");
      return result;
    } catch (error) {
      throw await this.#failed(error);
    } finally {
      active.delete(this.#key);
    }
  }

  async #failed(error: unknown): Promise<Error> {
    const cancelled = error instanceof UploadCancelled;
    const damaged = error instanceof SourceChanged || (error instanceof OpenVodError && error.kind === "checksum");
    if (cancelled || damaged) {
      this.#forget();
      await Promise.all(this.#sending.map((each) => each.abort()));
    }
    this.#control.end(error as Error);
    this.#show(cancelled ? "cancelled" : "failed");
    return error as Error;
  }

  /** Go on with what is remembered; when that is no longer possible, start anew. */
  async #run(): Promise<UploadResult> {
    const { store } = this.#context;
    if (store && this.#options.enableResume !== false) await this.#claimKey();
    const remembered = this.#key ? store?.load(this.#key) : undefined;
    const session = remembered && (await this.#reopened(remembered));
    if (remembered && session) {
      try {
        return await this.#transfer(session, remembered);
      } catch (error) {
        if (!isGone(error) || this.#control.ended) throw error;
        this.#forget();
      }
    }
    return this.#transfer(await this.#opened());
  }

  async #claimKey(): Promise<void> {
    const files = [this.#media, this.#cover].flatMap((file) => (file ? [file] : []));
    const { mediaName, videoName, fileId } = this.#options;
    const prints = await Promise.all(files.map(fingerprint)).catch(() => {
      throw new SourceChanged("the file cannot be read: it was changed, moved or removed");
    });
    const key = [this.#context.server, mediaName ?? videoName ?? "", fileId ?? "", ...prints].join(" ");
    if (active.has(key)) return;
    active.add(key);
    this.#key = key;
  }

  async #reopened(remembered: Unfinished): Promise<Session | undefined> {
    try {
      return await this.#plane.apply({ vodSessionKey: remembered.sessionKey }, (signature) => this.#check(signature));
    } catch (error) {
      // Refusals of the signature say nothing against the session.
      if (!(error instanceof ApiError) || SIGNATURE_CODES.includes(Number(error.code))) throw error;
      this.#forget();
      return undefined;
    }
  }

  #opened(): Promise<Session> {
    const { fileId, expireTime } = this.#options;
    const more = { ...(fileId && { fileId }), ...(expireTime && { ExpireTime: expireTime }), uploadFromWeb: true };
    return this.#plane.apply(announced(this.#facts(), more), (signature) => this.#check(signature));
  }

  #facts(): FileFacts[] {
    const { mediaName, videoName } = this.#options;
    const facts: FileFacts[] = [];
    if (this.#media) facts.push(factsOf("video", this.#media, mediaName ?? videoName));
    if (this.#cover) facts.push(factsOf("cover", this.#cover));
    return facts;
  }

  #check(signature: string): void {
    checkLimits(signature, this.#facts());
  }

  async #transfer(session: Session, remembered?: Unfinished): Promise<UploadResult> {
    this.#show("uploading");
    const storage = new StorageClient(this.#context.server, session, (old) => this.#plane.renew(old));
    const media = this.#mediaUpload(storage, session, remembered);
    const cover = this.#coverUpload(storage, session);
    await media?.prepare();
    this.#sending = [media, cover].flatMap((upload) => (upload ? [upload] : []));
    await this.#all(
      [
        [media, "media", session.mediaKey],
        [cover, "cover", session.coverKey],
      ],
      session.bucket,
    );
    const checksums = {
      ...(media && { videoCrc64: media.crc64.toString() }),
      ...(cover && { coverCrc64: cover.crc64.toString() }),
    };
    return { ...(await this.#commit(session, checksums)), ...this.#facets(media ?? cover) };
  }

  async #commit(session: Session, checksums: Record<string, string>): Promise<Committed> {
    await this.#control.checkpoint();
    this.#show("committing");
    try {
      return await this.#plane.commit(session, checksums);
    } catch (error) {
      if (error instanceof ApiError && error.code === CHECKSUM_DIFFERS) throw new ChecksumMismatch(error.message);
      throw error;
    }
  }

  /** Send media and cover side by side; the first error ends both. */
  async #all(uploads: [ObjectUpload | undefined, "media" | "cover", string][], bucket: string): Promise<void> {
    const failures: unknown[] = [];
    const began = performance.now();
    const jobs = uploads.map(async ([upload, kind, key]) => {
      try {
        await upload?.run();
        if (upload) this.#stored(upload, kind, bucket, key);
      } catch (error) {
        failures.push(error);
        this.#control.end(error as Error);
      }
    });
    await Promise.all(jobs);
    if (failures.length) throw failures[0];
    const sent = uploads.reduce((sum, [upload]) => sum + (upload?.sentBytes ?? 0), 0);
    rememberSpeed(sent, performance.now() - began);
  }

  #stored(upload: ObjectUpload, kind: "media" | "cover", bucket: string, key: string): void {
    const host = new URL(this.#context.server).host;
    const file = {
      Location: `${host}/${bucket}/${key}`,
      Bucket: bucket,
      Key: key,
      ETag: `"${upload.etag}"`,
      UploadId: upload.uploadId,
    };
    this.emit(`${kind}_upload`, file);
    if (kind === "media") this.emit("video_upload", file);
  }

  #mediaUpload(storage: StorageClient, session: Session, remembered?: Unfinished): ObjectUpload | undefined {
    const meter = this.#meters.media;
    if (!this.#media || !meter) return undefined;
    const { sessionKey } = session;
    const partSize = remembered?.partSize ?? choosePartSize(this.#media.size, this.#options.chunkSize);
    const remember = (uploadId: string) => this.#remember({ sessionKey, uploadId, partSize, savedAt: Date.now() });
    const plan = { file: this.#media, key: session.mediaKey, partSize, remember };
    return new ObjectUpload(this.#tools(storage, meter), {
      ...plan,
      ...(remembered && { uploadId: remembered.uploadId }),
    });
  }

  #coverUpload(storage: StorageClient, session: Session): ObjectUpload | undefined {
    const meter = this.#meters.cover;
    if (!this.#cover || !meter) return undefined;
    // Covers are small: always one request.
    const plan = { file: this.#cover, key: session.coverKey, partSize: this.#cover.size };
    return new ObjectUpload(this.#tools(storage, meter), plan);
  }

  #tools(storage: StorageClient, meter: Meter): ObjectTools {
    const pace = new Pace(this.#options.chunkParallelLimit);
    return { storage, retrier: this.#retrier, control: this.#control, meter, pace };
  }

  #facets(upload: ObjectUpload | undefined): Omit<UploadResult, keyof Committed> {
    const size = (this.#media ?? this.#cover)?.size ?? 0;
    return { size, crc64: upload?.crc64.toString() ?? "", resumedBytes: upload?.resumedBytes ?? 0 };
  }

  #remember(unfinished: Unfinished): void {
    if (this.#key) this.#context.store?.save(this.#key, unfinished);
  }

  #forget(): void {
    if (this.#key) this.#context.store?.forget(this.#key);
  }
}
