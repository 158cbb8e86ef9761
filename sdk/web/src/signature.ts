import { SignatureError, SignatureRefused } from "./errors";

/** Accepted answers of app servers: text, object, documented envelope, or `fetch`'s `Response`. */
export type SignatureAnswer =
  | string
  | Response
  | { signature: string }
  | { code: number; message?: string; data?: { signature: string } };

/** Fetches an upload signature from the app's own server; called once for each signature needed. */
export type GetSignature = () => Promise<SignatureAnswer> | SignatureAnswer;

/** The URL of the app server's signature end point, with the user's credentials for it. */
export interface SignatureSource {
  /** URL whose response is a signature. */
  signatureUrl: string;
  /** Request headers, such as `Authorization`. */
  signatureHeaders?: Record<string, string> | undefined;
  /** `include` sends cookies to another origin. */
  signatureCredentials?: RequestCredentials | undefined;
}

/** Return a function that fetches signatures from a URL. */
export function signaturesFrom(source: SignatureSource): GetSignature {
  const { signatureUrl, signatureHeaders: headers, signatureCredentials: credentials } = source;
  return () => fetch(signatureUrl, { ...(headers && { headers }), ...(credentials && { credentials }) });
}

/** Call the app's function and parse its answer; throws `SignatureError`, or `SignatureRefused` where a retry does not help. */
export async function signatureFrom(getSignature: GetSignature): Promise<string> {
  let received: unknown;
  try {
    received = await getSignature();
    if (received instanceof Response) received = await bodyOf(received);
  } catch (error) {
    if (error instanceof SignatureError) throw error;
    throw new SignatureError(`getSignature failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  return textOf(received);
}

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
/** `openvod_sdk`'s code for an unknown user. */
const UNKNOWN_USER = 40301;

async function bodyOf(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (answer.ok) return text;
  if (answer.status === UNAUTHORIZED || answer.status === FORBIDDEN) {
    throw new SignatureRefused(answer.status === UNAUTHORIZED, messageIn(text));
  }
  throw new SignatureError(`${new URL(answer.url).pathname} returned HTTP ${answer.status}`);
}

function textOf(received: unknown): string {
  const found = typeof received === "string" && received.trim().startsWith("{") ? parsed(received) : received;
  if (typeof found === "string" && found.trim()) return found.trim();
  if (typeof found === "object" && found !== null) {
    const { code, message, signature, data } = found as Record<string, unknown>;
    if (typeof code === "number" && code !== 0) {
      throw new SignatureRefused(code === UNKNOWN_USER, typeof message === "string" ? message : "");
    }
    const inside = signature ?? (data as Record<string, unknown> | null | undefined)?.signature;
    if (typeof inside === "string" && inside.trim()) return inside.trim();
    throw new SignatureError("getSignature returned an object without signature or data.signature");
  }
  throw new SignatureError(`getSignature returned ${typeof found === "string" ? "an empty text" : typeof found}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function messageIn(text: string): string {
  const body = parsed(text);
  const message = typeof body === "object" && body !== null ? (body as Record<string, unknown>).message : "";
  return typeof message === "string" ? message : "";
}
