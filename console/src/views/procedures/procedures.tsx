/** Presets and the application's own procedures. */
import { Badge, Button, Group } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { PageHeader } from "../../components/page-header";
import { RowLink } from "../../components/row-link";
import { RowsTable } from "../../components/rows-table";
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
  const said = useWords(words);
  const format = useFormat();
  const { may } = useSession();
  return (
    <>
      <PageHeader title={said.title} help={said.help}>
        {may("operator") && (
          <Button component="a" href={to("/procedures/new")} leftSection={<IconPlus size={16} aria-hidden />}>
            {said.create}
          </Button>
        )}
      </PageHeader>
      <RowsTable
        query={useProcedures()}
        label={said.title}
        rows={(rows) => rows}
        rowKey={(row: ProcedureRow) => row.Name}
        empty={<Empty title={said.none} help={said.noneHelp} />}
        columns={[
          {
            key: "name",
            title: said.name,
            cell: (row) => (
              <RowLink href={to(`/procedures/${encodeURIComponent(row.Name)}`)} hint={row.Comment}>
                {row.Name}
              </RowLink>
            ),
          },
          { key: "steps", title: said.steps, cell: (row) => <Steps row={row} /> },
          {
            key: "origin",
            title: said.origin,
            cell: (row) => (
              <Badge variant="dot" color={row.Type === "Preset" ? "gray" : "blue"}>
                {row.Type === "Preset" ? said.preset : said.custom}
              </Badge>
            ),
          },
          {
            key: "changed",
            title: said.changed,
            cell: (row) => (row.Type === "Preset" ? "–" : format.time(row.UpdateTime)),
          },
        ]}
      />
    </>
  );
}

function Steps({ row }: { readonly row: ProcedureRow }) {
  const said = useWords(words);
  const names = useWords(labels);
  const steps = stepsOf(row);
  if (steps.length === 0) return said.nothing;
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
