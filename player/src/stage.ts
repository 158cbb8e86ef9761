import { Feed, playable, type Quality } from "./engine";
import type { Description, Source } from "./sources";

const FORWARDED = ["timeupdate", "durationchange", "play", "pause", "volumechange", "progress", "ended", "waiting"];
/** Seconds by which the next source is positioned ahead of the current one. */
const AHEAD_SECONDS = 0.5;
const TOLERANCE_SECONDS = 0.04;
/** Milliseconds without a first frame, or without progress after playback was started, before the next source is tried. */
const START_MS = 5000;
const CHECK_MS = 250;
/** Time-out of switching to another source, in milliseconds. */
const SWITCH_MS = 20_000;

/** The visible video and, while the player switches sources, the next video behind it. */
export class Stage extends EventTarget {
  private current: Feed | undefined;
  private next: Feed | undefined;
  private readonly failed = new Set<string>();
  private description: Description | undefined;

  constructor(
    private readonly room: HTMLElement,
    private readonly options: { autoplay: boolean; muted: boolean },
  ) {
    super();
  }

  get video(): HTMLVideoElement | undefined {
    return this.current?.video;
  }

  get source(): Source | undefined {
    return this.current?.source;
  }

  get qualities(): Quality[] {
    return this.current?.qualities ?? [];
  }

  get quality(): number {
    return this.current?.chosen ?? -1;
  }

  choose(level: number): void {
    this.current?.choose(level);
  }

  /** Update the sources: start playback, or switch to a better source. Return whether a source is loaded. */
  offer(description: Description): boolean {
    this.description = description;
    const best = this.candidates()[0];
    if (best && !this.current) this.start(best);
    else this.improve();
    return this.current !== undefined;
  }

  /** Switch to a ladder if there is one. An ended video is switched on replay, because both videos must play to align. */
  private improve(): void {
    if (!this.current || this.next || this.current.video.ended || this.current.source.kind === "ladder") return;
    // Listing the candidates queries the browser's codecs: do it only if a switch is possible.
    const best = this.candidates()[0];
    if (best?.kind === "ladder") this.switchTo(best);
  }

  private candidates(): Source[] {
    return this.description ? playable(this.description).filter((source) => !this.failed.has(pathOf(source))) : [];
  }

  private start(source: Source): void {
    const feed = this.feed(source);
    feed.video.poster = this.description?.poster ?? "";
    feed.video.autoplay = this.options.autoplay;
    feed.video.muted = this.options.muted;
    this.show(feed);
    feed.load(this.description?.subtitles ?? [], 0);
  }

  private feed(source: Source): Feed {
    const video = document.createElement("video");
    video.playsInline = true;
    video.crossOrigin = "anonymous";
    video.preload = "auto";
    const feed: Feed = new Feed(
      video,
      source,
      () => this.dispatchEvent(new Event("qualities")),
      () => this.failOver(feed),
    );
    return feed;
  }

  private show(feed: Feed): void {
    const before = this.current;
    this.current = feed;
    for (const name of FORWARDED) feed.video.addEventListener(name, () => this.forward(feed, name));
    feed.video.addEventListener("timeupdate", () => this.current === feed && this.improve());
    feed.video.classList.remove("behind");
    if (!feed.video.isConnected) this.room.append(feed.video);
    before?.close();
    this.watchFirstFrame(feed);
    this.watchStart(feed);
    for (const name of ["source", "qualities", "durationchange", "timeupdate", "play", "volumechange"]) {
      this.dispatchEvent(new Event(name));
    }
  }

  private forward(feed: Feed, name: string): void {
    if (this.current === feed) this.dispatchEvent(new Event(name));
  }

  private watchFirstFrame(feed: Feed): void {
    feed.video.requestVideoFrameCallback?.(() => {
      performance.mark("first-frame", { detail: feed.source.kind });
      this.dispatchEvent(new Event("frame"));
    });
  }

  /** Switch to the next source if this one does not start; without another source, keep waiting. */
  private watchStart(feed: Feed): void {
    const { video } = feed;
    const startTime = video.currentTime;
    let waited = 0;
    const watch = setInterval(() => {
      // A ladder seeks to its first frame, so that a small change is not progress.
      const moved = Math.abs(video.currentTime - startTime) > 0.2 && !video.seeking;
      if (this.current !== feed || moved || video.ended) return clearInterval(watch);
      const silent = video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
      // Browsers slow down loading in hidden pages.
      if (!document.hidden && (silent || !video.paused)) waited += CHECK_MS;
      if (waited < START_MS || this.candidates().length < 2) return;
      clearInterval(watch);
      this.failOver(feed);
    }, CHECK_MS);
  }

  /** Mark a source as failed; the next one continues at the same position. */
  private failOver(feed: Feed): void {
    this.failed.add(pathOf(feed.source));
    this.drop(feed);
    if (feed !== this.current) return;
    const best = this.candidates()[0];
    if (!best) {
      this.dispatchEvent(new Event("failed"));
      return;
    }
    const { currentTime, paused, muted, volume } = feed.video;
    const following = this.feed(best);
    Object.assign(following.video, { muted, volume, autoplay: this.options.autoplay || !paused });
    this.show(following);
    following.load(this.description?.subtitles ?? [], currentTime);
  }

  /** Load a better source behind the visible video, and show it once both are at the same position. */
  private switchTo(source: Source): void {
    const shown = this.current?.video;
    if (!shown) return;
    const feed = this.feed(source);
    this.next = feed;
    feed.video.classList.add("behind");
    feed.video.muted = true;
    this.room.prepend(feed.video);
    feed.load(this.description?.subtitles ?? [], shown.currentTime);
    feed.video.addEventListener("canplay", () => this.seekAhead(feed), { once: true });
    shown.addEventListener("ended", () => this.drop(feed), { once: true });
    setTimeout(() => this.drop(feed), SWITCH_MS);
  }

  /** Close the next source. While the visible video plays, `improve` tries again. */
  private drop(feed: Feed): void {
    if (this.next !== feed) return;
    this.next = undefined;
    feed.close();
  }

  private seekAhead(feed: Feed): void {
    const shown = this.current?.video;
    if (!shown || this.next !== feed) return;
    const { video } = feed;
    const target = shown.paused ? shown.currentTime : shown.currentTime + AHEAD_SECONDS;
    video.currentTime = Math.min(target, shown.duration || target);
    video.addEventListener("seeked", () => this.align(feed), { once: true });
  }

  private align(feed: Feed): void {
    const shown = this.current?.video;
    if (!shown || this.next !== feed) return;
    const early = feed.video.currentTime - shown.currentTime;
    const moved =
      early > 2 * AHEAD_SECONDS || early < -TOLERANCE_SECONDS || (shown.paused && early > TOLERANCE_SECONDS);
    if (moved || shown.seeking) {
      // The user seeked, or loading took longer than the lead.
      this.seekAhead(feed);
    } else if (early > TOLERANCE_SECONDS / 2 && !shown.paused) {
      requestAnimationFrame(() => this.align(feed));
    } else {
      void this.takeOver(feed, shown);
    }
  }

  private async takeOver(feed: Feed, shown: HTMLVideoElement): Promise<void> {
    const { video } = feed;
    Object.assign(video, { volume: shown.volume, playbackRate: shown.playbackRate });
    if (!shown.paused) {
      await video.play().catch(() => undefined);
    }
    if (this.next !== feed) return;
    video.muted = shown.muted;
    this.next = undefined;
    this.show(feed);
  }
}

function pathOf(source: Source): string {
  return source.url.split("?")[0] ?? source.url;
}
