import { type GetSignature, OpenVOD, type QueueItem, type SignatureAnswer, type UploadQueue } from "../index";
import { button, make } from "./dom";
import { Row } from "./row";
import { STYLE } from "./style";
import { type Words, wordsFor } from "./words";

/** Rows that are shown; the others are only counted. */
const MOST_ROWS = 100;

/**
 * `<openvod-upload signature-url="/signature">`: choose or drop videos, pick covers, upload.
 *
 * Attributes, read when it enters the page: `signature-url` (with `signature-token` or the property `signatureHeaders`,
 * and `signature-credentials`), `host`, `lang`, `accept`, `at-once`, `auto` (starts without a press of the button),
 * `no-cover`. Instead of `signature-url` the property `getSignature` may be set. Events:
 * `openvod-done` and `openvod-failed` with the queue's item as `detail`, `openvod-idle` with all items.
 */
export class OpenVodUpload extends HTMLElement {
  /** Fetches a signature; overrides `signature-url`. */
  getSignature: GetSignature | undefined;
  /** Request headers for a signature; `signature-token` sets `Authorization: Bearer …`. */
  signatureHeaders: Record<string, string> | undefined;
  #queue: UploadQueue | undefined;
  #words: Words = wordsFor("en");
  readonly #rows = new Map<QueueItem, Row>();
  readonly #list = make("ul", { part: "list" });
  readonly #rest = make("p", { class: "rest", part: "rest" });
  readonly #live = make("p", { class: "quiet", role: "status" });
  #start: HTMLButtonElement | undefined;

  /** The files, once the component is in a page. */
  get items(): readonly QueueItem[] {
    return this.#queue?.items ?? [];
  }

  connectedCallback(): void {
    if (this.shadowRoot) return;
    this.#words = wordsFor(this.lang || this.closest("[lang]")?.getAttribute("lang") || navigator.language);
    const client = new OpenVOD({
      getSignature: () => this.#signature(),
      host: this.getAttribute("host") ?? undefined,
      accept: this.#accept,
    });
    this.#queue = client.queue(Number(this.getAttribute("at-once")) || 2);
    if (!this.hasAttribute("auto")) this.#queue.pause();
    this.#queue.on("item", (item) => this.#changed(item));
    this.#queue.on("idle", (items) => this.#ended(items));
    this.#build(this.attachShadow({ mode: "open" }));
  }

  /** Add files, as if the user had chosen them. */
  add(files: Iterable<File>): void {
    const added = this.#queue?.add(files) ?? [];
    for (const item of added) if (this.#rows.size < MOST_ROWS) this.#addRow(item);
    this.#showRest();
    const waits = added.some((item) => item.state === "waiting");
    if (this.#start && waits) this.#start.hidden = !this.#queue?.paused;
  }

  /** Start the waiting uploads. */
  start(): void {
    this.#queue?.resume();
    if (this.#start) this.#start.hidden = true;
  }

  #build(root: ShadowRoot): void {
    const words = this.#words;
    // Hidden, also from screen readers: the button beside it replaces it.
    const input = make("input", { type: "file", multiple: "", hidden: "" });
    input.accept = this.#accept;
    input.addEventListener("change", () => {
      this.add(input.files ?? []);
      input.value = "";
    });
    const drop = make(
      "div",
      { class: "drop", part: "drop" },
      make("p", {}, words.drop),
      button(words.choose, "choose", () => input.click()),
      input,
    );
    this.#acceptDrops(drop);
    this.#start = button(words.start, "start", () => this.start());
    this.#start.classList.add("main", "start");
    this.#start.hidden = true;
    const box = make("section", { "aria-label": words.region, part: "box", lang: words.language });
    box.append(drop, this.#start, this.#list, this.#rest, this.#live);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    // Unlike a style element, this is allowed under every content security policy.
    root.adoptedStyleSheets = [sheet];
    root.append(box);
  }

  #acceptDrops(drop: HTMLElement): void {
    const over = (inside: boolean) => (event: DragEvent) => {
      event.preventDefault();
      drop.classList.toggle("over", inside);
    };
    drop.addEventListener("dragover", over(true));
    drop.addEventListener("dragleave", over(false));
    drop.addEventListener("drop", (event) => {
      over(false)(event);
      this.add(event.dataTransfer?.files ?? []);
    });
  }

  get #accept(): string {
    return this.getAttribute("accept") ?? "video/*,audio/*";
  }

  /** Read the attributes at each request: the page may have renewed the token. */
  async #signature(): Promise<SignatureAnswer> {
    if (this.getSignature) return this.getSignature();
    const url = this.getAttribute("signature-url");
    if (!url) throw new Error("set signature-url or getSignature of <openvod-upload>");
    const token = this.getAttribute("signature-token");
    const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...this.signatureHeaders };
    const credentials = this.getAttribute("signature-credentials") as RequestCredentials | null;
    return fetch(url, { headers, ...(credentials && { credentials }) });
  }

  #changed(item: QueueItem): void {
    if (!this.#rows.has(item) && item.state !== "waiting") this.#makeRoom(item);
    this.#rows.get(item)?.update();
    if (item.state === "done" || item.state === "failed") {
      this.#live.textContent = `${item.file.name}: ${this.#words.states[item.state]}`;
      this.#dispatch(`openvod-${item.state}`, item);
    }
    if (item.state === "waiting" && this.#queue?.paused) this.start();
  }

  #ended(items: readonly QueueItem[]): void {
    // The next files wait for the button again, so that covers can be picked.
    if (!this.hasAttribute("auto")) this.#queue?.pause();
    this.#dispatch("openvod-idle", items);
  }

  #addRow(item: QueueItem): void {
    const withCover = !this.hasAttribute("no-cover") && !this.hasAttribute("auto");
    const row = new Row(item, this.#queue as UploadQueue, this.#words, withCover);
    this.#rows.set(item, row);
    this.#list.append(row.element);
  }

  /** Replace the row of an ended item by an item that has no row yet. */
  #makeRoom(item: QueueItem): void {
    const old = [...this.#rows].find(([, row]) => row.ended);
    if (this.#rows.size >= MOST_ROWS && !old) return;
    if (old) {
      old[1].remove();
      this.#rows.delete(old[0]);
    }
    this.#addRow(item);
    this.#showRest();
  }

  #showRest(): void {
    const hidden = this.items.length - this.#rows.size;
    this.#rest.textContent = hidden > 0 ? this.#words.more(hidden) : "";
  }

  #dispatch(name: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
