/** The KEY of a domain: enable, disable, change, or rotate it without breaking existing links. */
import { Button, Group, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { callAction } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { FormDialog } from "../../components/form-dialog";
import { RowButton } from "../../components/row-button";
import { type Secret, SecretOnce } from "../../components/secret-once";
import { useAction } from "../../components/use-action";
import { useWords } from "../../language";
import { MaskedSecret } from "./masked-secret";
import { type DomainRow, newKey } from "./model";
import { StatusBadge } from "./status-badge";
import { words } from "./words";

const INVALIDATES = ["domains", "file"];

function useModify(domain: string) {
  const { subAppId } = useApplication();
  return (policy: { Status: "Enabled" | "Disabled"; EncryptedKey?: string; BackupEncryptedKey?: string }) =>
    callAction("ModifyVodDomainConfig", { SubAppId: subAppId, Domain: domain, UrlSignatureAuthPolicy: policy });
}

export function KeyPart({ row }: { readonly row: DomainRow }) {
  const t = useWords(words);
  const { Status: status, EncryptedKey: key, BackupEncryptedKey: backup } = row.UrlSignatureAuthPolicy;
  const [changing, setChanging] = useState(false);
  const [secret, setSecret] = useState<Secret | null>(null);
  const confirm = useConfirm();
  const action = useAction();
  const modify = useModify(row.Domain);
  const rotate = async () => {
    const question = { title: t.rotateTitle(row.Domain), body: t.rotateText, action: t.rotate };
    if (!(await confirm(question))) return;
    const fresh = newKey();
    const work = () => modify({ Status: status, EncryptedKey: fresh, BackupEncryptedKey: key });
    if (await action.run(work, { invalidates: INVALIDATES }))
      setSecret({ title: t.rotated, lines: { [t.currentKey]: fresh } });
  };
  const drop = async () => {
    if (!(await confirm({ title: t.dropTitle, body: t.dropText, action: t.dropBackup, danger: true }))) return;
    const work = () => modify({ Status: status, BackupEncryptedKey: "" });
    await action.run(work, { success: t.saved, invalidates: INVALIDATES });
  };
  const button = (label: string, onClick: () => void) => (
    <RowButton label={label} subject={`${t.key}, ${row.Domain}`} busy={action.busy} onClick={onClick} />
  );
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Group gap="sm">
          <Text fw={600} size="sm">
            {t.key}
          </Text>
          <StatusBadge status={status} />
        </Group>
        <Group gap="xs">
          {key && button(t.rotate, () => void rotate())}
          {backup && button(t.dropBackup, () => void drop())}
          {button(t.change, () => setChanging(true))}
        </Group>
      </Group>
      {key && <MaskedSecret label={t.currentKey} value={key} />}
      {backup && <MaskedSecret label={t.backupKey} value={backup} />}
      {changing && <KeyDialog row={row} onClose={() => setChanging(false)} />}
      <SecretOnce secret={secret} onClose={() => setSecret(null)} />
    </Stack>
  );
}

function KeyDialog({ row, onClose }: { readonly row: DomainRow; readonly onClose: () => void }) {
  const t = useWords(words);
  const first = row.UrlSignatureAuthPolicy;
  const [enabled, setEnabled] = useState(first.Status === "Enabled");
  const [key, setKey] = useState(first.EncryptedKey);
  const [backup, setBackup] = useState(first.BackupEncryptedKey);
  const modify = useModify(row.Domain);
  const send = () =>
    modify({ Status: enabled ? "Enabled" : "Disabled", EncryptedKey: key.trim(), BackupEncryptedKey: backup.trim() });
  return (
    <FormDialog
      title={`${t.key}: ${row.Domain}`}
      submitLabel={t.save}
      onClose={onClose}
      onSubmit={send}
      success={t.saved}
      invalidates={INVALIDATES}
    >
      <Text size="sm">{t.keyHelp}</Text>
      <Switch
        label={t.enabled}
        checked={enabled}
        onChange={(event) => setEnabled(event.currentTarget.checked)}
        data-autofocus
      />
      <Group align="flex-end" wrap="nowrap">
        <TextInput
          flex={1}
          label={t.currentKey}
          description={t.keyForm}
          autoComplete="off"
          maxLength={40}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <Button variant="default" onClick={() => setKey(newKey())}>
          {t.generate}
        </Button>
      </Group>
      <TextInput
        label={t.backupKey}
        description={t.backupHelp}
        autoComplete="off"
        maxLength={40}
        value={backup}
        onChange={(event) => setBackup(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
