/** The review findings of one file, decided or not. */
import { useQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { Failure } from "../../components/failure";
import { PageHeader } from "../../components/page-header";
import { Loading } from "../../components/states";
import { useWords } from "../../language";
import type { Params } from "../../view";
import { ReviewCard } from "./review-card";
import { words } from "./words";

export default function Review({ params }: { readonly params: Params }) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const fileId = params.fileId ?? "";
  const request = { path: { fileId }, query: { subAppId } };
  const result = useQuery({
    queryKey: ["review", subAppId, fileId],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/reviews/{fileId}", { params: request, signal })),
  });
  if (result.isPending) return <Loading tall />;
  if (!result.data) return <Failure problem={result.error} retry={() => void result.refetch()} />;
  return (
    <>
      <PageHeader title={t.review} />
      <ReviewCard item={result.data} />
    </>
  );
}
