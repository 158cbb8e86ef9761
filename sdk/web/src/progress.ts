/** Progress of one file, or of a whole upload. `percent` runs from 0 to 1, `speed` is in bytes per second. */
export interface Progress {
  loaded: number;
  total: number;
  speed: number;
  percent: number;
  /** `null` while the speed is unknown. */
  secondsLeft: number | null;
}

const WINDOW_MILLISECONDS = 5000;

/** Counts acknowledged bytes and bytes under way. The reported progress never decreases. */
export class Meter {
  readonly total: number;
  readonly #report: () => void;
  readonly #interval: number;
  #acknowledged = 0;
  #shown = 0;
  #reported = Number.NEGATIVE_INFINITY;
  readonly #onWay = new Map<number, number>();
  #samples: [number, number][] = [[performance.now(), 0]];

  constructor(total: number, interval: number, report: (progress: Progress) => void) {
    this.total = total;
    this.#interval = interval;
    this.#report = () => report(this.now());
  }

  /** Count bytes that an earlier run sent; they do not count towards the speed. */
  resumed(size: number): void {
    this.#acknowledged += size;
    this.#shown = Math.max(this.#shown, this.#acknowledged);
    this.#samples = [[performance.now(), this.#shown]];
    this.#show();
  }

  /** Set how many bytes of an item are sent so far. */
  sent(item: number, size: number): void {
    this.#onWay.set(item, size);
    this.#show();
  }

  /** Count an item as stored. */
  acknowledged(item: number, size: number): void {
    this.#onWay.delete(item);
    this.#acknowledged += size;
    this.#show(this.#acknowledged >= this.total);
  }

  /** Discount the bytes of an item that is sent again. */
  takenBack(item: number): void {
    this.#onWay.delete(item);
  }

  /** The progress now. */
  now(): Progress {
    const [then, before] = this.#samples[0] ?? [0, 0];
    const elapsed = (performance.now() - then) / 1000;
    const speed = elapsed > 0 ? Math.max(0, this.#shown - before) / elapsed : 0;
    const left = this.total - this.#shown;
    return {
      loaded: this.#shown,
      total: this.total,
      speed,
      percent: this.total ? this.#shown / this.total : 1,
      secondsLeft: left === 0 ? 0 : speed > 0 ? left / speed : null,
    };
  }

  #show(always = false): void {
    const now = performance.now();
    let onWay = 0;
    for (const size of this.#onWay.values()) onWay += size;
    this.#shown = Math.max(this.#shown, Math.min(this.total, this.#acknowledged + onWay));
    if (!always && now - this.#reported < this.#interval) return;
    this.#reported = now;
    this.#samples.push([now, this.#shown]);
    while (this.#samples.length > 2 && now - (this.#samples[0]?.[0] ?? now) > WINDOW_MILLISECONDS)
      this.#samples.shift();
    this.#report();
  }
}

/** Sum of several. */
export function sumOf(parts: readonly Progress[]): Progress {
  const sum = (of: (progress: Progress) => number) => parts.reduce((so, each) => so + of(each), 0);
  const [loaded, total, speed] = [sum((p) => p.loaded), sum((p) => p.total), sum((p) => p.speed)];
  const left = total - loaded;
  return {
    loaded,
    total,
    speed,
    percent: total ? loaded / total : 1,
    secondsLeft: left === 0 ? 0 : speed > 0 ? left / speed : null,
  };
}
