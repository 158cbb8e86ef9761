import { type Crc64, tableWord } from "./crc64";
import { type CrcModule, DATA, makeModule, STEP } from "./wasm";

/** Created on first use; `null` where WebAssembly is forbidden. */
let module: CrcModule | null | undefined;

function made(): CrcModule | null {
  if (module !== undefined) return module;
  module = makeModule() ?? null;
  if (module) fillTables(new BigUint64Array(module.memory.buffer, 0, STEP * 256));
  return module;
}

function fillTables(tables: BigUint64Array): void {
  for (let value = 0; value < 256; value++) {
    let word = tableWord(value);
    for (let table = 0; table < STEP; table++) {
      tables[table * 256 + value] = word;
      word = (word >> 8n) ^ tableWord(Number(word & 255n));
    }
  }
}

/** Add bytes to a checksum, by WebAssembly where it is allowed. */
export function updateFast(crc: Crc64, data: Uint8Array): void {
  const fast = made();
  const whole = fast ? data.length - (data.length % STEP) : 0;
  const room = fast ? fast.memory.buffer.byteLength - DATA : 0;
  for (let at = 0; fast && at < whole; at += room) {
    const piece = data.subarray(at, Math.min(whole, at + room));
    new Uint8Array(fast.memory.buffer, DATA).set(piece);
    crc.raw = BigInt.asUintN(64, fast.step(crc.raw, DATA, DATA + piece.length));
  }
  crc.update(data.subarray(whole));
}
