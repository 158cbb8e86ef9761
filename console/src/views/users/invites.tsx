import { Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useDeed } from "../../components/deed";
import { RowButton } from "../../components/row-button";
import { RowsTable } from "../../components/rows-table";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { words } from "./words";

type Row = Schemas["InviteRow"];

export function Invites() {
  const said = useWords(words);
  const format = useFormat();
  const found = useQuery({ queryKey: ["invites"], queryFn: () => ask(api.GET("/api/v1/invites")) });
  return (
    <section>
      <Title order={2} size="h4" mt="xl" mb="xs">
        {said.invites}
      </Title>
      <RowsTable
        query={found}
        label={said.invites}
        rows={(answer) => answer.items}
        rowKey={(row: Row) => row.id}
        empty={<Text size="sm">{said.noInvites}</Text>}
        columns={[
          { key: "for", title: said.forWhom, cell: (row) => row.user || said.newUser },
          { key: "role", title: said.role, cell: (row) => said[row.role] },
          { key: "by", title: said.by, cell: (row) => row.createdBy },
          { key: "until", title: said.until, cell: (row) => format.time(row.expiresAt) },
          { key: "deeds", title: said.deeds, cell: (row) => <Withdraw row={row} /> },
        ]}
      />
    </section>
  );
}

function Withdraw({ row }: { readonly row: Row }) {
  const said = useWords(words);
  const deed = useDeed();
  const params = { path: { id: row.id } };
  const withdraw = () =>
    deed.run(() => ask(api.DELETE("/api/v1/invites/{id}", { params })), { done: said.withdrawn, renew: ["invites"] });
  return (
    <RowButton text={said.withdraw} of={row.user || said[row.role]} busy={deed.busy} act={() => void withdraw()} />
  );
}
