/** Domains with their protection. */
import { Button, Card, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { act } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { useDeed } from "../../components/deed";
import { Failure } from "../../components/failure";
import { FormDialog } from "../../components/form-dialog";
import { PageHeader } from "../../components/page-header";
import { RowButton } from "../../components/row-button";
import { Empty, Loading } from "../../components/states";
import { useWords } from "../../language";
import { Distribution } from "./distribution";
import { KeyPart } from "./key-part";
import { LinkMaker } from "./link-maker";
import { AddressDialog, RefererDialog } from "./list-dialogs";
import { type DomainRow, listDomains, type Status } from "./model";
import { OnOff } from "./on-off";
import { words } from "./words";

export default function Domains() {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [adding, setAdding] = useState(false);
  const found = useQuery({ queryKey: ["domains", subAppId], queryFn: () => listDomains(subAppId) });
  return (
    <>
      <PageHeader title={said.title} help={said.help}>
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
          {said.create}
        </Button>
      </PageHeader>
      {found.isPending && <Loading />}
      {found.isError && <Failure problem={found.error} retry={() => void found.refetch()} />}
      {found.data?.length === 0 && <Empty title={said.none} />}
      <Stack>
        {found.data?.map((row, index) => (
          // The platform's own name comes first, and cannot be deleted.
          <DomainCard key={row.Domain} row={row} own={index === 0} />
        ))}
        {found.data && <Distribution domains={found.data.map((row) => row.Domain)} />}
        <LinkMaker />
      </Stack>
      {adding && <NewDomain close={() => setAdding(false)} />}
    </>
  );
}

function DomainCard({ row, own }: { readonly row: DomainRow; readonly own: boolean }) {
  const said = useWords(words);
  const [open, setOpen] = useState<"referers" | "addresses" | null>(null);
  const { RefererAuthPolicy: pages, IPFilterPolicy: places } = row;
  const close = () => setOpen(null);
  return (
    <Card component="article" withBorder aria-label={row.Domain}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4" style={{ overflowWrap: "anywhere" }}>
            {row.Domain}
          </Title>
          {own ? (
            <Text size="sm" c="dimmed">
              {said.own}
            </Text>
          ) : (
            <Remove name={row.Domain} />
          )}
        </Group>
        <KeyPart row={row} />
        <Rule title={said.referers} status={pages.Status} domain={row.Domain} open={() => setOpen("referers")}>
          {said[pages.AuthType]} · {said.entries(pages.Referers.length)}
        </Rule>
        <Rule title={said.addresses} status={places.Status} domain={row.Domain} open={() => setOpen("addresses")}>
          {said[places.FilterType]} · {said.entries(places.IPList.length)}
        </Rule>
      </Stack>
      {open === "referers" && <RefererDialog row={row} close={close} />}
      {open === "addresses" && <AddressDialog row={row} close={close} />}
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
  const said = useWords(words);
  return (
    <Group justify="space-between">
      <Group gap="sm">
        <Text fw={600} size="sm">
          {title}
        </Text>
        <OnOff status={status} />
        {status === "Enabled" && <Text size="sm">{children}</Text>}
      </Group>
      <RowButton text={said.change} of={`${title}, ${domain}`} act={open} />
    </Group>
  );
}

function Remove({ name }: { readonly name: string }) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const confirm = useConfirm();
  const deed = useDeed();
  const remove = async () => {
    const question = { title: said.removeTitle(name), body: said.removeText, action: said.remove, danger: true };
    if (!(await confirm(question))) return;
    const work = () => act("DeleteVodDomain", { SubAppId: subAppId, Domain: name });
    await deed.run(work, { done: said.removed, renew: ["domains"] });
  };
  return <RowButton text={said.remove} of={name} busy={deed.busy} act={() => void remove()} />;
}

function NewDomain({ close }: { readonly close: () => void }) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [name, setName] = useState("");
  const send = () => act("CreateVodDomain", { SubAppId: subAppId, Domain: name.trim() });
  return (
    <FormDialog
      title={said.create}
      action={said.create}
      close={close}
      send={send}
      done={said.created}
      renew={["domains"]}
    >
      <TextInput
        label={said.domain}
        description={said.createHelp}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
