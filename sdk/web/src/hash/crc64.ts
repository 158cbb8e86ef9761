/**
 * CRC-64/XZ, the checksum that storage keeps of every part and object.
 *
 * A 64-bit value is held as two 32-bit halves, since BigInt is an order of magnitude slower for this; eight bytes are
 * taken at a step with one table for each of them.
 */

const POLYNOMIAL = 0xc96c5795d7870f42n;
const LOW = 0xffffffffn;

/** For byte `k` of eight and value `v`: halves at `(k * 256 + v) * 2`, low first. */
const TABLE = makeTable();

function makeTable(): Int32Array {
  const table = new Int32Array(8 * 256 * 2);
  const first: bigint[] = [];
  for (let value = 0; value < 256; value++) {
    let crc = BigInt(value);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ POLYNOMIAL : crc >> 1n;
    first.push(crc);
  }
  for (let value = 0; value < 256; value++) {
    let crc = first[value] ?? 0n;
    for (let place = 7; place >= 0; place--) {
      const at = (place * 256 + value) * 2;
      table[at] = Number(crc & LOW) | 0;
      table[at + 1] = Number(crc >> 32n) | 0;
      crc = (crc >> 8n) ^ (first[Number(crc & 255n)] ?? 0n);
    }
  }
  return table;
}

/** The word of one byte, which all tables are made of. */
export function tableWord(byte: number): bigint {
  const at = (7 * 256 + byte) * 2;
  return (BigInt((TABLE[at + 1] as number) >>> 0) << 32n) | BigInt((TABLE[at] as number) >>> 0);
}

/** A running CRC-64/XZ. */
export class Crc64 {
  #low = -1;
  #high = -1;

  /** Add bytes. */
  update(data: Uint8Array): void {
    const whole = data.length & ~7;
    this.#eights(new DataView(data.buffer, data.byteOffset, whole));
    for (let at = whole; at < data.length; at++) this.#one(data[at] as number);
  }

  /** The register, with which another implementation can continue. */
  get raw(): bigint {
    return (BigInt(this.#high >>> 0) << 32n) | BigInt(this.#low >>> 0);
  }

  set raw(value: bigint) {
    this.#low = Number(value & LOW) | 0;
    this.#high = Number(value >> 32n) | 0;
  }

  /** The value so far. */
  value(): bigint {
    return (BigInt(~this.#high >>> 0) << 32n) | BigInt(~this.#low >>> 0);
  }

  #eights(view: DataView): void {
    const t = TABLE;
    let low = this.#low;
    let high = this.#high;
    for (let at = 0; at < view.byteLength; at += 8) {
      const a = low ^ view.getInt32(at, true);
      const b = high ^ view.getInt32(at + 4, true);
      const p0 = (a & 255) << 1;
      const p1 = 512 + ((a >>> 7) & 510);
      const p2 = 1024 + ((a >>> 15) & 510);
      const p3 = 1536 + ((a >>> 23) & 510);
      const p4 = 2048 + ((b & 255) << 1);
      const p5 = 2560 + ((b >>> 7) & 510);
      const p6 = 3072 + ((b >>> 15) & 510);
      const p7 = 3584 + ((b >>> 23) & 510);
      // biome-ignore format: one column for each byte
      low = (t[p0] as number) ^ (t[p1] as number) ^ (t[p2] as number) ^ (t[p3] as number) ^
        (t[p4] as number) ^ (t[p5] as number) ^ (t[p6] as number) ^ (t[p7] as number);
      // biome-ignore format: one column for each byte
      high = (t[p0 + 1] as number) ^ (t[p1 + 1] as number) ^ (t[p2 + 1] as number) ^ (t[p3 + 1] as number) ^
        (t[p4 + 1] as number) ^ (t[p5 + 1] as number) ^ (t[p6 + 1] as number) ^ (t[p7 + 1] as number);
    }
    this.#low = low;
    this.#high = high;
  }

  #one(byte: number): void {
    const at = 3584 + (((this.#low ^ byte) & 255) << 1);
    this.#low = ((this.#low >>> 8) | (this.#high << 24)) ^ (TABLE[at] as number);
    this.#high = (this.#high >>> 8) ^ (TABLE[at + 1] as number);
  }
}

/** Multiply two polynomials modulo that of the CRC; the highest bit is the coefficient of 1. */
function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  let factor = b;
  for (let bit = 63n; bit >= 0n; bit--) {
    if ((a >> bit) & 1n) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ POLYNOMIAL : factor >> 1n;
  }
  return product;
}

/** Cache of powers by length: all parts but the last have the same length. */
const powers = new Map<number, bigint>();

function powerOfBytes(length: number): bigint {
  const known = powers.get(length);
  if (known !== undefined) return known;
  let power = 1n << 63n;
  let square = 1n << 55n;
  for (let left = length; left > 0; left = Math.floor(left / 2)) {
    if (left % 2) power = multiply(power, square);
    square = multiply(square, square);
  }
  powers.set(length, power);
  return power;
}

/** Return the CRC of two runs of bytes from those of each; the second is `length` bytes long. */
export function combineCrc64(first: bigint, second: bigint, length: number): bigint {
  return multiply(powerOfBytes(length), first) ^ second;
}
