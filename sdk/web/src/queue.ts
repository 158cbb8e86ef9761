import { wrongFile } from "./accept";
import { Emitter } from "./emitter";
import type { OpenVodError } from "./errors";
import type { Progress } from "./progress";
import type { UploadResult, UploadState } from "./upload-events";
import type { UploadOptions } from "./upload-options";
import type { Uploader } from "./uploader";

/** One file of a queue. */
export interface QueueItem {
  readonly id: number;
  readonly file: File;
  /** May be changed until the upload starts. */
  options: UploadOptions;
  state: UploadState | "waiting";
  /** Set while the file is uploaded. */
  uploader?: Uploader | undefined;
  progress?: Progress | undefined;
  result?: UploadResult | undefined;
  error?: OpenVodError | undefined;
}

/** Events of a queue: an item changed; all are done, failed or cancelled. */
export interface QueueEvents {
  item: QueueItem;
  idle: readonly QueueItem[];
}

/** Uploads many files, a few at a time. A failed file does not stop the others; a waiting file needs only the memory of its `File`. */
export class UploadQueue extends Emitter<QueueEvents> {
  readonly #upload: (options: UploadOptions) => Uploader;
  readonly #atOnce: number;
  readonly #accept: string;
  readonly #items: QueueItem[] = [];
  readonly #running = new Set<QueueItem>();
  #waiting: QueueItem[] = [];
  #next = 0;
  #paused = false;
  #scheduled = false;

  constructor(upload: (options: UploadOptions) => Uploader, atOnce: number, accept = "") {
    super();
    this.#upload = upload;
    this.#atOnce = Math.max(1, atOnce);
    this.#accept = accept;
  }

  /** All files that were added, in order. */
  get items(): readonly QueueItem[] {
    return this.#items;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Add files, each uploaded with `options`. Empty files and files of other kinds fail at once. */
  add(files: Iterable<File>, options: UploadOptions = {}): QueueItem[] {
    const first = this.#items.length;
    const added = Array.from(files, (file, index): QueueItem => {
      const error = wrongFile(file, this.#accept);
      return { id: first + index, file, options: { ...options }, state: error ? "failed" : "waiting", error };
    });
    for (const item of added) {
      this.#items.push(item);
      if (item.state === "waiting") this.#waiting.push(item);
      // Deferred, so that the caller can show the item first.
      else queueMicrotask(() => this.emit("item", item));
    }
    this.#schedule();
    return added;
  }

  /** Pause running uploads, and start no others. */
  pause(): void {
    this.#paused = true;
    for (const item of this.#running) item.uploader?.pause();
  }

  /** Resume. */
  resume(): void {
    this.#paused = false;
    for (const item of this.#running) item.uploader?.resume();
    this.#schedule();
  }

  /** Cancel one file, or all. */
  cancel(item?: QueueItem): void {
    for (const each of item ? [item] : this.#items) {
      if (each.uploader) each.uploader.cancel();
      else if (each.state === "waiting") this.#change(each, { state: "cancelled" });
    }
    this.#schedule();
  }

  /** Upload a failed or cancelled file again. */
  retry(item: QueueItem): void {
    if (item.state !== "failed" && item.state !== "cancelled") return;
    this.#change(item, { state: "waiting", error: undefined, progress: undefined });
    this.#waiting.push(item);
    this.#schedule();
  }

  /** Start in a microtask, so that the caller can set options of the returned items. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#startNext();
    });
  }

  #startNext(): void {
    while (!this.#paused && this.#running.size < this.#atOnce && this.#next < this.#waiting.length) {
      const item = this.#waiting[this.#next++];
      if (item?.state === "waiting") this.#start(item);
    }
    if (this.#running.size || this.#next < this.#waiting.length || !this.#waiting.length) return;
    this.#waiting = [];
    this.#next = 0;
    this.emit("idle", this.#items);
  }

  #start(item: QueueItem): void {
    try {
      item.uploader = this.#upload({ ...item.options, mediaFile: item.file });
    } catch (error) {
      this.#change(item, { state: "failed", error: error as OpenVodError });
      return;
    }
    this.#running.add(item);
    item.state = "preparing";
    item.uploader
      .on("state", (state) => {
        // The final state is set together with the result.
        if (state !== "done" && state !== "failed" && state !== "cancelled") this.#change(item, { state });
      })
      .on("progress", (progress) => this.#change(item, { progress }));
    item.uploader.done().then(
      (result) => this.#ended(item, { state: "done", result }),
      (error: OpenVodError) => this.#ended(item, { state: error.kind === "cancelled" ? "cancelled" : "failed", error }),
    );
  }

  #ended(item: QueueItem, change: Partial<QueueItem>): void {
    this.#running.delete(item);
    this.#change(item, { ...change, uploader: undefined });
    this.#schedule();
  }

  #change(item: QueueItem, change: Partial<QueueItem>): void {
    Object.assign(item, change);
    this.emit("item", item);
  }
}
