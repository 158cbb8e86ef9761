/** Shows the state of a query until its data arrives; a failed refetch is shown above the previous data. */
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
