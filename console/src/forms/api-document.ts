import { useQuery } from "@tanstack/react-query";
import { Problem } from "../api/problem";
import type { ApiDocument } from "./schema";

/** The server's description of its API: forms follow it, so that they are never of another version. */
export function useApiDocument() {
  return useQuery({
    queryKey: ["openapi"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<ApiDocument> => {
      const answer = await fetch("/api/openapi.json", { signal });
      if (!answer.ok) throw Problem.of(answer, null);
      return answer.json();
    },
  });
}
