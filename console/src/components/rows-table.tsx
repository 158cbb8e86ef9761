/** A list that comes as a whole, with what stands in its place until it is there. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Column } from "./cursor-table";
import { Failure } from "./failure";
import { PlainTable } from "./plain-table";
import { Loading } from "./states";

interface Props<A, R> {
  readonly query: UseQueryResult<A>;
  readonly rows: (answer: A) => readonly R[];
  readonly rowKey: (row: R) => string | number;
  readonly columns: readonly Column<R>[];
  readonly label: string;
  readonly empty: ReactNode;
}

export function RowsTable<A, R>({ query, rows, ...table }: Props<A, R>) {
  if (query.isPending) return <Loading />;
  if (query.data === undefined) return <Failure problem={query.error} retry={() => void query.refetch()} />;
  return (
    <>
      {query.isError && <Failure problem={query.error} retry={() => void query.refetch()} />}
      <PlainTable rows={rows(query.data)} {...table} />
    </>
  );
}
