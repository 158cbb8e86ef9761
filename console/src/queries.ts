/** Cache of the server's answers, valid until the stream says that they are stale. */
import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./api/problem";

const TRIES = 2;

/** Retry when the server fails or is unreachable; a refusal is final. */
function retry(count: number, error: unknown): boolean {
  const final = error instanceof Problem && error.status > 0 && error.status < 500;
  return !final && count < TRIES;
}

export const queries = new QueryClient({
  defaultOptions: {
    // The stream says what changed: no other refetch is needed.
    queries: { retry, staleTime: 30_000, refetchOnWindowFocus: false, networkMode: "always" },
    mutations: { networkMode: "always" },
  },
});
