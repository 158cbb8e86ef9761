import { useQuery } from "@tanstack/react-query";
import { Problem } from "../api/problem";
import type { ApiDocument } from "./schema";

/** The server's OpenAPI description. Forms are generated from it, so that they always match the server's version. */
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
