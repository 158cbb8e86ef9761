/** The live stream: its messages invalidate the queries whose data changed. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";
import type { Schemas } from "./api/client";
import { useApplication } from "./application";
import { checkSession } from "./session";

/** Data of the stream's messages, by their names. */
export interface LiveMessages {
  event: { eventId: number; sequence: number; type: string; fileId: string; createdAt: number };
  upload: LiveMessages["event"];
  task: Schemas["TaskRow"];
  review: { waiting: number };
}
export type LiveName = keyof LiveMessages;
export type LiveState = "connecting" | "open" | "lost";

type Listener = (name: LiveName, data: unknown) => void;
interface Live {
  readonly state: LiveState;
  readonly listen: (listener: Listener) => () => void;
}

const Current = createContext<Live>({ state: "connecting", listen: () => () => {} });

const NAMES: readonly LiveName[] = ["event", "upload", "task", "review"];
const FLUSH_MILLISECONDS = 1000;
const RECONNECT_MILLISECONDS = 2000;
/** Milliseconds after which a hidden page closes its stream: browsers limit connections to six per server. */
const HIDDEN_MILLISECONDS = 60_000;

/** Queries that a reconnect does not invalidate: a new player address would restart the player. */
const KEPT_ON_RECONNECT = new Set<unknown>(["session", "player"]);

/** Queries that a message makes stale, by the first member of their keys. */
const INVALIDATED_BY: Record<LiveName, readonly string[]> = {
  // Tasks too: the server polls running tasks once a second; a task that ends sooner appears only in its events.
  event: ["events", "event", "transcript", "dashboard", "media", "file", "states", "tasks", "task", "endpoints"],
  upload: ["media", "states", "dashboard"],
  task: ["tasks", "task", "transcript", "states", "dashboard"],
  review: ["reviews", "review", "dashboard"],
};

/** Collects stale queries and invalidates them at most once a second. */
class InvalidationBatch {
  private readonly waiting = new Set<string>();
  private timer = 0;

  constructor(private readonly queries: QueryClient) {}

  note(names: readonly string[]): void {
    for (const name of names) this.waiting.add(name);
    if (!this.timer) this.timer = window.setTimeout(() => void this.flush(), FLUSH_MILLISECONDS);
  }

  stop(): void {
    window.clearTimeout(this.timer);
  }

  private async flush(): Promise<void> {
    const names = new Set(this.waiting);
    this.waiting.clear();
    await this.queries.invalidateQueries({ predicate: (query) => names.has(String(query.queryKey[0])) });
    // Refetching long lists is slow: wait for it before the next flush.
    this.timer = 0;
    if (this.waiting.size > 0) this.note([]);
  }
}

/** Keeps one EventSource open across network failures, ended sessions and server restarts. */
class Connection {
  private source: EventSource | null = null;
  private timer = 0;
  private disconnected = false;

  constructor(
    private readonly address: string,
    private readonly queries: QueryClient,
    private readonly onMessage: Listener,
    private readonly onState: (state: LiveState) => void,
  ) {}

  readonly open = (): void => {
    if (this.source && this.source.readyState !== EventSource.CLOSED) return;
    window.clearTimeout(this.timer);
    const source = new EventSource(this.address);
    this.source = source;
    source.onopen = () => this.opened();
    source.onerror = () => this.failed(source);
    source.addEventListener("end", (message) => this.ended(JSON.parse(message.data)));
    for (const name of NAMES) {
      source.addEventListener(name, (message) => this.onMessage(name, JSON.parse(message.data)));
    }
  };

  readonly close = (): void => {
    window.clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  };

  readonly disconnect = (): void => {
    this.close();
    this.disconnected = true;
    this.onState("lost");
    this.timer = window.setTimeout(this.open, RECONNECT_MILLISECONDS);
  };

  private opened(): void {
    this.onState("open");
    // The stream does not resend messages that were missed while it was disconnected.
    if (this.disconnected)
      void this.queries.invalidateQueries({ predicate: (query) => !KEPT_ON_RECONNECT.has(query.queryKey[0]) });
    this.disconnected = false;
  }

  private failed(source: EventSource): void {
    this.disconnected = true;
    this.onState("lost");
    // The browser reconnects, except after a response that is not an event stream, such as 401 after the session ended.
    if (source.readyState !== EventSource.CLOSED) return;
    this.timer = window.setTimeout(this.open, RECONNECT_MILLISECONDS);
    checkSession(this.queries).catch(() => {});
  }

  private ended(end: { reason: string }): void {
    if (end.reason !== "session") return;
    this.close();
    checkSession(this.queries).catch(() => this.disconnect());
  }
}

/** Keeps the connection open while the page is visible, and for a minute after it is hidden. */
function follow(connection: Connection): () => void {
  let timer = 0;
  const onVisibilityChange = () => {
    window.clearTimeout(timer);
    if (document.hidden) timer = window.setTimeout(connection.disconnect, HIDDEN_MILLISECONDS);
    else connection.open();
  };
  connection.open();
  document.addEventListener("visibilitychange", onVisibilityChange);
  window.addEventListener("offline", connection.disconnect);
  window.addEventListener("online", connection.open);
  return () => {
    window.clearTimeout(timer);
    connection.close();
    document.removeEventListener("visibilitychange", onVisibilityChange);
    window.removeEventListener("offline", connection.disconnect);
    window.removeEventListener("online", connection.open);
  };
}

export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const { subAppId } = useApplication();
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>("connecting");
  const listeners = useRef(new Set<Listener>());
  useEffect(() => {
    const invalidation = new InvalidationBatch(queries);
    const onMessage: Listener = (name, data) => {
      invalidation.note(INVALIDATED_BY[name]);
      for (const listener of listeners.current) listener(name, data);
    };
    setState("connecting");
    const leave = follow(new Connection(`/api/v1/stream?subAppId=${subAppId}`, queries, onMessage, setState));
    return () => {
      leave();
      invalidation.stop();
    };
  }, [subAppId, queries]);
  const live = useMemo(() => {
    const listen = (listener: Listener) => {
      listeners.current.add(listener);
      return () => void listeners.current.delete(listener);
    };
    return { state, listen };
  }, [state]);
  return <Current value={live}>{children}</Current>;
}

export function useLiveState(): LiveState {
  return useContext(Current).state;
}

/** Calls `onMessage` with each message of a name; used for data that changes between two fetches, such as progress bars. */
export function useLive<N extends LiveName>(name: N, onMessage: (data: LiveMessages[N]) => void): void {
  const { listen } = useContext(Current);
  const latest = useRef(onMessage);
  latest.current = onMessage;
  useEffect(
    () => listen((received, data) => received === name && latest.current(data as LiveMessages[N])),
    [listen, name],
  );
}
