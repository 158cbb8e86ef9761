import { authorization, encode, type Pairs, storageError } from "./cos";
import { StorageError } from "./errors";
import type { Session } from "./session";
import { type Answer, send } from "./transport";

const RENEW_BEFORE_SECONDS = 300;
const STALL_MILLISECONDS = 60_000;
const EXPIRED = ["ExpiredToken", "RequestTimeTooSkewed"];

/** One request to storage. */
export interface StorageCall {
  method: "DELETE" | "GET" | "HEAD" | "POST" | "PUT";
  key: string;
  query?: Pairs;
  body?: Blob | string;
  signal: AbortSignal;
  onSent?: (bytes: number) => void;
}

/** Signed requests to storage; renews the credential shortly before it expires, and after a response that it has expired. */
export class StorageClient {
  readonly #server: string;
  readonly #renew: (session: Session, signal: AbortSignal) => Promise<Session>;
  #session: Session;
  #received = moment();
  #renewing: Promise<void> | undefined;

  constructor(server: string, session: Session, renew: (session: Session, signal: AbortSignal) => Promise<Session>) {
    this.#server = server;
    this.#session = session;
    this.#renew = renew;
  }

  /** Send one request; throws `StorageError` for a refusal. */
  async request(call: StorageCall): Promise<Answer> {
    if (this.#isDue()) await this.#renewFrom(this.#session, call.signal);
    const session = this.#session;
    try {
      return await this.#send(session, call);
    } catch (error) {
      if (!isExpired(error)) throw error;
      await this.#renewFrom(session, call.signal);
      return await this.#send(this.#session, call);
    }
  }

  async #send(session: Session, call: StorageCall): Promise<Answer> {
    const path = `/${session.bucket}/${call.key}`;
    const query = call.query ?? [];
    const size = typeof call.body === "string" ? new Blob([call.body]).size : call.body?.size;
    // The host is left out of the signature: a proxy in front may change it.
    const signed: Pairs = size ? [["content-length", String(size)]] : [];
    const headers: Record<string, string> = {
      Authorization: authorization(session.credential, call.method, path, query, signed),
      "x-cos-security-token": session.credential.token,
    };
    if (typeof call.body === "string") headers["Content-Type"] = "application/xml";
    const text = query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
    const url = this.#server + path.split("/").map(encode).join("/") + (text && `?${text}`);
    const answer = await send({ ...call, url, headers, stallMilliseconds: STALL_MILLISECONDS });
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw storageError(answer);
  }

  #isDue(): boolean {
    const { start, end } = this.#session.credential;
    // Take the clock that advanced further: `performance.now()` can stop during sleep, `Date.now()` can be adjusted.
    const now = moment();
    const lived = Math.max(now.steady - this.#received.steady, now.wall - this.#received.wall);
    return lived > end - start - RENEW_BEFORE_SECONDS;
  }

  /** Renew the credential once for all concurrent requests that found it expired. */
  async #renewFrom(session: Session, signal: AbortSignal): Promise<void> {
    if (this.#session !== session) return;
    this.#renewing ??= this.#renew(session, signal)
      .then((renewed) => {
        this.#session = renewed;
        this.#received = moment();
      })
      .finally(() => {
        this.#renewing = undefined;
      });
    await this.#renewing;
  }
}

function moment(): { steady: number; wall: number } {
  return { steady: performance.now() / 1000, wall: Date.now() / 1000 };
}

function isExpired(error: unknown): boolean {
  return (
    error instanceof StorageError && (EXPIRED.includes(String(error.code)) || error.reason === "Request has expired")
  );
}
