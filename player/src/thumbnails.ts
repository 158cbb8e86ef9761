/** The thumbnail of a time range: a rectangle of a sprite. */
export interface Thumbnail {
  start: number;
  end: number;
  url: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const CUE = /([\d:.]+)\s+-->\s+([\d:.]+)[^\n]*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)/g;

/** Parse the WebVTT file of a sprite; `base` is its URL. */
export function readThumbnails(text: string, base: string): Thumbnail[] {
  return [...text.replace(/\r/g, "").matchAll(CUE)].map((match) => {
    const [, start = "", end = "", url = "", ...numbers] = match;
    const [x = 0, y = 0, width = 0, height = 0] = numbers.map(Number);
    return { start: seconds(start), end: seconds(end), url: new URL(url, base).href, x, y, width, height };
  });
}

/** Return the thumbnail for a time in seconds. */
export function thumbnailAt(all: readonly Thumbnail[], time: number): Thumbnail | undefined {
  return all.find((each) => time >= each.start && time < each.end) ?? all.at(-1);
}

function seconds(clock: string): number {
  return clock.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}
