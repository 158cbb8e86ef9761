import { expect, test } from "vitest";
import { IMPLEMENTED, NOT_IMPLEMENTED, vectorFiles } from "./vectors";

test("every file of vectors is tested here, or says why it is not", () => {
  expect(vectorFiles().sort()).toEqual([...Object.keys(IMPLEMENTED), ...Object.keys(NOT_IMPLEMENTED)].sort());
});
