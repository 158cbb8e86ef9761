import { LimitExceeded, SignatureError } from "./errors";

/** A file's name, type and size as sent in Apply. */
export interface FileFacts {
  what: "video" | "cover";
  name: string;
  type: string;
  size: number;
}

/** Describe a file: name without extension, and extension; without one, the browser's media type. */
export function factsOf(what: FileFacts["what"], file: File, name?: string): FileFacts {
  const dot = file.name.lastIndexOf(".");
  const stem = dot < 0 ? file.name : file.name.slice(0, dot);
  const type = dot < 0 ? (file.type.split("/")[1] ?? "") : file.name.slice(dot + 1).toLowerCase();
  return { what, name: name ?? stem, type, size: file.size };
}

/**
 * Refuse a file that exceeds the limits in the upload signature, before any byte is sent.
 *
 * The platform enforces the same limits; this check saves the user the upload.
 */
export function checkLimits(signature: string, files: readonly FileFacts[]): void {
  const signed = parametersOf(signature);
  for (const { what, type, size } of files) {
    const label = what === "video" ? "Video" : "Cover";
    const types = (signed.get(`${what}Types`) ?? "")
      .split(",")
      .map((each) => each.trim().toLowerCase().replace(/^\./, ""))
      .filter(Boolean);
    if (types.length && !types.includes(type)) {
      const words = `${what}Type '${type}' is not permitted; choose ${types.join(", ")}`;
      throw new LimitExceeded("type", words, what === "video" ? 10040 : 10041);
    }
    const largest = Number(signed.get(`max${label}Size`) || 0);
    if (largest && size > largest) {
      const words = `the ${what} has ${size} bytes; this permission allows at most ${largest}`;
      throw new LimitExceeded("limit", words, 10042);
    }
  }
}

/** Decode a signature: Base64 of 20 bytes of HMAC-SHA1 and a query string in UTF-8. */
export function parametersOf(signature: string): URLSearchParams {
  let bytes: string;
  try {
    bytes = atob(signature.replace(/\s/g, ""));
  } catch {
    throw new SignatureError("the signature is not Base64");
  }
  const original = Uint8Array.from(bytes.slice(20), (sign) => sign.charCodeAt(0));
  return new URLSearchParams(new TextDecoder().decode(original));
}
