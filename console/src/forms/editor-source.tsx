/** Loads an editor's form from the API description, and its value from a list. */
import { Button } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { Fragment, type ReactNode } from "react";
import { Failure } from "../components/failure";
import { Empty, Loading } from "../components/states";
import { useAddress } from "../router";
import { useApiDocument } from "./api-document";
import type { ApiDocument, Field } from "./schema";

/** The id in the address of a new entry. */
const NEW = "new";

interface Found<R> {
  readonly field: Field;
  /** The edited entry; for a new one, the entry that it copies. */
  readonly row: R | undefined;
  readonly isNew: boolean;
}

interface Props<R> {
  /** From the address; `new` creates, and copies what `from` in the query names. */
  readonly id: string;
  readonly query: UseQueryResult<R[]>;
  readonly idOf: (row: R) => string;
  readonly formOf: (document: ApiDocument) => Field;
  /** Shown for an id that is not in the list. */
  readonly unknown: ReactNode;
  readonly children: (found: Found<R>) => ReactNode;
}

export function EditorSource<R>({ id, query, idOf, formOf, unknown, children }: Props<R>) {
  const document = useApiDocument();
  const from = useAddress().query.get("from");
  if (document.isPending || query.isPending) return <Loading tall />;
  if (!document.data || !query.data) {
    const retry = () => void Promise.all([document.refetch(), query.refetch()]);
    return <Failure problem={document.error ?? query.error} retry={retry} />;
  }
  const isNew = id === NEW;
  const row = query.data.find((each) => idOf(each) === (isNew ? from : id));
  if (!row && !isNew) return unknown;
  // Another address starts another draft.
  return <Fragment key={`${id} ${from}`}>{children({ field: formOf(document.data), row, isNew })}</Fragment>;
}

interface UnknownProps {
  readonly t: { readonly unknown: string; readonly unknownHelp: string; readonly toList: string };
  /** The list to choose from. */
  readonly href: string;
}

export function UnknownEntry({ t, href }: UnknownProps) {
  return (
    <Empty title={t.unknown} help={t.unknownHelp}>
      <Button component="a" variant="default" href={href}>
        {t.toList}
      </Button>
    </Empty>
  );
}
