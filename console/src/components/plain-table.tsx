/** A table of rows that are already loaded: a table on wide screens, one card per row on phones. */
import { Table } from "@mantine/core";
import type { ReactNode } from "react";
import type { Column } from "./cursor-table";
import classes from "./cursor-table.module.css";

interface Props<R> {
  readonly rows: readonly R[];
  readonly rowKey: (row: R) => string | number;
  readonly columns: readonly Column<R>[];
  /** Accessible name of the table. */
  readonly label: string;
  /** Shown if there are no rows. */
  readonly empty: ReactNode;
}

export function PlainTable<R>({ rows, rowKey, columns, label, empty }: Props<R>) {
  if (rows.length === 0) return empty;
  return (
    <Table className={classes.table ?? ""} aria-label={label} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          {columns.map((column) => (
            <Table.Th key={column.key} scope="col" w={column.width}>
              {column.title}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={rowKey(row)}>
            {columns.map((column) => (
              <Table.Td key={column.key} data-title={column.title}>
                {column.cell(row)}
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
