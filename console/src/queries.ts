/** Cache of server responses; the live stream invalidates its entries. */
import { QueryClient } from "@tanstack/react-query";
import { Problem } from "./api/problem";

const TRIES = 2;

/** Retry after server and network failures; a 4xx response is final. */
function retry(count: number, error: unknown): boolean {
  const final = error instanceof Problem && error.status > 0 && error.status < 500;
  return !final && count < TRIES;
}

export const queries = new QueryClient({
  defaultOptions: {
    // The live stream reports changes: no other refetch is needed.
    queries: { retry, staleTime: 30_000, refetchOnWindowFocus: false, networkMode: "always" },
    mutations: { networkMode: "always" },
  },
});
