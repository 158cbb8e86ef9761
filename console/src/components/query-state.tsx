/** What stands in the place of data until it is there; a failed refresh is shown above the data of before. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "./failure";
import { Loading } from "./states";

interface Props<A> {
  readonly query: UseQueryResult<A>;
  readonly children: (data: A) => ReactNode;
}

export function QueryState<A>({ query, children }: Props<A>) {
  if (query.isPending) return <Loading />;
  const failure = query.isError && <Failure problem={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return failure;
  return (
    <>
      {failure}
      {children(query.data)}
    </>
  );
}
