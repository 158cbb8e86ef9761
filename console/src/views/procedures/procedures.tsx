/** Presets and the application's own procedures. */

import { Badge, Group } from "@mantine/core";
import { RowLink } from "../../components/row-link";
import { SettingsList } from "../../components/settings-list";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { labels } from "../../forms/words";
import { useWords } from "../../language";
import { to } from "../../router";
import { useSession } from "../../session";
import { type ProcedureRow, stepsOf } from "./procedure-form";
import { useProcedures } from "./queries";
import { words } from "./words";

export default function Procedures() {
  const t = useWords(words);
  const format = useFormat();
  const { may } = useSession();
  return (
    <SettingsList
      title={t.title}
      help={t.help}
      create={may("operator") && { label: t.create, href: to("/procedures/new") }}
      query={useProcedures()}
      rows={(rows) => rows}
      rowKey={(row: ProcedureRow) => row.Name}
      empty={<Empty title={t.none} help={t.noneHelp} />}
      columns={[
        {
          key: "name",
          title: t.name,
          cell: (row) => (
            <RowLink href={to(`/procedures/${encodeURIComponent(row.Name)}`)} hint={row.Comment}>
              {row.Name}
            </RowLink>
          ),
        },
        { key: "steps", title: t.steps, cell: (row) => <Steps row={row} /> },
        {
          key: "origin",
          title: t.origin,
          cell: (row) => (
            <Badge variant="dot" color={row.Type === "Preset" ? "gray" : "blue"}>
              {row.Type === "Preset" ? t.preset : t.custom}
            </Badge>
          ),
        },
        {
          key: "changed",
          title: t.changed,
          cell: (row) => (row.Type === "Preset" ? "–" : format.time(row.UpdateTime)),
        },
      ]}
    />
  );
}

function Steps({ row }: { readonly row: ProcedureRow }) {
  const t = useWords(words);
  const names = useWords(labels);
  const steps = stepsOf(row);
  if (steps.length === 0) return t.nothing;
  return (
    <Group gap={4} justify="flex-start">
      {steps.map(([name, count]) => (
        <Badge key={name} variant="outline" color="gray">
          {names[name] ?? name}
          {count > 1 && ` × ${count}`}
        </Badge>
      ))}
    </Group>
  );
}
