import { Interrupted } from "./control";
import { TransportError } from "./errors";

/** A request. */
export interface Call {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: Blob | string | undefined;
  /** Time-out without progress in either direction. */
  stallMilliseconds: number;
  signal: AbortSignal;
  onSent?: ((bytes: number) => void) | undefined;
}

/** An answer, whatever its status. */
export interface Answer {
  status: number;
  body: string;
  header(name: string): string;
}

/** Send one request, by XMLHttpRequest, since fetch reports no upload progress. */
export function send(call: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (call.signal.aborted) {
      reject(new Interrupted());
      return;
    }
    const request = new XMLHttpRequest();
    const interrupt = () => request.abort();
    const stop = (error: Error) => finish(() => reject(error));
    let stalled: ReturnType<typeof setTimeout> | undefined;
    const moved = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => {
        stop(new TransportError(`${where(call)} did not move for ${call.stallMilliseconds / 1000} s`));
        request.abort();
      }, call.stallMilliseconds);
    };
    const finish = (settle: () => void) => {
      clearTimeout(stalled);
      call.signal.removeEventListener("abort", interrupt);
      settle();
    };
    request.open(call.method, call.url);
    for (const [name, value] of Object.entries(call.headers ?? {})) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      moved();
      call.onSent?.(event.loaded);
    };
    request.onprogress = moved;
    request.onabort = () => stop(new Interrupted());
    request.onerror = () => stop(new TransportError(`${where(call)} got no answer`));
    request.onload = () => finish(() => resolve(answerOf(request)));
    call.signal.addEventListener("abort", interrupt);
    moved();
    request.send(call.body ?? null);
  });
}

function where(call: Call): string {
  return `${call.method} to ${new URL(call.url).host}`;
}

function answerOf(request: XMLHttpRequest): Answer {
  return {
    status: request.status,
    body: request.responseText,
    header: (name) => request.getResponseHeader(name) ?? "",
  };
}
