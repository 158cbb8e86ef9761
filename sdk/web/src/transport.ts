import { Interrupted } from "./control";
import { TransportError } from "./errors";

/** A request. */
export interface Call {
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: Blob | string | undefined;
  /** Time-out in milliseconds without progress in either direction. */
  stallMilliseconds: number;
  signal: AbortSignal;
  onSent?: ((bytes: number) => void) | undefined;
}

/** A response of any status. */
export interface Answer {
  status: number;
  body: string;
  header(name: string): string;
}

/** Send one request, by XMLHttpRequest, since fetch reports no upload progress. */
export function send(call: Call): Promise<Answer> {
  if (call.signal.aborted) return Promise.reject(new Interrupted());
  return new Promise((resolve, reject) => {
    const request = opened(call);
    const interrupt = () => request.abort();
    let stalled: ReturnType<typeof setTimeout> | undefined;
    const finish = (settle: () => void) => {
      clearTimeout(stalled);
      call.signal.removeEventListener("abort", interrupt);
      settle();
    };
    const stop = (error: Error) => finish(() => reject(error));
    const restartTimer = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => {
        stop(new TransportError(`${where(call)} made no progress for ${call.stallMilliseconds / 1000} s`));
        request.abort();
      }, call.stallMilliseconds);
    };
    watch(request, restartTimer, call.onSent);
    request.onabort = () => stop(new Interrupted());
    request.onerror = () => stop(new TransportError(`${where(call)} got no response`));
    request.onload = () => finish(() => resolve(answerOf(request)));
    call.signal.addEventListener("abort", interrupt);
    restartTimer();
    request.send(call.body ?? null);
  });
}

function opened(call: Call): XMLHttpRequest {
  const request = new XMLHttpRequest();
  request.open(call.method, call.url);
  for (const [name, value] of Object.entries(call.headers ?? {})) request.setRequestHeader(name, value);
  return request;
}

/** Call `onProgress` whenever bytes move, and `onSent` with the number of bytes sent. */
function watch(request: XMLHttpRequest, onProgress: () => void, onSent: Call["onSent"]): void {
  request.upload.onprogress = (event) => {
    onProgress();
    onSent?.(event.loaded);
  };
  request.onprogress = onProgress;
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
