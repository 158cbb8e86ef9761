import { type Control, Interrupted } from "./control";
import { ChecksumMismatch, OpenVodError, StorageError } from "./errors";

/** Number of attempts, and delays in milliseconds, which double, with jitter. */
export interface RetryPolicy {
  attempts: number;
  firstDelay: number;
  longestDelay: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 8, firstDelay: 250, longestDelay: 10_000 };

/** Milliseconds between attempts while the browser reports that it is offline; the report is sometimes wrong. */
const OFFLINE_RECHECK = 5000;
const REPAIRABLE = ["BadDigest", "IncompleteBody", "RequestTimeout"];

/** Whether a retry can help: after network and server failures and damaged parts, not after refusals. */
export function worthRetrying(error: unknown): boolean {
  if (error instanceof ChecksumMismatch) return true;
  if (error instanceof StorageError) return error.status >= 500 || REPAIRABLE.includes(String(error.code));
  return (
    error instanceof OpenVodError && (error.kind === "network" || error.kind === "server" || error.kind === "signature")
  );
}

/** Reports why an upload waits. */
export type OnWaiting = (reason: "offline" | "retry", error: Error) => void;

/** Runs calls until they succeed, fail permanently, or no attempts are left. */
export class Retrier {
  readonly #policy: RetryPolicy;
  readonly #control: Control;
  readonly #onWaiting: OnWaiting;

  constructor(policy: RetryPolicy, control: Control, onWaiting: OnWaiting = () => {}) {
    this.#policy = policy;
    this.#control = control;
    this.#onWaiting = onWaiting;
  }

  async run<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let failures = 0; ; ) {
      await this.#control.checkpoint();
      try {
        return await call(this.#control.signal);
      } catch (error) {
        // Paused or ended: the checkpoint waits or throws.
        if (error instanceof Interrupted) continue;
        if (!worthRetrying(error)) throw error;
        const offline = isOffline(error);
        if (!offline && ++failures >= this.#policy.attempts) throw error;
        await this.#wait(offline, failures, error as Error);
      }
    }
  }

  /** Offline failures do not count as attempts; the `online` event ends every wait. */
  async #wait(offline: boolean, failures: number, error: Error): Promise<void> {
    this.#onWaiting(offline ? "offline" : "retry", error);
    const { firstDelay, longestDelay } = this.#policy;
    const delay = Math.min(longestDelay, firstDelay * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
    await this.#control.sleep(offline ? OFFLINE_RECHECK : delay, { target: globalThis, event: "online" });
  }
}

function isOffline(error: unknown): boolean {
  return (
    navigator.onLine === false &&
    error instanceof OpenVodError &&
    (error.kind === "network" || error.kind === "signature")
  );
}
