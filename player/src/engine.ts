import Hls, { type FragBufferedData } from "hls.js";
import type { Description, Source, Subtitle } from "./sources";

const HLS = "application/vnd.apple.mpegurl";

/** A selectable quality. `level` -1 selects automatically; `lines` is the short side in pixels, the quality's name. */
export interface Quality {
  level: number;
  lines: number;
}

/** One video element with its source and, for HLS, its hls.js instance. */
export class Feed {
  private hls: Hls | undefined;
  private recovered = false;

  constructor(
    readonly video: HTMLVideoElement,
    readonly source: Source,
    private readonly onQualities: () => void,
    private readonly onFailed: () => void,
  ) {}

  /** Start loading at `at` seconds. */
  load(subtitles: readonly Subtitle[], at: number): void {
    for (const subtitle of subtitles) this.video.append(trackOf(subtitle));
    this.video.addEventListener("error", this.onFailed);
    if (this.source.type !== HLS || !Hls.isSupported()) {
      this.video.src = at > 0 ? `${this.source.url}#t=${at}` : this.source.url;
      return;
    }
    // Sources are listed best first; the first segment determines the start-up time.
    const hls = new Hls({ startPosition: at > 0 ? at : -1, enableWorker: false, maxBufferLength: 30 });
    this.hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, this.onQualities);
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !this.recovered) {
        this.recovered = true;
        hls.recoverMediaError();
      } else {
        this.onFailed();
      }
    });
    hls.loadSource(this.source.url);
    hls.attachMedia(this.video);
  }

  get qualities(): Quality[] {
    const levels = this.hls?.levels ?? [];
    return levels.map((level, place) => ({ level: place, lines: linesOf(level) }));
  }

  get chosen(): number {
    return this.hls && !this.hls.autoLevelEnabled ? this.hls.nextLevel : -1;
  }

  /** Select a level. During playback the buffered segment is played to its end, so that playback does not stall. */
  choose(level: number): void {
    if (!this.hls) return;
    if (!this.video.paused) {
      this.hls.nextLevel = level;
      return;
    }
    this.hls.on(Hls.Events.FRAG_BUFFERED, this.redraw);
    this.hls.currentLevel = level;
  }

  /** Redraw a paused video: it shows the new level's frame only after a seek. */
  private readonly redraw = (_event: unknown, data: FragBufferedData): void => {
    if (data.frag.type !== "main") return;
    this.hls?.off(Hls.Events.FRAG_BUFFERED, this.redraw);
    this.video.currentTime += 0.001;
  };

  close(): void {
    this.video.removeEventListener("error", this.onFailed);
    this.hls?.destroy();
    this.video.removeAttribute("src");
    this.video.load();
    this.video.remove();
  }
}

/** Return the short side: a quality has the same name in portrait and landscape. */
function linesOf(level: { width: number; height: number }): number {
  return level.width ? Math.min(level.width, level.height) : level.height;
}

function trackOf(subtitle: Subtitle): HTMLTrackElement {
  const track = document.createElement("track");
  track.kind = "subtitles";
  track.src = subtitle.url;
  track.srclang = subtitle.language;
  track.label = subtitle.name || subtitle.language;
  return track;
}

/** Return the sources that this browser can play, best first. */
export function playable(description: Description): Source[] {
  const probe = document.createElement("video");
  return description.sources.filter((source) => {
    if (source.type === HLS) return Hls.isSupported() || probe.canPlayType(HLS) !== "";
    return source.type !== "application/dash+xml";
  });
}
