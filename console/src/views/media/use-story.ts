import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { useApplication } from "../../application";

/** The history of a file; it remains after the file is deleted. */
export function useStory(fileId: string) {
  const { subAppId } = useApplication();
  return useQuery({
    queryKey: ["transcript", subAppId, fileId],
    queryFn: () =>
      unwrap(api.GET("/api/v1/media/{fileId}/transcript", { params: { path: { fileId }, query: { subAppId } } })),
  });
}
