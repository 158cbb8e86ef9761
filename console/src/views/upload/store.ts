/** The upload queue of this page. It is independent of the views, so that uploads continue when another view opens. */
import OpenVOD, { type QueueItem, type UploadOptions, UploadQueue } from "@openvod/upload";
import { useSyncExternalStore } from "react";
import { api, unwrap } from "../../api/client";

export interface Settings {
  readonly subAppId: number;
  readonly procedure: string;
  readonly classId: number;
  readonly storageRegion: string;
}

/** A chosen file; `item` is its queue item, set when its upload is started. */
export interface Entry {
  readonly id: number;
  readonly file: File;
  cover?: File | undefined;
  item?: QueueItem | undefined;
}
export type EntryState = QueueItem["state"] | "chosen";

export interface Counts {
  readonly all: number;
  readonly chosen: number;
  readonly done: number;
  readonly failed: number;
  readonly active: number;
}

const AT_ONCE = 2;
const NOTIFY_MILLISECONDS = 50;
const ENDED = new Set<EntryState>(["done", "failed", "cancelled"]);
/** Seconds before its expiry at which a signature is replaced; one signature serves many files. */
const RENEWAL_SECONDS = 60;

export function stateOf(entry: Entry): EntryState {
  return entry.item?.state ?? "chosen";
}

export function hasEnded(entry: Entry): boolean {
  return ENDED.has(stateOf(entry));
}

class Signatures {
  private readonly cached = new Map<string, Promise<{ signature: string; expiresAt: number }>>();

  async get(settings: Settings): Promise<string> {
    const key = JSON.stringify(settings);
    const before = await this.cached.get(key)?.catch(() => undefined);
    if (before && before.expiresAt - RENEWAL_SECONDS > Date.now() / 1000) return before.signature;
    const requested = unwrap(api.POST("/api/v1/upload-signatures", { body: { ...settings } }));
    this.cached.set(key, requested);
    return (await requested).signature;
  }
}

class Uploads {
  private list: readonly Entry[] = [];
  private readonly settings = new WeakMap<File, Settings>();
  private readonly signatures = new Signatures();
  private readonly queue = new UploadQueue((options) => this.client(options).upload(options), AT_ONCE);
  private readonly listeners = new Set<() => void>();
  private next = 0;
  private version = 0;
  private scheduled = false;

  constructor() {
    this.queue.on("item", () => this.scheduleUpdate());
    this.queue.on("idle", () => this.scheduleUpdate());
    window.addEventListener("beforeunload", (event) => {
      if (this.counts().active > 0) event.preventDefault();
    });
  }

  get entries(): readonly Entry[] {
    return this.list;
  }

  get paused(): boolean {
    return this.queue.paused;
  }

  counts(): Counts {
    const counts = { all: this.list.length, chosen: 0, done: 0, failed: 0, active: 0 };
    for (const entry of this.list) {
      const state = stateOf(entry);
      if (state === "chosen" || state === "done" || state === "failed") counts[state]++;
      else if (state !== "cancelled") counts.active++;
    }
    return counts;
  }

  choose(files: Iterable<File>): void {
    this.list = [...this.list, ...Array.from(files, (file) => ({ id: this.next++, file }))];
    this.scheduleUpdate();
  }

  setCover(entry: Entry, cover: File | undefined): void {
    entry.cover = cover;
    this.scheduleUpdate();
  }

  /** Starts all chosen files. */
  start(settings: Settings): void {
    const chosen = this.list.filter((entry) => !entry.item);
    for (const entry of chosen) this.settings.set(entry.file, settings);
    const items = this.queue.add(chosen.map((entry) => entry.file));
    for (const [index, item] of items.entries()) {
      const entry = chosen[index];
      if (!entry) continue;
      item.options.coverFile = entry.cover;
      entry.item = item;
    }
    this.scheduleUpdate();
  }

  remove(entry: Entry): void {
    if (entry.item) this.queue.cancel(entry.item);
    this.list = this.list.filter((each) => each !== entry);
    this.scheduleUpdate();
  }

  pauseAll(): void {
    this.queue.pause();
    this.scheduleUpdate();
  }

  resumeAll(): void {
    this.queue.resume();
    this.scheduleUpdate();
  }

  cancelAll(): void {
    this.queue.cancel();
    this.list = this.list.filter((entry) => entry.item);
    this.scheduleUpdate();
  }

  cancel(entry: Entry): void {
    if (entry.item) this.queue.cancel(entry.item);
  }

  retry(entry: Entry): void {
    if (entry.item) this.queue.retry(entry.item);
  }

  clearEnded(): void {
    this.list = this.list.filter((entry) => !hasEnded(entry));
    this.scheduleUpdate();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  readonly snapshot = (): number => this.version;

  private client(options: UploadOptions): OpenVOD {
    const settings = options.mediaFile && this.settings.get(options.mediaFile);
    if (!settings) throw new Error("no settings for this file");
    return new OpenVOD({ host: location.origin, getSignature: () => this.signatures.get(settings) });
  }

  /** Notifies listeners, at most 20 times a second. */
  private scheduleUpdate(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setTimeout(() => {
      this.scheduled = false;
      this.version++;
      for (const listener of this.listeners) listener();
    }, NOTIFY_MILLISECONDS);
  }
}

export const uploads = new Uploads();

/** Renders the component again whenever an upload changes. */
export function useUploads(): Uploads {
  useSyncExternalStore(uploads.subscribe, uploads.snapshot);
  return uploads;
}
