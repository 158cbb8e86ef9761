import { Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, type Schemas, unwrap } from "../../api/client";
import { RowButton } from "../../components/row-button";
import { RowsTable } from "../../components/rows-table";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { words } from "./words";

type Row = Schemas["InviteRow"];

export function Invites() {
  const t = useWords(words);
  const format = useFormat();
  const result = useQuery({ queryKey: ["invites"], queryFn: () => unwrap(api.GET("/api/v1/invites")) });
  return (
    <section>
      <Title order={2} size="h4" mt="xl" mb="xs">
        {t.invites}
      </Title>
      <RowsTable
        query={result}
        label={t.invites}
        rows={(answer) => answer.items}
        rowKey={(row: Row) => row.id}
        empty={<Text size="sm">{t.noInvites}</Text>}
        columns={[
          { key: "for", title: t.forWhom, cell: (row) => row.user || t.newUser },
          { key: "role", title: t.role, cell: (row) => t[row.role] },
          { key: "by", title: t.by, cell: (row) => row.createdBy },
          { key: "until", title: t.until, cell: (row) => format.time(row.expiresAt) },
          { key: "actions", title: t.actions, cell: (row) => <Withdraw row={row} /> },
        ]}
      />
    </section>
  );
}

function Withdraw({ row }: { readonly row: Row }) {
  const t = useWords(words);
  const action = useAction();
  const params = { path: { id: row.id } };
  const withdraw = () =>
    action.run(() => unwrap(api.DELETE("/api/v1/invites/{id}", { params })), {
      success: t.withdrawn,
      invalidates: ["invites"],
    });
  return (
    <RowButton
      label={t.withdraw}
      subject={row.user || t[row.role]}
      busy={action.busy}
      onClick={() => void withdraw()}
    />
  );
}
