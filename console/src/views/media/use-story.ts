import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { useApplication } from "../../application";

/** Everything that happened to a file; it outlives the file. */
export function useStory(fileId: string) {
  const { subAppId } = useApplication();
  return useQuery({
    queryKey: ["transcript", subAppId, fileId],
    queryFn: () =>
      unwrap(api.GET("/api/v1/media/{fileId}/transcript", { params: { path: { fileId }, query: { subAppId } } })),
  });
}
