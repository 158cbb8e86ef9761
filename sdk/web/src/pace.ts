/** Size of parts and number of parallel requests, from the measured speed. */

const MIB = 1024 * 1024;
const MAX_PARTS = 10_000;
/** Each part costs about 30 ms of CPU in page, browser and platform, whatever its size; on a fast network this dominates. */
const MAX_PART = 32 * MIB;
/** Browsers open at most six connections to a host. */
const MAX_PARALLEL = 6;
/** Maximum seconds for one part on a slow network, so that a lost connection costs little. */
const MAX_PART_SECONDS = 8;
const MIN_SAMPLE = MIB;

/** Bytes per second of the last upload of this page; 0 when there was none. */
let lastSpeed = 0;

/** Store the measured speed, unless the sample is too small. */
export function rememberSpeed(bytes: number, milliseconds: number): void {
  if (bytes >= MIN_SAMPLE) lastSpeed = (bytes * 1000) / Math.max(1, milliseconds);
}

/**
 * Choose the size of parts in bytes. It is fixed for the whole upload, since storage aligns parts to a grid.
 *
 * A file has about 32 parts, so that resending one costs little; on a slow network parts are smaller.
 */
export function choosePartSize(fileSize: number, wanted?: number): number {
  let size = Math.max(MIB, wanted ?? powerOfTwo(fileSize / 32));
  if (!wanted) {
    const limit = lastSpeed ? powerOfTwo(lastSpeed * MAX_PART_SECONDS) : MAX_PART;
    size = Math.max(MIB, Math.min(Math.max(8 * MIB, size), limit, MAX_PART));
  }
  while (Math.ceil(fileSize / size) > MAX_PARTS) size *= 2;
  return size;
}

function powerOfTwo(size: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, size)));
}

/** The number of parallel requests: increased by one while throughput grows, halved after a network failure. */
export class Pace {
  readonly #most: number;
  #atOnce: number;
  #bytes = 0;
  #parts = 0;
  #began = performance.now();
  #before = 0;

  constructor(most = MAX_PARALLEL) {
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
