/** Templates of one kind: presets and the application's own. */
import { Badge, Button, Group, NativeSelect } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { PageHeader } from "../../components/page-header";
import { RowLink } from "../../components/row-link";
import { RowsTable } from "../../components/rows-table";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { changeQuery, to, useAddress } from "../../router";
import { useSession } from "../../session";
import { isPreset, KINDS, kindOf, type TemplateRow } from "./kinds";
import { useTemplates } from "./queries";
import { summaryOf } from "./summary";
import { words } from "./words";

const ORIGINS = ["all", "presets", "own"] as const;

export default function Templates() {
  const said = useWords(words);
  const format = useFormat();
  const { may } = useSession();
  const { query } = useAddress();
  const kind = kindOf(query.get("kind")) ?? "Transcode";
  const origin = ORIGINS.find((each) => each === query.get("origin")) ?? "all";
  const found = useTemplates(kind);
  const isWanted = (row: TemplateRow) => origin === "all" || isPreset(row) === (origin === "presets");
  return (
    <>
      <PageHeader title={said.title}>
        {may("operator") && (
          <Button component="a" href={to(`/templates/${kind}/new`)} leftSection={<IconPlus size={16} aria-hidden />}>
            {said.create}
          </Button>
        )}
      </PageHeader>
      <Group mb="md" align="flex-end">
        <NativeSelect
          label={said.kind}
          value={kind}
          data={KINDS.map((each) => ({ value: each, label: said[each] }))}
          onChange={(event) => changeQuery({ kind: event.currentTarget.value })}
        />
        <NativeSelect
          label={said.origin}
          value={origin}
          data={ORIGINS.map((each) => ({ value: each, label: said[each] }))}
          onChange={(event) => changeQuery({ origin: event.currentTarget.value })}
        />
      </Group>
      <RowsTable
        query={found}
        label={`${said.title}: ${said[kind]}`}
        rows={(rows) => rows.filter(isWanted)}
        rowKey={(row: TemplateRow) => row.Definition}
        empty={<Empty title={said.none} help={said.noneHelp} />}
        columns={[
          {
            key: "name",
            title: said.name,
            cell: (row) => (
              <RowLink href={to(`/templates/${kind}/${row.Definition}`)} hint={String(row.Definition)}>
                {row.Name || row.Comment || String(row.Definition)}
              </RowLink>
            ),
          },
          { key: "summary", title: said.summary, cell: (row) => summaryOf(kind, row) },
          {
            key: "origin",
            title: said.origin,
            cell: (row) => (
              <Badge variant="dot" color={isPreset(row) ? "gray" : "blue"}>
                {isPreset(row) ? said.preset : said.custom}
              </Badge>
            ),
          },
          { key: "changed", title: said.changed, cell: (row) => (isPreset(row) ? "–" : format.time(row.UpdateTime)) },
        ]}
      />
    </>
  );
}
