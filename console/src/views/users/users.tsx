/** Users with their roles, and invitations that are open. */
import { Badge, Button, Group, NativeSelect, Text } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Role, type Schemas } from "../../api/client";
import { useConfirm } from "../../components/confirm";
import { useDeed } from "../../components/deed";
import { PageHeader } from "../../components/page-header";
import { RowButton } from "../../components/row-button";
import { RowsTable } from "../../components/rows-table";
import { type Secret, SecretOnce } from "../../components/secret-once";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { useSession } from "../../session";
import { Invite } from "./invite";
import { Invites } from "./invites";
import { words } from "./words";

type Row = Schemas["UserRow"];
export const ROLES = ["viewer", "operator", "admin"] as const satisfies readonly Role[];
const RENEW = ["users", "session"];

export default function Users() {
  const said = useWords(words);
  const format = useFormat();
  const [inviting, setInviting] = useState(false);
  const [secret, setSecret] = useState<Secret | null>(null);
  const found = useQuery({ queryKey: ["users"], queryFn: () => ask(api.GET("/api/v1/users")) });
  return (
    <>
      <PageHeader title={said.title} help={said.help}>
        <Button leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => setInviting(true)}>
          {said.invite}
        </Button>
      </PageHeader>
      <RowsTable
        query={found}
        label={said.title}
        rows={(answer) => answer.items}
        rowKey={(row: Row) => row.name}
        empty={<Empty title={said.none} />}
        columns={[
          { key: "name", title: said.name, cell: (row) => <Name row={row} /> },
          { key: "role", title: said.role, cell: (row) => <RoleSelect row={row} /> },
          {
            key: "state",
            title: said.state,
            cell: (row) => (
              <Badge variant="dot" color={row.enabled ? "green" : "gray"}>
                {row.enabled ? said.on : said.off}
              </Badge>
            ),
          },
          { key: "created", title: said.created, cell: (row) => format.time(row.createdAt) },
          { key: "deeds", title: said.deeds, cell: (row) => <Deeds row={row} told={setSecret} /> },
        ]}
      />
      <Invites />
      {inviting && <Invite close={() => setInviting(false)} told={setSecret} />}
      <SecretOnce secret={secret} close={() => setSecret(null)} />
    </>
  );
}

function Name({ row }: { readonly row: Row }) {
  const said = useWords(words);
  const { name } = useSession();
  return (
    <>
      {row.name}
      {row.name === name && (
        <Text span c="dimmed" size="sm">
          {" "}
          ({said.you})
        </Text>
      )}
    </>
  );
}

function RoleSelect({ row }: { readonly row: Row }) {
  const said = useWords(words);
  const deed = useDeed();
  const params = { path: { name: row.name } };
  const change = (role: Role) =>
    deed.run(() => ask(api.PATCH("/api/v1/users/{name}", { params, body: { role } })), {
      done: said.changed,
      renew: RENEW,
    });
  return (
    <NativeSelect
      size="xs"
      aria-label={said.changeRole(row.name)}
      value={row.role}
      data={ROLES.map((each) => ({ value: each, label: said[each] }))}
      disabled={deed.busy}
      onChange={(event) => void change(event.currentTarget.value as Role)}
    />
  );
}

function Deeds({ row, told }: { readonly row: Row; readonly told: (secret: Secret) => void }) {
  const said = useWords(words);
  const { name } = useSession();
  const deeds = useUser(row, told);
  const button = (text: string, act: () => Promise<void>) => (
    <RowButton text={text} of={row.name} busy={deeds.busy} act={() => void act()} />
  );
  return (
    <Group gap="xs" justify="flex-end">
      {button(said.reset, deeds.reset)}
      {row.name !== name && button(row.enabled ? said.keepOut : said.letIn, deeds.turn)}
      {row.name !== name && button(said.remove, deeds.remove)}
    </Group>
  );
}

function useUser(row: Row, told: (secret: Secret) => void) {
  const said = useWords(words);
  const confirm = useConfirm();
  const deed = useDeed();
  const params = { path: { name: row.name } };
  const turn = async () => {
    const question = { title: said.outTitle(row.name), body: said.outText, action: said.keepOut, danger: true };
    if (row.enabled && !(await confirm(question))) return;
    const body = { enabled: !row.enabled };
    await deed.run(() => ask(api.PATCH("/api/v1/users/{name}", { params, body })), {
      done: said.changed,
      renew: RENEW,
    });
  };
  const remove = async () => {
    const question = { title: said.removeTitle(row.name), body: said.removeText, action: said.remove, danger: true };
    if (!(await confirm(question))) return;
    await deed.run(() => ask(api.DELETE("/api/v1/users/{name}", { params })), { done: said.removed, renew: RENEW });
  };
  const reset = async () => {
    if (!(await confirm({ title: said.resetTitle(row.name), body: said.resetText, action: said.reset }))) return;
    const body = { role: row.role, user: row.name };
    const made = await deed.run(() => ask(api.POST("/api/v1/invites", { body })), { renew: ["invites"] });
    if (made) told({ title: said.resetTitle(row.name), lines: { [said.link]: made.link } });
  };
  return { busy: deed.busy, turn, remove, reset };
}
