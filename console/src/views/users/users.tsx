/** Users with their roles, and invitations that are open. */

import { Group, NativeSelect, Text } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, type Role, type Schemas, unwrap } from "../../api/client";
import { useConfirm } from "../../components/confirm";
import { OnOffBadge } from "../../components/on-off-badge";
import { RowButton } from "../../components/row-button";
import type { Secret } from "../../components/secret-once";
import { SettingsList } from "../../components/settings-list";
import { Empty } from "../../components/states";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { useSession } from "../../session";
import { Invite } from "./invite";
import { Invites } from "./invites";
import { words } from "./words";

type Row = Schemas["UserRow"];
export const ROLES = ["viewer", "operator", "admin"] as const satisfies readonly Role[];
const INVALIDATES = ["users", "session"];

export default function Users() {
  const t = useWords(words);
  const format = useFormat();
  const result = useQuery({ queryKey: ["users"], queryFn: () => unwrap(api.GET("/api/v1/users")) });
  return (
    <SettingsList
      title={t.title}
      help={t.help}
      create={{ label: t.invite, icon: IconUserPlus, dialog: (controls) => <Invite {...controls} /> }}
      query={result}
      rows={(answer) => answer.items}
      rowKey={(row: Row) => row.name}
      empty={<Empty title={t.none} />}
      columns={[
        { key: "name", title: t.name, cell: (row) => <Name row={row} /> },
        { key: "role", title: t.role, cell: (row) => <RoleSelect row={row} /> },
        { key: "state", title: t.state, cell: (row) => <OnOffBadge on={row.enabled} t={t} /> },
        { key: "created", title: t.created, cell: (row) => format.time(row.createdAt) },
      ]}
      actions={{ title: t.actions, cell: (row, { onSecret }) => <RowActions row={row} onSecret={onSecret} /> }}
    >
      <Invites />
    </SettingsList>
  );
}

function Name({ row }: { readonly row: Row }) {
  const t = useWords(words);
  const { name } = useSession();
  return (
    <>
      {row.name}
      {row.name === name && (
        <Text span c="dimmed" size="sm">
          {" "}
          ({t.you})
        </Text>
      )}
    </>
  );
}

function RoleSelect({ row }: { readonly row: Row }) {
  const t = useWords(words);
  const action = useAction();
  const params = { path: { name: row.name } };
  const change = (role: Role) =>
    action.run(() => unwrap(api.PATCH("/api/v1/users/{name}", { params, body: { role } })), {
      success: t.changed,
      invalidates: INVALIDATES,
    });
  return (
    <NativeSelect
      size="xs"
      aria-label={t.changeRole(row.name)}
      value={row.role}
      data={ROLES.map((each) => ({ value: each, label: t[each] }))}
      disabled={action.busy}
      onChange={(event) => void change(event.currentTarget.value as Role)}
    />
  );
}

function RowActions({ row, onSecret }: { readonly row: Row; readonly onSecret: (secret: Secret) => void }) {
  const t = useWords(words);
  const { name } = useSession();
  const actions = useUser(row, onSecret);
  const button = (label: string, onClick: () => Promise<void>) => (
    <RowButton label={label} subject={row.name} busy={actions.busy} onClick={() => void onClick()} />
  );
  return (
    <Group gap="xs" justify="flex-end">
      {button(t.reset, actions.reset)}
      {row.name !== name && button(row.enabled ? t.keepOut : t.letIn, actions.turn)}
      {row.name !== name && button(t.remove, actions.remove)}
    </Group>
  );
}

function useUser(row: Row, onSecret: (secret: Secret) => void) {
  const t = useWords(words);
  const confirm = useConfirm();
  const action = useAction();
  const params = { path: { name: row.name } };
  const turn = async () => {
    const question = { title: t.outTitle(row.name), body: t.outText, action: t.keepOut, danger: true };
    if (row.enabled && !(await confirm(question))) return;
    const body = { enabled: !row.enabled };
    await action.run(() => unwrap(api.PATCH("/api/v1/users/{name}", { params, body })), {
      success: t.changed,
      invalidates: INVALIDATES,
    });
  };
  const remove = async () => {
    const question = { title: t.removeTitle(row.name), body: t.removeText, action: t.remove, danger: true };
    if (!(await confirm(question))) return;
    await action.run(() => unwrap(api.DELETE("/api/v1/users/{name}", { params })), {
      success: t.removed,
      invalidates: INVALIDATES,
    });
  };
  const reset = async () => {
    if (!(await confirm({ title: t.resetTitle(row.name), body: t.resetText, action: t.reset }))) return;
    const body = { role: row.role, user: row.name };
    const made = await action.run(() => unwrap(api.POST("/api/v1/invites", { body })), { invalidates: ["invites"] });
    if (made) onSecret({ title: t.resetTitle(row.name), lines: { [t.link]: made.link } });
  };
  return { busy: action.busy, turn, remove, reset };
}
