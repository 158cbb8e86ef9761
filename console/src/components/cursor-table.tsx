/** A list that is loaded page by page by cursor: a table on wide screens, one card per row on phones. */
import { Button, Center, Table, Text } from "@mantine/core";
import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { KeyboardEvent, ReactNode } from "react";
import { useWords } from "../language";
import { states } from "../words";
import classes from "./cursor-table.module.css";
import { Failure } from "./failure";
import { Loading } from "./states";

export interface Column<R> {
  readonly key: string;
  readonly title: string;
  /** The first column of a table with `href` is the row's link. */
  readonly cell: (row: R) => ReactNode;
  readonly width?: number | string;
}

interface Props<R, P> {
  readonly query: UseInfiniteQueryResult<{ pages: P[] }>;
  readonly rows: (page: P) => readonly R[];
  readonly rowKey: (row: R) => string | number;
  readonly columns: readonly Column<R>[];
  /** The link target of a row, as returned by `to(…)`. */
  readonly href?: (row: R) => string;
  /** Accessible name of the table. */
  readonly label: string;
  /** Shown if there are no rows. */
  readonly empty: ReactNode;
}

/** Arrow keys move the focus from row to row. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !(event.target as HTMLElement).matches("a[data-row]")) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("a[data-row]")];
  const next = links[links.indexOf(event.target as HTMLElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** Roles are explicit: rendered as cards on phones, the elements would lose those of a table. */
export function CursorTable<R, P>({ query, rows, rowKey, columns, href, label, empty }: Props<R, P>) {
  if (query.isPending) return <Loading />;
  if (query.isError && !query.data) return <Failure problem={query.error} retry={() => void query.refetch()} />;
  const found = query.data?.pages.flatMap(rows) ?? [];
  return (
    <>
      {query.isError && <Failure problem={query.error} retry={() => void query.refetch()} />}
      {found.length === 0 ? (
        empty
      ) : (
        <Table
          className={classes.table ?? ""}
          role="table"
          aria-label={label}
          onKeyDown={walk}
          verticalSpacing="xs"
          highlightOnHover
        >
          <Table.Thead role="rowgroup">
            <Table.Tr role="row">
              {columns.map((column) => (
                <Table.Th key={column.key} scope="col" role="columnheader" w={column.width}>
                  {column.title}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody role="rowgroup">
            {found.map((row) => (
              <Row key={rowKey(row)} row={row} columns={columns} link={href?.(row)} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      <More query={query} any={found.length > 0} />
    </>
  );
}

interface RowProps<R> {
  readonly row: R;
  readonly columns: readonly Column<R>[];
  readonly link: string | undefined;
}

function Row<R>({ row, columns, link }: RowProps<R>) {
  return (
    <Table.Tr role="row" {...(link ? { className: classes.linked } : {})}>
      {columns.map((column, index) => (
        <Table.Td key={column.key} role="cell" data-title={column.title}>
          {index === 0 && link ? (
            <a href={link} className={classes.link} data-row>
              {column.cell(row)}
            </a>
          ) : (
            column.cell(row)
          )}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

function More<P>({ query, any }: { readonly query: UseInfiniteQueryResult<{ pages: P[] }>; readonly any: boolean }) {
  const t = useWords(states);
  if (!any) return null;
  return (
    <Center my="md">
      {query.hasNextPage ? (
        <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
          {t.more}
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          {t.all}
        </Text>
      )}
    </Center>
  );
}
