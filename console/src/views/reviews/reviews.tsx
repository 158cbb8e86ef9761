/** The queue of files that need a manual review. */
import { Button, Center, Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { Failure } from "../../components/failure";
import { PageHeader } from "../../components/page-header";
import { Empty, Loading } from "../../components/states";
import { useWords } from "../../language";
import { ReviewCard } from "./review-card";
import { words } from "./words";

export default function Reviews() {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const result = useInfiniteQuery({
    queryKey: ["reviews", subAppId],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const query = { subAppId, cursor: pageParam, limit: 20 };
      return unwrap(api.GET("/api/v1/reviews", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.nextCursor || undefined,
  });
  const items = result.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <PageHeader title={t.title} help={t.help} />
      {result.isError && <Failure problem={result.error} retry={() => void result.refetch()} />}
      {result.isPending && <Loading />}
      {result.data && items.length === 0 && <Empty title={t.none} help={t.noneHelp} />}
      {items.length > 0 && (
        <Text size="sm" c="dimmed" mb="sm" visibleFrom="sm">
          {t.keys}
        </Text>
      )}
      <Stack>
        {items.map((item) => (
          <ReviewCard key={item.fileId} item={item} />
        ))}
      </Stack>
      {result.hasNextPage && (
        <Center my="md">
          <Button variant="default" loading={result.isFetchingNextPage} onClick={() => void result.fetchNextPage()}>
            {t.more}
          </Button>
        </Center>
      )}
    </>
  );
}
