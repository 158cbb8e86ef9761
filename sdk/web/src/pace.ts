/** Size of parts and number of parallel requests, from the measured speed. */

const MIB = 1024 * 1024;
const MAX_PARTS = 10_000;
/** Each part costs page, browser and platform some 30 ms of CPU, whatever its size, which dominates on a fast line. */
const LARGEST_PART = 32 * MIB;
/** Browsers open six connections to a host. */
const MOST_AT_ONCE = 6;
/** Longest time for one part on a slow line, so that a lost connection costs little. */
const SECONDS_FOR_PART = 8;
const LEAST_FOR_SPEED = MIB;

/** Bytes per second of the last upload of this page; 0 when there was none. */
let lastSpeed = 0;

/** Store the measured speed, unless the sample is too small. */
export function rememberSpeed(bytes: number, milliseconds: number): void {
  if (bytes >= LEAST_FOR_SPEED) lastSpeed = (bytes * 1000) / Math.max(1, milliseconds);
}

/**
 * Choose the size of parts; it stays the same for the whole upload, since storage lays parts on a grid.
 *
 * A file has about 32 parts, so that a lost one costs little; on a slow line parts are smaller.
 */
export function choosePartSize(fileSize: number, wanted?: number): number {
  let size = Math.max(MIB, wanted ?? powerOfTwo(fileSize / 32));
  if (!wanted) {
    const bearable = lastSpeed ? powerOfTwo(lastSpeed * SECONDS_FOR_PART) : LARGEST_PART;
    size = Math.max(MIB, Math.min(Math.max(8 * MIB, size), bearable, LARGEST_PART));
  }
  while (Math.ceil(fileSize / size) > MAX_PARTS) size *= 2;
  return size;
}

function powerOfTwo(size: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, size)));
}

/** The number of parallel requests: one more while throughput grows, half after a network failure. */
export class Pace {
  readonly #most: number;
  #atOnce: number;
  #bytes = 0;
  #parts = 0;
  #began = performance.now();
  #before = 0;

  constructor(most = MOST_AT_ONCE) {
    this.#most = Math.max(1, most);
    this.#atOnce = Math.min(3, this.#most);
  }

  /** The number now. */
  get atOnce(): number {
    return this.#atOnce;
  }

  /** A part arrived. */
  arrived(bytes: number): void {
    this.#bytes += bytes;
    if (++this.#parts < this.#atOnce) return;
    const speed = (this.#bytes * 1000) / Math.max(1, performance.now() - this.#began);
    if (speed > this.#before * 0.95) this.#atOnce = Math.min(this.#most, this.#atOnce + 1);
    else if (speed < this.#before * 0.7) this.#atOnce = Math.max(2, this.#atOnce - 1);
    this.#atOnce = Math.min(this.#most, this.#atOnce);
    this.#before = speed;
    this.#restart();
  }

  /** A part failed on the network. */
  failed(): void {
    this.#atOnce = Math.max(1, this.#atOnce >> 1);
    this.#before = 0;
    this.#restart();
  }

  #restart(): void {
    this.#bytes = this.#parts = 0;
    this.#began = performance.now();
  }
}
