import { LimitExceeded } from "./errors";

/** Types that browsers give to files of unknown kind. */
const UNKNOWN = ["", "application/octet-stream"];

/**
 * Return why a chosen file cannot be uploaded, undefined when it may: it is empty, or of another kind than `accept`
 * (as in `<input accept>`) names. A kind that the browser does not know is left to the platform.
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
