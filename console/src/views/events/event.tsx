/** One event: its body, its delivery to every endpoint, and every attempt. */
import { Alert, Anchor, Button, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { IconSend } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { CodeBlock, json } from "../../components/code-block";
import { Facts } from "../../components/facts";
import { Failure, useNotify } from "../../components/failure";
import { PageHeader } from "../../components/page-header";
import { PlainTable } from "../../components/plain-table";
import { Loading } from "../../components/states";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { to } from "../../router";
import { useSession } from "../../session";
import type { Params } from "../../view";
import { eventWords } from "../../vocabulary";
import { EventState } from "./event-state";
import { words } from "./words";

type Detail = Schemas["EventDetail"];

export default function EventView({ params }: { readonly params: Params }) {
  const eventId = Number(params.eventId);
  const result = useQuery({
    queryKey: ["event", eventId],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/events/{eventId}", { params: { path: { eventId } }, signal })),
    // The stream does not announce attempts: refetch while a delivery is pending.
    // The event's state is that of its worst delivery; another one may be pending.
    refetchInterval: (query) => (query.state.data?.deliveries.some((each) => each.state === "pending") ? 2000 : false),
  });
  if (result.isPending) return <Loading tall />;
  if (!result.data) return <Failure problem={result.error} retry={() => void result.refetch()} />;
  return <Shown event={result.data} />;
}

function Shown({ event }: { readonly event: Detail }) {
  const t = useWords(words);
  const standings = useWords(eventWords);
  const format = useFormat();
  return (
    <Stack gap="lg">
      <div>
        <PageHeader title={`${t.event}: ${event.type}`} help={event.publicId} />
        {event.state === "dead" && (
          <Alert color="red" mb="md" title={standings.dead}>
            {t.deadHelp} <Anchor href={to("/endpoints")}>{t.toEndpoints}</Anchor>
          </Alert>
        )}
        <Facts
          facts={[
            [t.state, <EventState key="state" state={event.state} />],
            [t.file, <FileLink key="file" fileId={event.fileId} />],
            [t.created, format.time(event.createdAt)],
            [t.sequence, event.sequence ?? "–"],
            [t.id, event.publicId],
            [t.attempts, format.number(event.attempts)],
          ]}
        />
        <Resend event={event} />
      </div>
      <Deliveries event={event} />
      <Attempts event={event} />
      {event.body ? <CodeBlock label={t.body} text={json(event.body)} maxHeight={600} /> : <Text>{t.noBody}</Text>}
    </Stack>
  );
}

function FileLink({ fileId }: { readonly fileId: string }) {
  return fileId ? <Anchor href={to(`/media/${fileId}`)}>{fileId}</Anchor> : "–";
}

function Resend({ event }: { readonly event: Detail }) {
  const t = useWords(words);
  const { may } = useSession();
  const notify = useNotify();
  const action = useAction();
  const [endpoint, setEndpoint] = useState("");
  if (!may("operator") || event.deliveries.length === 0) return null;
  const send = async () => {
    const params = { path: { eventId: event.eventId } };
    const answer = await action.run(
      () => unwrap(api.POST("/api/v1/events/{eventId}/resend", { params, body: { endpoint } })),
      { invalidates: ["events", "event"] },
    );
    if (answer) notify.success(t.resent(answer.endpoints));
  };
  const names = event.deliveries.map((each) => each.endpoint);
  return (
    <Group align="flex-end">
      <NativeSelect
        label={t.resendTo}
        value={endpoint}
        data={[{ value: "", label: t.everyone }, ...names.map((name) => ({ value: name, label: name }))]}
        onChange={(change) => setEndpoint(change.currentTarget.value)}
      />
      <Button leftSection={<IconSend size={16} aria-hidden />} loading={action.busy} onClick={() => void send()}>
        {t.resend}
      </Button>
    </Group>
  );
}

function Deliveries({ event }: { readonly event: Detail }) {
  const t = useWords(words);
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {t.deliveries}
      </Title>
      <PlainTable
        label={t.deliveries}
        rows={event.deliveries}
        rowKey={(row) => row.endpoint}
        empty={<Text size="sm">{t.noDeliveries}</Text>}
        columns={[
          { key: "endpoint", title: t.endpoint, cell: (row) => row.endpoint },
          { key: "state", title: t.state, cell: (row) => <EventState state={row.state} /> },
          { key: "attempts", title: t.attempts, cell: (row) => row.attempts },
        ]}
      />
    </section>
  );
}

function Attempts({ event }: { readonly event: Detail }) {
  const t = useWords(words);
  const format = useFormat();
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {t.log}
      </Title>
      <PlainTable
        label={t.log}
        rows={event.attemptLog}
        rowKey={(row) => `${row.endpoint} ${row.number} ${row.startedAt}`}
        empty={<Text size="sm">{t.noAttempts}</Text>}
        columns={[
          { key: "endpoint", title: t.endpoint, cell: (row) => row.endpoint || t.removed },
          { key: "number", title: t.number, cell: (row) => row.number },
          { key: "at", title: t.at, cell: (row) => format.time(row.startedAt) },
          { key: "took", title: t.took, cell: (row) => t.seconds(row.seconds.toFixed(2)) },
          { key: "answer", title: t.answer, cell: (row) => row.status || t.noAnswer },
          { key: "error", title: t.error, cell: (row) => row.error || "–" },
        ]}
      />
    </section>
  );
}
