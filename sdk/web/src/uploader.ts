import { Control } from "./control";
import { Emitter } from "./emitter";
import { OpenVodError, SourceChanged, UploadCancelled } from "./errors";
import { Meter, type Progress, sumOf } from "./progress";
import { DEFAULT_RETRY, Retrier } from "./retry";
import type { FileKind } from "./transfer";
import type { StoredFile, UploaderEvents, UploadResult, UploadState } from "./upload-events";
import { filesOf, type UploadOptions } from "./upload-options";
import { type UploaderContext, UploadRun } from "./upload-run";

/** One upload. */
export class Uploader extends Emitter<UploaderEvents> {
  readonly #control = new Control();
  readonly #meters: { media?: Meter; cover?: Meter };
  readonly #run: UploadRun;
  readonly #done: Promise<UploadResult>;
  #state: UploadState = "preparing";

  constructor(context: UploaderContext, options: UploadOptions) {
    super();
    const files = filesOf(options);
    const { media, cover } = files;
    this.#meters = {
      ...(media && { media: this.#meter("media", media, options) }),
      ...(cover && { cover: this.#meter("cover", cover, options) }),
    };
    const tools = {
      files,
      options,
      control: this.#control,
      retrier: this.#retrier(options),
      meters: this.#meters,
      onStored: (kind: FileKind, file: StoredFile) => this.#stored(kind, file),
    };
    this.#run = new UploadRun(context, tools, (state) => this.#show(state));
    // In a microtask, so that the caller can add listeners first.
    this.#done = Promise.resolve().then(() => this.#start());
    // An app that uses only events does not have to handle rejections.
    this.#done.catch(() => {});
  }

  /** The state now. */
  get state(): UploadState {
    return this.#state;
  }

  /** The progress, media and cover together. */
  get progress(): Progress {
    return sumOf([this.#meters.media, this.#meters.cover].flatMap((meter) => (meter ? [meter.now()] : [])));
  }

  /** The result; rejects with an `OpenVodError`. */
  done(): Promise<UploadResult> {
    return this.#done;
  }

  /** Stop sending immediately; unfinished parts are sent again later. */
  pause(): void {
    if (this.#isOver()) return;
    this.#control.pause();
    this.#show("paused");
  }

  /** Continue after `pause()`. */
  resume(): void {
    if (!this.#control.paused || this.#isOver()) return;
    this.#control.resume();
    this.#show("uploading");
  }

  /** End the upload and delete its stored parts. */
  cancel(): void {
    this.#control.end(new UploadCancelled());
  }

  #retrier({ retryDelay, chunkRetryTimes }: UploadOptions): Retrier {
    const policy = { ...DEFAULT_RETRY };
    if (retryDelay) policy.firstDelay = retryDelay;
    if (chunkRetryTimes !== undefined) policy.attempts = chunkRetryTimes + 1;
    return new Retrier(policy, this.#control, (reason) => this.#show(reason === "offline" ? "offline" : "retrying"));
  }

  #meter(kind: FileKind, file: File, options: UploadOptions): Meter {
    return new Meter(file.size, options.progressInterval ?? 200, (progress) => {
      if (!this.#isOver() && !this.#control.paused) this.#show("uploading");
      this.emit(`${kind}_progress`, progress);
      if (kind === "media") this.emit("video_progress", progress);
      this.emit("progress", this.progress);
    });
  }

  #stored(kind: FileKind, file: StoredFile): void {
    this.emit(`${kind}_upload`, file);
    if (kind === "media") this.emit("video_upload", file);
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
      const result = await this.#run.run();
      this.#show("done");
      return result;
    } catch (error) {
      throw await this.#failed(error);
    } finally {
      this.#run.release();
    }
  }

  async #failed(error: unknown): Promise<Error> {
    const cancelled = error instanceof UploadCancelled;
    const damaged = error instanceof SourceChanged || (error instanceof OpenVodError && error.kind === "checksum");
    if (cancelled || damaged) await this.#run.discard();
    this.#control.end(error as Error);
    this.#show(cancelled ? "cancelled" : "failed");
    return error as Error;
  }
}
