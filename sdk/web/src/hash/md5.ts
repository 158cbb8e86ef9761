import { BlockHash } from "./blocks";

const ROUND_SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const SHIFTS = Int32Array.from({ length: 64 }, (_, step) => ROUND_SHIFTS[((step >> 4) << 2) | (step & 3)] as number);
const SINES = Int32Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) | 0);

function turned(b: number, sum: number, step: number): number {
  const shift = SHIFTS[step] as number;
  return (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
}

/** MD5, which storage lists for each stored part: a resumed upload compares it with the file's. */
export class Md5 extends BlockHash {
  protected readonly littleEndian = true;
  readonly #state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  readonly #block = new Int32Array(16);

  protected words(): readonly number[] {
    return Array.from(this.#state);
  }

  protected mix(view: DataView, at: number): void {
    const state = this.#state;
    const block = this.#block;
    for (let word = 0; word < 16; word++) block[word] = view.getInt32(at + word * 4, true);
    let a = state[0] as number;
    let b = state[1] as number;
    let c = state[2] as number;
    let d = state[3] as number;
    // Four similar loops, one for each round: a single loop with a branch inside is several times slower.
    for (let step = 0; step < 16; step++) {
      const sum = (a + ((b & c) | (~b & d)) + (SINES[step] as number) + (block[step] as number)) | 0;
      a = d;
      d = c;
      c = b;
      b = turned(b, sum, step);
    }
    for (let step = 16; step < 32; step++) {
      const sum = (a + ((d & b) | (~d & c)) + (SINES[step] as number) + (block[(5 * step + 1) & 15] as number)) | 0;
      a = d;
      d = c;
      c = b;
      b = turned(b, sum, step);
    }
    for (let step = 32; step < 48; step++) {
      const sum = (a + (b ^ c ^ d) + (SINES[step] as number) + (block[(3 * step + 5) & 15] as number)) | 0;
      a = d;
      d = c;
      c = b;
      b = turned(b, sum, step);
    }
    for (let step = 48; step < 64; step++) {
      const sum = (a + (c ^ (b | ~d)) + (SINES[step] as number) + (block[(7 * step) & 15] as number)) | 0;
      a = d;
      d = c;
      c = b;
      b = turned(b, sum, step);
    }
    state[0] = (state[0] as number) + a;
    state[1] = (state[1] as number) + b;
    state[2] = (state[2] as number) + c;
    state[3] = (state[3] as number) + d;
  }
}
