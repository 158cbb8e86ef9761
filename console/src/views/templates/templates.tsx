/** Templates of one kind: presets and the application's own. */

import { Badge, Group, NativeSelect } from "@mantine/core";
import { RowLink } from "../../components/row-link";
import { SettingsList } from "../../components/settings-list";
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
  const t = useWords(words);
  const format = useFormat();
  const { may } = useSession();
  const address = useAddress().query;
  const kind = kindOf(address.get("kind")) ?? "Transcode";
  const origin = ORIGINS.find((each) => each === address.get("origin")) ?? "all";
  const result = useTemplates(kind);
  const isWanted = (row: TemplateRow) => origin === "all" || isPreset(row) === (origin === "presets");
  const filters = (
    <Group mb="md" align="flex-end">
      <NativeSelect
        label={t.kind}
        value={kind}
        data={KINDS.map((each) => ({ value: each, label: t[each] }))}
        onChange={(event) => changeQuery({ kind: event.currentTarget.value })}
      />
      <NativeSelect
        label={t.origin}
        value={origin}
        data={ORIGINS.map((each) => ({ value: each, label: t[each] }))}
        onChange={(event) => changeQuery({ origin: event.currentTarget.value })}
      />
    </Group>
  );
  return (
    <SettingsList
      title={t.title}
      create={may("operator") && { label: t.create, href: to(`/templates/${kind}/new`) }}
      toolbar={filters}
      query={result}
      label={`${t.title}: ${t[kind]}`}
      rows={(rows) => rows.filter(isWanted)}
      rowKey={(row: TemplateRow) => row.Definition}
      empty={<Empty title={t.none} help={t.noneHelp} />}
      columns={[
        {
          key: "name",
          title: t.name,
          cell: (row) => (
            <RowLink href={to(`/templates/${kind}/${row.Definition}`)} hint={String(row.Definition)}>
              {row.Name || row.Comment || String(row.Definition)}
            </RowLink>
          ),
        },
        { key: "summary", title: t.summary, cell: (row) => summaryOf(kind, row) },
        {
          key: "origin",
          title: t.origin,
          cell: (row) => (
            <Badge variant="dot" color={isPreset(row) ? "gray" : "blue"}>
              {isPreset(row) ? t.preset : t.custom}
            </Badge>
          ),
        },
        { key: "changed", title: t.changed, cell: (row) => (isPreset(row) ? "–" : format.time(row.UpdateTime)) },
      ]}
    />
  );
}
