/** Domains with their hotlink protection rules. */

import { Card, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { callAction } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { FormDialog } from "../../components/form-dialog";
import { RowButton } from "../../components/row-button";
import { SettingsList } from "../../components/settings-list";
import { Empty } from "../../components/states";
import { useAction } from "../../components/use-action";
import { useWords } from "../../language";
import { Distribution } from "./distribution";
import { KeyPart } from "./key-part";
import { LinkMaker } from "./link-maker";
import { AddressDialog, RefererDialog } from "./list-dialogs";
import { type DomainRow, listDomains, type Status } from "./model";
import { StatusBadge } from "./status-badge";
import { words } from "./words";

export default function Domains() {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const result = useQuery({ queryKey: ["domains", subAppId], queryFn: () => listDomains(subAppId) });
  return (
    <SettingsList
      title={t.title}
      help={t.help}
      create={{ label: t.create, dialog: ({ onClose }) => <NewDomain onClose={onClose} /> }}
      query={result}
      rows={(rows) => rows}
      rowKey={(row: DomainRow) => row.Domain}
      empty={<Empty title={t.none} />}
      // The platform's own domain is first and cannot be deleted.
      card={(row, _, index) => <DomainCard row={row} own={index === 0} />}
    >
      <Stack mt="md">
        {result.data && <Distribution domains={result.data.map((row) => row.Domain)} />}
        <LinkMaker />
      </Stack>
    </SettingsList>
  );
}

function DomainCard({ row, own }: { readonly row: DomainRow; readonly own: boolean }) {
  const t = useWords(words);
  const [open, setOpen] = useState<"referers" | "addresses" | null>(null);
  const { RefererAuthPolicy: pages, IPFilterPolicy: places } = row;
  const onClose = () => setOpen(null);
  return (
    <Card component="article" withBorder aria-label={row.Domain}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4" style={{ overflowWrap: "anywhere" }}>
            {row.Domain}
          </Title>
          {own ? (
            <Text size="sm" c="dimmed">
              {t.own}
            </Text>
          ) : (
            <Remove name={row.Domain} />
          )}
        </Group>
        <KeyPart row={row} />
        <Rule title={t.referers} status={pages.Status} domain={row.Domain} open={() => setOpen("referers")}>
          {t[pages.AuthType]} · {t.entries(pages.Referers.length)}
        </Rule>
        <Rule title={t.addresses} status={places.Status} domain={row.Domain} open={() => setOpen("addresses")}>
          {t[places.FilterType]} · {t.entries(places.IPList.length)}
        </Rule>
      </Stack>
      {open === "referers" && <RefererDialog row={row} onClose={onClose} />}
      {open === "addresses" && <AddressDialog row={row} onClose={onClose} />}
    </Card>
  );
}

interface RuleProps {
  readonly title: string;
  readonly status: Status;
  readonly domain: string;
  readonly open: () => void;
  readonly children: ReactNode;
}

function Rule({ title, status, domain, open, children }: RuleProps) {
  const t = useWords(words);
  return (
    <Group justify="space-between">
      <Group gap="sm">
        <Text fw={600} size="sm">
          {title}
        </Text>
        <StatusBadge status={status} />
        {status === "Enabled" && <Text size="sm">{children}</Text>}
      </Group>
      <RowButton label={t.change} subject={`${title}, ${domain}`} onClick={open} />
    </Group>
  );
}

function Remove({ name }: { readonly name: string }) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const confirm = useConfirm();
  const action = useAction();
  const remove = async () => {
    const question = { title: t.removeTitle(name), body: t.removeText, action: t.remove, danger: true };
    if (!(await confirm(question))) return;
    const work = () => callAction("DeleteVodDomain", { SubAppId: subAppId, Domain: name });
    await action.run(work, { success: t.removed, invalidates: ["domains"] });
  };
  return <RowButton label={t.remove} subject={name} busy={action.busy} onClick={() => void remove()} />;
}

function NewDomain({ onClose }: { readonly onClose: () => void }) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [name, setName] = useState("");
  const send = () => callAction("CreateVodDomain", { SubAppId: subAppId, Domain: name.trim() });
  return (
    <FormDialog
      title={t.create}
      submitLabel={t.create}
      onClose={onClose}
      onSubmit={send}
      success={t.created}
      invalidates={["domains"]}
    >
      <TextInput
        label={t.domain}
        description={t.createHelp}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
