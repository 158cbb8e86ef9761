/** Endpoints of the application's events, with their health. */

import { Badge, Button, Card, Group, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { Facts } from "../../components/facts";
import { RowButton } from "../../components/row-button";
import type { Secret } from "../../components/secret-once";
import { SettingsList } from "../../components/settings-list";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { useSession } from "../../session";
import { EndpointActions } from "./endpoint-actions";
import { DefaultEndpoint, NewEndpoint } from "./endpoint-forms";
import { words } from "./words";

type Row = Schemas["EndpointRow"];
const DEFAULT = "default";

export default function Endpoints() {
  const t = useWords(words);
  const { may } = useSession();
  const { subAppId } = useApplication();
  const result = useQuery({
    queryKey: ["endpoints", subAppId],
    queryFn: () => unwrap(api.GET("/api/v1/endpoints", { params: { query: { subAppId } } })),
  });
  const admin = may("admin");
  const hasDefault = result.data?.items.some((row) => row.name === DEFAULT) ?? true;
  return (
    <SettingsList
      title={t.title}
      help={admin ? t.help : t.mayNot}
      create={admin && { label: t.create, dialog: (controls) => <NewEndpoint {...controls} /> }}
      edit={(row, { onClose }) => <DefaultEndpoint row={row} onClose={onClose} />}
      query={result}
      rows={(answer) => answer.items}
      rowKey={(row: Row) => row.name}
      empty={<Empty title={t.none} help={t.noneHelp} />}
      toolbar={admin && !hasDefault && <SetCallbackUrl />}
      card={(row, { onEdit, onSecret }) => <Endpoint row={row} change={onEdit} onSecret={onSecret} />}
    />
  );
}

function SetCallbackUrl() {
  const t = useWords(words);
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" mb="md" onClick={() => setOpen(true)}>
        {t.setUrl}
      </Button>
      {open && <DefaultEndpoint row={null} onClose={() => setOpen(false)} />}
    </>
  );
}

interface EndpointProps {
  readonly row: Row;
  readonly change: () => void;
  readonly onSecret: (secret: Secret) => void;
}

function Endpoint({ row, change, onSecret }: EndpointProps) {
  const t = useWords(words);
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
          {row.name === DEFAULT && may("admin") && <RowButton label={t.change} subject={row.name} onClick={change} />}
          <EndpointActions row={row} isDefault={row.name === DEFAULT} onSecret={onSecret} />
        </Group>
      </Group>
      <EndpointFacts row={row} />
      {row.lastError && (
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {t.lastError}: {row.lastError}
        </Text>
      )}
    </Card>
  );
}

function Health({ row }: { readonly row: Row }) {
  const t = useWords(words);
  const format = useFormat();
  const state = !row.enabled ? t.paused : row.failing ? t.failing(format.time(row.failingSince)) : t.works;
  const colour = !row.enabled || !row.url ? "gray" : row.failing ? "red" : "green";
  return (
    <>
      <Badge variant="dot" color={colour}>
        {state}
      </Badge>
      {row.waiting > 0 && (
        <Badge variant="dot" color="blue">
          {t.waiting(row.waiting)}
        </Badge>
      )}
      {row.unread > 0 && row.url && (
        <Badge variant="dot" color="gray">
          {t.unread(row.unread)}
        </Badge>
      )}
      {row.dead > 0 && (
        <Badge variant="dot" color="red">
          {t.dead(row.dead)}
        </Badge>
      )}
    </>
  );
}

function EndpointFacts({ row }: { readonly row: Row }) {
  const t = useWords(words);
  return (
    <Facts
      facts={[
        [t.url, row.url || t.noUrl],
        [t.types, row.types.length > 0 ? row.types.join(", ") : t.allTypes],
        [t.format, row.format === "2.0" ? t.legacy : t.current],
        [t.timeout, String(row.timeoutSeconds)],
        [t.delays, row.retryDelays.join(", ")],
      ]}
    />
  );
}
