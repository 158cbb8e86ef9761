import { useQuery } from "@tanstack/react-query";
import { useApplication } from "../../application";
import { listProcedures } from "./procedure-form";

export function useProcedures() {
  const { subAppId } = useApplication();
  return useQuery({ queryKey: ["procedures", subAppId], queryFn: () => listProcedures(subAppId) });
}
