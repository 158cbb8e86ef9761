/// <reference path="./wat.d.ts" />
import code from "./crc64.wat";

/** Bytes per turn of the loop, with one table of 256 words for each. */
export const STEP = 16;
/** Offset of the data in memory, after the tables. */
export const DATA = STEP * 256 * 8;

/** Exports of the module: `step` processes whole turns of its memory from `at` until `until`, at least one. */
export interface CrcModule {
  memory: WebAssembly.Memory;
  step(crc: bigint, at: number, until: number): bigint;
}

/** Create the module; `undefined` where the page's policy forbids WebAssembly. */
export function makeModule(): CrcModule | undefined {
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(code)).exports as unknown as CrcModule;
  } catch {
    return undefined;
  }
}
