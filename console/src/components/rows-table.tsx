/** The table of a query that returns the whole list in one response. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Column } from "./cursor-table";
import { PlainTable } from "./plain-table";
import { QueryState } from "./query-state";

interface Props<A, R> {
  readonly query: UseQueryResult<A>;
  readonly rows: (answer: A) => readonly R[];
  readonly rowKey: (row: R) => string | number;
  readonly columns: readonly Column<R>[];
  readonly label: string;
  readonly empty: ReactNode;
}

export function RowsTable<A, R>({ query, rows, ...table }: Props<A, R>) {
  return <QueryState query={query}>{(data) => <PlainTable rows={rows(data)} {...table} />}</QueryState>;
}
