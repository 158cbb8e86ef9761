import "./style.css";
import { Controls } from "./controls";
import { element } from "./elements";
import { type Description, fetchDescription, Refused } from "./sources";
import { Stage } from "./stage";
import { type PlainWord, standing, type Words, wordsFor } from "./words";

const FAST_POLL_MS = 2000;
const SLOW_POLL_MS = 10_000;
const SLOW_POLL_AFTER_REQUESTS = 60;

const REFUSALS: Record<string, PlainWord> = {
  "media.unknown": "missing",
  "playback.forbidden": "forbidden",
  "application.off": "forbidden",
  "media.not_playable": "picture",
  "psign.missing": "unsigned",
};

class Page {
  private readonly options = new URLSearchParams(location.search);
  private readonly words: Words;
  private readonly stage: Stage;
  private readonly controls: Controls;
  private readonly message = element("p", "message");
  private readonly title = element("h1", "title");
  private requests = 0;

  constructor(private readonly root: HTMLElement) {
    const chosen = wordsFor(this.options.get("lang") ?? navigator.language);
    this.words = chosen.words;
    document.documentElement.lang = chosen.language;
    // Embedded in another page, the video fills the frame and the title is hidden: the page shows its own.
    root.classList.toggle("embedded", window.self !== window.top);
    const room = element("div", "room");
    this.stage = new Stage(room, { autoplay: this.options.has("autoplay"), muted: this.options.has("muted") });
    this.controls = new Controls(root, this.stage, this.words);
    this.controls.bar.hidden = true;
    this.message.setAttribute("role", "status");
    root.append(this.title, room, this.message, this.controls.bar);
    room.addEventListener("click", () => this.controls.togglePlay());
    this.stage.addEventListener("failed", () => this.showMessage("failed"));
    this.stage.addEventListener("source", () => {
      root.dataset.source = this.stage.source?.kind ?? "";
    });
  }

  async run(): Promise<void> {
    this.requests += 1;
    try {
      this.apply(await fetchDescription(location));
    } catch (error) {
      this.refuse(error);
    }
  }

  private apply(description: Description): void {
    document.title = this.title.textContent = description.title || "OpenVOD";
    this.root.dataset.state = description.state;
    this.root.dataset.kind = description.kind;
    const plays = this.stage.offer(description);
    this.controls.bar.hidden = !plays;
    if (plays) this.message.hidden = true;
    else this.showText(standing(description.status, this.words));
    if (description.sprite) void this.controls.preview.use(description.sprite.vtt);
    if (description.pending || !plays) this.scheduleRequest();
  }

  private refuse(error: unknown): void {
    if (!(error instanceof Refused)) {
      if (!this.stage.video) this.showMessage("unreachable");
      this.scheduleRequest();
      return;
    }
    // Keep playing until the media addresses themselves are refused.
    if (this.stage.video) return;
    this.root.dataset.state = "refused";
    this.showMessage(REFUSALS[error.code] ?? (error.code.startsWith("psign.") ? "badSignature" : "failed"));
  }

  private scheduleRequest(): void {
    setTimeout(() => void this.run(), this.requests < SLOW_POLL_AFTER_REQUESTS ? FAST_POLL_MS : SLOW_POLL_MS);
  }

  private showMessage(what: PlainWord): void {
    this.showText(this.words[what]);
  }

  private showText(text: string): void {
    this.message.textContent = text;
    this.message.hidden = false;
  }
}

const root = document.getElementById("player");
if (root) void new Page(root).run();
