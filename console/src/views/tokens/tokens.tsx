/** One's own access tokens: what tools call this API with. */
import { Button, Code, NativeSelect, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Role, type Schemas } from "../../api/client";
import { useConfirm } from "../../components/confirm";
import { useDeed } from "../../components/deed";
import { FormDialog } from "../../components/form-dialog";
import { PageHeader } from "../../components/page-header";
import { RowButton } from "../../components/row-button";
import { RowsTable } from "../../components/rows-table";
import { type Secret, SecretOnce } from "../../components/secret-once";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { dictionary, useWords } from "../../language";
import { useSession } from "../../session";
import { words as users } from "../users/words";

type Row = Schemas["TokenRow"];
const ROLES = ["viewer", "operator", "admin"] as const satisfies readonly Role[];
const DAY = 86_400;
const SPANS = [7, 30, 90, 365] as const;
const RENEW = ["tokens"];

const words = dictionary(
  {
    title: "Access tokens",
    help: "For your own tools: whatever the console does, a program can do with",
    note: "What it is for",
    role: "Role",
    roleHelp: "At most your own.",
    created: "Created",
    until: "Until",
    forEver: "for ever",
    deeds: "Actions",
    create: "New token",
    made: "Your new access token",
    token: "Access token",
    lasts: "Lasts",
    days: (count: number) => `${count} days`,
    remove: "Delete",
    removeTitle: (name: string) => `Delete the token “${name}”?`,
    removeText: "Tools that use it are refused at once.",
    removed: "The token is worthless now.",
    none: "No access tokens",
    noneHelp: "Make one for a script of yours.",
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
    deeds: "操作",
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
  const said = useWords(words);
  const roles = useWords(users);
  const format = useFormat();
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<Secret | null>(null);
  const found = useQuery({ queryKey: ["tokens"], queryFn: () => ask(api.GET("/api/v1/tokens")) });
  const help = (
    <>
      {said.help} <Code>Authorization: Bearer ovt_…</Code>
    </>
  );
  return (
    <>
      <PageHeader title={said.title} help={help}>
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>
          {said.create}
        </Button>
      </PageHeader>
      <RowsTable
        query={found}
        label={said.title}
        rows={(answer) => answer.items}
        rowKey={(row: Row) => row.id}
        empty={<Empty title={said.none} help={said.noneHelp} />}
        columns={[
          { key: "note", title: said.note, cell: (row) => row.note || row.id },
          { key: "role", title: said.role, cell: (row) => roles[row.role] },
          { key: "created", title: said.created, cell: (row) => format.time(row.createdAt) },
          {
            key: "until",
            title: said.until,
            cell: (row) => (row.expiresAt ? format.time(row.expiresAt) : said.forEver),
          },
          { key: "deeds", title: said.deeds, cell: (row) => <Remove row={row} /> },
        ]}
      />
      {making && <NewToken close={() => setMaking(false)} told={setSecret} />}
      <SecretOnce secret={secret} close={() => setSecret(null)} />
    </>
  );
}

function Remove({ row }: { readonly row: Row }) {
  const said = useWords(words);
  const confirm = useConfirm();
  const deed = useDeed();
  const name = row.note || row.id;
  const remove = async () => {
    const question = { title: said.removeTitle(name), body: said.removeText, action: said.remove, danger: true };
    if (!(await confirm(question))) return;
    const params = { path: { id: row.id } };
    await deed.run(() => ask(api.DELETE("/api/v1/tokens/{id}", { params })), { done: said.removed, renew: RENEW });
  };
  return <RowButton text={said.remove} of={name} busy={deed.busy} act={() => void remove()} />;
}

function NewToken({ close, told }: { readonly close: () => void; readonly told: (secret: Secret) => void }) {
  const said = useWords(words);
  const roles = useWords(users);
  const { may } = useSession();
  const [note, setNote] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("30");
  const send = async () => {
    const seconds = days ? Number(days) * DAY : null;
    const made = await ask(api.POST("/api/v1/tokens", { body: { note, role, seconds } }));
    told({ title: said.made, lines: { [said.token]: made.secret } });
  };
  const spans = SPANS.map((each) => ({ value: String(each), label: said.days(each) }));
  return (
    <FormDialog title={said.create} action={said.create} close={close} send={send} renew={RENEW}>
      <TextInput
        label={said.note}
        maxLength={100}
        data-autofocus
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <NativeSelect
        label={said.role}
        description={said.roleHelp}
        value={role}
        data={ROLES.filter(may).map((each) => ({ value: each, label: roles[each] }))}
        onChange={(event) => setRole(event.currentTarget.value as Role)}
      />
      <NativeSelect
        label={said.lasts}
        value={days}
        data={[...spans, { value: "", label: said.forEver }]}
        onChange={(event) => setDays(event.currentTarget.value)}
      />
      <Text size="sm" c="dimmed">
        {roles[`${role}Help`]}
      </Text>
    </FormDialog>
  );
}
