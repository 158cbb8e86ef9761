/** The common part of MD5 and SHA-1: blocks of 64 bytes, padded with the length. */
export abstract class BlockHash {
  readonly #rest = new Uint8Array(64);
  #held = 0;
  #length = 0;

  /** `true` when words and length are little-endian. */
  protected abstract readonly littleEndian: boolean;

  /** Mix one block into the state. */
  protected abstract mix(view: DataView, at: number): void;

  /** The words of the state. */
  protected abstract words(): readonly number[];

  /** Add bytes. */
  update(data: Uint8Array): this {
    this.#length += data.length;
    let at = 0;
    if (this.#held) {
      at = Math.min(64 - this.#held, data.length);
      this.#rest.set(data.subarray(0, at), this.#held);
      this.#held += at;
      if (this.#held < 64) return this;
      this.mix(new DataView(this.#rest.buffer), 0);
    }
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (; at + 64 <= data.length; at += 64) this.mix(view, at);
    this.#rest.set(data.subarray(at));
    this.#held = data.length - at;
    return this;
  }

  /** Finish, and return the digest. */
  digest(): Uint8Array {
    const bits = this.#length * 8;
    const padding = new Uint8Array(((119 - (this.#length % 64)) % 64) + 9);
    padding[0] = 0x80;
    const tail = new DataView(padding.buffer, padding.length - 8);
    tail.setUint32(this.littleEndian ? 0 : 4, bits >>> 0, this.littleEndian);
    tail.setUint32(this.littleEndian ? 4 : 0, Math.floor(bits / 2 ** 32), this.littleEndian);
    this.update(padding);
    const words = this.words();
    const digest = new DataView(new ArrayBuffer(words.length * 4));
    words.forEach((word, index) => {
      digest.setInt32(index * 4, word, this.littleEndian);
    });
    return new Uint8Array(digest.buffer);
  }
}

/** Render bytes in hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
