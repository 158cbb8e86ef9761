import { clock, element } from "./elements";
import { readThumbnails, type Thumbnail, thumbnailAt } from "./thumbnails";

/** The thumbnail above the seek bar, for the time under the pointer. */
export class Preview {
  readonly picture = element("div", "preview");
  private readonly image = element("div", "image");
  private readonly time = element("span", "moment");
  private all: Thumbnail[] = [];
  private address = "";

  constructor(private readonly bar: HTMLInputElement) {
    this.picture.hidden = true;
    this.picture.setAttribute("aria-hidden", "true");
    this.picture.append(this.image, this.time);
    bar.addEventListener("pointermove", (event) => this.at(event.offsetX / bar.clientWidth));
    bar.addEventListener("input", () => this.at(Number(bar.value) / (Number(bar.max) || 1)));
    for (const name of ["pointerleave", "blur", "change"]) bar.addEventListener(name, () => this.hide());
  }

  /** Load the list of thumbnails; without it, only the time is shown. */
  async use(address: string): Promise<void> {
    const place = address.split("?")[0] ?? address;
    if (place === this.address) return;
    this.address = place;
    const answer = await fetch(address).catch(() => undefined);
    if (answer?.ok) this.all = readThumbnails(await answer.text(), address);
  }

  private hide(): void {
    this.picture.hidden = true;
  }

  private at(share: number): void {
    const duration = Number(this.bar.max);
    if (!(duration > 0)) return;
    const time = Math.max(0, Math.min(1, share)) * duration;
    this.time.textContent = clock(time);
    this.draw(thumbnailAt(this.all, time));
    this.picture.hidden = false;
    const half = this.picture.offsetWidth / 2;
    const place = Math.max(half, Math.min(this.bar.clientWidth - half, share * this.bar.clientWidth));
    this.picture.style.left = `${place - half}px`;
  }

  private draw(thumbnail: Thumbnail | undefined): void {
    this.image.hidden = !thumbnail;
    if (!thumbnail) return;
    Object.assign(this.image.style, {
      width: `${thumbnail.width}px`,
      height: `${thumbnail.height}px`,
      backgroundImage: `url("${thumbnail.url}")`,
      backgroundPosition: `-${thumbnail.x}px -${thumbnail.y}px`,
    });
  }
}
