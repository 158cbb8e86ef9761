/** The user's own access tokens, which tools use to call this API. */

import { Code, NativeSelect, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Role, type Schemas, unwrap } from "../../api/client";
import { useConfirm } from "../../components/confirm";
import { FormDialog } from "../../components/form-dialog";
import { RowButton } from "../../components/row-button";
import { type DialogControls, SettingsList } from "../../components/settings-list";
import { Empty } from "../../components/states";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { dictionary, useWords } from "../../language";
import { useSession } from "../../session";
import { words as users } from "../users/words";

type Row = Schemas["TokenRow"];
const ROLES = ["viewer", "operator", "admin"] as const satisfies readonly Role[];
const DAY = 86_400;
const SPANS = [7, 30, 90, 365] as const;
const INVALIDATES = ["tokens"];

const words = dictionary(
  {
    title: "Access tokens",
    help: "For your own tools: a program can do what the console does, with the header",
    note: "Purpose",
    role: "Role",
    roleHelp: "Not above your own role.",
    created: "Created",
    until: "Expires",
    forEver: "never",
    actions: "Actions",
    create: "New token",
    made: "Your new access token",
    token: "Access token",
    lasts: "Expires after",
    days: (count: number) => `${count} days`,
    remove: "Delete",
    removeTitle: (name: string) => `Delete the token “${name}”?`,
    removeText: "Tools that use it are refused immediately.",
    removed: "The token was deleted.",
    none: "No access tokens",
    noneHelp: "Create one for a script.",
  },
  {
    title: "访问令牌",
    help: "供您自己的工具使用：控制台能做的，程序都能做，请求头为",
    note: "用途",
    role: "角色",
    roleHelp: "不高于您自己的角色。",
    created: "创建时间",
    until: "有效期至",
    forEver: "永久",
    actions: "操作",
    create: "新建令牌",
    made: "您的新访问令牌",
    token: "访问令牌",
    lasts: "有效期",
    days: (count: number) => `${count} 天`,
    remove: "删除",
    removeTitle: (name: string) => `删除令牌“${name}”？`,
    removeText: "使用它的工具会立即被拒绝。",
    removed: "令牌已失效。",
    none: "没有访问令牌",
    noneHelp: "可以为您的脚本新建一个。",
  },
);

export default function Tokens() {
  const t = useWords(words);
  const roles = useWords(users);
  const format = useFormat();
  const result = useQuery({ queryKey: ["tokens"], queryFn: () => unwrap(api.GET("/api/v1/tokens")) });
  const help = (
    <>
      {t.help} <Code>Authorization: Bearer ovt_…</Code>
    </>
  );
  return (
    <SettingsList
      title={t.title}
      help={help}
      create={{ label: t.create, dialog: (controls) => <NewToken {...controls} /> }}
      query={result}
      rows={(answer) => answer.items}
      rowKey={(row: Row) => row.id}
      empty={<Empty title={t.none} help={t.noneHelp} />}
      columns={[
        { key: "note", title: t.note, cell: (row) => row.note || row.id },
        { key: "role", title: t.role, cell: (row) => roles[row.role] },
        { key: "created", title: t.created, cell: (row) => format.time(row.createdAt) },
        { key: "until", title: t.until, cell: (row) => (row.expiresAt ? format.time(row.expiresAt) : t.forEver) },
      ]}
      actions={{ title: t.actions, cell: (row) => <Remove row={row} /> }}
    />
  );
}

function Remove({ row }: { readonly row: Row }) {
  const t = useWords(words);
  const confirm = useConfirm();
  const action = useAction();
  const name = row.note || row.id;
  const remove = async () => {
    const question = { title: t.removeTitle(name), body: t.removeText, action: t.remove, danger: true };
    if (!(await confirm(question))) return;
    const params = { path: { id: row.id } };
    await action.run(() => unwrap(api.DELETE("/api/v1/tokens/{id}", { params })), {
      success: t.removed,
      invalidates: INVALIDATES,
    });
  };
  return <RowButton label={t.remove} subject={name} busy={action.busy} onClick={() => void remove()} />;
}

function NewToken({ onClose, onSecret }: DialogControls) {
  const t = useWords(words);
  const roles = useWords(users);
  const { may } = useSession();
  const [note, setNote] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("30");
  const send = async () => {
    const seconds = days ? Number(days) * DAY : null;
    const made = await unwrap(api.POST("/api/v1/tokens", { body: { note, role, seconds } }));
    onSecret({ title: t.made, lines: { [t.token]: made.secret } });
  };
  const spans = SPANS.map((each) => ({ value: String(each), label: t.days(each) }));
  return (
    <FormDialog title={t.create} submitLabel={t.create} onClose={onClose} onSubmit={send} invalidates={INVALIDATES}>
      <TextInput
        label={t.note}
        maxLength={100}
        data-autofocus
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <NativeSelect
        label={t.role}
        description={t.roleHelp}
        value={role}
        data={ROLES.filter(may).map((each) => ({ value: each, label: roles[each] }))}
        onChange={(event) => setRole(event.currentTarget.value as Role)}
      />
      <NativeSelect
        label={t.lasts}
        value={days}
        data={[...spans, { value: "", label: t.forEver }]}
        onChange={(event) => setDays(event.currentTarget.value)}
      />
      <Text size="sm" c="dimmed">
        {roles[`${role}Help`]}
      </Text>
    </FormDialog>
  );
}
