/** One template: its form as the server describes it, and what it would run. */
import { Button, Stack, Text } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useMemo } from "react";
import { Failure } from "../../components/failure";
import { PageHeader } from "../../components/page-header";
import { Empty, Loading } from "../../components/states";
import { emptyOf, type Field, type JsonObject } from "../../forms/schema";
import { useWords } from "../../language";
import { to, useAddress } from "../../router";
import { useSession } from "../../session";
import type { Params } from "../../view";
import { editedOf, formOf, isPreset, type Kind, kindOf, type TemplateRow } from "./kinds";
import { useApiDocument, useTemplates } from "./queries";
import { TemplateEditor } from "./template-editor";
import { words } from "./words";

export default function Template({ params }: { readonly params: Params }) {
  const said = useWords(words);
  const kind = kindOf(params.kind);
  if (!kind) return <Unknown />;
  return <OfKind key={kind} kind={kind} id={params.definition ?? ""} title={said[kind]} />;
}

function Unknown() {
  const said = useWords(words);
  return (
    <Empty title={said.unknown} help={said.unknownHelp}>
      <Button component="a" variant="default" href={to("/templates")}>
        {said.toList}
      </Button>
    </Empty>
  );
}

function OfKind({ kind, id, title }: { readonly kind: Kind; readonly id: string; readonly title: string }) {
  const document = useApiDocument();
  const found = useTemplates(kind);
  const from = useAddress().query.get("from");
  const field = useMemo(() => document.data && formOf(document.data, kind), [document.data, kind]);
  if (document.isPending || found.isPending) return <Loading tall />;
  if (!field || !found.data) {
    const retry = () => void Promise.all([document.refetch(), found.refetch()]);
    return <Failure problem={document.error ?? found.error} retry={retry} />;
  }
  const row = found.data.find((each) => String(each.Definition) === (id === "new" ? from : id));
  if (!row && id !== "new") return <Unknown />;
  return <Edited key={`${id} ${from}`} kind={kind} title={title} field={field} row={row} isNew={id === "new"} />;
}

interface Props {
  readonly kind: Kind;
  readonly title: string;
  readonly field: Field;
  readonly row: TemplateRow | undefined;
  readonly isNew: boolean;
}

function Edited({ kind, title, field, row, isNew }: Props) {
  const said = useWords(words);
  const { may } = useSession();
  const value = row ? editedOf(field, row) : { name: "", comment: "", members: emptyOf(field) as JsonObject };
  const preset = !isNew && row !== undefined && isPreset(row);
  const definition = isNew ? 0 : Number(row?.Definition);
  const name = isNew ? said.create : row?.Name || String(definition);
  return (
    <>
      <PageHeader title={`${title}: ${name}`} help={isNew ? undefined : `${said.id} ${definition}`}>
        {!isNew && may("operator") && kind !== "Watermark" && (
          <Button
            component="a"
            variant="default"
            href={to(`/templates/${kind}/new`, { from: definition })}
            leftSection={<IconCopy size={16} aria-hidden />}
          >
            {said.copy}
          </Button>
        )}
      </PageHeader>
      <Stack>
        {preset && <Text size="sm">{said.presetHelp}</Text>}
        {!may("operator") && <Text size="sm">{said.mayNot}</Text>}
        <TemplateEditor
          kind={kind}
          field={field}
          first={value}
          definition={definition}
          readOnly={preset || !may("operator")}
        />
      </Stack>
    </>
  );
}
