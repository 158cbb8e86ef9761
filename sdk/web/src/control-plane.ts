import { ApiError, ChecksumMismatch, TransportError } from "./errors";
import type { FileFacts } from "./limits";
import type { Retrier } from "./retry";
import { type ApplyData, type Session, sessionOf } from "./session";
import { type GetSignature, signatureFrom } from "./signature";
import { type Answer, send } from "./transport";

/** Result of Commit. */
export interface Committed {
  fileId: string;
  video: { url: string; verify_content: string };
  cover?: { url: string; verify_content: string };
}

const EXPIRED_SIGNATURE = 10010;
const CHECKSUM_DIFFERS = 10023;
/** Default time-out in milliseconds; longer than the platform itself waits for a busy disk. */
const DEFAULT_TIMEOUT = 20_000;

/** Time-outs of the calls, in milliseconds. */
export interface Timeouts {
  apply?: number | undefined;
  commit?: number | undefined;
}

/** Apply and Commit of one upload. */
export class ControlPlane {
  readonly #server: string;
  readonly #getSignature: GetSignature;
  readonly #retrier: Retrier;
  readonly #timeouts: Timeouts;
  #signature = "";

  constructor(server: string, getSignature: GetSignature, retrier: Retrier, timeouts: Timeouts) {
    this.#server = server;
    this.#getSignature = getSignature;
    this.#retrier = retrier;
    this.#timeouts = timeouts;
  }

  /** Open a session, or reopen the one that `body` names; `accept` throws if the signature's limits forbid the files. */
  async apply(body: object, accept: (signature: string) => void): Promise<Session> {
    this.#signature = await this.#freshSignature();
    accept(this.#signature);
    // Every retry sends the same signature, so that the platform recognises a repeated call whose response was lost.
    const sent = { ...body, signature: this.#signature };
    return sessionOf((await this.#call("ApplyUploadUGC", sent, this.#timeouts.apply)) as ApplyData);
  }

  /** Reopen the session to get a new credential. */
  async renew(session: Session): Promise<Session> {
    return this.apply({ vodSessionKey: session.sessionKey }, () => {});
  }

  /** Commit with the signature of Apply, which stays valid for its session; with a new one if it has expired. */
  async commit(session: Session, checksums: Record<string, string>): Promise<Committed> {
    const body = { vodSessionKey: session.sessionKey, ...checksums };
    try {
      return (await this.#commit({ ...body, signature: this.#signature })) as Committed;
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== EXPIRED_SIGNATURE) throw error;
      return (await this.#commit({ ...body, signature: await this.#freshSignature() })) as Committed;
    }
  }

  async #commit(body: object): Promise<unknown> {
    try {
      return await this.#call("CommitUploadUGC", body, this.#timeouts.commit);
    } catch (error) {
      if (error instanceof ApiError && error.code === CHECKSUM_DIFFERS) throw new ChecksumMismatch(error.message);
      throw error;
    }
  }

  #freshSignature(): Promise<string> {
    return this.#retrier.run(() => signatureFrom(this.#getSignature));
  }

  #call(action: string, body: object, timeout = DEFAULT_TIMEOUT): Promise<unknown> {
    return this.#retrier.run(async (signal) => {
      const url = `${this.#server}/v3/index.php?Action=${action}`;
      const headers = { "Content-Type": "application/json" };
      const call = { method: "POST", url, headers, body: JSON.stringify(body), signal, stallMilliseconds: timeout };
      return dataOf(action, await send(call));
    });
  }
}

/** Return the body of Apply for new files. */
export function announced(files: readonly FileFacts[], more: object): object {
  const fields = files.map(({ what, name, type, size }) => ({
    [`${what}Name`]: name,
    [`${what}Type`]: type,
    [`${what}Size`]: size,
  }));
  return Object.assign({}, ...fields, more);
}

function dataOf(action: string, answer: Answer): unknown {
  if (answer.status !== 200) throw new TransportError(`${action} returned HTTP ${answer.status}`);
  let parsed: { code?: number; message?: string; data?: unknown } | null = null;
  try {
    parsed = JSON.parse(answer.body);
  } catch {
    // Reported below.
  }
  if (typeof parsed?.code !== "number")
    throw new TransportError(`the response of ${action} is not JSON; check that host is the platform's address`);
  if (parsed.code !== 0) throw new ApiError(parsed.code, parsed.message ?? "the platform gave no reason");
  return parsed.data ?? {};
}
