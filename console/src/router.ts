/** The path is in the URL fragment: one HTML file serves all pages, and paths do not appear in the server's log. */
import { useSyncExternalStore } from "react";

export interface Address {
  readonly path: string;
  readonly query: URLSearchParams;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

function read(): string {
  return location.hash.replace(/^#/, "") || "/";
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}

export function parse(hash: string): Address {
  const [path = "/", query = ""] = hash.split("?", 2);
  return { path: path || "/", query: new URLSearchParams(query) };
}

export function useAddress(): Address {
  return parse(useSyncExternalStore(subscribe, read));
}

/** Returns an `href` value; empty query members are omitted. */
export function to(path: string, query: Query = {}): string {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  return `#${path}${text ? `?${text}` : ""}`;
}

export function navigate(path: string, query: Query = {}, options: { replace?: boolean } = {}): void {
  const target = to(path, query);
  if (options.replace) location.replace(target);
  else location.hash = target;
}

/** Changes query members of the current address without adding a history entry. */
export function changeQuery(changes: Query): void {
  const { path, query } = parse(read());
  navigate(path, { ...Object.fromEntries(query), ...changes }, { replace: true });
}

/** Matches `/media/:fileId` against a path; null when it does not match. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const found = path.split("/");
  if (wanted.length !== found.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = found[index] ?? "";
    if (part.startsWith(":")) params[part.slice(1)] = decode(value);
    else if (part !== value) return null;
  }
  return params;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
