/** The KEY of a domain: on or off, changed by hand, or rotated without breaking links. */
import { Button, Group, Stack, Switch, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { act } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { useDeed } from "../../components/deed";
import { FormDialog } from "../../components/form-dialog";
import { RowButton } from "../../components/row-button";
import { type Secret, SecretOnce } from "../../components/secret-once";
import { useWords } from "../../language";
import { Hidden } from "./hidden";
import { type DomainRow, newKey } from "./model";
import { OnOff } from "./on-off";
import { words } from "./words";

const RENEW = ["domains", "file"];

function useModify(domain: string) {
  const { subAppId } = useApplication();
  return (policy: { Status: "Enabled" | "Disabled"; EncryptedKey?: string; BackupEncryptedKey?: string }) =>
    act("ModifyVodDomainConfig", { SubAppId: subAppId, Domain: domain, UrlSignatureAuthPolicy: policy });
}

export function KeyPart({ row }: { readonly row: DomainRow }) {
  const said = useWords(words);
  const { Status: status, EncryptedKey: key, BackupEncryptedKey: backup } = row.UrlSignatureAuthPolicy;
  const [changing, setChanging] = useState(false);
  const [secret, setSecret] = useState<Secret | null>(null);
  const confirm = useConfirm();
  const deed = useDeed();
  const modify = useModify(row.Domain);
  const rotate = async () => {
    const asked = { title: said.rotateTitle(row.Domain), body: said.rotateText, action: said.rotate };
    if (!(await confirm(asked))) return;
    const fresh = newKey();
    const work = () => modify({ Status: status, EncryptedKey: fresh, BackupEncryptedKey: key });
    if (await deed.run(work, { renew: RENEW })) setSecret({ title: said.rotated, lines: { [said.currentKey]: fresh } });
  };
  const drop = async () => {
    if (!(await confirm({ title: said.dropTitle, body: said.dropText, action: said.dropBackup, danger: true }))) return;
    const work = () => modify({ Status: status, BackupEncryptedKey: "" });
    await deed.run(work, { done: said.saved, renew: RENEW });
  };
  const button = (text: string, press: () => void) => (
    <RowButton text={text} of={`${said.key}, ${row.Domain}`} busy={deed.busy} act={press} />
  );
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Group gap="sm">
          <Text fw={600} size="sm">
            {said.key}
          </Text>
          <OnOff status={status} />
        </Group>
        <Group gap="xs">
          {key && button(said.rotate, () => void rotate())}
          {backup && button(said.dropBackup, () => void drop())}
          {button(said.change, () => setChanging(true))}
        </Group>
      </Group>
      {key && <Hidden label={said.currentKey} value={key} />}
      {backup && <Hidden label={said.backupKey} value={backup} />}
      {changing && <KeyDialog row={row} close={() => setChanging(false)} />}
      <SecretOnce secret={secret} close={() => setSecret(null)} />
    </Stack>
  );
}

function KeyDialog({ row, close }: { readonly row: DomainRow; readonly close: () => void }) {
  const said = useWords(words);
  const first = row.UrlSignatureAuthPolicy;
  const [enabled, setEnabled] = useState(first.Status === "Enabled");
  const [key, setKey] = useState(first.EncryptedKey);
  const [backup, setBackup] = useState(first.BackupEncryptedKey);
  const modify = useModify(row.Domain);
  const send = () =>
    modify({ Status: enabled ? "Enabled" : "Disabled", EncryptedKey: key.trim(), BackupEncryptedKey: backup.trim() });
  return (
    <FormDialog
      title={`${said.key}: ${row.Domain}`}
      action={said.save}
      close={close}
      send={send}
      done={said.saved}
      renew={RENEW}
    >
      <Text size="sm">{said.keyHelp}</Text>
      <Switch
        label={said.enabled}
        checked={enabled}
        onChange={(event) => setEnabled(event.currentTarget.checked)}
        data-autofocus
      />
      <Group align="flex-end" wrap="nowrap">
        <TextInput
          flex={1}
          label={said.currentKey}
          description={said.keyForm}
          autoComplete="off"
          maxLength={40}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
        />
        <Button variant="default" onClick={() => setKey(newKey())}>
          {said.generate}
        </Button>
      </Group>
      <TextInput
        label={said.backupKey}
        description={said.backupHelp}
        autoComplete="off"
        maxLength={40}
        value={backup}
        onChange={(event) => setBackup(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
