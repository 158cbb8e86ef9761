import { BlockHash, hex } from "./blocks";

/** SHA-1, which signs requests to storage. `crypto.subtle` is missing on pages without HTTPS. */
export class Sha1 extends BlockHash {
  protected readonly littleEndian = false;
  readonly #state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  readonly #words = new Int32Array(80);

  protected words(): readonly number[] {
    return Array.from(this.#state);
  }

  protected mix(view: DataView, at: number): void {
    const state = this.#state;
    const words = this.#words;
    for (let step = 0; step < 80; step++)
      words[step] = step < 16 ? view.getInt32(at + step * 4) : expanded(words, step);
    let [a, b, c, d, e] = state as unknown as [number, number, number, number, number];
    for (let step = 0; step < 80; step++) {
      const next = (rotated(a, 5) + chosen(step, b, c, d) + e + (words[step] as number)) | 0;
      e = d;
      d = c;
      c = rotated(b, 30);
      b = a;
      a = next;
    }
    for (const [index, value] of [a, b, c, d, e].entries()) state[index] = (state[index] as number) + value;
  }
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function expanded(words: Int32Array, step: number): number {
  const mixed =
    (words[step - 3] as number) ^
    (words[step - 8] as number) ^
    (words[step - 14] as number) ^
    (words[step - 16] as number);
  return rotated(mixed, 1);
}

function chosen(step: number, b: number, c: number, d: number): number {
  if (step < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (step < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (step < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

const encoder = new TextEncoder();

/** Return SHA-1 of a text, in hexadecimal. */
export function sha1(text: string): string {
  return hex(new Sha1().update(encoder.encode(text)).digest());
}

/** Return HMAC-SHA1 of a text, in hexadecimal; the key is shorter than a block, as those of storage are. */
export function hmacSha1(key: string, text: string): string {
  const pad = new Uint8Array(64);
  pad.set(encoder.encode(key).subarray(0, 64));
  const inner = new Sha1().update(pad.map((byte) => byte ^ 0x36)).update(encoder.encode(text));
  return hex(
    new Sha1()
      .update(pad.map((byte) => byte ^ 0x5c))
      .update(inner.digest())
      .digest(),
  );
}
