import { Feed, playable, type Quality } from "./engine";
import type { Description, Source } from "./sources";

const FORWARDED = ["timeupdate", "durationchange", "play", "pause", "volumechange", "progress", "ended", "waiting"];
/** The next source is prepared so far ahead of what is shown. */
const AHEAD_SECONDS = 0.5;
const TOLERANCE_SECONDS = 0.04;
/** A source that has shown nothing for so long, or has not moved since somebody started it, is given up for another. */
const START_MS = 5000;
const LOOK_MS = 250;
/** An exchange that has not ended by then has come to nothing. */
const EXCHANGE_MS = 20_000;

/** What plays: one video that is seen and, while sources are exchanged, one behind it. */
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

  /** Take in what the server told: start, or go over to something better; return whether anything plays. */
  offer(description: Description): boolean {
    this.description = description;
    const best = this.candidates()[0];
    if (best && !this.current) this.start(best);
    else this.improve();
    return this.current !== undefined;
  }

  /** Exchange the source for a better one; a film that has ended waits for its replay, which has moments to meet at. */
  private improve(): void {
    if (!this.current || this.next || this.current.video.ended || this.current.source.kind === "ladder") return;
    // Each look at the candidates asks the browser what it can play: only where there is something to gain.
    const best = this.candidates()[0];
    if (best?.kind === "ladder") this.exchange(best);
  }

  private candidates(): Source[] {
    return this.description ? playable(this.description).filter((source) => !this.failed.has(placeOf(source))) : [];
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
      () => this.give(feed),
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

  /** Go over to another source when this one does not start; with no other at hand, waiting is all there is to do. */
  private watchStart(feed: Feed): void {
    const { video } = feed;
    const begun = video.currentTime;
    let waited = 0;
    const watch = setInterval(() => {
      // A ladder seeks to its first picture, hence a bit more than nothing.
      const moved = Math.abs(video.currentTime - begun) > 0.2 && !video.seeking;
      if (this.current !== feed || moved || video.ended) return clearInterval(watch);
      const silent = video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA;
      // Pages that nobody sees load slowly on purpose.
      if (!document.hidden && (silent || !video.paused)) waited += LOOK_MS;
      if (waited < START_MS || this.candidates().length < 2) return;
      clearInterval(watch);
      this.give(feed);
    }, LOOK_MS);
  }

  /** Give a source up; the next one goes on where it was. */
  private give(feed: Feed): void {
    this.failed.add(placeOf(feed.source));
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

  /** Load a better source behind what plays, and show it once both are at the same moment. */
  private exchange(source: Source): void {
    const shown = this.current?.video;
    if (!shown) return;
    const feed = this.feed(source);
    this.next = feed;
    feed.video.classList.add("behind");
    feed.video.muted = true;
    this.room.prepend(feed.video);
    feed.load(this.description?.subtitles ?? [], shown.currentTime);
    feed.video.addEventListener("canplay", () => this.meet(feed), { once: true });
    shown.addEventListener("ended", () => this.drop(feed), { once: true });
    setTimeout(() => this.drop(feed), EXCHANGE_MS);
  }

  /** Let go of the next source; while the shown one moves, another exchange is tried. */
  private drop(feed: Feed): void {
    if (this.next !== feed) return;
    this.next = undefined;
    feed.close();
  }

  private meet(feed: Feed): void {
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
      // Somebody sought, or loading took longer than the lead.
      this.meet(feed);
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

function placeOf(source: Source): string {
  return source.url.split("?")[0] ?? source.url;
}
