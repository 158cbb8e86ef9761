import { BlockHash } from "./blocks";

const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const SINES = Int32Array.from({ length: 64 }, (_, step) => Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32) | 0);

/** MD5, which storage tells of each part it has: a resumed upload compares it with the file's. */
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
    let [a, b, c, d] = state as unknown as [number, number, number, number];
    for (let step = 0; step < 64; step++) {
      const round = step >> 4;
      let chosen: number;
      let word: number;
      if (round === 0) {
        chosen = (b & c) | (~b & d);
        word = step;
      } else if (round === 1) {
        chosen = (d & b) | (~d & c);
        word = (5 * step + 1) & 15;
      } else if (round === 2) {
        chosen = b ^ c ^ d;
        word = (3 * step + 5) & 15;
      } else {
        chosen = c ^ (b | ~d);
        word = (7 * step) & 15;
      }
      const sum = (a + chosen + (SINES[step] as number) + (block[word] as number)) | 0;
      const shift = SHIFTS[(round << 2) | (step & 3)] as number;
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    }
    state[0] = (state[0] as number) + a;
    state[1] = (state[1] as number) + b;
    state[2] = (state[2] as number) + c;
    state[3] = (state[3] as number) + d;
  }
}
