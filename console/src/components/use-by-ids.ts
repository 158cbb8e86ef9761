/** Fetches values for many ids in batches, and caches them. */
import { useQueries } from "@tanstack/react-query";
import { useApplication } from "../application";

export interface IdSource<A, V> {
  /** First member of the query keys. */
  readonly name: string;
  /** Maximum number of ids per call. */
  readonly limit: number;
  readonly fetch: (ids: string[], subAppId: number) => Promise<A>;
  readonly entries: (answer: A) => readonly (readonly [id: string, value: V])[];
  /** Refetch interval in milliseconds; false: no refetch. */
  readonly refetchInterval?: (answer: A | undefined) => number | false;
}

/** Return the values that exist, by id. */
export function useByIds<A, V>(ids: readonly string[], source: IdSource<A, V>): ReadonlyMap<string, V> {
  const { subAppId } = useApplication();
  const { refetchInterval = () => false as const } = source;
  return useQueries({
    queries: chunksOf([...new Set(ids.filter(Boolean))], source.limit).map((chunk) => ({
      queryKey: [source.name, subAppId, ...chunk],
      queryFn: () => source.fetch(chunk, subAppId),
      refetchInterval: (query: { state: { data?: A | undefined } }) => refetchInterval(query.state.data),
    })),
    combine: (answers) =>
      new Map(answers.flatMap((answer) => (answer.data === undefined ? [] : source.entries(answer.data)))),
  });
}

function chunksOf(ids: readonly string[], limit: number): string[][] {
  const count = Math.ceil(ids.length / limit);
  return Array.from({ length: count }, (_, index) => ids.slice(index * limit, (index + 1) * limit));
}
