import type { QueueItem, UploadQueue } from "../index";
import { CoverPicker } from "./cover";
import { button, make } from "./dom";
import { described } from "./format";
import type { Words } from "./words";

const ENDED = ["done", "failed", "cancelled"];

/** What the component shows of one file. */
export class Row {
  readonly element: HTMLLIElement;
  readonly #item: QueueItem;
  readonly #words: Words;
  readonly #bar: HTMLElement;
  readonly #fill = make("div");
  readonly #status = make("p", { class: "status", part: "status" });
  readonly #buttons: Record<"pause" | "resume" | "cancel" | "retry", HTMLButtonElement>;
  readonly #cover: CoverPicker | undefined;

  constructor(item: QueueItem, queue: UploadQueue, words: Words, withCover: boolean) {
    this.#item = item;
    this.#words = words;
    const { name } = item.file;
    this.#bar = barOf(words.progressOf(name), this.#fill);
    const labelled = (label: string, part: string, onClick: () => void) => {
      const made = button(label, part, onClick);
      made.setAttribute("aria-label", `${label}: ${name}`);
      return made;
    };
    this.#buttons = {
      pause: labelled(words.pause, "pause", () => item.uploader?.pause()),
      resume: labelled(words.resume, "resume", () => item.uploader?.resume()),
      cancel: labelled(words.cancel, "cancel", () => queue.cancel(item)),
      retry: labelled(words.retry, "retry", () => queue.retry(item)),
    };
    if (withCover) {
      this.#cover = new CoverPicker(item.file, words, (cover) => {
        item.options.coverFile = cover;
      });
    }
    const buttons = make("div", { class: "buttons" }, ...Object.values(this.#buttons));
    const shown = [make("p", { class: "name", part: "name" }, name), this.#bar, this.#status, buttons];
    this.element = make("li", { part: "item" }, ...shown);
    if (this.#cover) this.element.append(this.#cover.element);
    this.update();
  }

  get ended(): boolean {
    return ENDED.includes(this.#item.state);
  }

  /** Whether the file itself was refused, so that a retry does not help. */
  get #isWrong(): boolean {
    return ["type", "empty", "limit"].includes(this.#item.error?.kind ?? "");
  }

  /** Show the item as it is now. */
  update(): void {
    const { state, progress } = this.#item;
    const percent = state === "done" ? 100 : Math.floor((progress?.percent ?? 0) * 100);
    this.#fill.style.width = `${percent}%`;
    this.#bar.setAttribute("aria-valuenow", String(percent));
    this.element.classList.toggle("failed", state === "failed");
    this.#status.textContent = this.#statusText();
    const active = !this.ended && state !== "waiting";
    this.#buttons.pause.hidden = !active || state === "paused" || state === "committing";
    this.#buttons.resume.hidden = state !== "paused";
    this.#buttons.cancel.hidden = this.ended || state === "committing";
    this.#buttons.retry.hidden = (state !== "failed" && state !== "cancelled") || this.#isWrong;
    if (this.#cover) {
      if (state !== "waiting" && !this.#cover.element.hidden) this.#cover.release();
      this.#cover.element.hidden = state !== "waiting";
    }
  }

  /** Free its resources. */
  remove(): void {
    this.#cover?.release();
    this.element.remove();
  }

  #statusText(): string {
    const { state, progress, error } = this.#item;
    const words = this.#words;
    if (state === "failed" && error) return `${words.states.failed}: ${words.errors?.[error.kind] ?? error.message}`;
    const far = state === "uploading" && progress ? ` · ${described(progress, words)}` : "";
    return words.states[state] + far;
  }
}

function barOf(label: string, fill: HTMLElement): HTMLElement {
  const limits = { "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" };
  return make("div", { class: "bar", part: "bar", role: "progressbar", "aria-label": label, ...limits }, fill);
}
