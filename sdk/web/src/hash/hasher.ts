import { SourceChanged } from "../errors";
import { type Digest, type DigestAnswer, type DigestRequest, digestOf } from "./read";
import HashWorker from "./worker?worker&inline";

const IDLE_MILLISECONDS = 10_000;

interface Waiting {
  request: DigestRequest;
  resolve: (digest: Digest) => void;
  reject: (error: Error) => void;
}

/** Digests files in a worker, so that the page stays responsive; in the page itself where workers are forbidden. */
class Hasher {
  #worker: Worker | undefined;
  #forbidden = false;
  #last = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  readonly #waiting = new Map<number, Waiting>();

  /** Digest `length` bytes of a file from `start`. */
  digest(file: Blob, start: number, length: number, withMd5 = false): Promise<Digest> {
    const request = { id: ++this.#last, file, start, length, withMd5 };
    const worker = this.#forbidden ? undefined : this.#started();
    if (!worker) return digestOf(request).catch(refuse);
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, { request, resolve, reject });
      worker.postMessage(request);
    });
  }

  #started(): Worker | undefined {
    clearTimeout(this.#idle);
    if (this.#worker) return this.#worker;
    try {
      this.#worker = new HashWorker();
      this.#worker.onmessage = (event: MessageEvent<DigestAnswer>) => this.#answered(event.data);
      // A content security policy may forbid workers from inline code.
      this.#worker.onerror = () => this.#fallBack();
    } catch {
      this.#forbidden = true;
    }
    return this.#worker;
  }

  #answered(answer: DigestAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.digest) waiting?.resolve(answer.digest);
    else waiting?.reject(unreadable(answer.error));
    if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.#end(), IDLE_MILLISECONDS);
  }

  #fallBack(): void {
    this.#forbidden = true;
    this.#end();
    for (const { request, resolve, reject } of this.#waiting.values())
      digestOf(request).then(resolve, (e) => reject(unreadable(e?.name)));
    this.#waiting.clear();
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

function refuse(error: Error): never {
  throw unreadable(error.name);
}

function unreadable(name = "unknown"): SourceChanged {
  return new SourceChanged(`the browser cannot read the file any more (${name}): it was changed, moved or removed`);
}

export const hasher = new Hasher();
