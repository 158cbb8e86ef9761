import { useQuery } from "@tanstack/react-query";
import { useApplication } from "../../application";
import { type Kind, listTemplates } from "./kinds";

export function useTemplates(kind: Kind, enabled = true) {
  const { subAppId } = useApplication();
  return useQuery({
    queryKey: ["templates", subAppId, kind],
    queryFn: () => listTemplates(kind, subAppId),
    enabled,
  });
}
