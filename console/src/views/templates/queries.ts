import { useQuery } from "@tanstack/react-query";
import { Problem } from "../../api/problem";
import { useApplication } from "../../application";
import type { ApiDocument } from "../../forms/schema";
import { type Kind, listTemplates } from "./kinds";

/** What the server says of its own calls: forms follow it, so that they are never of another version. */
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

export function useTemplates(kind: Kind, enabled = true) {
  const { subAppId } = useApplication();
  return useQuery({
    queryKey: ["templates", subAppId, kind],
    queryFn: () => listTemplates(kind, subAppId),
    enabled,
  });
}
