import "./style.css";
import { Controls } from "./controls";
import { element } from "./elements";
import { ask, type Description, Refused } from "./sources";
import { Stage } from "./stage";
import { type PlainWord, standing, type Words, wordsFor } from "./words";

const SOON_MS = 2000;
const LATER_MS = 10_000;
const PATIENT_AFTER = 60;

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
  private asked = 0;

  constructor(private readonly root: HTMLElement) {
    const chosen = wordsFor(this.options.get("lang") ?? navigator.language);
    this.words = chosen.words;
    document.documentElement.lang = chosen.language;
    // In a frame of somebody's page the picture has all the room, and that page names it.
    root.classList.toggle("embedded", window.self !== window.top);
    const room = element("div", "room");
    this.stage = new Stage(room, { autoplay: this.options.has("autoplay"), muted: this.options.has("muted") });
    this.controls = new Controls(root, this.stage, this.words);
    this.controls.bar.hidden = true;
    this.message.setAttribute("role", "status");
    root.append(this.title, room, this.message, this.controls.bar);
    room.addEventListener("click", () => this.controls.playOrPause());
    this.stage.addEventListener("failed", () => this.say("failed"));
    this.stage.addEventListener("source", () => {
      root.dataset.source = this.stage.source?.kind ?? "";
    });
  }

  async run(): Promise<void> {
    this.asked += 1;
    try {
      this.take(await ask(location));
    } catch (error) {
      this.refuse(error);
    }
  }

  private take(description: Description): void {
    document.title = this.title.textContent = description.title || "OpenVOD";
    this.root.dataset.state = description.state;
    this.root.dataset.kind = description.kind;
    const plays = this.stage.offer(description);
    this.controls.bar.hidden = !plays;
    if (plays) this.message.hidden = true;
    else this.tell(standing(description.status, this.words));
    if (description.sprite) void this.controls.preview.use(description.sprite.vtt);
    if (description.pending || !plays) this.again();
  }

  private refuse(error: unknown): void {
    if (!(error instanceof Refused)) {
      if (!this.stage.video) this.say("unreachable");
      this.again();
      return;
    }
    // What plays goes on until its own addresses are refused.
    if (this.stage.video) return;
    this.root.dataset.state = "refused";
    this.say(REFUSALS[error.code] ?? (error.code.startsWith("psign.") ? "badSignature" : "failed"));
  }

  private again(): void {
    setTimeout(() => void this.run(), this.asked < PATIENT_AFTER ? SOON_MS : LATER_MS);
  }

  private say(what: PlainWord): void {
    this.tell(this.words[what]);
  }

  private tell(text: string): void {
    this.message.textContent = text;
    this.message.hidden = false;
  }
}

const root = document.getElementById("player");
if (root) void new Page(root).run();
