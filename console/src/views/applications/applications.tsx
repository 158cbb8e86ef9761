/** Applications: separate tenants, each with its own media, keys, procedures and events. */

import { Button, Group, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { useConfirm } from "../../components/confirm";
import { FormDialog } from "../../components/form-dialog";
import { OnOffBadge } from "../../components/on-off-badge";
import { RowButton } from "../../components/row-button";
import { SettingsList } from "../../components/settings-list";
import { Empty } from "../../components/states";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { dictionary, useWords } from "../../language";
import { useSession } from "../../session";

type Row = Schemas["ApplicationRow"];
const INVALIDATES = ["applications"];
/** The main application cannot be switched off. */
const MAIN = 1_500_000_001;

const words = dictionary(
  {
    title: "Applications",
    help: "Each application has its own media, keys, procedures, events and domains. Switch between applications at the top.",
    mayNot: "Your role can only view applications. Admins can change them.",
    name: "Name",
    description: "Description",
    state: "State",
    on: "on",
    off: "off",
    created: "Created",
    actions: "Actions",
    create: "New application",
    change: "Change",
    changeOf: (name: string) => `Change ${name}`,
    save: "Save",
    turnOff: "Switch off",
    turnOn: "Switch on",
    offTitle: (name: string) => `Switch “${name}” off?`,
    offText: "Uploads and playback are refused until it is switched on again. Nothing is deleted.",
    createdHelp: "The application was created. Create a key for it next.",
    changed: "The application was changed.",
    none: "No applications",
    nameHelp: "1 to 40 characters",
  },
  {
    title: "应用",
    help: "每个应用拥有独立的媒资、密钥、任务流、事件与域名，可在页面顶部切换。",
    mayNot: "您的角色只能查看应用，管理员可以修改。",
    name: "名称",
    description: "描述",
    state: "状态",
    on: "启用",
    off: "停用",
    created: "创建时间",
    actions: "操作",
    create: "新建应用",
    change: "修改",
    changeOf: (name: string) => `修改 ${name}`,
    save: "保存",
    turnOff: "停用",
    turnOn: "启用",
    offTitle: (name: string) => `停用“${name}”？`,
    offText: "停用期间不能上传与播放，重新启用后恢复，不会删除任何内容。",
    createdHelp: "应用已创建，接下来请为它创建密钥。",
    changed: "应用已修改。",
    none: "没有应用",
    nameHelp: "1 到 40 个字符",
  },
);

export default function Applications() {
  const t = useWords(words);
  const format = useFormat();
  const { may } = useSession();
  const result = useQuery({ queryKey: ["applications"], queryFn: () => unwrap(api.GET("/api/v1/applications")) });
  const admin = may("admin");
  return (
    <SettingsList
      title={t.title}
      help={admin ? t.help : t.mayNot}
      create={admin && { label: t.create, dialog: ({ onClose }) => <Editor row={null} onClose={onClose} /> }}
      edit={(row, { onClose }) => <Editor row={row} onClose={onClose} />}
      query={result}
      rows={(answer) => answer.items}
      rowKey={(row: Row) => row.subAppId}
      empty={<Empty title={t.none} />}
      columns={[
        { key: "name", title: t.name, cell: (row) => `${row.name} (${row.subAppId})` },
        { key: "description", title: t.description, cell: (row) => row.description || "–" },
        { key: "state", title: t.state, cell: (row) => <OnOffBadge on={row.enabled} t={t} /> },
        { key: "created", title: t.created, cell: (row) => format.time(row.createdAt) },
      ]}
      actions={admin && { title: t.actions, cell: (row, { onEdit }) => <RowActions row={row} edit={onEdit} /> }}
    />
  );
}

function RowActions({ row, edit }: { readonly row: Row; readonly edit: () => void }) {
  const t = useWords(words);
  const confirm = useConfirm();
  const action = useAction();
  const turn = async () => {
    const question = { title: t.offTitle(row.name), body: t.offText, action: t.turnOff, danger: true };
    if (row.enabled && !(await confirm(question))) return;
    const params = { path: { subAppId: row.subAppId } };
    await action.run(
      () => unwrap(api.PATCH("/api/v1/applications/{subAppId}", { params, body: { enabled: !row.enabled } })),
      { success: t.changed, invalidates: INVALIDATES },
    );
  };
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      <Button size="xs" variant="default" aria-label={t.changeOf(row.name)} onClick={edit}>
        {t.change}
      </Button>
      {row.subAppId !== MAIN && (
        <RowButton
          label={row.enabled ? t.turnOff : t.turnOn}
          subject={row.name}
          busy={action.busy}
          onClick={() => void turn()}
        />
      )}
    </Group>
  );
}

function Editor({ row, onClose }: { readonly row: Row | null; readonly onClose: () => void }) {
  const t = useWords(words);
  const [name, setName] = useState(row?.name ?? "");
  const [description, setDescription] = useState(row?.description ?? "");
  const body = { name, description };
  const send = () =>
    row
      ? unwrap(api.PATCH("/api/v1/applications/{subAppId}", { params: { path: { subAppId: row.subAppId } }, body }))
      : unwrap(api.POST("/api/v1/applications", { body }));
  return (
    <FormDialog
      title={row ? t.changeOf(row.name) : t.create}
      submitLabel={row ? t.save : t.create}
      onClose={onClose}
      onSubmit={send}
      success={row ? t.changed : t.createdHelp}
      invalidates={INVALIDATES}
    >
      <TextInput
        label={t.name}
        description={t.nameHelp}
        maxLength={40}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Textarea
        label={t.description}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
