import { describe, expect, test } from "vitest";
import document from "../../../conformance/crc64.json";
import { Crc64, combineCrc64 } from "../src/hash/crc64";
import { updateFast } from "../src/hash/fast-crc64";
import { digestOf } from "../src/hash/read";

const bytesOf = (text: string, repeat = 1) => new TextEncoder().encode(text.repeat(repeat));

/** No multiple of the step of either implementation: pieces end inside a step. */
const PIECE = 1021;

function inPieces(data: Uint8Array, update: (piece: Uint8Array) => void): void {
  for (let at = 0; at < data.length; at += PIECE) update(data.subarray(at, at + PIECE));
}

function checksumOf(text: string): bigint {
  const crc = new Crc64();
  crc.update(bytesOf(text));
  return crc.value();
}

describe.each(document.vectors)("CRC-64 $id: $description", ({ text, repeat, bytes, crc64 }) => {
  const data = bytesOf(text, repeat);

  test("the vector has the announced size", () => expect(data.length).toBe(bytes));

  test("JavaScript computes it, whatever the pieces", () => {
    const crc = new Crc64();
    inPieces(data, (piece) => crc.update(piece));
    expect(crc.value().toString()).toBe(crc64);
  });

  test("WebAssembly computes it, whatever the pieces", () => {
    const [whole, pieces] = [new Crc64(), new Crc64()];
    updateFast(whole, data);
    inPieces(data, (piece) => updateFast(pieces, piece));
    expect([whole.value().toString(), pieces.value().toString()]).toEqual([crc64, crc64]);
  });

  test("a file read as a stream has it", async () => {
    const file = new Blob(["before", data, "after"]);
    const digest = await digestOf({ id: 1, file, start: 6, length: bytes, withMd5: false });
    expect(digest.crc64).toBe(crc64);
  });
});

test.each(document.combined)("CRC-64 $id: $description, combined", ({ first, second, crc64 }) => {
  const combined = combineCrc64(checksumOf(first), checksumOf(second), bytesOf(second).length);
  expect(combined.toString()).toBe(crc64);
});
