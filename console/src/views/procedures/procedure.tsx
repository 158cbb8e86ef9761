/** One procedure: the templates that it puts together, and what they would run. */
import { Button, Stack, Text } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useMemo } from "react";
import { Failure } from "../../components/failure";
import { PageHeader } from "../../components/page-header";
import { Empty, Loading } from "../../components/states";
import type { Field } from "../../forms/schema";
import { useWords } from "../../language";
import { to, useAddress } from "../../router";
import { useSession } from "../../session";
import type { Params } from "../../view";
import { useApiDocument } from "../templates/queries";
import { ProcedureEditor } from "./procedure-editor";
import { type ProcedureRow, partsOf, procedureForm } from "./procedure-form";
import { useProcedures } from "./queries";
import { words } from "./words";

const NEW = "new";

export default function Procedure({ params }: { readonly params: Params }) {
  const said = useWords(words);
  const document = useApiDocument();
  const found = useProcedures();
  const from = useAddress().query.get("from");
  const field = useMemo(() => document.data && procedureForm(document.data), [document.data]);
  if (document.isPending || found.isPending) return <Loading tall />;
  if (!field || !found.data) {
    const retry = () => void Promise.all([document.refetch(), found.refetch()]);
    return <Failure problem={document.error ?? found.error} retry={retry} />;
  }
  const isNew = params.name === NEW;
  const row = found.data.find((each) => each.Name === (isNew ? from : params.name));
  if (row || isNew) return <Edited key={`${params.name} ${from}`} field={field} row={row} isNew={isNew} />;
  return (
    <Empty title={said.unknown} help={said.unknownHelp}>
      <Button component="a" variant="default" href={to("/procedures")}>
        {said.toList}
      </Button>
    </Empty>
  );
}

interface Props {
  readonly field: Field;
  readonly row: ProcedureRow | undefined;
  readonly isNew: boolean;
}

function Edited({ field, row, isNew }: Props) {
  const said = useWords(words);
  const { may } = useSession();
  const preset = !isNew && row?.Type === "Preset";
  const first = { name: isNew ? "" : (row?.Name ?? ""), comment: row?.Comment ?? "", parts: row ? partsOf(row) : {} };
  return (
    <>
      <PageHeader title={isNew ? said.create : `${said.procedure}: ${row?.Name}`} help={said.help}>
        {!isNew && may("operator") && (
          <Button
            component="a"
            variant="default"
            href={to("/procedures/new", { from: row?.Name })}
            leftSection={<IconCopy size={16} aria-hidden />}
          >
            {said.copy}
          </Button>
        )}
      </PageHeader>
      <Stack>
        {preset && <Text size="sm">{said.presetHelp}</Text>}
        {!may("operator") && <Text size="sm">{said.mayNot}</Text>}
        <ProcedureEditor field={field} first={first} isNew={isNew} readOnly={preset || !may("operator")} />
      </Stack>
    </>
  );
}
