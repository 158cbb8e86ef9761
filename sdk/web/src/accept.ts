import { LimitExceeded } from "./errors";

/** Media types that browsers report for files of unknown type. */
const UNKNOWN = ["", "application/octet-stream"];

/**
 * Return why a chosen file cannot be uploaded, or undefined: it is empty, or its type does not match `accept`
 * (as in `<input accept>`). If the browser does not know the type, the platform decides.
 */
export function wrongFile(file: File, accept: string): LimitExceeded | undefined {
  if (file.size === 0) return new LimitExceeded("empty", `'${file.name}' is empty`, "empty");
  const tokens = accept
    .split(",")
    .map((each) => each.trim().toLowerCase())
    .filter(Boolean);
  const kind = file.type.toLowerCase();
  const name = file.name.toLowerCase();
  const fits = tokens.some((token) => {
    if (token.startsWith(".")) return name.endsWith(token);
    return token.endsWith("/*") ? kind.startsWith(token.slice(0, -1)) : kind === token;
  });
  if (fits || tokens.length === 0 || UNKNOWN.includes(kind)) return undefined;
  return new LimitExceeded("type", `'${file.name}' is ${kind}, not one of ${tokens.join(", ")}`, "type");
}
