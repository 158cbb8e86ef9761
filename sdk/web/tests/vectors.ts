/** The conformance vectors that every implementation reads, by the name of their file. */

/** Files with the code that they are the vectors of; those without an entry fail the test of this table. */
export const IMPLEMENTED: Readonly<Record<string, string>> = {
  "cos-signature": "src/cos.ts signs requests to storage",
  crc64: "src/hash computes and combines checksums",
  "upload-limits": "src/limits.ts reads the limits of a permission",
  "upload-signature": "src/limits.ts decodes signatures, which app servers make",
};

/** Files whose subject does not exist in a browser that uploads, with the reason. */
export const NOT_IMPLEMENTED: Readonly<Record<string, string>> = {
  "event-signature": "events are received by app servers, which hold the SignKey",
  playback: "links, play tokens and player signatures are made by app servers, which hold the keys",
  "tc3-signature": "API 3.0 is called by app servers, which hold the SecretKey",
};

const FILES = import.meta.glob<object>("../../../conformance/*.json", { eager: true, import: "default" });

/** Names of all files, without `.json`. */
export function vectorFiles(): string[] {
  return Object.keys(FILES).map((path) => path.replace(/^.*\/|\.json$/g, ""));
}
