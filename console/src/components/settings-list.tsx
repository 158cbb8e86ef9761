/** A page that lists settings: heading, a button that creates one, rows or cards, and the dialogs that these open. */
import { Button, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ComponentType, Fragment, type ReactNode, useState } from "react";
import type { Column } from "./cursor-table";
import { PageHeader } from "./page-header";
import { QueryState } from "./query-state";
import { RowsTable } from "./rows-table";
import { type Secret, SecretOnce } from "./secret-once";

/** Callbacks for a row or card. */
export interface RowControls {
  readonly onEdit: () => void;
  readonly onSecret: (secret: Secret) => void;
}

/** Callbacks for a dialog of the page. */
export interface DialogControls {
  readonly onClose: () => void;
  readonly onSecret: (secret: Secret) => void;
}

interface Creation {
  readonly label: string;
  readonly icon?: ComponentType<{ size?: number }>;
  /** Address of a page that creates one; without it, `dialog` opens. */
  readonly href?: string;
  readonly dialog?: (controls: DialogControls) => ReactNode;
}

interface Table<R> {
  readonly columns: readonly Column<R>[];
  /** Buttons of each row, in a last column. */
  readonly actions?: { readonly title: string; readonly cell: (row: R, controls: RowControls) => ReactNode } | false;
}

interface Cards<R> {
  readonly card: (row: R, controls: RowControls, index: number) => ReactNode;
}

interface Page<A, R> {
  readonly title: string;
  readonly help?: ReactNode;
  /** false for roles that may not create. */
  readonly create?: Creation | false;
  readonly query: UseQueryResult<A>;
  readonly rows: (answer: A) => readonly R[];
  readonly rowKey: (row: R) => string | number;
  /** Name of the list for screen readers; without it, the title. */
  readonly label?: string;
  readonly empty: ReactNode;
  readonly edit?: (row: R, controls: DialogControls) => ReactNode;
  /** Filters and buttons above the list. */
  readonly toolbar?: ReactNode;
  /** Sections below the list. */
  readonly children?: ReactNode;
}

type Props<A, R> = Page<A, R> & (Table<R> | Cards<R>);

export function SettingsList<A, R>(props: Props<A, R>) {
  const { title, help, create = false, edit, toolbar, children } = props;
  const [open, setOpen] = useState<{ readonly row: R } | "new" | null>(null);
  const [secret, setSecret] = useState<Secret | null>(null);
  const dialog: DialogControls = { onClose: () => setOpen(null), onSecret: setSecret };
  const controlsOf = (row: R): RowControls => ({ onEdit: () => setOpen({ row }), onSecret: setSecret });
  return (
    <>
      <PageHeader title={title} help={help}>
        {create && <CreateButton creation={create} onClick={() => setOpen("new")} />}
      </PageHeader>
      {toolbar}
      {"card" in props ? (
        <CardList {...props} controlsOf={controlsOf} />
      ) : (
        <RowList {...props} controlsOf={controlsOf} />
      )}
      {children}
      {open === "new" && create && create.dialog?.(dialog)}
      {open && open !== "new" && edit?.(open.row, dialog)}
      <SecretOnce secret={secret} onClose={() => setSecret(null)} />
    </>
  );
}

function CreateButton({ creation, onClick }: { readonly creation: Creation; readonly onClick: () => void }) {
  const { label, icon: Icon = IconPlus, href } = creation;
  const icon = <Icon size={16} aria-hidden />;
  return href ? (
    <Button component="a" href={href} leftSection={icon}>
      {label}
    </Button>
  ) : (
    <Button leftSection={icon} onClick={onClick}>
      {label}
    </Button>
  );
}

interface Controlled<R> {
  readonly controlsOf: (row: R) => RowControls;
}

function RowList<A, R>(props: Page<A, R> & Table<R> & Controlled<R>) {
  const { query, rows, rowKey, title, label = title, empty, columns, actions = false, controlsOf } = props;
  const last: readonly Column<R>[] = actions
    ? [{ key: "actions", title: actions.title, cell: (row) => actions.cell(row, controlsOf(row)) }]
    : [];
  return (
    <RowsTable query={query} label={label} rows={rows} rowKey={rowKey} empty={empty} columns={[...columns, ...last]} />
  );
}

function CardList<A, R>({ query, rows, rowKey, empty, card, controlsOf }: Page<A, R> & Cards<R> & Controlled<R>) {
  return (
    <QueryState query={query}>
      {(data) => {
        const found = rows(data);
        if (found.length === 0) return empty;
        return (
          <Stack>
            {found.map((row, index) => (
              <Fragment key={rowKey(row)}>{card(row, controlsOf(row), index)}</Fragment>
            ))}
          </Stack>
        );
      }}
    </QueryState>
  );
}
