/** Key pairs with which app servers sign uploads and call the server API. */
import { Badge, Button, Checkbox, Group, Stack, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { useDeed } from "../../components/deed";
import { FormDialog } from "../../components/form-dialog";
import { PageHeader } from "../../components/page-header";
import { RowButton } from "../../components/row-button";
import { RowsTable } from "../../components/rows-table";
import { type Secret, SecretOnce } from "../../components/secret-once";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { words } from "./words";

type Row = Schemas["KeyRow"];
type KeyGroup = Schemas["Group"];
const GROUPS = ["sign", "upload", "read", "edit", "process", "events", "manage"] as const satisfies readonly KeyGroup[];
const RENEW = ["keys"];

export default function Keys() {
  const said = useWords(words);
  const format = useFormat();
  const { subAppId } = useApplication();
  const [open, setOpen] = useState<Row | "new" | null>(null);
  const [secret, setSecret] = useState<Secret | null>(null);
  const found = useQuery({
    queryKey: ["keys", subAppId],
    queryFn: () => ask(api.GET("/api/v1/keys", { params: { query: { subAppId } } })),
  });
  return (
    <>
      <PageHeader title={said.title} help={said.help}>
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen("new")}>
          {said.create}
        </Button>
      </PageHeader>
      <RowsTable
        query={found}
        label={said.title}
        rows={(answer) => answer.items}
        rowKey={(row: Row) => row.secretId}
        empty={<Empty title={said.none} help={said.noneHelp} />}
        columns={[
          { key: "note", title: said.note, cell: (row) => row.note || "–" },
          { key: "secretId", title: "SecretId", cell: (row) => row.secretId },
          { key: "app", title: said.application, cell: (row) => row.subAppId },
          { key: "groups", title: said.groups, cell: (row) => <Groups groups={row.groups} /> },
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
          { key: "deeds", title: said.deeds, cell: (row) => <Deeds row={row} limit={() => setOpen(row)} /> },
        ]}
      />
      {open === "new" && <NewKey close={() => setOpen(null)} told={setSecret} />}
      {open && open !== "new" && <Limits row={open} close={() => setOpen(null)} />}
      <SecretOnce secret={secret} close={() => setSecret(null)} />
    </>
  );
}

function Groups({ groups }: { readonly groups: readonly KeyGroup[] }) {
  const said = useWords(words);
  return groups.length === 0 ? said.everything : groups.map((each) => said[each]).join(", ");
}

function Deeds({ row, limit }: { readonly row: Row; readonly limit: () => void }) {
  const said = useWords(words);
  const confirm = useConfirm();
  const deed = useDeed();
  const params = { path: { secretId: row.secretId } };
  const named = row.note || row.secretId;
  const turn = async () => {
    const question = { title: said.offTitle(named), body: said.offText, action: said.turnOff, danger: true };
    if (row.enabled && !(await confirm(question))) return;
    await deed.run(() => ask(api.PATCH("/api/v1/keys/{secretId}", { params, body: { enabled: !row.enabled } })), {
      done: row.enabled ? said.isOff : said.isOn,
      renew: RENEW,
    });
  };
  const remove = async () => {
    const question = { title: said.removeTitle(named), body: said.removeText, action: said.remove, danger: true };
    if (!(await confirm(question))) return;
    await deed.run(() => ask(api.DELETE("/api/v1/keys/{secretId}", { params })), { done: said.removed, renew: RENEW });
  };
  const button = (text: string, act: () => void) => <RowButton text={text} of={named} busy={deed.busy} act={act} />;
  return (
    <Group gap="xs" justify="flex-end">
      {button(said.limit, limit)}
      {button(row.enabled ? said.turnOff : said.turnOn, () => void turn())}
      {!row.enabled && button(said.remove, () => void remove())}
    </Group>
  );
}

interface ChoiceProps {
  readonly groups: readonly KeyGroup[];
  readonly choose: (groups: KeyGroup[]) => void;
}

function GroupChoice({ groups, choose }: ChoiceProps) {
  const said = useWords(words);
  return (
    <Checkbox.Group
      label={said.groups}
      description={said.groupsHelp}
      value={[...groups]}
      onChange={(value) => choose(value as KeyGroup[])}
    >
      <Stack gap="xs" mt="xs">
        {GROUPS.map((each) => (
          <Checkbox key={each} value={each} label={said[each]} />
        ))}
      </Stack>
    </Checkbox.Group>
  );
}

function NewKey({ close, told }: { readonly close: () => void; readonly told: (secret: Secret) => void }) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [note, setNote] = useState("");
  const [groups, setGroups] = useState<KeyGroup[]>([]);
  const send = async () => {
    const made = await ask(api.POST("/api/v1/keys", { body: { subAppId, note, groups } }));
    told({ title: said.madeTitle, lines: { SecretId: made.secretId, SecretKey: made.secretKey } });
  };
  return (
    <FormDialog title={said.create} action={said.create} close={close} send={send} renew={RENEW}>
      <TextInput
        label={said.note}
        description={said.noteHelp}
        maxLength={100}
        data-autofocus
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <GroupChoice groups={groups} choose={setGroups} />
    </FormDialog>
  );
}

function Limits({ row, close }: { readonly row: Row; readonly close: () => void }) {
  const said = useWords(words);
  const [groups, setGroups] = useState<KeyGroup[]>([...row.groups]);
  const params = { path: { secretId: row.secretId } };
  const send = () => ask(api.PATCH("/api/v1/keys/{secretId}", { params, body: { groups } }));
  return (
    <FormDialog
      title={`${said.limit}: ${row.note || row.secretId}`}
      action={said.save}
      close={close}
      send={send}
      done={said.limited}
      renew={RENEW}
    >
      <GroupChoice groups={groups} choose={setGroups} />
    </FormDialog>
  );
}
