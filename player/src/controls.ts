import { button, clock, element, fill, relabel, slider } from "./elements";
import { setIcon } from "./icons";
import { Preview } from "./preview";
import type { Stage } from "./stage";
import type { Words } from "./words";

const STEP_SECONDS = 5;

/** The control bar below the video, and the keyboard shortcuts. */
export class Controls {
  readonly bar = element("div", "bar");
  readonly preview: Preview;
  private readonly toggle: HTMLButtonElement;
  private readonly mute: HTMLButtonElement;
  private readonly position: HTMLInputElement;
  private readonly volume: HTMLInputElement;
  private readonly time = element("span", "time");
  private readonly quality = element("select", "quality");
  private readonly subtitles = element("select", "subtitles");

  constructor(
    private readonly root: HTMLElement,
    private readonly stage: Stage,
    private readonly words: Words,
  ) {
    this.toggle = button("toggle", "play", words.play, () => this.togglePlay());
    this.mute = button("mute", "sound", words.mute, () => this.toggleMute());
    this.position = slider("position", words.seek, 0.1);
    this.volume = slider("volume", words.volume, 0.05);
    this.volume.value = "1";
    this.preview = new Preview(this.position);
    const full = button("full", "full", words.fullscreen, () => void this.enterFullScreen());
    this.quality.setAttribute("aria-label", words.quality);
    this.subtitles.setAttribute("aria-label", words.subtitles);
    this.quality.hidden = this.subtitles.hidden = true;
    const seek = element("div", "seek");
    seek.append(this.preview.picture, this.position);
    const row = element("div", "row");
    row.append(this.toggle, this.mute, this.volume, this.time, this.subtitles, this.quality, full);
    this.bar.setAttribute("role", "group");
    this.bar.setAttribute("aria-label", words.controls);
    this.bar.append(seek, row);
    this.listen();
  }

  private listen(): void {
    const { stage } = this;
    for (const name of ["play", "pause", "ended"]) stage.addEventListener(name, () => this.showPlaying());
    for (const name of ["timeupdate", "durationchange"]) stage.addEventListener(name, () => this.showTime());
    stage.addEventListener("volumechange", () => this.showVolume());
    stage.addEventListener("qualities", () => this.showQualities());
    stage.addEventListener("source", () => this.showSubtitles());
    this.position.addEventListener("input", () => this.seek(Number(this.position.value)));
    this.volume.addEventListener("input", () => this.setVolume(Number(this.volume.value)));
    this.quality.addEventListener("change", () => stage.choose(Number(this.quality.value)));
    this.subtitles.addEventListener("change", () => this.chooseSubtitles(Number(this.subtitles.value)));
    document.addEventListener("keydown", (event) => this.onKey(event));
  }

  togglePlay(): void {
    const video = this.stage.video;
    if (!video) return;
    if (video.paused) void video.play().catch(() => undefined);
    else video.pause();
  }

  private toggleMute(): void {
    const video = this.stage.video;
    if (video) video.muted = !video.muted;
  }

  private seek(time: number): void {
    const video = this.stage.video;
    if (video) video.currentTime = Math.max(0, Math.min(time, video.duration || 0));
  }

  private setVolume(volume: number): void {
    const video = this.stage.video;
    if (!video) return;
    video.volume = volume;
    video.muted = volume === 0;
  }

  private async enterFullScreen(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.root.requestFullscreen?.().catch(() => undefined);
  }

  /** Handle a shortcut, except keys that the focused slider, menu or button handles itself. */
  private onKey(event: KeyboardEvent): void {
    const target = event.target instanceof HTMLElement ? event.target.tagName : "";
    if (event.ctrlKey || event.metaKey || event.altKey || target === "SELECT") return;
    const now = this.stage.video?.currentTime ?? 0;
    const keys: Record<string, () => void> = {
      k: () => this.togglePlay(),
      m: () => this.toggleMute(),
      f: () => void this.enterFullScreen(),
    };
    if (target !== "BUTTON" && target !== "INPUT") keys[" "] = () => this.togglePlay();
    if (target !== "INPUT") {
      keys.ArrowLeft = () => this.seek(now - STEP_SECONDS);
      keys.ArrowRight = () => this.seek(now + STEP_SECONDS);
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  private showPlaying(): void {
    const paused = this.stage.video?.paused ?? true;
    setIcon(this.toggle, paused ? "play" : "pause");
    relabel(this.toggle, paused ? this.words.play : this.words.pause);
    this.root.dataset.playing = String(!paused);
  }

  private showTime(): void {
    const video = this.stage.video;
    if (!video) return;
    const duration = Number.isFinite(video.duration) ? video.duration : 0;
    this.position.max = String(duration);
    this.position.value = String(video.currentTime);
    const position = `${clock(video.currentTime)} ${this.words.of} ${clock(duration)}`;
    this.position.setAttribute("aria-valuetext", position);
    this.position.style.setProperty("--played", `${duration ? (100 * video.currentTime) / duration : 0}%`);
    this.time.textContent = `${clock(video.currentTime)} / ${clock(duration)}`;
  }

  private showVolume(): void {
    const video = this.stage.video;
    if (!video) return;
    const silent = video.muted || video.volume === 0;
    setIcon(this.mute, silent ? "silent" : "sound");
    relabel(this.mute, silent ? this.words.unmute : this.words.mute);
    this.volume.value = String(silent ? 0 : video.volume);
  }

  private showQualities(): void {
    const levels = [...this.stage.qualities].sort((one, other) => other.lines - one.lines);
    const named = levels.map(({ level, lines }): [string, string] => [String(level), `${lines}p`]);
    const choices: Array<[string, string]> =
      this.stage.source?.kind === "instant" ? [] : [["-1", this.words.auto], ...named];
    fill(this.quality, choices, String(this.stage.quality));
  }

  private tracks(): TextTrack[] {
    return [...(this.stage.video?.textTracks ?? [])].filter((track) => track.kind === "subtitles");
  }

  private showSubtitles(): void {
    const choices = this.tracks().map((track, place): [string, string] => [String(place), track.label]);
    fill(this.subtitles, [["-1", this.words.off], ...choices], "-1");
    const texts = this.stage.video?.textTracks;
    if (texts) texts.onaddtrack = () => this.showSubtitles();
  }

  private chooseSubtitles(place: number): void {
    this.tracks().forEach((track, number) => {
      track.mode = number === place ? "showing" : "disabled";
    });
  }
}
