/** Storage regions: each has its own buckets. */

import { Badge, Group, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { FormDialog } from "../../components/form-dialog";
import { OnOffBadge } from "../../components/on-off-badge";
import { RowButton } from "../../components/row-button";
import { SettingsList } from "../../components/settings-list";
import { Empty } from "../../components/states";
import { useAction } from "../../components/use-action";
import { dictionary, useWords } from "../../language";
import { useSession } from "../../session";

type Row = Schemas["RegionRow"];
const INVALIDATES = ["regions"];

const words = dictionary(
  {
    title: "Storage regions",
    help: "An upload can name its storage region; without a name it goes to the default region.",
    mayNot: "Your role can only view regions. Admins can change them.",
    name: "Region",
    state: "State",
    on: "accepts uploads",
    off: "accepts no uploads",
    default: "default",
    actions: "Actions",
    open: "Enable a region",
    openHelp: "For example ap-beijing",
    close: "Disable",
    reopen: "Enable",
    makeDefault: "Set as default",
    changed: "The regions were changed.",
    none: "No regions",
  },
  {
    title: "存储地域",
    help: "上传时可指定地域，未指定则使用默认地域。",
    mayNot: "您的角色只能查看地域，管理员可以修改。",
    name: "地域",
    state: "状态",
    on: "可上传",
    off: "不可上传",
    default: "默认",
    actions: "操作",
    open: "启用地域",
    openHelp: "例如 ap-beijing",
    close: "停用",
    reopen: "启用",
    makeDefault: "设为默认",
    changed: "地域已修改。",
    none: "没有地域",
  },
);

function change(name: string, body: Schemas["RegionChange"]) {
  return unwrap(api.PUT("/api/v1/regions/{name}", { params: { path: { name } }, body }));
}

export default function Regions() {
  const t = useWords(words);
  const { may } = useSession();
  const admin = may("admin");
  const result = useQuery({ queryKey: ["regions"], queryFn: () => unwrap(api.GET("/api/v1/regions")) });
  return (
    <SettingsList
      title={t.title}
      help={admin ? t.help : t.mayNot}
      create={admin && { label: t.open, dialog: ({ onClose }) => <EnableRegion onClose={onClose} /> }}
      query={result}
      rows={(answer) => answer.items}
      rowKey={(row: Row) => row.name}
      empty={<Empty title={t.none} />}
      columns={[
        { key: "name", title: t.name, cell: (row) => row.name },
        { key: "state", title: t.state, cell: (row) => <State row={row} /> },
      ]}
      actions={admin && { title: t.actions, cell: (row) => <RowActions row={row} /> }}
    />
  );
}

function State({ row }: { readonly row: Row }) {
  const t = useWords(words);
  return (
    <Group gap="xs">
      <OnOffBadge on={row.enabled} t={t} />
      {row.isDefault && <Badge variant="dot">{t.default}</Badge>}
    </Group>
  );
}

function RowActions({ row }: { readonly row: Row }) {
  const t = useWords(words);
  const action = useAction();
  if (row.isDefault) return null;
  const button = (label: string, body: Schemas["RegionChange"]) => (
    <RowButton
      label={label}
      subject={row.name}
      busy={action.busy}
      onClick={() => void action.run(() => change(row.name, body), { success: t.changed, invalidates: INVALIDATES })}
    />
  );
  return (
    <Group gap="xs" justify="flex-end">
      {row.enabled && button(t.makeDefault, { isDefault: true })}
      {button(row.enabled ? t.close : t.reopen, { enabled: !row.enabled })}
    </Group>
  );
}

function EnableRegion({ onClose }: { readonly onClose: () => void }) {
  const t = useWords(words);
  const [name, setName] = useState("");
  const send = () => change(name.trim(), { enabled: true });
  return (
    <FormDialog
      title={t.open}
      submitLabel={t.reopen}
      onClose={onClose}
      onSubmit={send}
      success={t.changed}
      invalidates={INVALIDATES}
    >
      <TextInput
        label={t.name}
        description={t.openHelp}
        maxLength={40}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
