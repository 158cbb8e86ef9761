import { button, make } from "./dom";
import type { Words } from "./words";

/** Picks a cover: a frame of the video, or a picture. */
export class CoverPicker {
  readonly element: HTMLDetailsElement;
  readonly #file: File;
  readonly #words: Words;
  readonly #chosen: (cover: File) => void;
  readonly #message = make("p", { role: "status" });
  readonly #thumb = make("img", { class: "thumb", part: "thumbnail", alt: "" });
  #video: HTMLVideoElement | undefined;
  #addresses: string[] = [];

  constructor(file: File, words: Words, chosen: (cover: File) => void) {
    this.#file = file;
    this.#words = words;
    this.#chosen = chosen;
    this.#thumb.hidden = true;
    this.element = make("details", { part: "cover" }, make("summary", {}, words.cover));
    // A preview costs memory: create it only when it is shown.
    this.element.addEventListener("toggle", () => (this.element.open ? this.#open() : this.release()));
  }

  /** Free the preview's memory. */
  release(): void {
    for (const address of this.#addresses.splice(0)) URL.revokeObjectURL(address);
    this.#video?.removeAttribute("src");
    this.#video?.load();
    this.#video = undefined;
  }

  #open(): void {
    const words = this.#words;
    const video = this.#preview();
    const take = button(words.useFrame, "frame", () => void this.#take());
    take.disabled = true;
    video.addEventListener("loadeddata", () => {
      take.disabled = !video.videoWidth;
    });
    const slider = sliderOf(video, words.frame);
    video.src = this.#address(this.#file);
    this.#video = video;
    const frame = make("div", {}, video, slider, make("div", { class: "buttons" }, take));
    const summary = make("summary", {}, words.cover);
    this.element.replaceChildren(summary, frame, this.#pictureInput(), this.#thumb, this.#message);
  }

  #preview(): HTMLVideoElement {
    const video = make("video", { part: "preview", preload: "auto", tabindex: "-1", "aria-hidden": "true" });
    video.muted = true;
    video.playsInline = true;
    video.addEventListener("error", () => {
      if (video.hasAttribute("src")) this.#message.textContent = this.#words.noFrame;
    });
    return video;
  }

  #pictureInput(): HTMLElement {
    const input = make("input", { type: "file", accept: "image/*" });
    input.addEventListener("change", () => {
      if (input.files?.[0]) this.#choose(input.files[0]);
    });
    return make("p", {}, make("label", {}, `${this.#words.picture} `, input));
  }

  async #take(): Promise<void> {
    const video = this.#video;
    if (!video) return;
    const canvas = make("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
    if (!picture) {
      this.#message.textContent = this.#words.noFrame;
      return;
    }
    const stem = this.#file.name.replace(/\.[^.]*$/, "");
    this.#choose(new File([picture], `${stem}.jpg`, { type: "image/jpeg" }));
  }

  #choose(cover: File): void {
    this.#thumb.src = this.#address(cover);
    this.#thumb.hidden = false;
    this.#message.textContent = this.#words.coverChosen;
    this.#chosen(cover);
  }

  #address(file: File): string {
    const address = URL.createObjectURL(file);
    this.#addresses.push(address);
    return address;
  }
}

/** Create a slider over the time of a video. */
function sliderOf(video: HTMLVideoElement, label: string): HTMLInputElement {
  const range = { type: "range", min: "0", max: "1", step: "0.04", value: "0" };
  const slider = make("input", { ...range, "aria-label": label });
  slider.addEventListener("input", () => {
    video.currentTime = Number(slider.value);
  });
  video.addEventListener("loadedmetadata", () => {
    slider.max = String(video.duration || 1);
  });
  return slider;
}
