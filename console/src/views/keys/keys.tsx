/** Key pairs that app servers use to sign uploads and to call the server API. */

import { Checkbox, Group, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { FormDialog } from "../../components/form-dialog";
import { OnOffBadge } from "../../components/on-off-badge";
import { RowButton } from "../../components/row-button";
import { type DialogControls, SettingsList } from "../../components/settings-list";
import { Empty } from "../../components/states";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { words } from "./words";

type Row = Schemas["KeyRow"];
type KeyGroup = Schemas["Group"];
const GROUPS = ["sign", "upload", "read", "edit", "process", "events", "manage"] as const satisfies readonly KeyGroup[];
const INVALIDATES = ["keys"];

export default function Keys() {
  const t = useWords(words);
  const format = useFormat();
  const { subAppId } = useApplication();
  const result = useQuery({
    queryKey: ["keys", subAppId],
    queryFn: () => unwrap(api.GET("/api/v1/keys", { params: { query: { subAppId } } })),
  });
  return (
    <SettingsList
      title={t.title}
      help={t.help}
      create={{ label: t.create, dialog: (controls) => <NewKey {...controls} /> }}
      edit={(row, { onClose }) => <Limits row={row} onClose={onClose} />}
      query={result}
      rows={(answer) => answer.items}
      rowKey={(row: Row) => row.secretId}
      empty={<Empty title={t.none} help={t.noneHelp} />}
      columns={[
        { key: "note", title: t.note, cell: (row) => row.note || "–" },
        { key: "secretId", title: "SecretId", cell: (row) => row.secretId },
        { key: "app", title: t.application, cell: (row) => row.subAppId },
        { key: "groups", title: t.groups, cell: (row) => <Groups groups={row.groups} /> },
        { key: "state", title: t.state, cell: (row) => <OnOffBadge on={row.enabled} t={t} /> },
        { key: "created", title: t.created, cell: (row) => format.time(row.createdAt) },
      ]}
      actions={{ title: t.actions, cell: (row, { onEdit }) => <RowActions row={row} limit={onEdit} /> }}
    />
  );
}

function Groups({ groups }: { readonly groups: readonly KeyGroup[] }) {
  const t = useWords(words);
  return groups.length === 0 ? t.everything : groups.map((each) => t[each]).join(", ");
}

function RowActions({ row, limit }: { readonly row: Row; readonly limit: () => void }) {
  const t = useWords(words);
  const confirm = useConfirm();
  const action = useAction();
  const params = { path: { secretId: row.secretId } };
  const named = row.note || row.secretId;
  const turn = async () => {
    const question = { title: t.offTitle(named), body: t.offText, action: t.turnOff, danger: true };
    if (row.enabled && !(await confirm(question))) return;
    await action.run(() => unwrap(api.PATCH("/api/v1/keys/{secretId}", { params, body: { enabled: !row.enabled } })), {
      success: row.enabled ? t.isOff : t.isOn,
      invalidates: INVALIDATES,
    });
  };
  const remove = async () => {
    const question = { title: t.removeTitle(named), body: t.removeText, action: t.remove, danger: true };
    if (!(await confirm(question))) return;
    await action.run(() => unwrap(api.DELETE("/api/v1/keys/{secretId}", { params })), {
      success: t.removed,
      invalidates: INVALIDATES,
    });
  };
  const button = (label: string, onClick: () => void) => (
    <RowButton label={label} subject={named} busy={action.busy} onClick={onClick} />
  );
  return (
    <Group gap="xs" justify="flex-end">
      {button(t.limit, limit)}
      {button(row.enabled ? t.turnOff : t.turnOn, () => void turn())}
      {!row.enabled && button(t.remove, () => void remove())}
    </Group>
  );
}

interface ChoiceProps {
  readonly groups: readonly KeyGroup[];
  readonly choose: (groups: KeyGroup[]) => void;
}

function GroupChoice({ groups, choose }: ChoiceProps) {
  const t = useWords(words);
  return (
    <Checkbox.Group
      label={t.groups}
      description={t.groupsHelp}
      value={[...groups]}
      onChange={(value) => choose(value as KeyGroup[])}
    >
      <Stack gap="xs" mt="xs">
        {GROUPS.map((each) => (
          <Checkbox key={each} value={each} label={t[each]} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

function NewKey({ onClose, onSecret }: DialogControls) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [note, setNote] = useState("");
  const [groups, setGroups] = useState<KeyGroup[]>([]);
  const send = async () => {
    const made = await unwrap(api.POST("/api/v1/keys", { body: { subAppId, note, groups } }));
    onSecret({ title: t.madeTitle, lines: { SecretId: made.secretId, SecretKey: made.secretKey } });
  };
  return (
    <FormDialog title={t.create} submitLabel={t.create} onClose={onClose} onSubmit={send} invalidates={INVALIDATES}>
      <TextInput
        label={t.note}
        description={t.noteHelp}
        maxLength={100}
        data-autofocus
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <GroupChoice groups={groups} choose={setGroups} />
    </FormDialog>
  );
}

function Limits({ row, onClose }: { readonly row: Row; readonly onClose: () => void }) {
  const t = useWords(words);
  const [groups, setGroups] = useState<KeyGroup[]>([...row.groups]);
  const params = { path: { secretId: row.secretId } };
  const send = () => unwrap(api.PATCH("/api/v1/keys/{secretId}", { params, body: { groups } }));
  return (
    <FormDialog
      title={`${t.limit}: ${row.note || row.secretId}`}
      submitLabel={t.save}
      onClose={onClose}
      onSubmit={send}
      success={t.limited}
      invalidates={INVALIDATES}
    >
      <GroupChoice groups={groups} choose={setGroups} />
    </FormDialog>
  );
}
