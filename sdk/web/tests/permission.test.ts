/** What the SDK reads in the signature that an app server made: the limits of the permission. */
import { describe, expect, test } from "vitest";
import limits from "../../../conformance/upload-limits.json";
import signatures from "../../../conformance/upload-signature.json";
import { LimitExceeded, SignatureError } from "../src/errors";
import { checkLimits, type FileFacts, parametersOf } from "../src/limits";

/** Members that limit files, with the server's code for a file beyond each. */
interface Limits {
  maxVideoSize?: number;
  maxCoverSize?: number;
  videoTypes?: string[];
  coverTypes?: string[];
}

const SIZE_CODE = 10042;
const TYPE_CODES = { video: 10040, cover: 10041 };
const LARGE = 2 ** 40;

function refusalOf(signature: string, file: FileFacts): LimitExceeded | undefined {
  try {
    checkLimits(signature, [file]);
    return undefined;
  } catch (error) {
    if (error instanceof LimitExceeded) return error;
    throw error;
  }
}

test.each(signatures.vectors)("signature $id: $description", ({ signature, parameters }) => {
  expect(Object.fromEntries(parametersOf(signature))).toEqual(parameters);
});

test("what is no Base64 is no signature", () => {
  expect(() => parametersOf("signature=…")).toThrow(SignatureError);
});

describe.each(limits.vectors)("limits $id: $description", ({ signature, limits: found }) => {
  const { maxVideoSize, maxCoverSize, videoTypes, coverTypes } = found as Limits;
  const kinds = [
    { what: "video", most: maxVideoSize, types: videoTypes },
    { what: "cover", most: maxCoverSize, types: coverTypes },
  ] as const;

  test.each(kinds)("the size of a $what", ({ what, most, types }) => {
    const type = types?.[0] ?? "any";
    expect(refusalOf(signature, { what, name: "a", type, size: most ?? LARGE })).toBeUndefined();
    const refused = refusalOf(signature, { what, name: "a", type, size: (most ?? LARGE) + 1 });
    expect(refused?.code).toBe(most && SIZE_CODE);
  });

  test.each(kinds)("the types of a $what", ({ what, types }) => {
    for (const type of types ?? ["any"]) {
      expect(refusalOf(signature, { what, name: "a", type, size: 1 })).toBeUndefined();
    }
    expect(refusalOf(signature, { what, name: "a", type: "exe", size: 1 })?.code).toBe(types && TYPE_CODES[what]);
  });
});
