/** Endpoints of the application's events, with their health. */
import { Badge, Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { Facts } from "../../components/facts";
import { Failure } from "../../components/failure";
import { PageHeader } from "../../components/page-header";
import { RowButton } from "../../components/row-button";
import { type Secret, SecretOnce } from "../../components/secret-once";
import { Empty, Loading } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { useSession } from "../../session";
import { EndpointDeeds } from "./endpoint-deeds";
import { DefaultEndpoint, NewEndpoint } from "./endpoint-forms";
import { words } from "./words";

type Row = Schemas["EndpointRow"];
const DEFAULT = "default";

export default function Endpoints() {
  const said = useWords(words);
  const { may } = useSession();
  const { subAppId } = useApplication();
  const [open, setOpen] = useState<Row | "new" | "default" | null>(null);
  const [secret, setSecret] = useState<Secret | null>(null);
  const found = useQuery({
    queryKey: ["endpoints", subAppId],
    queryFn: () => ask(api.GET("/api/v1/endpoints", { params: { query: { subAppId } } })),
  });
  const admin = may("admin");
  return (
    <>
      <PageHeader title={said.title} help={admin ? said.help : said.mayNot}>
        {admin && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpen("new")}>
            {said.create}
          </Button>
        )}
      </PageHeader>
      {found.isPending && <Loading />}
      {found.isError && <Failure problem={found.error} retry={() => void found.refetch()} />}
      {found.data?.items.length === 0 && <Empty title={said.none} help={said.noneHelp} />}
      {admin && found.data && !found.data.items.some((row) => row.name === DEFAULT) && (
        <Button variant="default" mb="md" onClick={() => setOpen("default")}>
          {said.setUrl}
        </Button>
      )}
      <Stack>
        {found.data?.items.map((row) => (
          <Endpoint key={row.name} row={row} change={() => setOpen(row)} told={setSecret} />
        ))}
      </Stack>
      {open === "new" && <NewEndpoint close={() => setOpen(null)} told={setSecret} />}
      {open && open !== "new" && <DefaultEndpoint row={open === "default" ? null : open} close={() => setOpen(null)} />}
      <SecretOnce secret={secret} close={() => setSecret(null)} />
    </>
  );
}

interface EndpointProps {
  readonly row: Row;
  readonly change: () => void;
  readonly told: (secret: Secret) => void;
}

function Endpoint({ row, change, told }: EndpointProps) {
  const said = useWords(words);
  const { may } = useSession();
  return (
    <Card component="article" withBorder aria-label={row.name}>
      <Group justify="space-between" align="flex-start" mb="xs">
        <Group gap="sm">
          <Title order={2} size="h4" style={{ overflowWrap: "anywhere" }}>
            {row.name}
          </Title>
          <Health row={row} />
        </Group>
        <Group gap="xs">
          {row.name === DEFAULT && may("admin") && <RowButton text={said.change} of={row.name} act={change} />}
          <EndpointDeeds row={row} isDefault={row.name === DEFAULT} told={told} />
        </Group>
      </Group>
      <EndpointFacts row={row} />
      {row.lastError && (
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {said.lastError}: {row.lastError}
        </Text>
      )}
    </Card>
  );
}

function Health({ row }: { readonly row: Row }) {
  const said = useWords(words);
  const format = useFormat();
  const state = !row.enabled ? said.paused : row.failing ? said.failing(format.time(row.failingSince)) : said.works;
  const colour = !row.enabled || !row.url ? "gray" : row.failing ? "red" : "green";
  return (
    <>
      <Badge variant="dot" color={colour}>
        {state}
      </Badge>
      {row.waiting > 0 && (
        <Badge variant="dot" color="blue">
          {said.waiting(row.waiting)}
        </Badge>
      )}
      {row.unread > 0 && row.url && (
        <Badge variant="dot" color="gray">
          {said.unread(row.unread)}
        </Badge>
      )}
      {row.dead > 0 && (
        <Badge variant="dot" color="red">
          {said.dead(row.dead)}
        </Badge>
      )}
    </>
  );
}

function EndpointFacts({ row }: { readonly row: Row }) {
  const said = useWords(words);
  return (
    <Facts
      facts={[
        [said.url, row.url || said.noUrl],
        [said.types, row.types.length > 0 ? row.types.join(", ") : said.allTypes],
        [said.format, row.format === "2.0" ? said.legacy : said.current],
        [said.timeout, String(row.timeoutSeconds)],
        [said.delays, row.retryDelays.join(", ")],
      ]}
    />
  );
}
