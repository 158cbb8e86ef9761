import { useQuery } from "@tanstack/react-query";
import { callAction } from "../../api/client";
import { useApplication } from "../../application";

export interface ClassChoice {
  readonly value: string;
  readonly label: string;
}

/** The application's categories, each with the names of those above it. */
export function useClasses(): readonly ClassChoice[] {
  const { subAppId } = useApplication();
  const result = useQuery({
    queryKey: ["classes", subAppId],
    queryFn: () => callAction("DescribeAllClass", { SubAppId: subAppId }),
  });
  const all = result.data?.ClassInfoSet ?? [];
  const byId = new Map(all.map((each) => [each.ClassId, each]));
  const path = (id: number): string[] => {
    const one = byId.get(id);
    return one ? [...path(one.ParentId), one.ClassName] : [];
  };
  return all.map((each) => ({ value: String(each.ClassId), label: path(each.ClassId).join(" / ") }));
}
