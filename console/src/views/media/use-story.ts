import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client";
import { useApplication } from "../../application";

/** Everything that happened to a file; it outlives the file. */
export function useStory(fileId: string) {
  const { subAppId } = useApplication();
  return useQuery({
    queryKey: ["transcript", subAppId, fileId],
    queryFn: () =>
      ask(api.GET("/api/v1/media/{fileId}/transcript", { params: { path: { fileId }, query: { subAppId } } })),
  });
}
